"""Gold pairs: pairs with a known right answer, mixed in to see whether raters look.

The reference of an example stands against the reference of an unlike one, so that the second is
plainly off. They never enter a verdict, a count of reviewed outputs, agreement or a report, and a
rater is sent nothing that tells them from other pairs. In the tables they are pairs of the stratum
GOLD whose two systems are RIGHT and WRONG.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.scoring.overlap import token_f1
from core.statistics.estimates import Estimate, proportion
from core.study.order import place_in_part

GOLD = "gold"
"""The stratum and the phase of gold pairs."""
RIGHT = "gold_right"
WRONG = "gold_wrong"
NAMES: Mapping[str, str] = {RIGHT: "gold pair: right answer", WRONG: "gold pair: wrong answer"}
UNLIKE_BELOW = 0.2
"""Token F1 of two references from which on they are too alike."""
TRIED = 100


@dataclass(frozen=True)
class GoldResult:
    """Of one rater: the share of gold pairs of which the right answer was preferred, with an exact
    interval; those that could not be judged aside."""

    rater: str
    right: Estimate


@dataclass(frozen=True)
class GoldCandidate:
    """An example that a gold pair could be made of. `in_frame`: it is one of the outputs that the
    study draws from; `group`: of its near-duplicates."""

    example_id: str
    revision_id: str
    group: str
    instruction: str
    reference: str
    in_frame: bool


Gold = tuple[GoldCandidate, GoldCandidate]
"""The example of a gold pair, whose reference is the right answer, and where the wrong one is
from."""


def gold_results(rows: Sequence[Mapping[str, Any]]) -> tuple[GoldResult, ...]:
    """From rows rater, right, judged; in the order of their names: no league table."""
    found = [GoldResult(row["rater"], proportion(row["right"], row["judged"])) for row in rows]
    return tuple(sorted(found, key=lambda one: one.rater))


def gold_wanted(share: float, pairs: int) -> int:
    """How many gold pairs are mixed into so many."""
    return max(1, round(share * pairs)) if share else 0


def choose_gold(candidates: Sequence[GoldCandidate], count: int, spare: int) -> list[Gold]:
    """At most `count` pairs of an example and an unlike one, in the order of the candidates, those
    outside of the frame first. `spare`: so many outputs of the frame may be used up."""
    outside = [one for one in candidates if not one.in_frame]
    pool = outside + [one for one in candidates if one.in_frame][: max(0, spare)]
    found: list[Gold] = []
    for k, one in enumerate(pool):
        if len(found) == count:
            break
        others = (pool[k + 1 :] + pool[:k])[:TRIED]
        other = next((other for other in others if _unlike(one, other)), None)
        if other is not None:
            found.append((one, other))
    return found


def _unlike(one: GoldCandidate, other: GoldCandidate) -> bool:
    """Whether another example's reference is no answer to this one: it was asked something else,
    and says something else."""
    return (
        one.group != other.group
        and one.instruction.strip().casefold() != other.instruction.strip().casefold()
        and token_f1(one.reference, other.reference) < UNLIKE_BELOW
    )


def mixed_in(
    pairs: Sequence[dict[str, Any]], gold: Sequence[dict[str, Any]], seed: int
) -> list[dict[str, Any]]:
    """The pairs with one gold pair in each of as many equal parts of their order, at a place that
    the seed decides."""
    behind: dict[int, list[dict[str, Any]]] = {}
    for k, one in enumerate(gold):
        low, high = (len(pairs) * part // len(gold) for part in (k, k + 1))
        behind.setdefault(low + place_in_part(seed, k, max(1, high - low)), []).append(one)
    found: list[dict[str, Any]] = []
    for k, pair in enumerate(pairs):
        found += [pair, *behind.pop(k, [])]
    return found + [one for rest in behind.values() for one in rest]


def gold_rows(chosen: Sequence[Gold], study_id: str) -> list[dict[str, Any]]:
    """Gold pairs as rows of the table of pairs."""
    return [
        {
            "study_id": study_id,
            "example_id": one.example_id,
            "revision_id": one.revision_id,
            "stratum": GOLD,
            "inclusion_probability": 1.0,
            "system_a": RIGHT,
            "system_b": WRONG,
            "answer_a": one.reference.strip(),
            "answer_b": other.reference.strip(),
        }
        for one, other in chosen
    ]
