"""Repeats: some of a rater's pairs come back to the same rater with the sides swapped.

They tell how far a rater agrees with themselves, and with the side rather than the answer. They
never enter a verdict.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.statistics.estimates import Estimate, proportion
from core.study.pairs import Judgement

SHARE = 0.05


@dataclass(frozen=True)
class Repeats:
    """`same_verdict`: the share of repeated pairs that were judged as before, those that could not
    be judged aside. `same_side`: of those in which a side was chosen both times, the share in which
    it was the same side, and so the other system."""

    same_verdict: Estimate
    same_side: Estimate


def repeats_of(judgements: Sequence[Judgement]) -> Repeats | None:
    """What raters said when pairs came back; None where none has. Those of people who had seen
    results or names are left out."""
    judged = [j for j in judgements if not j.set_apart and j.outcome != "cannot_judge"]
    first = {(j.rater_id, j.pair_id): j for j in judged if j.occasion == 1}
    both = [
        (first[j.rater_id, j.pair_id], j)
        for j in judged
        if j.occasion > 1 and (j.rater_id, j.pair_id) in first
    ]
    if not both:
        return None
    same = sum(_said(before) == _said(again) for before, again in both)
    sides = [
        (a.choice, b.choice) for a, b in both if a.preferred_system_id and b.preferred_system_id
    ]
    return Repeats(
        proportion(same, len(both)), proportion(sum(a == b for a, b in sides), len(sides))
    )


def _said(judgement: Judgement) -> tuple[str, str | None]:
    return judgement.outcome, judgement.preferred_system_id
