"""Stop, cancel, end and resume a job: in its folder, in its row and in the audit, for good."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import now
from core.errors import Conflict, TouchstoneError
from core.jobs.changes import CHANGES
from core.jobs.job import Job
from core.jobs.kinds import kind_of
from core.jobs.launchers import launcher_for, launcher_of
from core.jobs.state import ACTIVE, RESUMABLE, UNSTARTED, JobState
from core.workflows.jobs.jobs import folder_of, get_job, is_mine_or_lead, refuse_without_room

if TYPE_CHECKING:
    from storage.store import Store

log = logging.getLogger("touchstone.jobs")


def stop_job(store: Store, actor: Actor, job_id: str) -> None:
    """Ask a job to end at its next step, to be resumed later; one that waits is cancelled."""
    job = _mine_or_lead(store, actor, job_id)
    if job.is_terminal:
        return
    state = launcher_of(job.launcher).stop(folder_of(store, job))
    action = "cancelled" if state.status == "cancelled" else "stopped"
    _save(store, actor, job, action, state)


def cancel_job(store: Store, actor: Actor, job_id: str) -> None:
    """End a job for good, whether it waits, runs, or has broken off. Raises Conflict when it has
    completed."""
    job = _mine_or_lead(store, actor, job_id)
    if job.status == "cancelled":
        return
    if job.status == "completed":
        raise Conflict("This job has completed; there is nothing left to cancel.")
    broke_off = job.taken_in and job.status in RESUMABLE
    try:
        state = launcher_of(job.launcher).cancel(folder_of(store, job), even_completed=broke_off)
    except (TouchstoneError, OSError) as error:
        if not broke_off:
            raise
        # A job that ended because its folder is damaged: its row is all that there is to end.
        log.warning("the folder of %s says nothing of its end: %s", job_id, error)
        state = JobState("cancelled", step=job.step, total=job.total)
    _save(store, actor, job, "cancelled", state)


def _save(store: Store, actor: Actor, job: Job, action: str, state: JobState) -> None:
    def save() -> None:
        if state.status == "cancelled":
            store.jobs.observe(
                job.job_id,
                status="cancelled",
                step=state.step,
                total=state.total,
                error=None,
                ended_at=job.ended_at or now(),
            )
            store.jobs.set_taken_in(job.job_id)
        _record(store, actor, job, action)

    store.transact(save)


def end_job(store: Store, actor: Actor, job_id: str) -> None:
    """End the worker of a job that was asked to stop and does not. Raises Conflict when nobody has
    asked for its end."""
    job = _mine_or_lead(store, actor, job_id)
    if job.is_terminal:
        return
    launcher, folder = launcher_of(job.launcher), folder_of(store, job)
    if launcher.status(folder).status in (*UNSTARTED, "starting", "running"):
        raise Conflict("Stop or cancel this job first; most end at their next step.")
    _save(store, actor, job, "ended", launcher.end(folder))


def resume_job(store: Store, actor: Actor, job_id: str) -> None:
    """Queue a stopped, failed or lost job again; a training goes on from its checkpoint."""
    job = _mine_or_lead(store, actor, job_id)
    if job.status not in RESUMABLE:
        raise Conflict(f"This job is {job.status}; only one that broke off can be resumed.")
    if not job.taken_in:  # the supervisor still writes its end, and would miss the new start
        raise Conflict("This job has only just ended. Resume it in a second.")
    refuse_without_room(store)
    launcher, folder = launcher_of(job.launcher), folder_of(store, job)
    state = launcher.status(folder)
    if state.status == "cancelled":  # the server ended between the folder and the row
        _save(store, actor, job, "cancelled", state)
        raise Conflict("This job was cancelled. Start a new one from its page.")
    name = job.launcher
    # Of a completed one only the result was not taken in, and one that works was only out of
    # sight: both are looked at again.
    if state.status != "completed" and state.status not in ACTIVE:
        name = launcher_for(kind_of(job.kind))
        state = launcher_of(name).queue(folder)

    def save() -> None:
        store.jobs.set_launcher(job_id, name)
        store.jobs.observe(
            job_id, status=state.status, step=state.step, total=state.total, error=None
        )
        store.jobs.set_taken_in(job_id, False)
        _record(store, actor, job, "resumed")

    store.transact(save)
    CHANGES.tell()


def move_to_front(store: Store, actor: Actor, job_id: str) -> None:
    """Let a waiting job be the next of its device. Leads only. Raises Conflict when it does not
    wait."""
    job = get_job(store, actor, job_id)
    actor.require(job.project_id, "lead")

    def save() -> None:
        waiting = store.jobs.by_id(job_id)
        if waiting is None or waiting.status != "queued":
            raise Conflict("This job does not wait any more.")
        store.jobs.move_to_front(job_id)
        _record(store, actor, job, "moved_to_front")

    store.transact(save)


def _record(store: Store, actor: Actor, job: Job, action: str) -> None:
    store.audit.record(
        action, "job", job.job_id, actor.person_id, project_id=job.project_id, kind=job.kind
    )


def _mine_or_lead(store: Store, actor: Actor, job_id: str) -> Job:
    job = get_job(store, actor, job_id)
    if not is_mine_or_lead(actor, job):
        actor.require(job.project_id, "lead")
    return job
