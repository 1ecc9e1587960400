"""Answers of other systems: a file becomes a job, what joins a System; the rest is listed."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id, now
from core.errors import InvalidInput, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.study.system import Generation, System
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation import scoring
from core.workflows.evaluation.systems import get_system, unused_name
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from core.importing.answers_job import Report
    from storage.store import Store


def start_import(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    name: str,
    path: Path,
    answer_column: str | None = None,
    system_id: str = "",
) -> str:
    """Queue the joining of a file of answers, which is moved into the job; the system's id.

    Joined by id, else by stripped instruction + input; scored as a further job. The system appears
    when something joined; else the job says why not. `answer_column` is found by its name unless
    given. `system_id` was made when the form was opened: a second submission of it starts nothing.
    """
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, "lead")
    if not name.strip():
        raise InvalidInput("Give the system a name, such as the model that answered.")
    if system_id and store.jobs.of_subject(system_id):
        return system_id
    system_id = system_id or new_id("sys")
    stored_as = "answers" + path.suffix.lower()[:12]
    columns = ["example_id", "external_id", "instruction", "input"]
    jobs.submit(
        store,
        actor,
        kind="answers",
        project_id=version.project_id,
        subject_id=system_id,
        title=f"Import the answers of {name.strip()}",
        spec={"file": stored_as, "version": version.name, "answer_column": answer_column},
        files={stored_as: path},
        tables={"examples.parquet": store.versions.examples(version_id).select(columns)},
        detail={"name": name.strip(), "version_id": version_id},
    )
    return system_id


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the system with the answers that joined, and queue their scoring.

    Under which prompt and decoding they were made is not stated.
    """
    system_id, version_id = job.subject_id, job.detail["version_id"]
    generation_id = f"gen_{system_id.removeprefix('sys_')}"

    def save() -> None:
        if store.systems.by_id(system_id) is not None:
            return
        store.systems.add(
            System(
                system_id=system_id,
                project_id=job.project_id,
                kind="imported",
                name=unused_name(store, job.project_id, job.detail["name"]),
                run_id=None,
                spec={},
                actor_id=job.created_by,
                created_at=now(),
            )
        )
        store.systems.add_generation(
            Generation(generation_id, system_id, version_id, "all", job.job_id, {}, now())
        )
        count = store.answers.take_in_joined(
            folder.final / "generations.parquet", version_id, system_id, generation_id
        )
        store.audit.record(
            "answers_imported", "system", system_id, job.created_by,
            project_id=job.project_id, answers=count, name=job.detail["name"],
        )  # fmt: skip

    store.transact(save)
    if store.versions.references(version_id):
        scoring.queue_scoring(store, job.project_id, version_id, [system_id], after=job.job_id)


def has_report(store: Store, actor: Actor, system_id: str) -> bool:
    """Whether the system came by a file of its own, so that what joined is known; leads only."""
    get_system(store, actor, system_id)
    return store.jobs.of_subject(system_id) is not None


def report_of(store: Store, actor: Actor, system_id: str) -> Report:
    """What joined and what did not; leads only. Raises NotFound where no report is kept."""
    from core.importing.answers_job import read_report

    get_system(store, actor, system_id)
    job = store.jobs.of_subject(system_id)
    if job is not None:
        with suppress(FileNotFoundError):
            return read_report(jobs.folder_of(store, job).final)
    raise NotFound(
        "The report of this import is not in the workspace any more. Import the file once more to "
        "see what does not join."
    )
