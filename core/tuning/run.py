"""Run: one training, with its frozen spec, how it stands, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.jobs.state import JobFault
from core.prompts import Prompt, PromptTemplate
from core.tuning.classification import Classification
from core.tuning.labels import Labels
from core.tuning.run_spec import RunSpec


@dataclass(frozen=True)
class RunMetrics:
    """What a completed run measured. Losses are nats per answer token, of a classification per
    example; `initial_validation_loss` is the base's own; `warnings` are sentences; `precision` is
    the one that was used. `preferences` says of a run by DPO which pairs it learned from and how
    many of the held-out ones it prefers as people did. `base_writes` is false for an encoder, which
    has no answers of its own.
    """

    steps: int
    total_steps: int
    seconds: float
    trainable_parameters: int
    total_parameters: int
    precision: str
    base_model_hash: str
    adapter_hash: str
    best_step: int = 0
    stopped_early: bool = False
    ended_by: str = ""
    tokens: int = 0
    tokens_per_second: float = 0.0
    device: str = ""
    peak_memory_bytes: int | None = None
    result_bytes: int | None = None
    train_loss: float | None = None
    validation_loss: float | None = None
    initial_validation_loss: float | None = None
    best_validation_loss: float | None = None
    checks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    prompt: Prompt | None = None
    warnings: tuple[str, ...] = ()
    base_writes: bool = True
    labels: Labels | None = None
    classification: Classification | None = None
    preferences: Mapping[str, Any] | None = None

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> RunMetrics:
        """From the worker's metrics.json; what no page asks for is left out."""
        known = {name: values[name] for name in cls.__dataclass_fields__ if name in values}
        prompt = known.pop("prompt", None)
        known["warnings"] = tuple(known.get("warnings") or ())
        for name, kind in (("labels", Labels), ("classification", Classification)):
            known[name] = kind.from_json(known[name]) if known.get(name) else None
        return cls(**known, prompt=Prompt.from_json(prompt) if prompt else None)


@dataclass(frozen=True)
class Run:
    """A training of one dataset version. It was trained on the version's training split and chosen
    by its validation split. Status, progress and error are those of its job."""

    run_id: str
    project_id: str
    version_id: str
    job_id: str
    name: str
    spec: RunSpec
    metrics: RunMetrics | None
    actor_id: str
    person: str
    created_at: datetime
    status: str
    step: int
    total: int
    error: JobFault | None
    started_at: datetime | None
    ended_at: datetime | None
    folder: str

    @property
    def model_id(self) -> str:
        """The base model's id, as people choose it."""
        return self.spec.base.model_id

    @property
    def prompt(self) -> Prompt:
        """The prompt that the run froze; before it completed, and in runs of earlier versions, the
        project's template."""
        if self.metrics and self.metrics.prompt:
            return self.metrics.prompt
        return PromptTemplate(self.spec.prompt.template).prompt

    @property
    def prompt_hash(self) -> str:
        """SHA-256 of the prompt, 64 hex digits."""
        return self.prompt.hash

    @property
    def precision(self) -> str:
        """The precision of the base's weights: as used, or as asked for."""
        return self.metrics.precision if self.metrics else self.spec.base.precision

    @property
    def base_model_hash(self) -> str:
        """SHA-256 of the base's weights; "" before a worker has read them."""
        return self.metrics.base_model_hash if self.metrics else self.spec.base.hash

    @property
    def learned(self) -> bool:
        """False for a completed run whose validation loss never fell below the base's own, or ended
        above it: its adapter is there, and no success."""
        known = self.metrics
        if known is None or known.initial_validation_loss is None:
            return True
        losses = (known.best_validation_loss, known.validation_loss)
        return all(loss is None or loss < known.initial_validation_loss for loss in losses)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a completed run's reader must know first."""
        return self.metrics.warnings if self.metrics else ()
