"""Hyper-parameters for the demo's base model, instead of the usual defaults."""

from __future__ import annotations

from typing import Any

from core.tuning.methods import PREFERENCE_RATE

# What teaches the shipped toy model its task in under two minutes on two cores.
_ALL: dict[str, Any] = {"num_train_epochs": 3.0, "early_stopping_patience": 0}
_LORA: dict[str, Any] = {"learning_rate": 4e-3, "lora_dropout": 0.0}
# A model of two million weights learns at rates that would ruin one of billions.
_BY_METHOD: dict[str, dict[str, Any]] = {
    "lora": _LORA,
    "qlora": _LORA,
    "rslora": _LORA,
    "dora": _LORA,
    "loha": {"learning_rate": 4e-3},
    "ia3": {"learning_rate": 3e-2},
    "prompt_tuning": {"learning_rate": 1e-1},
    "prefix_tuning": {"learning_rate": 2e-1},
    "full": {"learning_rate": 1e-3},
}


def demo_settings(method: str, objective: str = "sft") -> dict[str, Any]:
    """The settings that differ from the method's defaults when the demo's base is trained."""
    own = dict(_BY_METHOD.get(method, {}))
    if objective == "dpo" and own:
        own["learning_rate"] *= PREFERENCE_RATE
    return {**_ALL, **own}
