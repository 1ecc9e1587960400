"""Train: a frozen spec, a job, and afterwards the run's metrics."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.tuning.base_models import base_model
from core.tuning.labels import labels_of
from core.workflows.curation.freezing import get_version
from core.workflows.jobs import jobs
from core.workflows.tuning.preflight import refuse_red_lines
from core.workflows.tuning.specs import data_tables, planned_spec

if TYPE_CHECKING:
    from core.tuning.curves import Curves, SampledAnswers
    from core.tuning.run import Run
    from storage.store import Store


LARGEST_DOWNLOAD = 1_000_000_000


@dataclass(frozen=True)
class Comparison:
    """The runs that are compared with each other, by their ids."""

    comparison_id: str
    name: str
    run_ids: Sequence[str]


def start_run(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    model_id: str,
    name: str = "",
    settings: Mapping[str, Any] | None = None,
    submission_id: str | None = None,
    comparison: Comparison | None = None,
) -> str:
    """Freeze a spec and queue the run; its id.

    `settings` are those that differ from the defaults, under their plain names. `submission_id` was
    made when the form was opened: starting it twice starts one run. The worker freezes the prompt
    and the base's hash. Raises InvalidRunSpec, UnknownBaseModel, UnusableBaseModel,
    NothingToTrainOn, UnfitLabels, TooFewPairs, PairsChanged, RunRefused, QueueFull, DiskFull.
    """
    run_id = f"run_{submission_id}" if submission_id else new_id("run")
    beside: dict[str, Any] = {}
    detail: dict[str, Any] = {"model": base_model(store.workspace, model_id).title}
    if comparison:
        others = [one for one in comparison.run_ids if one != run_id]
        beside["rivals"] = [f"runs/{one}" for one in others]
        detail |= {"comparison": comparison.comparison_id, "comparison_name": comparison.name}
    spec = planned_spec(
        store, actor, version_id, model_id=model_id, name=name, settings=settings, run_id=run_id
    )
    if store.runs.by_id(run_id):
        return run_id
    refuse_red_lines(store, spec)
    tables, told = data_tables(store, actor, spec)
    if spec.classifies:
        labels_of(tables["train.parquet"]["output"].to_pylist(), spec.data.label_field)
    project_id = get_version(store, actor, version_id).project_id

    def save(job_id: str) -> None:
        store.runs.add(spec, project_id=project_id, job_id=job_id, actor_id=actor.person_id)
        store.audit.record(
            "run_started",
            "run",
            run_id,
            actor.person_id,
            project_id=project_id,
            name=spec.name,
            version_id=version_id,
            model_id=model_id,
        )

    jobs.submit(
        store,
        actor,
        kind="train",
        project_id=project_id,
        subject_id=run_id,
        title=f"Train {spec.name}",
        spec={**spec.job_spec(), **beside, **told},
        tables=tables,
        detail=detail,
        also=save,
    )
    return run_id


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Keep what the run measured."""
    metrics = json.loads((folder.final / "metrics.json").read_text(encoding="utf-8"))
    store.transact(lambda: store.runs.set_metrics(job.subject_id, metrics))


def runs_of(store: Store, actor: Actor, project_id: str) -> list[Run]:
    """A project's runs, newest first."""
    actor.require(project_id)
    return store.runs.of_project(project_id)


def get_run(store: Store, actor: Actor, run_id: str) -> Run:
    """One run. Raises NotFound, NotAllowed."""
    run = store.runs.by_id(run_id)
    if run is None:
        raise NotFound("This run does not exist. Choose one from the list.")
    actor.require(run.project_id)
    return run


def curves_of(store: Store, actor: Actor, run_id: str) -> Curves:
    """The curves of a run so far."""
    return store.runs.curves(get_run(store, actor, run_id).job_id)


def sampled_answers(store: Store, actor: Actor, run_id: str) -> SampledAnswers | None:
    """The validation examples that a run answered so far; None before it did."""
    return store.runs.sampled_answers(get_run(store, actor, run_id).job_id)


def adapter_zip(store: Store, actor: Actor, run_id: str) -> bytes:
    """The completed run's final/ as a zip file; leads only. Raises NotFound, NotAllowed,
    InvalidInput for what is too large to be packed."""
    run = get_run(store, actor, run_id)
    actor.require(run.project_id, "lead")
    folder = JobFolder(store.workspace / run.folder).final
    if not folder.is_dir():
        raise NotFound("This run has no adapter: only a completed run has one. Choose another.")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > LARGEST_DOWNLOAD:
        raise InvalidInput(
            f"The result has {size / 1e9:.1f} GB, too much for a browser. Copy the folder "
            f"{run.folder}/final of the workspace."
        )
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()
