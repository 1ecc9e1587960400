"""Systems that have answered, and blind studies of them, one line each, for tests.

version_id = a_version(store, project.project_id, 40)
base, tuned = two_systems(store, project.project_id, version_id)
study_id = a_study(store, lead, project.project_id, base, tuned)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.actor import Actor
from core.clock import new_id, now
from core.study.pairs import SIDES, BlindJudgement, BlindPair
from core.study.study import StudyProgress
from core.study.system import Generation, System, SystemKind
from core.workflows.evaluation import studies
from storage.store import Store
from tests.builders import Triple, accepted_examples
from tests.job_builders import run_here
from tests.version_builders import add_version

CRITERIA = ("relevance", "coherence", "fluency", "bias")
FRUITS = ("apple", "pear", "plum", "fig", "quince", "cherry", "melon", "grape", "peach", "lemon")


def a_version(
    store: Store, project_id: str, examples: int | Sequence[Triple] = 40, split: str = "test"
) -> str:
    """A frozen version of new accepted examples, all in one split."""
    accepted_examples(store, project_id, examples)
    count = store.examples.count_accepted(project_id)
    return add_version(store, project_id, [split] * count, ratios=(0.0, 0.0, 1.0))


def example_ids(store: Store, version_id: str) -> list[str]:
    """The version's examples in its order."""
    found: list[str] = store.versions.examples(version_id).column("example_id").to_pylist()
    return found


def a_system(
    store: Store,
    project_id: str,
    version_id: str,
    name: str,
    answers: Mapping[str, str],
    kind: SystemKind = "imported",
    *,
    run_id: str | None = None,
    shots: Sequence[str] = (),
    job_id: str | None = "job_generation",
    conditions: Mapping[str, Any] | None = None,
    finish: str = "stop",
    cut: str = "",
) -> str:
    """A system with these answers by example id; systems of one `job_id` were asked alike."""
    system = System(
        system_id=new_id("sys"),
        project_id=project_id,
        kind=kind,
        name=name,
        run_id=run_id,
        spec={"shots": list(shots)} if shots else {},
        actor_id="person_ada",
        created_at=now(),
    )
    generation = Generation(
        new_id("gen"), system.system_id, version_id, "all", job_id, conditions or {}, now()
    )
    count = len(answers)
    table = pa.table(
        {
            "system_id": [system.system_id] * count,
            "example_id": pa.array(list(answers), pa.string()),
            "text": pa.array(list(answers.values()), pa.string()),
            "cut": [cut] * count,
            "prompt_tokens": pa.nulls(count, pa.int32()),
            "new_tokens": pa.nulls(count, pa.int32()),
            "seconds": pa.nulls(count, pa.float64()),
            "finish": [finish] * count,
        }
    )
    path = store.workspace / "inbox" / f"{system.system_id}.parquet"
    pq.write_table(table, path)

    def save() -> None:
        store.systems.add(system)
        store.systems.add_generation(generation)
        store.answers.take_in(path, version_id, {system.system_id: generation.generation_id})

    store.transact(save)
    return system.system_id


def answers_of(store: Store, version_id: str, shift: int) -> dict[str, str]:
    """An answer for each example; two shifts differ in every word that matters, not in length."""
    return {
        example_id: f"I would take the {FRUITS[(k + shift) % len(FRUITS)]}, number {k:03d}."
        for k, example_id in enumerate(example_ids(store, version_id))
    }


def two_systems(
    store: Store, project_id: str, version_id: str, shifts: tuple[int, int] = (0, 5)
) -> tuple[str, str]:
    """A base and a tuned system that cannot be told apart by form."""
    kinds: tuple[SystemKind, SystemKind] = ("base", "tuned")
    base, tuned = (
        a_system(store, project_id, version_id, name, answers_of(store, version_id, shift), kind)
        for name, kind, shift in zip(("Model one", "Run two"), kinds, shifts, strict=True)
    )
    return base, tuned


def a_study(
    store: Store,
    lead: Actor,
    project_id: str,
    baseline: str,
    *candidates: str,
    version_id: str = "",
    **plan: Any,
) -> str:
    """An open study of these; every pair is drawn unless `size` says otherwise."""
    newest = store.systems.newest_generation(baseline)
    assert newest is not None
    version_id = version_id or newest.version_id
    seen = studies.prospect(store, lead, project_id, version_id, baseline, candidates)
    settings: dict[str, Any] = {
        "name": "Fruit",
        "size": seen.outputs,
        "overlap": 0.0,
        "seed": 42,
        "repeats": 0.0,
    }
    settings |= plan
    study_id = studies.open_study(
        store, lead, project_id, version_id=version_id, baseline_id=baseline,
        candidate_ids=candidates, **settings,
    )  # fmt: skip
    run_here(store, study_id)
    return study_id


def a_judgement(pair: BlindPair | str, choice: Any = "left", **given: Any) -> BlindJudgement:
    """A complete judgement; `left` and `right` give every criterion of a side that value."""
    left, right = given.pop("left", 4), given.pop("right", 4)
    remarks = {side: {"bias": "line 1"} for side in SIDES}
    whole: dict[str, Any] = {"seconds": 20.0, "remarks": remarks, **given}
    return BlindJudgement(
        judgement_id=whole.pop("judgement_id", new_id("jdg")),
        presentation_id=pair if isinstance(pair, str) else pair.presentation_id,
        choice=choice,
        ratings={"left": dict.fromkeys(CRITERIA, left), "right": dict.fromkeys(CRITERIA, right)},
        **whole,
    )


def rate_all(
    store: Store, rater: Actor, study_id: str, prefers: Any, most: int | None = None
) -> int:
    """Let a rater judge every pair left to them; `prefers(pair)` gives a Judgement. How many."""
    from core.workflows.evaluation import rating

    done = 0
    while most is None or done < most:
        pairs = rating.next_pairs(store, rater, study_id, 1)
        if not pairs:
            break
        rating.judge(store, rater, study_id, prefers(pairs[0]))
        done += 1
    return done


def progress_of(store: Store, study_id: str, rater_id: str) -> StudyProgress:
    """How far a study is for somebody, from the counters."""
    study = store.studies.rated(study_id)
    assert study is not None
    return store.judgements.progress(study, rater_id)


def time_answers(store: Store, system_id: str) -> None:
    """As if a worker had made a system's answers: 50 tokens a second, a quarter second each."""
    made = store.systems.newest_generation(system_id)
    assert made
    summary = {"answers": 8, "seconds": 2.0, "tokens_per_second": 50.0}
    store.transact(
        lambda: store.systems.conclude_generation(made.generation_id, made.spec, summary)
    )
