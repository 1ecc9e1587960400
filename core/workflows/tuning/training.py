"""Train: a frozen spec, a job, and afterwards the run's metrics."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.tuning.base_models import base_model, base_models
from core.tuning.run_spec import RunSpec, library_versions, weights_hash
from core.workflows.curation.freezing import get_version
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from core.tuning.base_models import BaseModel
    from storage.store import Store

# What teaches the shipped toy model its task within about a minute on two cores.
DEMO_SETTINGS: dict[str, Any] = {
    "learning_rate": 4e-3,
    "num_train_epochs": 6.0,
    "lora_dropout": 0.0,
    "early_stopping_patience": 0,
}


class NothingToTrainOn(InvalidInput):
    """The version holds no training examples."""

    title = "This version cannot be trained on"


def models_for(store: Store, actor: Actor, project_id: str) -> list[BaseModel]:
    """The base models a lead may choose."""
    actor.require(project_id)
    return base_models(store.workspace)


def default_settings(model_id: str) -> dict[str, Any]:
    """Every hyper-parameter with its default for this base model."""
    return {**RunSpec.defaults(), **(DEMO_SETTINGS if model_id == "demo" else {})}


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

    `settings` are fields of RunSpec that differ from the defaults. `submission_id` was made when
    the form was opened: starting it twice starts one run. Raises InvalidRunSpec, UnknownBaseModel,
    NothingToTrainOn, QueueFull, DiskFull.
    """
    version = get_version(store, actor, version_id)
    project_id = version.project_id
    actor.require(project_id, "lead")
    run_id = f"run_{submission_id}" if submission_id else new_id("run")
    if store.systems.run(run_id):
        return run_id
    if not version.counts["train"] or not version.counts["validation"]:
        raise NothingToTrainOn(
            f"{version.name} has {version.counts['train']} training and "
            f"{version.counts['validation']} validation examples. Freeze a version that is not "
            f"for evaluation only."
        )
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    model = base_model(store.workspace, model_id)
    spec = RunSpec(
        **{
            **default_settings(model_id),
            **(settings or {}),
            "run_id": run_id,
            "name": name.strip() or f"{project.name} {version.name}",
            "base_model": model.location,
            "base_model_hash": _hash_of(store.workspace, model),
            "version_id": version_id,
            "version_hash": version.content_hash,
            "template": project.settings.template,
            "library_versions": library_versions(),
        }
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
            f"{split}.parquet": store.versions.examples(version_id, split).select(
                ["example_id", "instruction", "input", "output"]
            )
            for split in ("train", "validation", "test")
        },
        detail={"model": model.title},
        also=lambda job_id: store.systems.add_run(
            {
                "run_id": run_id,
                "project_id": project_id,
                "version_id": version_id,
                "job_id": job_id,
                "name": spec.name,
                "spec": {**spec.to_json(), "model_id": model_id},
                "actor_id": actor.person_id,
            }
        ),
    )
    return run_id


def _hash_of(workspace: Path, model: BaseModel) -> str:
    folder = workspace / model.location
    return weights_hash(folder) if folder.is_dir() else ""


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Keep what the run measured."""
    metrics = json.loads((folder.final / "metrics.json").read_text(encoding="utf-8"))
    store.transact(lambda: store.systems.set_run_metrics(job.subject_id, metrics))


def runs_of(store: Store, actor: Actor, project_id: str) -> list[dict[str, Any]]:
    """A project's runs with their status, newest first."""
    actor.require(project_id)
    return store.systems.runs(project_id)


def get_run(store: Store, actor: Actor, run_id: str) -> dict[str, Any]:
    """One run with its status, spec and metrics. Raises NotFound, NotAllowed."""
    run = store.systems.run(run_id)
    if run is None:
        raise NotFound("This run does not exist. Choose one from the list.")
    actor.require(run["project_id"])
    return run


def adapter_zip(store: Store, actor: Actor, run_id: str) -> bytes:
    """The completed run's final/ as a zip file; leads only. Raises NotFound, NotAllowed."""
    run = get_run(store, actor, run_id)
    actor.require(run["project_id"], "lead")
    folder = JobFolder(store.workspace / run["folder"]).final
    if not folder.is_dir():
        raise NotFound("This run has no adapter: only a completed run has one. Choose another.")
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                archive.write(path, path.relative_to(folder))
    return packed.getvalue()
