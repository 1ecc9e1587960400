"""What the live view of a job shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import now
from core.errors import TouchstoneError
from core.jobs.eta import seconds_left
from core.jobs.faults import PASSING
from core.jobs.job import Job, JobEvent
from core.jobs.kinds import KINDS
from core.jobs.launchers import LAUNCHERS
from core.jobs.state import ACTIVE, RESUMABLE
from core.workflows.jobs.jobs import folder_of, get_job, is_mine_or_lead
from core.workflows.jobs.supervisor import place_of, waits_for_space

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True)
class LiveView:
    """A job as its watchers see it. `notes` are the worker's last lines (time, text), oldest first;
    `seconds_left` is None while nobody can know; for `silent` seconds an active one has said
    nothing, step or note; `ahead` counts what the job waits behind; `place`
    says where it runs or ran, "" for this machine; with `waits_for_space` it has ended on a full
    disk, and is taken in when there is space."""

    job: Job
    notes: list[tuple[datetime, str]]
    seconds_left: float | None
    ahead: int
    may_stop: bool
    may_end: bool
    may_cancel: bool
    may_resume: bool
    may_move: bool
    place: str = ""
    silent: float = 0.0
    waits_for_space: bool = False

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
    waiting, active = _before(store, job) if status == "queued" else (0, 0)
    return LiveView(
        job,
        [(event.created_at, str(event.payload.get("text"))) for event in said],
        seconds_left(events) if status in ACTIVE else None,
        waiting + active,
        may_stop=mine and status in ("starting", "running"),
        may_end=mine and status == "stopping",
        may_cancel=mine and status in {"queued", *ACTIVE, *RESUMABLE},
        may_resume=mine and job.taken_in and _resumable(job),
        may_move=waiting > 0 and actor.has(job.project_id, "lead"),
        place=_place(store, job),
        silent=_silent([*said, *events]) if status in ACTIVE else 0.0,
        waits_for_space=not job.taken_in and waits_for_space(store, job_id),
    )


def _silent(events: Sequence[JobEvent]) -> float:
    last = max((event.created_at for event in events), default=None)
    return (now() - last).total_seconds() if last else 0.0


def _place(store: Store, job: Job) -> str:
    if job.launcher not in LAUNCHERS:
        return ""
    try:
        return LAUNCHERS[job.launcher].place(folder_of(store, job))
    except (TouchstoneError, OSError):  # a folder that is gone or damaged
        return ""


def _resumable(job: Job) -> bool:
    kind = KINDS.get(job.kind)
    hopeless = job.status == "failed" and kind and (kind.reads_file or kind.judges_data)
    code = job.error.code if job.error else ""
    return job.status in RESUMABLE and not (hopeless and code not in PASSING)


def _before(store: Store, job: Job) -> tuple[int, int]:
    """How many jobs of its device wait before it, and how many work now."""
    same = [other for other in store.jobs.unsettled() if place_of(other) == place_of(job)]
    places = [other.job_id for other in same]
    before = same[: places.index(job.job_id)] if job.job_id in places else []
    waiting = sum(other.status == "queued" for other in before)
    return waiting, sum(other.status in ACTIVE for other in same)
