"""Jobs: one way to ask for work that takes over a second, to watch it, and to stop it."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor, system_actor
from core.clock import new_id, now
from core.errors import Conflict, DiskFull, NotFound
from core.jobs.changes import CHANGES
from core.jobs.folder import JobFolder
from core.jobs.job import Job, JobEvent
from core.jobs.kinds import kind_of
from core.jobs.launchers import launcher_for
from core.workflows.jobs.folders import folder_name, put_in_place, write_folder

if TYPE_CHECKING:
    from storage.store import Store

MAX_WAITING = 50
NEEDED_BYTES = 200_000_000
SYSTEM = system_actor().person_id
# Nobody else may look for a subject between a folder taking its place and its row being saved.
_placing = threading.RLock()


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
    """Queue the job about a subject and return its id; a second time, the id of the first.

    The folder is written first, then the job's row and, by `also(job_id)`, what belongs to it are
    saved in one transaction; what a cut-off try left is replaced by the next one. May be called
    inside a transaction, for a job that follows from taking another one in. `tables` become
    data/NAME: pyarrow tables, or Queries that the database answers straight into the file. `files`
    become data/NAME and are gone from where they were once the job is saved. Callers have checked
    the actor's role. Raises QueueFull, DiskFull, RayUnusable.
    """
    if earlier := store.jobs.of_subject(subject_id):
        return earlier.job_id
    refuse_without_room(store, follows=actor.person_id == SYSTEM)
    known = kind_of(kind)
    job = Job(
        job_id=new_id("job"),
        kind=kind,
        project_id=project_id,
        subject_id=subject_id,
        title=title,
        folder=folder_name(known.folder, subject_id),
        device=known.device,
        launcher=launcher_for(known),
        detail=dict(detail or {}),
        created_by=actor.person_id,
        created_at=now(),
    )
    target = store.workspace / job.folder
    part = write_folder(store, target, {**spec, "kind": kind}, tables or {}, files or {})
    saved = _save_in_place(store, job, part, also)
    for path in (files or {}).values():
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)
    return saved


def subject_again(store: Store, subject_id: str) -> str:
    """The subject of one more job about the same thing: itself the first time, then SUBJECT#…,
    which `store.jobs.newest_about` finds."""
    earlier = store.jobs.newest_about(subject_id)
    return f"{subject_id}#{new_id('again')}" if earlier else subject_id


def _save_in_place(store: Store, job: Job, part: Path, also: Callable[[str], None] | None) -> str:
    target = store.workspace / job.folder

    def save() -> None:
        store.jobs.add(job)
        store.audit.record(
            "submitted", "job", job.job_id, job.created_by,
            project_id=job.project_id, kind=job.kind, title=job.title,
        )  # fmt: skip
        if also:
            also(job.job_id)

    with _placing:
        try:
            if earlier := store.jobs.of_subject(job.subject_id):
                return earlier.job_id
            put_in_place(part, target)
            try:
                store.transact(save)
            except BaseException:
                shutil.rmtree(target, ignore_errors=True)
                raise
        finally:
            shutil.rmtree(part, ignore_errors=True)
    CHANGES.tell()
    return job.job_id


def refuse_without_room(store: Store, *, follows: bool = False) -> None:
    """Raise QueueFull or DiskFull before anything is written.

    `follows`: a job that an ended one leads to is not refused for a long queue.
    """
    waiting = 0 if follows else store.jobs.count_waiting()
    if waiting >= MAX_WAITING:
        raise QueueFull(
            f"{MAX_WAITING} jobs are waiting already. Wait until some have ended, or cancel some "
            f"on the Jobs page."
        )
    free = shutil.disk_usage(store.workspace).free
    if free < NEEDED_BYTES:
        raise DiskFull(
            f"There is no space left for a job: {free // 1_000_000} MB are free where the "
            f"workspace lies, and a job needs {NEEDED_BYTES // 1_000_000} MB. Nothing was started: "
            f"free some space, then try again."
        )


def under_way(store: Store, project_id: str, *kinds: str) -> Job | None:
    """The first of a project's jobs of these kinds that waits or works, or whose result waits to be
    taken in."""
    waiting = store.jobs.unsettled()
    return next((j for j in waiting if j.kind in kinds and j.project_id == project_id), None)


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


def is_mine_or_lead(actor: Actor, job: Job) -> bool:
    """Whether this person may stop, cancel and resume the job."""
    return job.created_by == actor.person_id or actor.has(job.project_id, "lead")
