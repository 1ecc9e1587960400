"""Augment: proposals of accepted examples, by rules or a local model; for leads.

A paraphrase waits in the review queue, is marked as synthetic, and becomes accepted by a person
alone. What becomes of negatives is in core/workflows/curation/negatives.py.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from core.actor import Actor
from core.augmentation.augmentation import Augmentation, Child, Sourced
from core.augmentation.plan import AugmentationPlan, How, Makes
from core.augmentation.proposals import Proposal, Source, by_rules
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput, NotFound
from core.examples.current import CurrentExample
from core.examples.listing import ExampleFilter
from core.jobs.folder import JobFolder, read_json
from core.jobs.job import Job
from core.tuning.base_models import base_model, base_models
from core.tuning.generation_config import GenerationConfig
from core.wording import counted
from core.workflows.curation import gold_views
from core.workflows.curation.searching import looked_up
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

KIND_OF: Mapping[tuple[Makes, How], str] = {
    ("paraphrases", "templates"): "augment",
    ("paraphrases", "model"): "paraphrase",
    ("negatives", "templates"): "negatives",
    ("negatives", "model"): "model_negatives",
}
KINDS = tuple(KIND_OF.values())
LOOKED_AT = 200
"""Sources that a preview looks at."""
LONGEST_SOURCE = 1_000_000
NEW_TOKENS = 256
RUN = "run:"


class NothingToAugment(InvalidInput):
    """No accepted example can be a source."""

    title = "There is nothing to make proposals of"


@dataclass(frozen=True)
class ModelChoice:
    """A model that may write proposals: `key` is a base model's id, or RUN and a run's id."""

    key: str
    title: str


def count_sources(store: Store, actor: Actor, project_id: str, wanted: ExampleFilter) -> int:
    """How many examples proposals would be made of: accepted ones that match, neither flagged, nor
    synthetic, nor in test or in a study."""
    actor.require(project_id, "lead")
    return store.synthetic.count_sources(project_id, _accepted(store, actor, project_id, wanted))


def preview(
    store: Store,
    actor: Actor,
    project_id: str,
    wanted: ExampleFilter,
    plan: AugmentationPlan,
    most: int = 5,
) -> Sequence[Proposal]:
    """The first proposals that rules would make; a model's are not known before it is asked."""
    actor.require(project_id, "lead")
    if plan.how != "templates":
        return ()
    sources = first_sources(store, actor, project_id, wanted, plan)
    return by_rules(sources, replace(plan, most=min(most, plan.most))).proposals


def first_sources(
    store: Store, actor: Actor, project_id: str, wanted: ExampleFilter, plan: AugmentationPlan
) -> Sequence[Source]:
    """The examples that proposals are made of first."""
    actor.require(project_id, "lead")
    wanted = _accepted(store, actor, project_id, wanted)
    return store.synthetic.first_sources(project_id, wanted, plan.seed, LOOKED_AT)


def models(store: Store, actor: Actor, project_id: str) -> Sequence[ModelChoice]:
    """The base models here that write, and the project's completed runs whose models write."""
    actor.require(project_id, "lead")
    bases = [
        ModelChoice(model.id, model.title)
        for model in base_models(store.workspace)
        if model.writes and not model.problem
    ]
    tuned = [
        ModelChoice(f"{RUN}{run.run_id}", f"Run {run.name}")
        for run in store.runs.of_project(project_id)
        if run.status == "completed" and run.metrics and run.metrics.labels is None
    ]
    return [*tuned, *bases]


