"""The lineage of an example: versions that hold it, runs that trained on it, studies."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.versions.splitting import Split


@dataclass(frozen=True)
class HeldBy:
    """A version that holds the example: in which split, as which revision (its number from 1)."""

    version_id: str
    number: int
    name: str
    split: Split
    revision: int


@dataclass(frozen=True)
class TrainedBy:
    """A run on a version that has the example in train (it learnt from it) or validation (it was
    chosen by it). `status` is that of its job."""

    run_id: str
    name: str
    version_number: int
    split: Split
    status: str


@dataclass(frozen=True)
class RatedIn:
    """A study that has a pair of answers to the example: how often it was judged."""

    study_id: str
    name: str
    judgements: int
    closed_at: datetime | None


@dataclass(frozen=True)
class Lineage:
    """Where an example went. `studies` is None for those who may not know which they are: who
    rates must not learn from elsewhere what is compared."""

    versions: tuple[HeldBy, ...]
    runs: tuple[TrainedBy, ...]
    studies: tuple[RatedIn, ...] | None
