"""Models that choose a label: a causal model or an encoder under a new head."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForSequenceClassification, set_seed

# By these names PEFT knows heads; decoders call theirs "score" and read it at the last real token.
DECODER_HEAD = "score"
HEADS = (DECODER_HEAD, "classifier")


def load_label_model(
    folder: Path,
    tokenizer: Any,
    names: Sequence[str],
    seed: int,
    how: Mapping[str, Any],
) -> tuple[Any, tuple[str, ...]]:
    """The model in `folder` with a head for the labels `names`, and the modules that the folder had
    no weights for. The same seed draws the same ones. `how` goes to from_pretrained.

    Raises ValueError for an architecture that has no such head.
    """
    set_seed(seed)
    model, info = AutoModelForSequenceClassification.from_pretrained(
        folder,
        num_labels=len(names),
        id2label=dict(enumerate(names)),
        label2id={name: place for place, name in enumerate(names)},
        ignore_mismatched_sizes=True,
        output_loading_info=True,
        **how,
    )
    if model.config.is_encoder_decoder:
        raise ValueError("it is an encoder-decoder, and only encoders and decoders choose labels.")
    # A decoder finds each example's last token by it. Without one it refuses batches.
    model.config.get_text_config().pad_token_id = pad_token(tokenizer)
    drawn = {str(key) for key in info["missing_keys"]}
    drawn |= {str(mismatch[0]) for mismatch in info["mismatched_keys"]}
    new = _topmost({module for key in drawn if (module := key.rpartition(".")[0])})
    _keep_exact(model, new)
    return model, new


def load_tuned_label_model(folder: Path, device: torch.device) -> Any:
    """The fully tuned model that lies in `folder`, in evaluation mode and fp32."""
    return AutoModelForSequenceClassification.from_pretrained(
        folder,
        trust_remote_code=False,
        use_safetensors=True,
        device_map={"": device},
        dtype=torch.float32,
    ).eval()


def pad_token(tokenizer: Any) -> int:
    """The id that fills batches up: the tokenizer's own, else its stop token, else 0."""
    pad = tokenizer.pad_token_id
    pad = tokenizer.eos_token_id if pad is None else pad
    return 0 if pad is None else int(pad)


def is_decoder(model: Any) -> bool:
    """Whether a model reads its head at the last real token."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return hasattr(inner, DECODER_HEAD)


def _topmost(modules: set[str]) -> tuple[str, ...]:
    """Without those inside another, and without the heads, which PEFT adds by itself."""
    whole = modules | set(HEADS)
    return tuple(
        sorted(
            one
            for one in modules - set(HEADS)
            if not any(one.startswith(f"{other}.") for other in whole)
        )
    )


def _keep_exact(model: torch.nn.Module, new: Sequence[str]) -> None:
    """What is trained from scratch stays in fp32: steps as small as its own are lost in bf16."""
    for name in (*new, *HEADS):
        module = dict(model.named_modules()).get(name)
        parts = list(module.modules()) if module else []
        for part in parts:
            own = list(part.parameters(recurse=False))
            if own and own[0].dtype in (torch.bfloat16, torch.float16):
                part.float()
                part.register_forward_pre_hook(_as_fp32)


def _as_fp32(_module: torch.nn.Module, given: tuple[Any, ...]) -> tuple[Any, ...]:
    return tuple(
        one.float() if isinstance(one, torch.Tensor) and one.is_floating_point() else one
        for one in given
    )
