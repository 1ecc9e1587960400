"""Reports: the numbers of Results, at once where they are few, by a worker where they are many.

A report is kept with a stamp of what it rests on; a newer stamp asks for a new one.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from core.actor import Actor
from core.clock import new_id
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

T = TypeVar("T")


@dataclass(frozen=True)
class Report(Generic[T]):
    """A report, or while it is None the id of the job that computes it."""

    content: T | None
    job_id: str = ""


def kept(store: Store, report_id: str, stamp: str) -> Any:
    """A report that was computed under this stamp, decoded from JSON; None where there is none.

    Where a newer one has taken its place, and what it rests on is as it was again (a system was
    removed and restored), it is read from the folder of its job.
    """
    content = store.results.report(report_id, stamp)
    job = None if content is not None else job_of(store, report_id, stamp)
    if job is not None and job.taken_in and job.status == "completed":
        with suppress(FileNotFoundError):
            return _content(jobs.folder_of(store, job))
    return content


def computing(
    store: Store,
    actor: Actor,
    project_id: str,
    report_id: str,
    stamp: str,
    *,
    title: str,
    spec: Mapping[str, Any],
    files: Mapping[str, Path],
) -> str:
    """The job that computes a report under this stamp, queued unless it is there; its id.

    `files` are moved into the job; where it is there already they stay.
    """
    subject_id = report_subject(report_id, stamp)
    if there := store.jobs.of_subject(subject_id):
        return there.job_id
    return jobs.submit(
        store,
        actor,
        kind="report",
        project_id=project_id,
        subject_id=subject_id,
        title=title,
        spec=spec,
        files=files,
        detail={"report_id": report_id, "stamp": stamp},
    )


def job_of(store: Store, report_id: str, stamp: str) -> Job | None:
    """The job that computes, or computed, a report under this stamp."""
    return store.jobs.of_subject(report_subject(report_id, stamp))


def report_subject(report_id: str, stamp: str) -> str:
    """The id under which the report of a stamp is queued once."""
    return f"rep_{sha256(f'{report_id} {stamp}'.encode()).hexdigest()[:24]}"


def scratch(store: Store, name: str) -> Path:
    """A place in the workspace for a table that a job is given."""
    return store.workspace / "inbox" / f"{new_id('tab')}_{name}"


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Keep what a worker computed."""
    store.results.keep_report(job.detail["report_id"], job.detail["stamp"], _content(folder))


def _content(folder: JobFolder) -> Any:
    return json.loads((folder.final / "report.json").read_text(encoding="utf-8"))
