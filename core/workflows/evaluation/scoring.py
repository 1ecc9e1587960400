"""Score: the automatic metrics of answers, computed by a worker, kept with their settings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.actor import Actor, system_actor
from core.clock import new_id, now
from core.errors import InvalidInput, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.scoring.answers import ScoringPlan
from core.scoring.json_schema import checked_schema
from core.study.system import Scoring, VersionSystem
from core.workflows.evaluation.systems import require_lead, require_reader, systems_of
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store


NOTHING_TO_SCORE = (
    "This version has no references, so no score can be computed: people compare its answers in a "
    "study."
)


def scoring_plan(store: Store, project_id: str) -> ScoringPlan:
    """What the project's settings say of scoring now. Raises NotFound."""
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("The project was deleted meanwhile, so its answers are not scored.")
    settings = project.settings
    schema = checked_schema(settings.json_schema) if settings.json_schema.strip() else ""
    return ScoringPlan(settings.task_kind, settings.record_fields, settings.label_field, schema)


def queue_scoring(
    store: Store,
    project_id: str,
    version_id: str,
    system_ids: Sequence[str],
    actor: Actor | None = None,
    after: str = "",
) -> str:
    """Queue the scoring of these systems' answers to a version's examples; the job's id.

    `after`: the job that brought the answers, whose result is scored once, however often it is
    taken in.
    """
    if not store.versions.references(version_id):
        raise InvalidInput(NOTHING_TO_SCORE)
    version = store.versions.by_id(version_id)
    return jobs.submit(
        store,
        actor or system_actor(),
        kind="score",
        project_id=project_id,
        subject_id=f"sco_{after}" if after else new_id("sco"),
        title=f"Score answers to {version.name}" if version else "Score answers",
        spec=scoring_plan(store, project_id).to_json(),
        tables={"answers.parquet": store.answers.to_score(version_id, system_ids)},
        detail={"systems": list(system_ids), "version_id": version_id},
    )


def has_references(store: Store, actor: Actor, version_id: str) -> bool:
    """Whether a version has outputs to score answers against; for who may read its results."""
    require_reader(store, actor, version_id)
    return store.versions.references(version_id) > 0


def outdated(store: Store, actor: Actor, version_id: str) -> list[VersionSystem]:
    """The scored systems of a version whose scores were made under other settings than today's."""
    found = systems_of(store, actor, version_id)
    if not found:
        return []
    current = scoring_plan(store, found[0].system.project_id).hash
    return [s for s in found if s.scoring and s.scoring.settings_hash != current]


def score_again(store: Store, actor: Actor, version_id: str) -> str:
    """Score every system of a version under the settings of today; the job's id."""
    require_lead(store, actor, version_id)
    answered = [s for s in systems_of(store, actor, version_id) if s.answers]
    if not answered:
        raise InvalidInput("No system has answered this version yet. Generate answers first.")
    project_id = answered[0].system.project_id
    return queue_scoring(store, project_id, version_id, [s.system_id for s in answered], actor)


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the scores, each system's scoring with its summary, and the settings they rest on."""
    summary = json.loads((folder.final / "summary.json").read_text(encoding="utf-8"))
    plan = ScoringPlan.from_json(folder.spec())
    version_id = job.detail["version_id"]
    # One without an answer to score has a scoring all the same: there is nothing to wait for.
    scorings = {s: f"{job.subject_id}_{k}" for k, s in enumerate(job.detail["systems"])}

    def save() -> None:
        for system_id, scoring_id in scorings.items():
            scoring = Scoring(
                scoring_id, system_id, version_id, plan.to_json(), plan.hash,
                summary.get(system_id, {}), now(),
            )  # fmt: skip
            store.answers.add_scoring(scoring, job.job_id)
        store.answers.take_in_scores(folder.final / "scores.parquet", scorings)
        store.audit.record(
            "scored", "version", version_id, job.created_by, project_id=job.project_id,
            systems=list(scorings), settings=plan.hash,
        )  # fmt: skip

    store.transact(save)
