"""A job as the database knows it: what was asked for, how it stands, what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import InvalidInput
from core.jobs.state import ACTIVE, STATUSES, TERMINAL, JobFault, JobStatus


@dataclass(frozen=True)
class Job:
    """One job. A subject (a run, an import, a version, a generation …) has at most one.

    `folder` is meant from the workspace. `status`, `step` of `total` and `error` are what its
    folder said at the last look, `heartbeat_at` when its worker wrote last. `taken_in`: its end,
    and its result if it has one, are in the database; nothing more happens unless it is resumed.
    `event_offset` is how many bytes of events.jsonl are taken in. `person` is the name of who
    asked for it. Times are naive UTC.
    """

    job_id: str
    kind: str
    project_id: str
    subject_id: str
    title: str
    folder: str
    device: str
    created_by: str
    created_at: datetime
    status: JobStatus = "queued"
    step: int = 0
    total: int = 0
    error: JobFault | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    launcher: str = "local"
    event_offset: int = 0
    taken_in: bool = False
    started_at: datetime | None = None
    ended_at: datetime | None = None
    heartbeat_at: datetime | None = None
    person: str = ""

    def __post_init__(self) -> None:
        if self.status not in STATUSES:
            raise InvalidInput(f"“{self.status}” is no status of a job.")
        if not (self.job_id and self.subject_id and self.folder):
            raise InvalidInput("A job needs an id, a subject and a folder.")

    @property
    def is_active(self) -> bool:
        """Whether a worker is at it."""
        return self.status in ACTIVE

    @property
    def is_terminal(self) -> bool:
        """Whether it has ended, taken in or not."""
        return self.status in TERMINAL

    @property
    def seconds(self) -> float | None:
        """How long it was at work; None before its end."""
        if self.started_at is None or self.ended_at is None:
            return None
        return (self.ended_at - self.started_at).total_seconds()


@dataclass(frozen=True)
class JobEvent:
    """One reported event as it is kept: `seq` counts within the job, `payload` is its content."""

    seq: int
    created_at: datetime
    kind: str
    payload: Mapping[str, Any]
