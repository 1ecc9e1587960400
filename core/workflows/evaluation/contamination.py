"""Check contamination: whether a base model has seen the examples that it is judged on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput
from core.jobs.folder import JobFolder, read_json
from core.jobs.job import Job
from core.scoring.contamination import Probe
from core.scoring.contamination import contamination as judged
from core.scoring.contamination_check import ContaminationCheck, SuspectExample
from core.study.study import Study
from core.tuning.base_models import base_model, base_models
from core.versions.version import DatasetVersion
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation.generating import SPLITS
from core.workflows.evaluation.systems import covered, require_lead, require_reader
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

MOST_CONTROLS = 500
"""Examples of the version of controls that are read: more say nothing surer."""


def start_check(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    model_id: str,
    split: str = "test",
    controls_version_id: str | None = None,
    submission_id: str | None = None,
) -> str:
    """Queue the probe of a base model on a split; the check's id. Leads only.

    `controls_version_id`: a version of the project whose examples the model cannot have seen, such
    as such that were written after it was made. Raises InvalidInput, UnknownBaseModel.
    """
    require_lead(store, actor, version_id)
    version = get_version(store, actor, version_id)
    if split not in SPLITS:
        raise InvalidInput(f"Choose one of {', '.join(SPLITS)} as the split.")
    model = base_model(store.workspace, model_id)
    examples = store.versions.examples(version_id, None if split == "all" else split)
    if not examples.num_rows:
        raise InvalidInput(f"The split {split} of this version is empty. Choose another one.")
    rows = _rows(examples, control=False)
    if controls_version_id:
        rows += _controls(store, actor, version, controls_version_id, rows)
    import pyarrow as pa

    check_id = submission_id or new_id("con")
    jobs.submit(
        store,
        actor,
        kind="contamination",
        project_id=version.project_id,
        subject_id=check_id,
        title=f"Check contamination of {model.title} on {version.name}",
        spec={"base_model": model.location},
        tables={"examples.parquet": pa.Table.from_pylist(rows)},
        detail={
            "version_id": version_id,
            "split": split,
            "model_id": model_id,
            "controls_version_id": controls_version_id,
        },
    )
    return check_id


def _rows(examples: Any, *, control: bool) -> list[dict[str, Any]]:
    return [
        {
            "example_id": row["example_id"],
            "control": control,
            "question": "\n".join(part for part in (row["instruction"], row["input"]) if part),
            "reference": row["output"],
        }
        for row in examples.to_pylist()
    ]


def _controls(
    store: Store,
    actor: Actor,
    version: DatasetVersion,
    controls_version_id: str,
    rows: list[dict[str, Any]],
) -> list[dict[str, Any]]:
    controls = get_version(store, actor, controls_version_id)
    if controls.project_id != version.project_id:
        raise InvalidInput("Controls come from a dataset version of the same project.")
    probed = {row["example_id"] for row in rows}
    found = _rows(store.versions.examples(controls_version_id), control=True)
    found = [row for row in found if row["example_id"] not in probed][:MOST_CONTROLS]
    if not found:
        raise InvalidInput(
            "Every example of that version is probed itself. Controls are other examples, which "
            "the model cannot have seen."
        )
    return found


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the check with what it shows of each example."""
    import pyarrow.parquet as pq

    summary = read_json(folder.final / "summary.json") or {}
    detail, probes = job.detail, folder.final / "probes.parquet"
    found = judged([Probe(**row) for row in pq.read_table(probes).to_pylist()])
    check = ContaminationCheck(
        check_id=job.subject_id,
        project_id=job.project_id,
        version_id=detail["version_id"],
        split=detail["split"],
        model_id=detail["model_id"],
        base_model_hash=summary["base_model_hash"],
        controls_version_id=detail["controls_version_id"],
        result=found,
    )

    def save() -> None:
        store.contamination.add(check, probes, job.created_by)
        store.audit.record(
            "contamination_checked", "version", check.version_id, job.created_by,
            project_id=job.project_id, model=check.model_id,
            suspects=len(check.result.suspects),
        )  # fmt: skip

    store.transact(save)


@dataclass(frozen=True)
class ModelChoice:
    """A base model that can be checked; `used`: systems that answered the version stand on it."""

    model_id: str
    title: str
    used: bool


def models_to_check(store: Store, actor: Actor, version_id: str) -> list[ModelChoice]:
    """The base models here, those first on which systems of the version stand. Leads only."""
    require_lead(store, actor, version_id)
    used = {s.system.spec.get("model") for s in covered(store, version_id)}
    found = [
        ModelChoice(model.id, model.title, model.id in used)
        for model in base_models(store.workspace)
        if not model.problem
    ]
    return sorted(found, key=lambda one: not one.used)


def checks_of(store: Store, actor: Actor, version_id: str, split: str) -> list[ContaminationCheck]:
    """The newest check of each base model on a split. Leads and viewers."""
    require_reader(store, actor, version_id)
    there = store.contamination.of_version(version_id)
    return list(_newest_of_each(one for one in there if one.covers(split)).values())


def _newest_of_each(checks: Iterable[ContaminationCheck]) -> dict[str, ContaminationCheck]:
    """The hash of each base model → the first of its checks."""
    found: dict[str, ContaminationCheck] = {}
    for check in checks:
        found.setdefault(check.base_model_hash, check)
    return found


def suspects_of(store: Store, actor: Actor, check: ContaminationCheck) -> list[SuspectExample]:
    """The suspect examples of a check, the surest first. Leads and viewers."""
    require_reader(store, actor, check.version_id)
    return store.contamination.suspects(check.check_id)


def checks_of_study(
    store: Store, study: Study, candidate_id: str
) -> list[tuple[str, ContaminationCheck | None]]:
    """The title of each base model of a candidate and its baseline, with its newest check of all
    examples of the study, None where there is none. Systems without a known model are left out."""
    newest = _newest_of_each(store.contamination.of_study(study.study_id))
    titles = {model.id: model.title for model in base_models(store.workspace)}
    found: dict[str, tuple[str, ContaminationCheck | None]] = {}
    for system_id in (study.baseline.system_id, candidate_id):
        system = store.systems.by_id(system_id)
        model = str(system.spec.get("model") or "") if system else ""
        if system and model:
            weights = str(system.spec.get("base_model_hash") or "")
            found[weights or model] = titles.get(model, model), newest.get(weights)
    return list(found.values())
