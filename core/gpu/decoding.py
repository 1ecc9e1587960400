"""Lets one loaded model answer batches of prompts."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Any, Literal

import torch
from transformers import GenerationConfig as DecodingConfig
from transformers import LogitsProcessorList, StoppingCriteriaList

from core.gpu.confidence import TokenLogProbabilities, confidence_of
from core.gpu.models import LoadedModel
from core.gpu.stop_strings import StopAtStrings
from core.prompts import Prompt, cut_answer
from core.tuning.generation_config import GenerationConfig

Finish = Literal["stop", "stop_string", "length", "too_long"]


@dataclass(frozen=True)
class Answer:
    """`text` ends before the prompt's first stop string, and `cut` is what was written from there
    on; `new_tokens` counts what was generated, the stop included; `confidence` is the mean natural
    log-probability of these tokens, None where none was generated."""

    text: str
    cut: str
    new_tokens: int
    finish: Finish
    confidence: float | None = None


def stop_tokens(base: LoadedModel, prompt: Prompt) -> list[int]:
    """The tokenizer's stop token, those that the model's own settings name, and those of the
    prompt's stop strings that are one special token."""
    named = getattr(base.model.generation_config, "eos_token_id", None) or []
    more = named if isinstance(named, list) else [named]
    special = base.tokenizer.added_tokens_encoder
    ends = [special[stop] for stop in prompt.stop_strings if stop in special]
    return sorted({base.tokenizer.eos_token_id, *more, *ends})


def batches_of(
    lengths: Sequence[int], config: GenerationConfig, context: int | None, *, padded: bool = True
) -> list[list[int]]:
    """Indices by length, longest first; what fills the context is left out.

    A prompt that leaves less than max_new_tokens of the context is alone in its batch: its answer
    may end at the context's edge, and must not shorten others'. Unless `padded`, a batch holds
    prompts of one length: padding would stand between a learned prompt and the example's.
    """
    room = [(context or 10**9) - length for length in lengths]
    order = sorted(range(len(lengths)), key=lambda i: -lengths[i])
    roomy = [i for i in order if room[i] >= config.max_new_tokens]
    tight = [[i] for i in order if 0 < room[i] < config.max_new_tokens]
    size = config.batch_size
    alike = [list(same) for _, same in groupby(roomy, lambda i: 0 if padded else lengths[i])]
    return tight + [same[i : i + size] for same in alike for i in range(0, len(same), size)]


def answer_batch(
    model: Any,
    base: LoadedModel,
    prompts: Sequence[Sequence[int]],
    config: GenerationConfig,
    stops: Sequence[int],
    stop_strings: Sequence[str],
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
    watch = StopAtStrings(base.tokenizer, stop_strings, width, len(prompts))
    likely = TokenLogProbabilities()
    with torch.inference_mode():
        output = model.generate(
            input_ids=ids.to(base.device),
            attention_mask=mask.to(base.device),
            generation_config=_decoding(config, min(config.max_new_tokens, room), pad, stops),
            stopping_criteria=StoppingCriteriaList([watch] if stop_strings else []),
            logits_processor=LogitsProcessorList([likely]),
        )
        new = output[:, width:]
        likelihoods = likely.of(new)
    rows = [row[:end] for row, end in zip(new.tolist(), watch.ends, strict=True)]
    answers = [_read(base.tokenizer, row, stops, stop_strings) for row in rows]
    return [
        replace(answer, confidence=confidence_of(own[: answer.new_tokens]))
        for answer, own in zip(answers, likelihoods, strict=True)
    ]


def _decoding(config: GenerationConfig, new: int, pad: int, stops: Sequence[int]) -> DecodingConfig:
    sampled = {"do_sample": True, "temperature": config.temperature, "top_k": 0, "top_p": 1.0}
    return DecodingConfig(
        max_new_tokens=new,
        pad_token_id=pad,
        use_cache=True,
        eos_token_id=list(stops),
        **(sampled if config.temperature > 0 else {"do_sample": False}),
    )


def _read(
    tokenizer: Any, row: list[int], stops: Sequence[int], stop_strings: Sequence[str]
) -> Answer:
    end = next((i for i, token in enumerate(row) if token in stops), None)
    text = tokenizer.decode(row[:end], skip_special_tokens=True)
    answer = cut_answer(text, stop_strings, at_cap=end is None)
    finish: Finish = "length" if end is None else "stop"
    return Answer(
        answer.text,
        answer.cut,
        len(row) if end is None else end + 1,
        "stop_string" if answer.stopped else finish,
    )


def _seed(seed: int, chance: str) -> int:
    digest = hashlib.sha256(f"{seed}/{chance}".encode()).digest()
    return int.from_bytes(digest[:7], "big")
