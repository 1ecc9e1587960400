"""Score: the automatic metrics of answers, computed by a worker, kept beside the ratings."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from core.actor import system_actor
from core.clock import new_id
from core.errors import NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.wording import figure
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store


def queue_scoring(store: Store, project_id: str, system_ids: list[str]) -> str:
    """Queue the scoring of these systems' answers; the job's id."""
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("The project was deleted meanwhile, so its answers are not scored.")
    settings = project.settings
    table = store.systems.answers_to_score(system_ids)
    return jobs.submit(
        store,
        system_actor(),
        kind="score",
        project_id=project_id,
        subject_id=new_id("sco"),
        title=f"Score {figure(table.num_rows)} answers",
        spec={
            "task_kind": settings.task_kind,
            "fields": list(settings.record_fields),
            "label_field": settings.label_field,
        },
        tables={"answers.parquet": table},
        detail={"systems": system_ids},
    )


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the scores and each system's summary."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder.final / "scores.parquet")
    summary = json.loads((folder.final / "summary.json").read_text(encoding="utf-8"))

    def save() -> None:
        store.systems.add_scores(table)
        for system_id in job.detail["systems"]:
            store.systems.set_summary(system_id, summary[system_id])

    store.transact(save)
