"""Compare techniques: several runs on one dataset version within a budget of minutes, then answers.

Every contender is an ordinary run with its share of the minutes. At each evaluation a run that is
behind the median of those before it ends (core.gpu.rivals). Each completed one answers the test
split, the first of them with the base and the prompted base beside it; scoring follows as always.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from core.actor import READS_RESULTS, Actor, system_actor
from core.clock import new_id
from core.errors import InvalidInput
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.jobs.state import TERMINAL
from core.tuning.methods import METHODS
from core.tuning.planning import planned_steps
from core.tuning.run import Run
from core.tuning.run_spec import complaint_about
from core.tuning.settings import SETTINGS
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation import generating
from core.workflows.evaluation.systems import covered
from core.workflows.tuning import training
from core.workflows.tuning.specs import default_settings, learned_from, planned_spec
from core.workflows.tuning.training import Comparison

if TYPE_CHECKING:
    from core.study.system import System, VersionSystem
    from storage.store import Store

FEWEST, MOST = 3, 12
LOOKED_AT = 500
EVALUATIONS = 5
# What base and tuned must share to stand in one table.
ALIKE = ("base_model_hash", "precision", "prompt", "decoding")


@dataclass(frozen=True)
class Technique:
    """One contender: what it is called, and the settings that differ from the defaults."""

    name: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class TechniqueComparison:
    """A comparison that was started, with its runs in the order in which they train."""

    comparison_id: str
    name: str
    version_id: str
    created_at: datetime
    runs: tuple[Run, ...]

    @property
    def settled(self) -> bool:
        """True when no run of it trains or waits any more."""
        return all(run.status in TERMINAL for run in self.runs)


@dataclass(frozen=True)
class Contender:
    """One row of a comparison: a run or, beside the runs, the base or the prompted base.

    `rouge_l` and `token_f1` are means over `answers` answers to the test split, None before they
    are scored; the rest is None of what was not trained.
    """

    name: str
    run: Run | None
    answers: int = 0
    rouge_l: float | None = None
    token_f1: float | None = None


def techniques(
    model_id: str, methods: Sequence[str], grid: Mapping[str, Sequence[Any]] | None = None
) -> list[Technique]:
    """The contenders: every method with every combination of the grid's values, where the method
    has such settings at all. `grid`: plain name of a setting → values.

    Raises InvalidInput for unknown settings, values that cannot be used, and fewer than three or
    more than twelve contenders.
    """
    grid = {name: list(dict.fromkeys(values)) for name, values in (grid or {}).items() if values}
    found: list[Technique] = []
    for method in dict.fromkeys(methods):
        defaults = default_settings(model_id, method)
        own = {name: values for name, values in grid.items() if name in defaults}
        for values in itertools.product(*own.values()):
            chosen = dict(zip(own, values, strict=True))
            told = [complaint_about(name, {**defaults, **chosen}) for name in chosen]
            if any(told):
                raise InvalidInput(" ".join(filter(None, told)))
            named = ", ".join(f"{SETTINGS[name].label} {value}" for name, value in chosen.items())
            label = METHODS[method].label
            found.append(
                Technique(f"{label}: {named}" if named else label, {"method": method, **chosen})
            )
    if unknown := sorted(name for name in grid if name not in SETTINGS):
        raise InvalidInput(f"Unknown settings: {', '.join(unknown)}. Take them out.")
    if not FEWEST <= len(found) <= MOST:
        raise InvalidInput(
            f"A comparison has {FEWEST} to {MOST} contenders (these are {len(found)}). Choose "
            "more or fewer methods or values."
        )
    return found


def start_comparison(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    model_id: str,
    contenders: Sequence[Technique],
    minutes: float,
    name: str = "",
    settings: Mapping[str, Any] | None = None,
) -> str:
    """Queue a run for each contender, each with its share of the minutes of training; the
    comparison's id. Leads only. `settings` hold for all of them.

    Raises InvalidInput, and what `start_run` raises, before anything is queued.
    """
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, "lead")
    if minutes <= 0:
        raise InvalidInput("Give the comparison more than 0 minutes.")
    comparison_id = new_id("cmp")
    ids = {new_id("run"): contender for contender in contenders}
    comparison = Comparison(comparison_id, name.strip() or f"Techniques on {version.name}", [*ids])
    asked = {
        run_id: {**(settings or {}), **one.settings, "max_minutes": minutes / len(contenders)}
        for run_id, one in ids.items()
    }
    for run_id, chosen in asked.items():  # all of them, before the first is queued
        spec = planned_spec(store, actor, version_id, model_id=model_id, settings=chosen)
        examples = learned_from(store, actor, version, spec)["train"]
        steps = planned_steps(examples, spec.settings())
        chosen.setdefault("eval_steps", max(1, steps // EVALUATIONS))
        ids[run_id] = Technique(ids[run_id].name, chosen)
    for run_id, one in ids.items():
        training.start_run(
            store,
            actor,
            version_id,
            model_id=model_id,
            name=one.name,
            settings=one.settings,
            submission_id=run_id.removeprefix("run_"),
            comparison=comparison,
        )
    return comparison_id


def comparisons_of(store: Store, actor: Actor, project_id: str) -> list[TechniqueComparison]:
    """A project's comparisons, newest first."""
    actor.require(project_id)
    jobs = store.jobs.of_project(project_id, ["train"], limit=LOOKED_AT)
    runs = {run.run_id: run for run in store.runs.of_project(project_id)}
    together: dict[str, list[Job]] = {}
    for job in jobs:
        if job.detail.get("comparison"):
            together.setdefault(str(job.detail["comparison"]), []).append(job)
    return [
        TechniqueComparison(
            comparison_id,
            str(found[0].detail["comparison_name"]),
            runs[found[0].subject_id].version_id,
            found[-1].created_at,
            tuple(runs[job.subject_id] for job in reversed(found)),
        )
        for comparison_id, found in together.items()
    ]


