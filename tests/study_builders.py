"""Systems that have answered, and blind studies of them, one line each, for tests.

version_id = a_version(store, project.project_id, 40)
base, tuned = two_systems(store, project.project_id, version_id)
study_id = a_study(store, lead, project.project_id, base, tuned)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from core.actor import Actor
from core.clock import new_id
from core.study.pairs import BlindPair, Judgement, Side
from core.workflows.evaluation import studies
from storage.store import Store
from tests.builders import Triple, accepted_examples
from tests.version_builders import add_version

CRITERIA = ("relevance", "coherence", "fluency", "bias")
SIDES: tuple[Side, ...] = ("left", "right")
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
    kind: str = "imported",
) -> str:
    """A system with these answers by example id."""
    system_id = new_id("sys")
    store.systems.add(
        {
            "system_id": system_id,
            "project_id": project_id,
            "version_id": version_id,
            "split": "all",
            "kind": kind,
            "name": name,
            "config": {},
            "actor_id": "person_ada",
        }
    )
    count = len(answers)
    store.systems.add_generations(
        pa.table(
            {
                "system_id": [system_id] * count,
                "example_id": list(answers),
                "text": list(answers.values()),
                "prompt_tokens": pa.nulls(count, pa.int32()),
                "new_tokens": pa.nulls(count, pa.int32()),
                "seconds": pa.nulls(count, pa.float64()),
                "finish": ["stop"] * count,
            }
        )
    )
    return system_id


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
    base, tuned = (
        a_system(store, project_id, version_id, name, answers_of(store, version_id, shift), kind)
        for name, kind, shift in zip(
            ("Model one", "Run two"), ("base", "tuned"), shifts, strict=True
        )
    )
    return base, tuned


def a_study(store: Store, lead: Actor, project_id: str, base: str, tuned: str, **plan: Any) -> str:
    """An open study of the two; every pair is drawn unless `size` says otherwise."""
    outputs = studies.shared_outputs(store, lead, project_id, base, tuned)
    settings: dict[str, Any] = {"name": "Fruit", "size": len(outputs), "overlap": 0.0, **plan}
    return studies.open_study(
        store, lead, project_id, baseline_id=base, candidate_id=tuned, **settings
    )


def a_judgement(pair: BlindPair | str, choice: Any = "left", **given: Any) -> Judgement:
    """A complete judgement; `left` and `right` give every criterion of a side that value."""
    left, right = given.pop("left", 4), given.pop("right", 4)
    remarks = {side: {"bias": "line 1"} for side in SIDES}
    whole: dict[str, Any] = {"seconds": 20.0, "remarks": remarks, **given}
    return Judgement(
        judgement_id=whole.pop("judgement_id", new_id("jdg")),
        pair_id=pair if isinstance(pair, str) else pair.pair_id,
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
