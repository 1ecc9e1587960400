"""The parts of a RunSpec: data, base, prompt, objective, optimiser and budget, each checking
itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Literal

from core.prompts import DEFAULT_TEMPLATE, PromptTemplate
from core.tuning.preferences import PairSources
from core.tuning.settings import refuse_what_breaks

Precision = Literal["auto", "bf16", "fp32", "4bit"]
Scheduler = Literal["cosine", "linear", "constant"]
Overlong = Literal["refuse", "drop", "truncate"]
PromptStyle = Literal["auto", "chat", "project"]
Head = Literal["generation", "classification"]
ObjectiveName = Literal["sft", "dpo"]
ActivationCheckpointing = Literal["off", "selective", "full"]


class _Checked:
    """Refuses what the table of settings refuses. `PLAIN` holds the plain names of settings, where
    they say more than the field's name inside its part."""

    PLAIN: ClassVar[Mapping[str, str]] = {}

    def __post_init__(self) -> None:
        refuse_what_breaks(self, self.PLAIN)


@dataclass(frozen=True)
class Data(_Checked):
    """What is learned from: splits of a dataset version. Lengths are tokens. `label_field` is the
    record field that holds the label of a classification; "": the whole output is the label."""

    version_id: str
    version_hash: str = ""
    train_split: str = "train"
    validation_split: str = "validation"
    max_length: int = 1024
    overlong: Overlong = "refuse"
    label_field: str = ""


@dataclass(frozen=True)
class Base(_Checked):
    """The base model: `location` is a folder, absolute or meant from the workspace, or a hub id
    that is already on this machine. An empty `hash` (of its weights) is not compared. `hub_id` and
    `commit`: where it was downloaded from, if it was."""

    PLAIN: ClassVar[Mapping[str, str]] = {
        "location": "base_model",
        "hash": "base_model_hash",
        "hub_id": "base_hub_id",
        "commit": "base_commit",
    }

    location: str
    model_id: str = ""
    hash: str = ""
    precision: Precision = "auto"
    hub_id: str = ""
    commit: str = ""


@dataclass(frozen=True)
class PromptChoice(_Checked):
    """Which prompt the run freezes: the model's own chat template, the project's text template, or
    "auto": the model's where its tokenizer has one."""

    PLAIN: ClassVar[Mapping[str, str]] = {"style": "prompt_style"}

    style: PromptStyle = "auto"
    template: str = DEFAULT_TEMPLATE

    def __post_init__(self) -> None:
        super().__post_init__()
        PromptTemplate(self.template)


@dataclass(frozen=True)
class ObjectiveChoice(_Checked):
    """What the loss asks for: "sft", the reference answers token by token, or "dpo", the preferred
    answer of a pair over the rejected one (Rafailov et al. 2023).

    `beta` is DPO's: the larger, the closer to the base. `sft_weight` times the mean loss of the
    preferred answer's tokens is added to it (Pang et al. 2024). `pair_sources` says
    where the preference pairs come from; runs from before that choice learned from both.
    `pairs_hash` is their SHA-256; an empty one is not compared.
    """

    PLAIN: ClassVar[Mapping[str, str]] = {"name": "objective"}

    name: ObjectiveName = "sft"
    beta: float = 0.1
    sft_weight: float = 0.0
    pair_sources: PairSources = "both"
    pairs_hash: str = ""


@dataclass(frozen=True)
class Optimiser(_Checked):
    """AdamW. `warmup_steps` below 1 is a share of all steps, as in transformers 5."""

    learning_rate: float = 2e-4
    lr_scheduler_type: Scheduler = "cosine"
    warmup_steps: float = 0.05
    weight_decay: float = 0.0
    max_grad_norm: float = 1.0


@dataclass(frozen=True)
class Budget(_Checked):
    """How long, and in what portions. `max_steps` -1 means by epochs; `eval_steps` 0 once an epoch;
    `early_stopping_patience` counts evaluations without a better loss, 0 never stops early.
    `save_minutes` is the most work that a killed worker loses. `activation_checkpointing` computes
    activations again in the backward pass instead of keeping them, less memory for more time: of
    every layer (full), or only of those whose activations the free memory cannot hold (selective).
    `eval_samples` validation examples are answered at each evaluation.
    `max_minutes` of training end the run wherever it is; 0 means no limit."""

    num_train_epochs: float = 3.0
    max_steps: int = -1
    per_device_train_batch_size: int = 8
    gradient_accumulation_steps: int = 1
    early_stopping_patience: int = 3
    eval_steps: int = 0
    logging_steps: int = 10
    save_minutes: float = 5.0
    activation_checkpointing: ActivationCheckpointing = "off"
    eval_samples: int = 4
    max_minutes: float = 0.0

    @property
    def effective_batch_size(self) -> int:
        """Examples behind one step of the optimiser."""
        return self.per_device_train_batch_size * self.gradient_accumulation_steps