def contenders_of(store: Store, actor: Actor, comparison: TechniqueComparison) -> list[Contender]:
    """A row for each run of a comparison in their order, then base and prompted base."""
    version = get_version(store, actor, comparison.version_id)
    actor.require(version.project_id, *READS_RESULTS)
    there = [
        one
        for one in covered(store, comparison.version_id)
        if one.split in ("test", "all") and one.system.removed_at is None
    ]
    tuned = {one.system.run_id: one for one in there if one.kind == "tuned"}
    answered = [tuned[run.run_id].system for run in comparison.runs if run.run_id in tuned]
    rows = [_row(run.name, run, tuned.get(run.run_id)) for run in comparison.runs]
    beside = [
        one
        for one in there
        if one.kind in ("base", "prompted")
        and any(_answers_alike(one.system, another) for another in answered)
    ]
    return [*rows, *(_row(one.name, None, one) for one in beside)]


def _answers_alike(one: System, another: System) -> bool:
    return all(one.spec.get(key) == another.spec.get(key) for key in ALIKE)


def _row(name: str, run: Run | None, system: VersionSystem | None) -> Contender:
    if system is None or not system.scored:
        return Contender(name, run)
    means = system.summary.get("metrics", {})
    return Contender(name, run, system.answers, means.get("rougeL"), means.get("token_f1"))


def take_in_run(store: Store, job: Job, folder: JobFolder) -> None:
    """Keep what a run measured; one of a comparison answers the test split then."""
    training.take_in(store, job, folder)
    comparison_id = job.detail.get("comparison")
    run = store.runs.by_id(job.subject_id)
    if not comparison_id or run is None or not _has_test_split(store, run):
        return
    others = store.jobs.of_project(job.project_id, ["train"], limit=LOOKED_AT)
    first = not any(
        one.taken_in and one.status == "completed"
        for one in others
        if one.detail.get("comparison") == comparison_id and one.job_id != job.job_id
    )
    kinds = generating.kinds_of(run) if first else ("tuned",)
    generating.start_generation(store, system_actor(), run.run_id, kinds=kinds)


def _has_test_split(store: Store, run: Run) -> bool:
    version = store.versions.by_id(run.version_id)
    return version is not None and bool(version.counts["test"])
