"""Jobs: one way to ask for work that takes over a second, to watch it, and to stop it."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, DiskFull, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job, JobEvent
from core.jobs.kinds import kind_of
from core.jobs.launcher import enqueue, request_cancel, request_stop, status_of
from core.jobs.state import RESUMABLE
from core.query import Query

if TYPE_CHECKING:
    from storage.store import Store

MAX_WAITING = 50
NEEDED_BYTES = 200_000_000


class QueueFull(Conflict):
    """Too many jobs wait already."""

    title = "The queue is full"


def submit(
    store: Store,
    actor: Actor,
    *,
    kind: str,
    project_id: str,
    subject_id: str,
    title: str,
    spec: Mapping[str, Any],
    tables: Mapping[str, Any] | None = None,
    files: Mapping[str, Path] | None = None,
    detail: Mapping[str, Any] | None = None,
    also: Callable[[str], None] | None = None,
) -> str:
    """Write a job folder, queue the job, and return its id. The supervisor starts it.

    `tables` become data/NAME: pyarrow tables, or Queries that the database answers straight into
    the file. `files` are moved there. `also` is given the
    job's id and saves what belongs to it in the same transaction. Callers have checked the actor's
    role. Raises QueueFull, DiskFull.
    """
    refuse_without_room(store)
    job_id = new_id("job")
    known = kind_of(kind)
    folder_name = f"{known.folder}/{subject_id if known.folder == 'runs' else job_id}"
    folder = JobFolder.create(store.workspace / folder_name, {**spec, "kind": kind})
    for name, table in (tables or {}).items():
        if isinstance(table, Query):
            store.database.write_parquet(folder.data / name, table.sql, table.params)
        else:
            import pyarrow.parquet as pq

            pq.write_table(table, folder.data / name)
    for name, path in (files or {}).items():
        shutil.move(path, folder.data / name)
    enqueue(folder)
    job = Job(
        job_id=job_id,
        kind=kind,
        project_id=project_id,
        subject_id=subject_id,
        title=title,
        folder=folder_name,
        device=known.device,
        detail=dict(detail or {}),
        created_by=actor.person_id,
        created_at=now(),
    )

    def save() -> None:
        store.jobs.add(job)
        if also:
            also(job_id)

    store.transact(save)
    return job_id


def refuse_without_room(store: Store) -> None:
    """Raise QueueFull or DiskFull before anything is written."""
    waiting = [job for job in store.jobs.unsettled() if job.status == "queued"]
    if len(waiting) >= MAX_WAITING:
        raise QueueFull(
            f"{MAX_WAITING} jobs are waiting already. Wait until some have ended, or cancel some "
            f"on the Jobs page."
        )
    free = shutil.disk_usage(store.workspace).free
    if free < NEEDED_BYTES:
        raise DiskFull(
            f"Only {free // 1_000_000} MB are free where the workspace lies, and a job needs "
            f"{NEEDED_BYTES // 1_000_000} MB. Free some space and try again; nothing was started."
        )


def folder_of(store: Store, job: Job) -> JobFolder:
    """The job's folder."""
    return JobFolder(store.workspace / job.folder)


def get_job(store: Store, actor: Actor, job_id: str) -> Job:
    """One job. Raises NotFound, NotAllowed."""
    job = store.jobs.by_id(job_id)
    if job is None:
        raise NotFound("This job does not exist. Look at the Jobs page for those there are.")
    actor.require(job.project_id)
    return job


def job_about(store: Store, actor: Actor, subject_id: str) -> Job | None:
    """The job about an import, a version, an export …; None when there is none."""
    job = store.jobs.of_subject(subject_id)
    if job is not None:
        actor.require(job.project_id)
    return job


def jobs_of(
    store: Store, actor: Actor, project_id: str, kinds: tuple[str, ...] = (), limit: int = 50
) -> list[Job]:
    """A project's jobs, newest first."""
    actor.require(project_id)
    return store.jobs.of_project(project_id, kinds, limit)


def events_of(store: Store, actor: Actor, job_id: str, *kinds: str) -> list[JobEvent]:
    """What a job reported, oldest first."""
    get_job(store, actor, job_id)
    return store.jobs.events(job_id, kinds)


def worker_log(store: Store, actor: Actor, job_id: str, last: int = 20_000) -> str:
    """The end of worker.log, for a lead. Tracebacks and the workspace's path are left out: whoever
    runs the server finds them in the file."""
    job = get_job(store, actor, job_id)
    actor.require(job.project_id, "lead")
    try:
        with folder_of(store, job).log_file.open("rb") as file:
            file.seek(0, 2)
            file.seek(max(0, file.tell() - last))
            text = file.read().decode("utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return without_tracebacks(text).replace(str(store.workspace), "…")


def without_tracebacks(text: str) -> str:
    """The lines of a log without those of tracebacks, except each one's last line."""
    kept, inside = [], False
    for line in text.splitlines():
        if line.startswith("Traceback (most recent call last)"):
            inside = True
        elif not (inside and (line.startswith((" ", "\t")) or not line.strip())):
            inside = False
            kept.append(line)
    return "\n".join(kept)


def stop_job(store: Store, actor: Actor, job_id: str) -> None:
    """Ask a job to end at its next step; a training can be resumed afterwards."""
    job = _mine_or_lead(store, actor, job_id)
    request_stop(folder_of(store, job))


def cancel_job(store: Store, actor: Actor, job_id: str) -> None:
    """End a job for good, or take it out of the queue."""
    job = _mine_or_lead(store, actor, job_id)
    request_cancel(folder_of(store, job))


def resume_job(store: Store, actor: Actor, job_id: str) -> None:
    """Queue a stopped, failed or lost job again; a training goes on from its checkpoint."""
    job = _mine_or_lead(store, actor, job_id)
    if job.status not in RESUMABLE:
        raise Conflict(f"This job is {job.status}; only one that broke off can be resumed.")
    if not job.taken_in:  # the supervisor still writes its end, and would miss the new start
        raise Conflict("This job has only just ended. Resume it in a second.")
    refuse_without_room(store)
    folder = folder_of(store, job)
    state = status_of(folder)
    if state.status != "completed":  # else only its result was not taken in: that is tried again
        state = enqueue(folder)

    def save() -> None:
        store.jobs.observe(
            job_id, status=state.status, step=state.step, total=state.total, error=None
        )
        store.jobs.set_taken_in(job_id, False)

    store.transact(save)


def _mine_or_lead(store: Store, actor: Actor, job_id: str) -> Job:
    job = get_job(store, actor, job_id)
    if not is_mine_or_lead(actor, job):
        actor.require(job.project_id, "lead")
    return job


def is_mine_or_lead(actor: Actor, job: Job) -> bool:
    """Whether this person may stop, cancel and resume the job."""
    return job.created_by == actor.person_id or actor.has(job.project_id, "lead")
