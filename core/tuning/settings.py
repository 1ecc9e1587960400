"""The settings of runs and generations: their labels, limits, and the check that refuses the rest.

One table for the values that check themselves and for the forms that fill them in.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from core.errors import InvalidInput
from core.tuning.preferences import PAIR_SOURCES


class InvalidRunSpec(InvalidInput):
    """A setting of a run or a generation cannot be used; the message says how to mend it."""

    title = "These settings cannot be used"


@dataclass(frozen=True)
class Setting:
    """One setting: the name that people know, what a value must be, and how to tell."""

    name: str
    label: str
    fits: Callable[[Any], bool]
    must: str

    def complaint(self, value: Any) -> str:
        """Why `value` cannot be used, as a sentence; "" when it can."""
        if self.fits(value):
            return ""
        return f"{self.label} ({self.name}) must be {self.must} (it is {value!r})."

    @property
    def rule(self) -> str:
        """What a value must be, as a sentence for the field where it is typed."""
        return f"{self.label} must be {self.must}."


def whole(low: int, high: int = 2**31 - 1) -> Callable[[Any], bool]:
    """A whole number in these limits; True and False are none."""
    return lambda value: type(value) is int and low <= value <= high


def number(low: float, high: float, *, above: bool = False) -> Callable[[Any], bool]:
    """A finite number in these limits, or above the lower one."""

    def fits(value: Any) -> bool:
        if type(value) not in (int, float) or not math.isfinite(value):
            return False
        return (low < value if above else low <= value) and bool(value <= high)

    return fits


def one_of(*known: str) -> Callable[[Any], bool]:
    """One of these words."""
    return lambda value: isinstance(value, str) and value in known


def text(value: Any) -> bool:
    """Some text that is more than white space."""
    return isinstance(value, str) and bool(value.strip())


# Tokens of an example that a run may be limited to.
SHORTEST = 8
SCHEDULERS = ("cosine", "linear", "constant")
OVERLONG = ("refuse", "drop", "truncate")
PRECISIONS = ("auto", "bf16", "fp32", "4bit")
PROMPT_STYLES = ("auto", "chat", "project")
HEADS = ("generation", "classification")
OBJECTIVES = ("sft", "dpo")
CHECKPOINTING = ("off", "selective", "full")

_ALL = (
    Setting("run_id", "Run id", text, "a text that is not empty"),
    Setting("name", "Name", text, "a text that is not empty"),
    Setting("version_id", "Dataset version", text, "the id of a dataset version"),
    Setting("train_split", "Training split", one_of("train"), "train: no other is learned from"),
    Setting(
        "validation_split",
        "Validation split",
        one_of("validation"),
        "validation: no other is measured on",
    ),
    Setting(
        "max_length",
        "Max sequence length",
        whole(SHORTEST, 2**20),
        f"a whole number of tokens from {SHORTEST}",
    ),
    Setting("overlong", "Overlong examples", one_of(*OVERLONG), "refuse, drop or truncate"),
    Setting("label_field", "Label field", lambda v: isinstance(v, str), "a text, or empty"),
    Setting("base_model", "Base model", text, "a model folder"),
    Setting("base_hub_id", "Base's hub id", lambda v: isinstance(v, str), "a text, or empty"),
    Setting("base_commit", "Base's commit", lambda v: isinstance(v, str), "a text, or empty"),
    Setting("method", "Method", lambda _: True, "a known method"),
    Setting("precision", "Precision", one_of(*PRECISIONS), "auto, bf16, fp32 or 4bit"),
    Setting("prompt_style", "Prompt format", one_of(*PROMPT_STYLES), "auto, chat or project"),
    Setting("head", "Head", one_of(*HEADS), "generation or classification"),
    Setting("objective", "Objective", one_of(*OBJECTIVES), "sft or dpo"),
    Setting("beta", "Beta", number(0, 10, above=True), "above 0 and at most 10; 0.1 is usual"),
    Setting("sft_weight", "Weight of the SFT loss", number(0, 100), "between 0 (none) and 100"),
    Setting(
        "pair_sources", "Preference pairs", one_of(*PAIR_SOURCES), "both, ratings or negatives"
    ),
    Setting("pairs_hash", "Hash of the pairs", lambda v: isinstance(v, str), "a text, or empty"),
    Setting(
        "lora_r", "LoRA rank", whole(1, 1024), "a whole number from 1 to 1024; 8 to 64 is usual"
    ),
    Setting(
        "lora_alpha",
        "LoRA alpha",
        whole(1, 4096),
        "a whole number from 1 to 4096; 2 × the rank is usual",
    ),
    Setting("lora_dropout", "LoRA dropout", number(0, 0.9), "between 0 and 0.9"),
    Setting(
        "target_modules",
        "Target modules",
        text,
        "all-linear, or module names with commas between them",
    ),
    Setting(
        "loha_r", "LoHa rank", whole(1, 1024), "a whole number from 1 to 1024; 4 to 16 is usual"
    ),
    Setting("loha_alpha", "LoHa alpha", whole(1, 4096), "a whole number from 1 to 4096"),
    Setting(
        "num_virtual_tokens",
        "Virtual tokens",
        whole(1, 1024),
        "a whole number from 1 to 1024; 10 to 100 is usual",
    ),
    Setting("init_text", "Starts as", lambda v: isinstance(v, str), "a text, or empty"),
    Setting(
        "learning_rate",
        "Learning rate",
        number(0, 1, above=True),
        "above 0 and at most 1; 0.0002 is usual",
    ),
    Setting("lr_scheduler_type", "LR scheduler", one_of(*SCHEDULERS), "cosine, linear or constant"),
    Setting(
        "warmup_steps", "Warmup", number(0, 1e6), "a number of steps, or below 1 a share of them"
    ),
    Setting("weight_decay", "Weight decay", number(0, 1), "between 0 and 1"),
    Setting(
        "max_grad_norm", "Max gradient norm", number(0, 1e6, above=True), "above 0; 1 is usual"
    ),
    Setting("num_train_epochs", "Epochs", number(0, 1000, above=True), "above 0 and at most 1000"),
    Setting(
        "max_steps",
        "Max steps",
        lambda v: (type(v) is int and v == -1) or whole(1)(v),
        "-1 (by epochs) or a whole number from 1",
    ),
    Setting(
        "per_device_train_batch_size",
        "Batch size",
        whole(1, 4096),
        "a whole number from 1 to 4096",
    ),
    Setting(
        "gradient_accumulation_steps",
        "Gradient accumulation",
        whole(1, 4096),
        "a whole number from 1 to 4096",
    ),
    Setting(
        "early_stopping_patience",
        "Early stopping patience",
        whole(0, 10**6),
        "0 (never) or a whole number of evaluations",
    ),
    Setting("eval_steps", "Eval steps", whole(0), "0 (once an epoch) or a whole number of steps"),
    Setting("logging_steps", "Logging steps", whole(1), "a whole number from 1"),
    Setting(
        "save_minutes",
        "Minutes between checkpoints",
        number(0, 1440, above=True),
        "above 0 and at most 1440",
    ),
    Setting(
        "activation_checkpointing",
        "Activation checkpointing",
        one_of(*CHECKPOINTING),
        "off, selective or full",
    ),
    Setting("eval_samples", "Validation answers", whole(0, 64), "a whole number from 0 to 64"),
    Setting("max_minutes", "Max minutes", number(0, 1e5), "0 (no limit) or a number of minutes"),
    Setting("seed", "Seed", whole(0), "a whole number from 0 to 2147483647"),
    Setting("max_new_tokens", "Max new tokens", whole(1, 2**17), "a whole number from 1 to 131072"),
    Setting("temperature", "Temperature", number(0, 5), "between 0 (the likeliest token) and 5"),
    Setting("batch_size", "Batch size", whole(1, 4096), "a whole number from 1 to 4096"),
    Setting("shots", "Worked examples", whole(0, 64), "a whole number from 0 to 64"),
)
SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in _ALL}


def refuse_what_breaks(value: Any, plain: Mapping[str, str] | None = None) -> None:
    """Raises InvalidRunSpec with every complaint about a dataclass's fields.

    `plain` names the settings whose plain name differs from the field's.
    """
    named = [((plain or {}).get(field.name, field.name), field.name) for field in fields(value)]
    wrong = [
        complaint
        for name, field in named
        if name in SETTINGS and (complaint := SETTINGS[name].complaint(getattr(value, field)))
    ]
    if wrong:
        raise InvalidRunSpec(" ".join(wrong))
