"""Live traffic: questions with the answers of several systems and no reference, in one file.

The questions become examples without an output, which wait in Annotate like any others, and an
evaluation-only version: nothing can be trained on it, and without references nothing is scored.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id, now
from core.errors import NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.names import free_name
from core.study.system import Generation, System
from core.versions.splitting import content_hash
from core.versions.version import DatasetVersion
from core.workflows.curation.importing import save_import
from core.workflows.evaluation.systems import unused_name
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

ONLY_TEST = (0.0, 0.0, 1.0)


def start_import(
    store: Store,
    actor: Actor,
    project_id: str,
    *,
    path: Path,
    name: str = "",
    columns: Sequence[str] = (),
    version_id: str = "",
) -> str:
    """Queue the reading of a file, which is moved into the job; the id of the version to be.

    `columns` hold the answers and name the systems; none for all texts beside the question.
    `version_id` was made when the form was opened: a second submission of it starts nothing.
    """
    actor.require(project_id, "lead")
    if store.projects.by_id(project_id) is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    if version_id and store.jobs.of_subject(version_id):
        return version_id
    version_id = version_id or new_id("ver")
    stored_as = "live" + path.suffix.lower()[:12]
    given = list(dict.fromkeys(one for column in columns if (one := column.strip())))
    title = name.strip()[:60] or "Live answers"
    jobs.submit(
        store,
        actor,
        kind="live",
        project_id=project_id,
        subject_id=version_id,
        title=f"Import {title}",
        spec={"file": stored_as, "columns": given},
        files={stored_as: path},
        detail={"name": title},
    )
    return version_id


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the questions, the version of them, and a system with its answers for each column."""

    def save() -> None:
        if store.versions.by_id(job.subject_id) is not None:
            return
        save_import(
            store, folder.final, project_id=job.project_id,
            import_id=f"imp_{job.subject_id.removeprefix('ver_')}", file_name=job.detail["name"],
            actor_id=job.created_by,
        )  # fmt: skip
        live = folder.final / "live.parquet"
        questions = store.versions.questions(job.project_id, live)
        _add_version(store, job, questions)
        columns = json.loads((folder.final / "live.json").read_text(encoding="utf-8"))["columns"]
        for place, column in enumerate(columns):
            _add_system(store, job, live, place, column)

    store.transact(save)


def _add_version(store: Store, job: Job, questions: Sequence[Mapping[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    count = len(questions)
    ids = [one["example_id"] for one in questions]
    number = store.versions.next_number(job.project_id)
    taken = [version.name for version in store.versions.of_project(job.project_id)]
    version = DatasetVersion(
        version_id=job.subject_id,
        project_id=job.project_id,
        number=number,
        name=free_name(job.detail["name"], taken),
        content_hash=content_hash(
            (one["example_id"], one["instruction"], one["input"], "", "test") for one in questions
        ),
        seed=0,
        ratios=ONLY_TEST,
        evaluation_only=True,
        counts={"train": 0, "validation": 0, "test": count},
        groups=count,
        notes="Questions of live traffic, without references.",
        actor_id=job.created_by,
        created_at=now(),
    )
    members = {
        "example_id": ids,
        "revision_id": [one["revision_id"] for one in questions],
        "split": ["test"] * count,
        "group_id": ids,
        "position": pa.array(range(count), pa.int32()),
    }
    path = store.workspace / "inbox" / f"{new_id('tab')}.parquet"
    pq.write_table(pa.table(members), path)
    try:
        store.versions.add(version, path)
    finally:
        path.unlink(missing_ok=True)
    store.audit.record(
        "frozen", "version", version.version_id, job.created_by, project_id=job.project_id,
        name=version.name, content_hash=version.content_hash,
    )  # fmt: skip


def _add_system(store: Store, job: Job, live: Path, place: int, column: str) -> None:
    # A generation names no job: that two systems stand in one file does not say that they were
    # asked alike.
    system_id = f"sys_{job.subject_id.removeprefix('ver_')}_{place}"
    generation_id = f"gen_{job.subject_id.removeprefix('ver_')}_{place}"
    name = unused_name(store, job.project_id, column)
    store.systems.add(
        System(system_id, job.project_id, "imported", name, None, {}, job.created_by, now())
    )
    store.systems.add_generation(
        Generation(generation_id, system_id, job.subject_id, "all", None, {}, now())
    )
    count = store.answers.take_in_live(live, place, job.subject_id, system_id, generation_id)
    store.audit.record(
        "answers_imported", "system", system_id, job.created_by, project_id=job.project_id,
        answers=count, name=name,
    )  # fmt: skip
