"""Train: a frozen spec, a job, and afterwards the run's metrics."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.demo.settings import demo_settings
from core.errors import InvalidInput, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.tuning.base_models import DEMO_ID, base_model, base_models
from core.tuning.methods import Lora
from core.tuning.run_spec import RunSpec, library_versions
from core.workflows.curation.freezing import get_version
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from core.tuning.base_models import BaseModel
    from core.tuning.curves import Curves
    from core.tuning.run import Run
    from storage.store import Store

SPLITS = ("train", "validation", "test")
COLUMNS = ["example_id", "instruction", "input", "output"]


class NothingToTrainOn(InvalidInput):
    """The version holds no training examples."""

    title = "This version cannot be trained on"


def models_for(store: Store, actor: Actor, project_id: str) -> list[BaseModel]:
    """The base models in the workspace, and what lies there and cannot be used, with the reason."""
    actor.require(project_id)
    return base_models(store.workspace)


def default_settings(model_id: str, method: str = Lora.name) -> dict[str, Any]:
    """Every hyper-parameter under its plain name, with its default for this base model and method.

    Raises InvalidRunSpec for an unknown method.
    """
    return {**RunSpec.defaults(method), **(demo_settings(method) if model_id == DEMO_ID else {})}


def planned_spec(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    model_id: str,
    name: str = "",
    settings: Mapping[str, Any] | None = None,
    run_id: str = "run_planned",
) -> RunSpec:
    """The spec that `start_run` would freeze. Raises what it raises, but for full queues and
    disks."""
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, "lead")
    if not version.counts["train"] or not version.counts["validation"]:
        raise NothingToTrainOn(
            f"{version.name} has {version.counts['train']} training and "
            f"{version.counts['validation']} validation examples. Freeze a version that is not "
            f"for evaluation only."
        )
    project = store.projects.by_id(version.project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    model = base_model(store.workspace, model_id)
    spec = RunSpec.from_settings(
        {
            **default_settings(model_id, str((settings or {}).get("method", Lora.name))),
            **(settings or {}),
            "run_id": run_id,
            "name": name.strip() or f"{project.name} {version.name}",
            "base_model": model.location,
            "model_id": model_id,
            "version_id": version_id,
            "version_hash": version.content_hash,
            "template": project.settings.template,
            "library_versions": library_versions(),
        }
    )
    spec.refuse_unsupported()
    return spec


def start_run(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    model_id: str,
    name: str = "",
    settings: Mapping[str, Any] | None = None,
    submission_id: str | None = None,
) -> str:
    """Freeze a spec and queue the run; its id.

    `settings` are those that differ from the defaults, under their plain names. `submission_id` was
    made when the form was opened: starting it twice starts one run. The worker freezes the prompt
    and the base's hash. Raises InvalidRunSpec, UnknownBaseModel, UnusableBaseModel,
    NothingToTrainOn, QueueFull, DiskFull.
    """
    run_id = f"run_{submission_id}" if submission_id else new_id("run")
    spec = planned_spec(
        store, actor, version_id, model_id=model_id, name=name, settings=settings, run_id=run_id
    )
    if store.runs.by_id(run_id):
        return run_id
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
        spec=spec.job_spec(),
        tables={
            f"{split}.parquet": store.versions.examples(version_id, split).select(COLUMNS)
            for split in SPLITS
        },
        detail={"model": base_model(store.workspace, model_id).title},
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


def adapter_zip(store: Store, actor: Actor, run_id: str) -> bytes:
    """The completed run's final/ as a zip file; leads only. Raises NotFound, NotAllowed."""
    run = get_run(store, actor, run_id)
    actor.require(run.project_id, "lead")
    folder = JobFolder(store.workspace / run.folder).final
    if not folder.is_dir():
        raise NotFound("This run has no adapter: only a completed run has one. Choose another.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()
