"""Generate: base, prompted and tuned answers from one loaded model."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.tuning.base_models import base_models
from core.tuning.generation_config import GenerationConfig
from core.wording import counted
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation import scoring
from core.workflows.evaluation.systems import unused_name
from core.workflows.jobs import jobs
from core.workflows.tuning.training import get_run

if TYPE_CHECKING:
    from core.tuning.run import Run
    from storage.store import Store

SPLITS = ("test", "validation", "train", "all")
KINDS = ("base", "prompted", "tuned")
COLUMNS = ["example_id", "revision_id", "instruction", "input"]


def start_generation(
    store: Store,
    actor: Actor,
    run_id: str,
    *,
    kinds: Sequence[str] = KINDS,
    split: str = "test",
    limit: int | None = None,
    config: GenerationConfig | None = None,
    submission_id: str | None = None,
) -> dict[str, str]:
    """Queue the answers of a run's base, prompted base and tuned model; kind → system id.

    `limit` takes a seeded sample of the split's examples. `prompted` sees `config.shots` seeded
    training examples in its prompt. `submission_id` was made when the form was opened: a second
    submission of it starts nothing. Raises Conflict while the run is not completed.
    """
    run = get_run(store, actor, run_id)
    actor.require(run.project_id, "lead")
    config = config or GenerationConfig()
    subject_id = submission_id or new_id("gen")
    if earlier := store.jobs.of_subject(subject_id):
        return dict(earlier.detail["systems"])
    if run.status != "completed" or run.metrics is None:
        raise Conflict(f"Run {run.name} is {run.status}. Generate when it has completed.")
    if not kinds or any(kind not in KINDS for kind in kinds):
        raise InvalidInput("Choose at least one of base, prompted and tuned.")
    examples = _examples(store, run.version_id, split, limit, config.seed)
    systems = {kind: new_id("sys") for kind in kinds}
    title = _title_of_base(store, run)
    job_id = jobs.submit(
        store,
        actor,
        kind="generate",
        project_id=run.project_id,
        subject_id=subject_id,
        title=f"Generate {examples.num_rows} × {len(kinds)} answers with {run.name}",
        spec={
            "base_model": run.spec.base.location,
            "base_model_hash": run.base_model_hash,
            "precision": run.precision,
            "adapter": f"runs/{run_id}/final" if "tuned" in kinds else None,
            "prompt": run.prompt.to_json(),
            "config": config.to_json(),
            "shots": _shots(store, run.version_id, config) if "prompted" in kinds else [],
            "systems": [{"system_id": systems[kind], "kind": kind} for kind in kinds],
        },
        tables={"examples.parquet": examples.select(COLUMNS)},
        detail={"systems": systems, "run_id": run_id},
    )
    shots = counted(config.shots, "example")
    names = {"base": title, "prompted": f"{title} + {shots}"}
    for kind, system_id in systems.items():
        name = unused_name(store, run.version_id, names.get(kind, run.name))
        store.systems.add(
            {
                "system_id": system_id,
                "project_id": run.project_id,
                "version_id": run.version_id,
                "split": split,
                "kind": kind,
                "name": name,
                "run_id": run_id,
                "job_id": job_id,
                "config": config.to_json(),
                "actor_id": actor.person_id,
            }
        )
    return systems


def _title_of_base(store: Store, run: Run) -> str:
    # The list of base models may have changed since; the run's own model is loaded by its hash.
    titles = {model.id: model.title for model in base_models(store.workspace)}
    return titles.get(run.model_id, run.model_id)


def _examples(store: Store, version_id: str, split: str, limit: int | None, seed: int) -> Any:
    if split not in SPLITS:
        raise InvalidInput(f"Choose one of {', '.join(SPLITS)} as the split.")
    table = store.versions.examples(version_id, None if split == "all" else split)
    if not table.num_rows:
        raise InvalidInput(f"The split {split} of this version is empty. Choose another one.")
    if limit is not None and limit < table.num_rows:
        table = table.take(sorted(random.Random(seed).sample(range(table.num_rows), limit)))
    return table


def _shots(store: Store, version_id: str, config: GenerationConfig) -> list[dict[str, str]]:
    train = store.versions.examples(version_id, "train")
    count = min(config.shots, train.num_rows)
    chosen = random.Random(config.seed).sample(range(train.num_rows), count)
    return [
        {name: row[name] for name in ("instruction", "input", "output")}
        for row in train.take(chosen).to_pylist()
    ]


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the answers and queue their scoring."""
    import pyarrow.parquet as pq

    table = pq.read_table(folder.final / "answers.parquet")
    store.transact(lambda: store.systems.add_generations(table))
    scoring.queue_scoring(store, job.project_id, list(job.detail["systems"].values()))


def answers_page(
    store: Store,
    actor: Actor,
    version_id: str,
    system_ids: Sequence[str],
    *,
    metric: str = "token_f1",
    limit: int = 10,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Examples with the answers of these systems, one dict per example; leads only (not blind)."""
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, "lead")
    found: dict[str, dict[str, Any]] = {}
    for row in store.systems.side_by_side(version_id, list(system_ids), metric, limit, offset):
        example = found.setdefault(
            row["example_id"],
            {k: row[k] for k in ("example_id", "instruction", "input", "output")} | {"answers": {}},
        )
        example["answers"][row["system_id"]] = {
            "text": row["text"],
            "score": row["value"],
            "finish": row["finish"],
        }
    return list(found.values())
