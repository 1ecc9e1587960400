"""Systems and generations: who answers, and under which conditions answers were made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, get_args

from core.errors import InvalidInput
from core.study.comparing import Conditions

SystemKind = Literal["base", "prompted", "tuned", "imported"]


@dataclass(frozen=True)
class System:
    """Whatever answers: a model with its prompt and decoding, bound to no dataset version.

    `spec` holds what makes it this system: decoding, and for a prompted base the example ids of its
    `shots`. `run_id` names the run whose adapter answers, if one does.
    """

    system_id: str
    project_id: str
    kind: SystemKind
    name: str
    run_id: str | None
    spec: Mapping[str, Any]
    actor_id: str
    created_at: datetime
    removed_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.kind not in get_args(SystemKind):
            raise InvalidInput(f"A system is one of {', '.join(get_args(SystemKind))}.")

    @property
    def shots(self) -> tuple[str, ...]:
        """The ids of the examples that stand in its prompt."""
        named = self.spec.get("shots")
        return tuple(named) if isinstance(named, list) else ()


@dataclass(frozen=True)
class Speed:
    """How fast a system answered, in batches: new tokens a second of all answers of a batch
    together, and an answer's share of its batch's seconds, on average. `low` and `high` are the
    ends of its 95 % interval over `batches`, `error` its standard error; None where there were not
    several."""

    tokens_per_second: float
    seconds_per_answer: float
    low: float | None = None
    high: float | None = None
    error: float | None = None
    batches: int | None = None

    @classmethod
    def of(cls, made: Mapping[str, Any]) -> Speed | None:
        """From what a worker counted; None where the answers were not made here."""
        tokens = made.get("tokens_per_second")
        answers, seconds = made.get("answers"), made.get("seconds")
        if not (tokens and answers and seconds):
            return None
        counted = made.get("seconds_per_answer")
        if not counted:  # one batch, or a worker of an earlier version
            return cls(tokens, seconds / answers)
        from core.statistics.estimates import student_reach

        mean, error, batches = (counted[k] for k in ("value", "standard_error", "batches"))
        half = student_reach(batches - 1) * error
        return cls(tokens, mean, max(0.0, mean - half), mean + half, error, batches)


@dataclass(frozen=True)
class Generation:
    """One time that a system answered examples of a version. `summary` is the worker's."""

    generation_id: str
    system_id: str
    version_id: str
    split: str
    job_id: str | None
    spec: Mapping[str, Any]
    created_at: datetime
    summary: Mapping[str, Any] = field(default_factory=dict)

    @property
    def conditions(self) -> Conditions:
        """What a comparison with another system's answers has to have in common."""
        return Conditions.from_json(self.spec, self.job_id)

    @property
    def speed(self) -> Speed | None:
        """How fast the answers were made; None where they were imported."""
        return Speed.of(self.summary)


@dataclass(frozen=True)
class Scoring:
    """One scoring of a system's answers. `settings_hash` "" means that they were not recorded."""

    scoring_id: str
    system_id: str
    version_id: str
    settings: Mapping[str, Any]
    settings_hash: str
    summary: Mapping[str, Any]
    created_at: datetime


@dataclass(frozen=True)
class VersionSystem:
    """A system as it stands on one dataset version.

    `answers` counts the version's examples that it answered, `cut` those that ended at a stop
    string, `capped` those that hit the length cap; `unasked` of them are none, as the prompt fills
    the model's context: they are neither scored nor compared. `job_status` is of the job that makes
    them, `made` what its worker counted at the newest one; empty for imported answers.
    """

    system: System
    split: str
    answers: int
    cut: int
    capped: int
    job_id: str | None
    job_status: str | None
    conditions: Conditions
    scoring: Scoring | None
    made: Mapping[str, Any] = field(default_factory=dict)
    unasked: int = 0

    @property
    def system_id(self) -> str:
        """The system's id."""
        return self.system.system_id

    @property
    def name(self) -> str:
        """The system's name."""
        return self.system.name

    @property
    def kind(self) -> SystemKind:
        """The system's kind."""
        return self.system.kind

    @property
    def scored(self) -> bool:
        """Whether there are scores of its answers."""
        return self.scoring is not None

    @property
    def summary(self) -> Mapping[str, Any]:
        """Means, label report and warnings of its scores; empty before it is scored."""
        return self.scoring.summary if self.scoring else {}

    @property
    def speed(self) -> Speed | None:
        """How fast the answers were made; None where they were imported."""
        return Speed.of(self.made)
