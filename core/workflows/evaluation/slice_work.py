"""From a slice where a candidate loses to its data: the nearest training examples, reopened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput
from core.workflows.curation.reviewing import reopen
from core.workflows.evaluation.studies import get_study_as_lead

if TYPE_CHECKING:
    from storage.store import Store

LOST_AT_ONCE = 10
NEAREST = 3
MOST_COMPARED = 50_000
"""Training examples that are compared; of a larger split the first ones."""
FEWEST_POINTS = 30.0


@dataclass(frozen=True)
class NearTraining:
    """A training example that is like one on which the candidate lost. `similarity` 0 to 100."""

    example_id: str
    instruction: str
    input: str
    output: str
    lost_example_id: str
    similarity: float


def nearest_training(
    store: Store, actor: Actor, study_id: str, candidate_id: str, lost: Sequence[str]
) -> list[NearTraining]:
    """The training examples nearest to some that were lost, each once, nearest first; leads only.

    By the words that instruction and input share (rapidfuzz's token set ratio). Raises InvalidInput
    for a candidate that no run here trained.
    """
    import numpy as np
    from rapidfuzz import fuzz, process, utils

    get_study_as_lead(store, actor, study_id)
    system = store.systems.by_id(candidate_id)
    run = store.runs.by_id(system.run_id) if system and system.run_id else None
    if run is None:
        raise InvalidInput("No run of this project trained the candidate: its data are not here.")
    asked = store.evidence.texts(lost[:LOST_AT_ONCE])
    there = store.versions.examples(run.version_id, "train", MOST_COMPARED).to_pylist()
    if not asked or not there:
        return []
    similar = process.cdist(
        [f"{one['instruction']} {one['input']}" for one in asked],
        [f"{one['instruction']} {one['input']}" for one in there],
        scorer=fuzz.token_set_ratio,
        processor=utils.default_process,
        dtype=np.float32,
        workers=2,
    )
    found: dict[str, NearTraining] = {}
    for row, one in zip(similar, asked, strict=True):
        for k in np.argsort(-row, kind="stable")[:NEAREST]:
            near, points = there[k], float(row[k])
            known = found.get(near["example_id"])
            if points >= FEWEST_POINTS and (known is None or known.similarity < points):
                found[near["example_id"]] = NearTraining(
                    near["example_id"], near["instruction"], near["input"], near["output"],
                    one["example_id"], points,
                )  # fmt: skip
    return sorted(found.values(), key=lambda one: -one.similarity)


def send_to_annotation(
    store: Store, actor: Actor, study_id: str, example_ids: Sequence[str], part: str
) -> tuple[int, int]:
    """Reopen training examples with a word on why; (sent, open already). Versions stay as they are.

    `part` names the slice. Leads only.
    """
    study = get_study_as_lead(store, actor, study_id)
    reason = f"The candidate of “{study.name}” loses on {part}. Is this example right, and clear?"
    sent = 0
    for example_id in example_ids:
        try:
            reopen(store, actor, study.project_id, new_id("rev"), example_id, reason)
            sent += 1
        except Conflict:
            continue
    return sent, len(example_ids) - sent
