"""Merge a run's adapter into its base: a worker's job, one a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.errors import InvalidInput
from core.jobs.folder import read_json
from core.jobs.job import Job
from core.tuning.run import Run
from core.workflows.jobs import jobs
from core.workflows.tuning.specs import COLUMNS
from core.workflows.tuning.training import get_run

if TYPE_CHECKING:
    from storage.store import Store

KIND = "merge"
HELD_OUT = 20


@dataclass(frozen=True)
class Merging:
    """A merge job, and once it is completed its report: what core.gpu.merging writes."""

    job: Job
    report: dict[str, Any] | None
    folder: str


def start_merge(store: Store, actor: Actor, run_id: str) -> str:
    """Queue the merge of a completed run; the job's id. Leads only. Raises InvalidInput."""
    run = get_run(store, actor, run_id)
    actor.require(run.project_id, "lead")
    if run.metrics is None or not _is_mergeable(run):
        raise InvalidInput(
            "Only a completed run that writes, with an adapter beside the weights, can be merged. "
            "Choose another."
        )
    earlier = store.jobs.newest_about(_subject(run_id))
    if earlier and (not earlier.is_terminal or earlier.status == "completed"):
        return earlier.job_id
    return jobs.submit(
        store,
        actor,
        kind=KIND,
        project_id=run.project_id,
        subject_id=jobs.subject_again(store, _subject(run_id)),
        title=f"Merge {run.name}",
        spec={
            "run_id": run.run_id,
            "name": run.name,
            "base_model": run.spec.base.location,
            "base_hub_id": run.spec.base.hub_id,
            "base_commit": run.spec.base.commit,
            "adapter": f"{run.folder}/final",
            "method": run.spec.method.name,
            "precision": run.precision,
            "prompt": run.prompt.to_json(),
            "base_model_hash": run.base_model_hash,
        },
        tables={
            "held_out.parquet": store.versions.examples(
                run.version_id, "validation", HELD_OUT
            ).select(COLUMNS)
        },
    )


def merging_of(store: Store, actor: Actor, run_id: str) -> Merging | None:
    """The newest merge of a run; None before there is one, and for runs that cannot be merged."""
    get_run(store, actor, run_id)
    job = store.jobs.newest_about(_subject(run_id))
    if job is None:
        return None
    folder = jobs.folder_of(store, job).final
    return Merging(job, read_json(folder / "merge.json"), f"{job.folder}/final")


def may_merge(actor: Actor, run: Run) -> bool:
    """Whether this person may start the merge of this run, and it can be merged."""
    return bool(run.metrics) and _is_mergeable(run) and actor.has(run.project_id, "lead")


def _is_mergeable(run: Run) -> bool:
    adapter = run.spec.method.peft_config() is not None and not run.spec.method.virtual_tokens
    return adapter and not run.spec.classifies


def _subject(run_id: str) -> str:
    return f"{KIND}_{run_id}"
