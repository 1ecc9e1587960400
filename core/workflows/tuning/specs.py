"""What a run would be: its base models, its settings with their defaults, and its frozen spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.demo.settings import demo_settings
from core.errors import InvalidInput, NotFound
from core.projects import ProjectSettings
from core.tuning.base_models import DEMO_ID, base_model, base_models
from core.tuning.methods import Lora
from core.tuning.preferences import held_out
from core.tuning.run_spec import RunSpec, library_versions
from core.tuning.settings import InvalidRunSpec
from core.workflows.curation.freezing import get_version
from core.workflows.tuning.preferences import frozen_pairs, preferences_of

if TYPE_CHECKING:
    from core.tuning.base_models import BaseModel
    from core.versions.version import DatasetVersion
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


def default_settings(
    model_id: str, method: str = Lora.name, objective: str = "sft"
) -> dict[str, Any]:
    """Every hyper-parameter under its plain name, with its default for this base model, method and
    objective.

    Raises InvalidRunSpec for unknown ones.
    """
    own = demo_settings(method, objective) if model_id == DEMO_ID else {}
    return {**RunSpec.defaults(method, objective), **own}


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
    _refuse_other_settings(project.settings, settings or {})
    spec = RunSpec.from_settings(
        {
            **default_settings(
                model_id,
                str((settings or {}).get("method", Lora.name)),
                str((settings or {}).get("objective", "sft")),
            ),
            **(settings or {}),
            "run_id": run_id,
            "name": name.strip() or f"{project.name} {version.name}",
            "base_model": model.location,
            "model_id": model.id,
            "base_hub_id": model.origin.hub_id if model.origin else "",
            "base_commit": model.origin.commit if model.origin else "",
            "version_id": version_id,
            "version_hash": version.content_hash,
            "template": project.settings.template,
            "label_field": _label_field(project.settings),
            "library_versions": library_versions(),
        }
    )
    if not model.writes and not spec.classifies:
        raise InvalidRunSpec(
            f"{model.title} is an encoder, which reads and does not write. Let it choose a label "
            "(head: classification), or choose a causal language model."
        )
    return _with_pairs(store, actor, spec) if spec.prefers else spec


def _refuse_other_settings(project: ProjectSettings, asked: Mapping[str, Any]) -> None:
    """What the project decides is not passed over in silence where a spec asks for something else.
    Raises InvalidRunSpec."""
    for name, own in (("template", project.template), ("label_field", _label_field(project))):
        if asked.get(name, own) != own:
            raise InvalidRunSpec(
                f"{name} is the project's, and another one there. Change it in the project's "
                "settings, or take it out of the spec."
            )


def _with_pairs(store: Store, actor: Actor, spec: RunSpec) -> RunSpec:
    """The spec with the hash of the preference pairs that there are now. Raises TooFewPairs."""
    found = preferences_of(store, actor, spec.data.version_id, spec.objective.pair_sources)
    found.refuse_too_few()
    return replace(spec, objective=replace(spec.objective, pairs_hash=found.hash))


def learned_from(
    store: Store, actor: Actor, version: DatasetVersion, spec: RunSpec
) -> dict[str, int]:
    """How many examples each split has for the worker: of a run by DPO, preference pairs."""
    if not spec.prefers:
        return {str(split): count for split, count in version.counts.items()}
    found = preferences_of(store, actor, version.version_id, spec.objective.pair_sources)
    train, validation = held_out(found.pairs, spec.seed)
    learned = {"train": len(train), "validation": len(validation)}
    return {str(split): count for split, count in version.counts.items()} | learned


def _label_field(settings: ProjectSettings) -> str:
    """The record field that holds the label, as the scores read it; "": the whole output."""
    return "" if settings.task_kind == "classification" else settings.label_field or ""


def data_tables(store: Store, actor: Actor, spec: RunSpec) -> tuple[dict[str, Any], dict[str, Any]]:
    """The spec's splits as pyarrow tables, by the names of the files that a worker reads, and what
    stands in its spec.json beside the spec. Raises PairsChanged."""
    tables = {
        f"{split}.parquet": store.versions.examples(spec.data.version_id, split).select(COLUMNS)
        for split in SPLITS
    }
    if not spec.prefers:
        return tables, {}
    pairs, told = frozen_pairs(store, actor, spec)
    return {**tables, **pairs}, {"preferences": told}
