"""Generate: base, prompted and tuned answers from one loaded model."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput
from core.jobs.folder import JobFolder, read_json
from core.jobs.job import Job
from core.study.answer import AnsweredExample
from core.study.system import Generation, System, SystemKind
from core.tuning.base_models import base_models
from core.tuning.generation_config import GenerationConfig
from core.tuning.run import Run
from core.wording import counted
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation import scoring
from core.workflows.evaluation.systems import require_lead, unused_name
from core.workflows.evaluation.unblinding import note_answers_read
from core.workflows.jobs import jobs
from core.workflows.tuning.training import get_run

if TYPE_CHECKING:
    from storage.store import Store

SPLITS = ("test", "validation", "train", "all")
COLUMNS = ["example_id", "revision_id", "instruction", "input"]
KINDS: tuple[SystemKind, ...] = ("base", "prompted", "tuned")


def start_generation(
    store: Store,
    actor: Actor,
    run_id: str,
    *,
    kinds: Sequence[SystemKind] = KINDS,
    split: str = "test",
    limit: int | None = None,
    config: GenerationConfig | None = None,
    submission_id: str | None = None,
    reference_perplexity: bool = False,
) -> dict[str, str]:
    """Queue the answers of a run's base, prompted base and tuned model; kind → system id.

    `limit` takes a seeded sample of the split's examples. `prompted` sees `config.shots` seeded
    training examples in its prompt. `reference_perplexity` measures how likely each system finds
    the references, which costs one forward pass an example. `submission_id` was made when the form
    was opened: a second submission of it starts nothing. Raises Conflict while the run is not
    completed.
    """
    run = get_run(store, actor, run_id)
    actor.require(run.project_id, "lead")
    config = config or GenerationConfig()
    subject_id = submission_id or new_id("gen")
    if earlier := store.jobs.of_subject(subject_id):
        return dict(earlier.detail["systems"])
    if run.status != "completed" or run.metrics is None:
        raise Conflict(f"Run {run.name} is {run.status}. Generate when it has completed.")
    kinds = list(dict.fromkeys(kinds))
    if not kinds or any(kind not in KINDS for kind in kinds):
        raise InvalidInput("Choose at least one of base, prompted and tuned.")
    if left := [kind for kind in kinds if kind not in kinds_of(run)]:
        raise InvalidInput(
            f"The base of {run.name} is an encoder, which writes no answers: only the tuned model "
            f"can answer. Leave out {' and '.join(left)}."
        )
    version_id = run.version_id
    examples = _examples(store, version_id, split, limit, config.seed)
    columns = [*COLUMNS, "output"] if reference_perplexity else COLUMNS
    title = _title_of_base(store, run)
    shots = _shots(store, version_id, config) if "prompted" in kinds else []
    named = counted(len(shots), "example")
    names = {"base": title, "prompted": f"{title} + {named}", "tuned": run.name}
    asked = {
        kind: _system(
            store, actor, run, kind, names[kind], config, [shot["example_id"] for shot in shots]
        )
        for kind in kinds
    }
    systems: dict[str, str] = {kind: system.system_id for kind, system in asked.items()}

    def also(job_id: str) -> None:
        for system in asked.values():
            if store.systems.by_id(system.system_id) is None:
                store.systems.add(system)
            store.systems.add_generation(
                Generation(
                    generation_id=f"{subject_id}_{system.kind}",
                    system_id=system.system_id,
                    version_id=version_id,
                    split=split,
                    job_id=job_id,
                    spec=_conditions(run, config, len(system.shots)),
                    created_at=now(),
                )
            )
        store.audit.record(
            "generation_started", "run", run_id, actor.person_id, project_id=run.project_id,
            systems=systems, split=split,
        )  # fmt: skip

    jobs.submit(
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
            **_classifier(run),
            "prompt": run.prompt.to_json(),
            "config": config.to_json(),
            "shots": shots,
            "systems": [{"system_id": systems[kind], "kind": kind} for kind in kinds],
            # Beside the config, which is part of what a system is: this changes no answer.
            **({"reference_perplexity": True} if reference_perplexity else {}),
        },
        tables={"examples.parquet": examples.select(columns)},
        detail={"systems": systems, "run_id": run_id, "version_id": version_id},
        also=also,
    )
    return systems


def kinds_of(run: Run) -> tuple[SystemKind, ...]:
    """The systems that a completed run can answer as: an encoder has no answers of its own."""
    return KINDS if run.metrics is None or run.metrics.base_writes else ("tuned",)


def _classifier(run: Run) -> dict[str, Any]:
    """What a worker needs to know of a run that learned to choose a label."""
    labels = run.metrics.labels if run.metrics else None
    if labels is None:
        return {}
    data = run.spec.data
    own = {"max_length": data.max_length, "overlong": data.overlong}
    return {"classifier": {"labels": labels.to_json(), **own}}


def _title_of_base(store: Store, run: Run) -> str:
    # The list of base models may have changed since; the run's own model is loaded by its hash.
    titles = {model.id: model.title for model in base_models(store.workspace)}
    return titles.get(run.model_id, run.model_id)


def _system(
    store: Store,
    actor: Actor,
    run: Run,
    kind: SystemKind,
    name: str,
    config: GenerationConfig,
    shots: Sequence[str],
) -> System:
    """The system that answers in this way: the one that is there already, or a new one."""
    spec = {
        "model": run.model_id,
        "base_model_hash": run.base_model_hash,
        "prompt": run.prompt_hash,
        "precision": run.precision,
        "decoding": config.to_json(),
        **({"shots": list(shots)} if kind == "prompted" else {}),
    }
    run_id = run.run_id if kind == "tuned" else None
    known = store.systems.same_as(run.project_id, kind, run_id, spec)
    return known or System(
        system_id=new_id("sys"),
        project_id=run.project_id,
        kind=kind,
        name=unused_name(store, run.project_id, name),
        run_id=run_id,
        spec=spec,
        actor_id=actor.person_id,
        created_at=now(),
    )


def _conditions(run: Run, config: GenerationConfig, shots: int) -> dict[str, Any]:
    """What a comparison with other answers has to share, as far as it is known before the start."""
    return {
        "prompt_hash": run.prompt_hash,
        "precision": run.precision,
        "base_model_hash": run.base_model_hash,
        "decoding": {"temperature": config.temperature, "seed": config.seed},
        "cap": config.max_new_tokens,
        "shots": shots,
    }


def _examples(store: Store, version_id: str, split: str, limit: int | None, seed: int) -> Any:
    if split not in SPLITS:
        raise InvalidInput(f"Choose one of {', '.join(SPLITS)} as the split.")
    if limit is not None and limit < 1:
        raise InvalidInput("A sample has one example or more.")
    table = store.versions.examples(version_id, None if split == "all" else split)
    if not table.num_rows:
        raise InvalidInput(f"The split {split} of this version is empty. Choose another one.")
    if limit is not None and limit < table.num_rows:
        table = table.take(sorted(random.Random(seed).sample(range(table.num_rows), limit)))
    return table


def _shots(store: Store, version_id: str, config: GenerationConfig) -> list[dict[str, str]]:
    train = store.versions.examples(version_id, "train")
    count = min(config.shots, train.num_rows)
    if not count:
        raise InvalidInput(
            "A prompted base sees one worked example or more (shots), else it is the base."
        )
    chosen = random.Random(config.seed).sample(range(train.num_rows), count)
    return [
        {name: row[name] for name in ("example_id", "instruction", "input", "output")}
        for row in train.take(chosen).to_pylist()
    ]


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the answers, under which conditions they were made, and queue their scoring."""
    version_id = job.detail["version_id"]
    summary = read_json(folder.final / "summary.json") or {}
    found = {name: summary.get(name) for name in ("precision", "base_model_hash", "adapter_hash")}

    def save() -> None:
        there = store.systems.generations_of_job(job.job_id)
        for generation in there:
            own = summary.get("systems", {}).get(generation.system_id, {})
            store.systems.conclude_generation(
                generation.generation_id, {**generation.spec, **found}, own
            )
        count = store.answers.take_in(
            folder.final / "answers.parquet",
            version_id,
            {g.system_id: g.generation_id for g in there},
        )
        store.audit.record(
            "answers_generated", "job", job.job_id, job.created_by, project_id=job.project_id,
            answers=count,
        )  # fmt: skip

    store.transact(save)
    systems = list(job.detail["systems"].values())
    if store.versions.references(version_id):
        scoring.queue_scoring(store, job.project_id, version_id, systems, after=job.job_id)


def answers_page(
    store: Store,
    actor: Actor,
    version_id: str,
    system_ids: Sequence[str],
    *,
    metric: str = "token_f1",
    limit: int = 10,
    offset: int = 0,
) -> list[AnsweredExample]:
    """Examples with the answers of these systems; leads only (not blind, which the ledgers of
    studies of them note, of those that open later too)."""
    require_lead(store, actor, version_id)
    note_answers_read(store, actor, get_version(store, actor, version_id).project_id, system_ids)
    return store.answers.side_by_side(version_id, list(system_ids), metric, limit, offset)
