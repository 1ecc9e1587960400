"""Terminal commands of tuning: download a base model, train from a spec file, let a run's systems
answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actor import system_actor
from core.errors import InvalidInput, NotFound
from core.jobs.folder import read_json
from core.names import refuse_several
from core.tuning.generation_config import GenerationConfig
from core.tuning.planning import device, planned_steps
from core.tuning.run import Run, RunMetrics
from core.tuning.run_spec import flattened
from core.versions.version import DatasetVersion
from core.workflows.commands.command import Answer, by_id_or_name, project_named
from core.workflows.evaluation import generating
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import wait_for
from core.workflows.tuning import downloading, preflight, specs, training
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store

# What a spec file may call the version and the base model.
VERSION = ("version", "version_id")
MODEL = ("base_model", "model", "model_id")
DECODING = ("max_new_tokens", "shots", "batch_size", "temperature", "seed")


def model(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Download a model of the hub, `id`, at a `revision`, as a base model of all projects; the job
    is that of `project`, without one of the first there is.

    Answers model (its id here), folder, commit and bytes.
    """
    there = store.projects.all()
    if arguments.get("project") or not there:
        there = [project_named(store, arguments)]
    job_id = downloading.start_download(
        store,
        system_actor(),
        there[0].project_id,
        str(arguments["id"]),
        str(arguments.get("revision") or ""),
    )
    done = wait_for(store, job_id)
    found = read_json(folder_of(store, done).final / "model.json") or {}
    return {"model": str(found["folder"]).removeprefix("models/"), **found}


def train(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Train as `spec` says: version (an id, or a name in `project`), base_model, name, and settings
    under their plain names or in the parts of a run spec. `check` makes a pre-flight and trains
    nothing.
    """
    actor = system_actor()
    asked = flattened(arguments["spec"])
    version = _version(store, asked)
    model_id = _first(asked, MODEL).removeprefix("models/")
    name = str(asked.pop("name", "") or "")
    chosen: dict[str, Any] = {"model_id": model_id, "name": name, "settings": asked}
    spec = specs.planned_spec(store, actor, version.version_id, **chosen)
    learned = specs.learned_from(store, actor, version, spec)
    plan = {
        "version": version.version_id,
        "base_model": model_id,
        "examples": learned,
        "learns": spec.learns,
        "steps": planned_steps(learned["train"], spec.settings()),
        "effective_batch_size": spec.budget.effective_batch_size,
        "device": device().title,
    }
    if arguments.get("check"):
        job_id = preflight.start_preflight(
            store, actor, version.version_id, model_id=model_id, settings=asked
        )
        found = preflight.found_by(store, wait_for(store, job_id))
        assert found is not None
        return {**plan, "spec": spec.to_json(), **found.to_json()}
    run_id = training.start_run(store, actor, version.version_id, **chosen)
    wait_for(store, training.get_run(store, actor, run_id).job_id)
    return {"run": run_id, **plan, **_outcome(training.get_run(store, actor, run_id))}


def _outcome(run: Run) -> dict[str, Any]:
    metrics = run.metrics
    assert metrics is not None
    return {
        "name": run.name,
        "status": run.status,
        "steps": metrics.steps,
        "seconds": metrics.seconds,
        "initial_validation_loss": metrics.initial_validation_loss,
        "best_validation_loss": metrics.best_validation_loss,
        "precision": metrics.precision,
        "prompt_hash": run.prompt_hash,
        "base_model_hash": metrics.base_model_hash,
        "adapter_hash": metrics.adapter_hash,
        "adapter": f"{run.folder}/final",
        "warnings": list(run.warnings),
        **_labels(metrics),
        **({"preferences": dict(metrics.preferences)} if metrics.preferences else {}),
    }


def _labels(metrics: RunMetrics) -> dict[str, Any]:
    """What a classification got right on its validation split."""
    found = metrics.classification
    if metrics.labels is None:
        return {}
    return {
        "labels": list(metrics.labels.names),
        "classification": found.to_json() if found else None,
    }


def _version(store: Store, asked: dict[str, Any]) -> DatasetVersion:
    wanted = _first(asked, VERSION)
    project = asked.pop("project", "")
    asked.pop("version_hash", None)
    if by_id := store.versions.by_id(wanted):
        return by_id
    there: list[DatasetVersion] = []
    if project:
        there = store.versions.of_project(project_named(store, {"project": project}).project_id)
    found = [one for one in there if wanted in (one.name, str(one.number))]
    if not found:
        raise NotFound(
            f"There is no dataset version “{wanted}”. Give its id, or its name and the project's "
            'name: {"project": …, "version": …}.'
        )
    refuse_several([one.version_id for one in found], "version", wanted)
    return found[0]


def _first(asked: dict[str, Any], names: tuple[str, ...]) -> str:
    """The first of these that is given; all of them are taken out of the settings."""
    given = [str(value) for name in names if (value := asked.pop(name, None))]
    if not given:
        raise InvalidInput(f"The spec lacks “{names[0]}”. Add it.")
    return given[0]


def generate(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Let a completed run's `systems` answer a `split`; how many answers each gave and how they
    ended. `run` is an id, or a name that one run alone has.
    """
    actor = system_actor()
    run = _run(store, str(arguments["run"]))
    config = {name: arguments[name] for name in DECODING if arguments.get(name) is not None}
    systems = generating.start_generation(
        store,
        actor,
        run.run_id,
        kinds=arguments["systems"],
        split=arguments["split"],
        limit=arguments.get("limit") or None,
        config=GenerationConfig(**config),
        reference_perplexity=bool(arguments.get("reference_perplexity")),
    )
    job = next(
        one
        for one in store.jobs.of_project(run.project_id, ["generate"])
        if one.detail["systems"] == systems
    )
    done = wait_for(store, job.job_id)
    summary = read_json(folder_of(store, done).final / "summary.json") or {}
    return {
        "run": run.run_id,
        "split": arguments["split"],
        "precision": summary["precision"],
        "prompt_hash": summary["prompt_hash"],
        "systems": {
            kind: {"system": system_id, **summary["systems"][system_id]}
            for kind, system_id in systems.items()
        },
    }


def _run(store: Store, named: str) -> Run:
    return by_id_or_name(
        store, store.runs, named, kind="run", id_of=lambda run: run.run_id,
        advice="Give the id that `touchstone train` printed.",
    )  # fmt: skip
