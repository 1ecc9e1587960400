"""Drawing a study: the answers go to a worker, what it drew comes in and is open."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.projects import rubric_to_json
from core.study.leak_report import LeakReport
from core.study.pairing import meetings
from core.study.study import StudyPlan
from core.study.system import VersionSystem
from core.workflows.evaluation.systems import covered
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

UNLIKE = "compared_although_different"
DRAWN = ("risk_signals", "gold_pairs", "kept_out", "changed")
"""What the draw adds to a plan, where there is any."""
FEW_CANDIDATES = 200


def queue_draw(
    store: Store,
    actor: Actor,
    project_id: str,
    version_id: str,
    study_id: str,
    system_ids: Sequence[str],
    plan: StudyPlan,
    size: int,
    detail: dict[str, object],
    drawn: Sequence[Mapping[str, object]] = (),
) -> None:
    """Queue the draw of `size` examples; `detail`: the study's name, reason and differences.
    `drawn`: examples of another study, drawn then (Drawn's fields)."""
    project = store.projects.by_id(project_id)
    assert project is not None
    there = chosen_systems(store, project_id, version_id, system_ids)
    path = store.workspace / "inbox" / f"{new_id('tab')}.parquet"  # two at once share nothing
    store.shared_outputs.write(path, version_id, system_ids, plan.split, exposed=plan.for_tuning)
    gold = gold_candidates(store, version_id, system_ids, plan, size)

    def also(_job_id: str) -> None:
        store.audit.record(
            "study_queued", "study", study_id, actor.person_id, project_id=project_id,
            name=detail["name"], systems=list(system_ids),
        )  # fmt: skip

    try:
        jobs.submit(
            store,
            actor,
            kind="study",
            project_id=project_id,
            subject_id=study_id,
            title=f"Open {detail['name']}",
            spec={
                "study_id": study_id,
                "systems": list(system_ids),
                "size": size,
                "overlap": plan.overlap,
                "risk": plan.risk,
                "gold": plan.gold,
                "among": plan.among,
                "seed": plan.seed,
                "names": [name for s in there if len(name := s.name.strip()) > 3],
                "template": project.settings.template,
                "rubric": rubric_to_json(project.settings.rubric),
                "plan": plan.to_json(),
                "changes": list(plan.changes),
            },
            files={"answers.parquet": path, **gold},
            tables={"drawn.parquet": drawn_table(drawn)} if drawn else {},
            detail={
                **detail,
                "version_id": version_id,
                "systems": list(system_ids),
                "plan": plan.to_json(),
                "rubric": rubric_to_json(project.settings.rubric),
            },
            also=also,
        )
    finally:
        for one in (path, *gold.values()):
            one.unlink(missing_ok=True)


def gold_candidates(
    store: Store, version_id: str, system_ids: Sequence[str], plan: StudyPlan, size: int
) -> dict[str, Path]:
    """The file of the examples that gold pairs of `size` examples could be made of; none where the
    plan has no gold."""
    if not plan.gold:
        return {}
    path = store.workspace / "inbox" / f"{new_id('tab')}.parquet"
    pairs = size * len(meetings(len(system_ids), plan.among))
    store.gold.write_candidates(
        path, version_id, system_ids, plan.split, salt=str(plan.seed),
        limit=FEW_CANDIDATES + round(4 * plan.gold * pairs) + plan.gold_pairs,
    )  # fmt: skip
    return {"gold.parquet": path}


def drawn_table(drawn: Sequence[Mapping[str, object]]) -> Any:
    """The examples of a study with how they were drawn, each once, as a table."""
    import pyarrow as pa

    names = ("example_id", "stratum", "inclusion_probability", "risk_reasons")
    once = {row["example_id"]: {name: row[name] for name in names} for row in drawn}
    return pa.Table.from_pylist(list(once.values()))


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the study that a worker drew: it is open from now on."""
    drawn = json.loads((folder.final / "study.json").read_text(encoding="utf-8"))
    leaks = LeakReport.from_json(drawn["leaks"])
    study_id, detail = job.subject_id, job.detail
    roles = ["baseline"] + ["candidate"] * (len(detail["systems"]) - 1)

    def save() -> None:
        store.studies.add(
            {
                "study_id": study_id,
                "project_id": job.project_id,
                "version_id": detail["version_id"],
                "name": detail["name"],
                "rubric": detail["rubric"],
                "plan": {
                    **detail["plan"],
                    "pairs": drawn["pairs"],
                    "risk_pairs": drawn.get("risk_pairs", 0),
                    **{name: drawn[name] for name in DRAWN if drawn.get(name)},
                },
                "seal": drawn["seal"],
                "leaks": leaks.to_json(),
                "blind": leaks.blind,
                "differences": detail["differences"],
                "actor_id": job.created_by,
            },
            dict(zip(detail["systems"], roles, strict=True)),
            folder.final,
        )
        if detail["reason"]:
            store.studies.add_note(study_id, UNLIKE, detail["reason"], job.created_by)
        for person_id, what in store.unblindings.before(detail["systems"]):
            store.unblindings.add(study_id, person_id, what)
        store.audit.record(
            "study_opened", "study", study_id, job.created_by, project_id=job.project_id,
            pairs=drawn["pairs"], blind=leaks.blind, seal=drawn["seal"],
        )  # fmt: skip

    store.transact(save)


def chosen_systems(
    store: Store, project_id: str, version_id: str, system_ids: Sequence[str]
) -> list[VersionSystem]:
    """The systems named, as they stand on a version. Raises InvalidInput, NotFound."""
    if len(system_ids) < 2 or len(set(system_ids)) < len(system_ids):
        raise InvalidInput("Choose two different systems to compare, or more.")
    there = {s.system_id: s for s in covered(store, version_id)}
    if any(i not in there or there[i].system.project_id != project_id for i in system_ids):
        raise NotFound("A system has not answered this version. Choose one from the list.")
    return [there[system_id] for system_id in system_ids]
