"""Lets one loaded model answer batches of prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from transformers import GenerationConfig as DecodingConfig

from core.gpu.models import LoadedModel
from core.tuning.run_spec import GenerationConfig

Finish = Literal["stop", "length", "too_long"]


@dataclass(frozen=True)
class Answer:
    """`new_tokens` counts what was generated, the stop token included."""

    text: str
    new_tokens: int
    finish: Finish


def stop_tokens(base: LoadedModel) -> list[int]:
    """The tokenizer's stop token, and those that the model's own settings name."""
    named = getattr(base.model.generation_config, "eos_token_id", None) or []
    more = named if isinstance(named, list) else [named]
    return sorted({base.tokenizer.eos_token_id, *more})


def batches_of(
    lengths: Sequence[int], config: GenerationConfig, context: int | None
) -> list[list[int]]:
    """Indices by length, longest first; what fills the context is left out.

    A prompt that leaves less than max_new_tokens of the context is alone in its batch: its answer
    may end at the context's edge, and must not shorten others'.
    """
    room = [(context or 10**9) - length for length in lengths]
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    roomy = [i for i in order if room[i] >= config.max_new_tokens]
    tight = [[i] for i in order if 0 < room[i] < config.max_new_tokens]
    size = config.batch_size
    return tight + [roomy[i : i + size] for i in range(0, len(roomy), size)]


def answer_batch(
    model: Any,
    base: LoadedModel,
    prompts: Sequence[Sequence[int]],
    config: GenerationConfig,
    stops: Sequence[int],
    chance: str,
) -> list[Answer]:
    """One answer a prompt (token ids). With a temperature, `chance` and config.seed decide."""
    width = max(map(len, prompts))
    pad = base.tokenizer.pad_token_id
    pad = stops[0] if pad is None else pad
    # On the left, so that every answer starts behind its prompt's last token; the mask is given
    # and never guessed from the padding token, which may be the stop token too.
    ids = torch.full((len(prompts), width), pad)
    mask = torch.zeros_like(ids)
    for row, prompt in enumerate(prompts):
        ids[row, width - len(prompt) :] = torch.tensor(prompt)
        mask[row, width - len(prompt) :] = 1
    if config.temperature > 0:
        torch.manual_seed(_seed(config.seed, chance))
    room = (base.context or 10**9) - width
    with torch.inference_mode():
        output = model.generate(
            input_ids=ids.to(base.device),
            attention_mask=mask.to(base.device),
            generation_config=_decoding(config, min(config.max_new_tokens, room), pad, stops),
        )
    return [_read(base.tokenizer, row, stops) for row in output[:, width:].tolist()]


def _decoding(config: GenerationConfig, new: int, pad: int, stops: Sequence[int]) -> DecodingConfig:
    sampled = {"do_sample": True, "temperature": config.temperature, "top_k": 0, "top_p": 1.0}
    return DecodingConfig(
        max_new_tokens=new,
        pad_token_id=pad,
        use_cache=True,
        eos_token_id=list(stops),
        **(sampled if config.temperature > 0 else {"do_sample": False}),
    )


def _read(tokenizer: Any, row: list[int], stops: Sequence[int]) -> Answer:
    end = next((i for i, token in enumerate(row) if token in stops), None)
    text = tokenizer.decode(row[:end], skip_special_tokens=True).rstrip()
    return Answer(text, len(row) if end is None else end + 1, "length" if end is None else "stop")


def _seed(seed: int, chance: str) -> int:
    digest = hashlib.sha256(f"{seed}/{chance}".encode()).digest()
    return int.from_bytes(digest[:7], "big")