def start(
    store: Store,
    actor: Actor,
    project_id: str,
    wanted: ExampleFilter,
    plan: AugmentationPlan,
    *,
    model: str = "",
    augmentation_id: str = "",
) -> str:
    """Queue the making of proposals; the augmentation's id. An `augmentation_id` made when the form
    was opened makes a repeated click one. `model`: the key of one of `models`.

    Raises NothingToAugment, InvalidInput, UnknownBaseModel, and Conflict while another one of the
    project is being made.
    """
    actor.require(project_id, "lead")
    if augmentation_id and store.jobs.of_subject(augmentation_id):
        return augmentation_id
    if under_way(store, actor, project_id) is not None:
        raise Conflict("Other proposals are being made. Wait until they are there, or stop them.")
    wanted = _accepted(store, actor, project_id, wanted)
    there = store.synthetic.count_sources(project_id, wanted)
    if not there:
        raise NothingToAugment(
            "No accepted example matches that is not synthetic itself, in test, or in a study. "
            "Accept examples first, or take a filter away."
        )
    augmentation_id = augmentation_id or new_id("aug")
    by_model = plan.how == "model"
    spec, title = _asked(store, project_id, plan, model) if by_model else ({}, "")
    if plan.makes == "negatives":
        spec["options"] = label_options(store, project_id)
    most = -(-plan.most // plan.per_example) if by_model else LONGEST_SOURCE
    jobs.submit(
        store,
        actor,
        kind=KIND_OF[plan.makes, plan.how],
        project_id=project_id,
        subject_id=augmentation_id,
        title=f"Propose {plan.makes} of {counted(min(there, most), 'example')}",
        spec={"augmentation_id": augmentation_id, "plan": plan.to_json(), **spec},
        tables={"sources.parquet": store.synthetic.sources(project_id, wanted, plan.seed, most)},
        detail={"model": title},
        also=lambda job_id: store.audit.record(
            "augmentation_started", "augmentation", augmentation_id, actor.person_id,
            project_id=project_id, job_id=job_id, makes=plan.makes, how=plan.how, model=title,
            seed=plan.seed,
        ),
    )  # fmt: skip
    return augmentation_id


def label_options(store: Store, project_id: str) -> list[list[str]]:
    """The options of each label of the project's schema from which one is chosen."""
    project = store.projects.by_id(project_id)
    schema = project.settings.label_schema if project else ()
    return [list(field.options) for field in schema if field.kind in ("single", "multiple")]


def _accepted(store: Store, actor: Actor, project_id: str, wanted: ExampleFilter) -> ExampleFilter:
    """The filter with the words that it looks for found, of accepted examples alone."""
    return looked_up(store, actor, project_id, replace(wanted, state="accepted", skipped=False))


def _asked(
    store: Store, project_id: str, plan: AugmentationPlan, model: str
) -> tuple[dict[str, Any], str]:
    """What the worker needs to know of a model, and what it is called."""
    config = GenerationConfig(
        max_new_tokens=NEW_TOKENS, temperature=plan.temperature, seed=plan.seed, shots=0
    )
    if model.startswith(RUN):
        run = store.runs.by_id(model.removeprefix(RUN))
        if run is None or run.project_id != project_id or run.metrics is None:
            raise NotFound("This run does not exist, or is not completed. Choose another one.")
        if run.metrics.labels is not None:
            raise InvalidInput(f"Run {run.name} chooses labels and writes nothing. Choose another.")
        kind, title = "tuned", f"run {run.name}"
        found: dict[str, Any] = {
            "base_model": run.spec.base.location,
            "base_model_hash": run.base_model_hash,
            "precision": run.precision,
            "adapter": f"{run.folder}/final",
            "prompt": run.prompt.to_json(),
        }
    else:
        base = base_model(store.workspace, model)
        if not base.writes:
            raise InvalidInput(f"{base.title} writes nothing. Choose another model.")
        project = store.projects.by_id(project_id)
        if project is None:
            raise NotFound("This project does not exist, or was deleted. Choose another one.")
        kind, title = "base", base.title
        found = {
            "base_model": base.location,
            "adapter": None,
            "template": project.settings.template,
        }
    systems = [
        {"system_id": f"{kind}_{number}", "kind": kind} for number in range(plan.per_example)
    ]
    return {**found, "config": config.to_json(), "systems": systems}, title


def _begun(job: Job, folder: JobFolder) -> Augmentation:
    """The augmentation that a job made, before its proposals are taken in."""
    report = read_json(folder.final / "report.json") or {}
    spec = folder.spec()
    return Augmentation(
        augmentation_id=job.subject_id,
        project_id=job.project_id,
        plan=AugmentationPlan.from_json(spec["plan"]),
        model=job.detail["model"],
        sources=report["sources"],
        added=report["proposals"],
        known=0,
        dropped=report["dropped"],
        actor_id=job.created_by,
        person="",
        created_at=now(),
        undone_at=None,
    )


class _Kept(Protocol):
    """Where proposals of one kind are kept."""

    def take_in(self, augmentation: Augmentation, file: Path, sources: Path) -> int: ...

    def undo(self, augmentation_id: str) -> int: ...


def _kept_in(store: Store, made: Augmentation) -> _Kept:
    return store.negatives if made.plan.makes == "negatives" else store.augmentations


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the examples or the negatives that the worker proposed; twice is once."""
    begun = _begun(job, folder)
    negative = begun.plan.makes == "negatives"
    name = "negatives.parquet" if negative else "proposals.parquet"
    action = "negatives_proposed" if negative else "augmented"

    def save() -> None:
        if store.augmentations.by_id(begun.augmentation_id) is not None:
            return
        store.intake.reserve(begun.project_id, 0)  # whoever masks at once conflicts here
        added = _kept_in(store, begun).take_in(
            begun, folder.final / name, folder.data / "sources.parquet"
        )
        store.audit.record(
            action, "augmentation", begun.augmentation_id, begun.actor_id,
            project_id=begun.project_id, added=added, how=begun.plan.how, model=begun.model,
        )  # fmt: skip

    store.transact(save)


# Looking ----------------------------------------------------------------------------------------


def under_way(store: Store, actor: Actor, project_id: str) -> Job | None:
    """The job that makes proposals for this project now."""
    actor.require(project_id)
    return jobs.under_way(store, project_id, *KINDS)


def last_job(store: Store, actor: Actor, project_id: str) -> Job | None:
    """The newest job that makes, or made, proposals for this project."""
    found = jobs.jobs_of(store, actor, project_id, KINDS, limit=1)
    return found[0] if found else None


def augmentations(store: Store, actor: Actor, project_id: str) -> Sequence[Augmentation]:
    """A project's augmentations, newest first."""
    actor.require(project_id)
    return store.augmentations.of_project(project_id)


def states_of(store: Store, actor: Actor, augmentation: Augmentation) -> Mapping[str, int]:
    """State → how many of an augmentation's examples are in it."""
    actor.require(augmentation.project_id)
    return store.augmentations.states(augmentation.augmentation_id)


def sourced(store: Store, actor: Actor, example: CurrentExample) -> Sourced | None:
    """Of what and by what an example was made; None unless it is synthetic, and to whom its source
    is gold."""
    actor.require(example.project_id)
    found = store.synthetic.sourced(example.example_id)
    hidden = found and gold_views.task_on(store, actor, example.project_id, found.source_id)
    return None if hidden else found


def children(store: Store, actor: Actor, example: CurrentExample) -> Sequence[Child]:
    """The synthetic examples that were made of one: they tell that it was accepted."""
    actor.require(example.project_id)
    if gold_views.view_of(store, actor, example):
        return ()
    return store.synthetic.children(example.example_id)


# Throwing away ----------------------------------------------------------------------------------


def undo(store: Store, actor: Actor, project_id: str, augmentation_id: str) -> int:
    """Delete an augmentation's examples that nobody has touched, or its negatives that nobody has
    decided on; how many. What somebody worked on, and what a version holds, stays.
    Raises NotFound, and Conflict the second time."""
    actor.require(project_id, "lead")

    def save() -> int:
        found = store.augmentations.by_id(augmentation_id)
        if found is None or found.project_id != project_id:
            raise NotFound("These proposals do not exist in this project. Choose from the list.")
        if found.undone_at:
            raise Conflict("These proposals were thrown away already.")
        deleted = _kept_in(store, found).undo(augmentation_id)
        store.audit.record(
            "augmentation_undone", "augmentation", augmentation_id, actor.person_id,
            project_id=project_id, deleted=deleted,
        )  # fmt: skip
        return deleted

    return store.transact(save)
