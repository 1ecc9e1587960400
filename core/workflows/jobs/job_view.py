"""What the live view of a job shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from core.actor import Actor
from core.jobs.eta import seconds_left
from core.jobs.faults import PASSING
from core.jobs.job import Job
from core.jobs.kinds import KINDS
from core.jobs.state import ACTIVE, RESUMABLE
from core.workflows.jobs.jobs import get_job, is_mine_or_lead

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True)
class LiveView:
    """A job as its watchers see it. `notes` are the worker's last lines (time, text), oldest first;
    `seconds_left` is None while nobody can know; `ahead` counts what the job waits behind."""

    job: Job
    notes: list[tuple[datetime, str]]
    seconds_left: float | None
    ahead: int
    may_stop: bool
    may_cancel: bool
    may_resume: bool

    @property
    def moves(self) -> bool:
        """Whether another look in a second may show something new."""
        return not self.job.taken_in


def live_view(store: Store, actor: Actor, job_id: str, notes: int = 8) -> LiveView:
    """Everything the live view of a job shows. Raises NotFound, NotAllowed."""
    job = get_job(store, actor, job_id)
    # Two questions: an hour of progress must not push the notes out of sight.
    said = store.jobs.events(job_id, ("note",), last=notes) if notes else []
    events = store.jobs.events(job_id, ("progress", "state"), last=400)
    status, mine = job.status, is_mine_or_lead(actor, job)
    return LiveView(
        job,
        [(event.created_at, str(event.payload.get("text"))) for event in said],
        seconds_left(events) if status in ACTIVE else None,
        _ahead(store, job) if status == "queued" else 0,
        may_stop=mine and status in ("starting", "running"),
        may_cancel=mine and status in {"queued", *ACTIVE, *RESUMABLE},
        may_resume=mine and job.taken_in and _resumable(job),
    )


def _resumable(job: Job) -> bool:
    kind = KINDS.get(job.kind)
    hopeless = job.status == "failed" and kind and (kind.reads_file or kind.judges_data)
    code = job.error.code if job.error else ""
    return job.status in RESUMABLE and not (hopeless and code not in PASSING)


def _ahead(store: Store, job: Job) -> int:
    ahead = 0
    for other in store.jobs.unsettled():
        if other.job_id == job.job_id:
            break
        ahead += other.device == job.device and other.status in {"queued", *ACTIVE}
    return ahead
