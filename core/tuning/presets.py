"""Settings of a run named by what they are for; each differs from the method's defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Preset:
    """`settings` under their plain names, the method among them."""

    name: str
    label: str
    summary: str
    settings: Mapping[str, Any]


_ALL = (
    Preset(
        "balanced",
        "Balanced",
        "LoRA on every linear layer with the usual settings.",
        {"method": "lora"},
    ),
    Preset(
        "fast",
        "Fastest look",
        "At most 60 steps of LoRA at rank 8: enough to see whether the data teaches anything.",
        {"method": "lora", "lora_r": 8, "lora_alpha": 16, "max_steps": 60, "eval_steps": 20},
    ),
    Preset(
        "small",
        "Fits in 8 GB",
        "QLoRA, one example at a time, activations computed twice: 7 to 8 billion weights in 8 GB.",
        {
            "method": "qlora",
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": 8,
            "activation_checkpointing": "full",
            "max_length": 512,
        },
    ),
    Preset(
        "quality",
        "Best quality",
        "rsLoRA at rank 64 for up to five epochs; the lowest validation loss decides.",
        {
            "method": "rslora",
            "lora_r": 64,
            "lora_alpha": 16,
            "num_train_epochs": 5.0,
            "early_stopping_patience": 4,
        },
    ),
)
PRESETS: Mapping[str, Preset] = {preset.name: preset for preset in _ALL}
