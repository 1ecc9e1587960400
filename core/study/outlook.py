"""Outlook of a study that is being rated: will it be decided, and after how many more pairs?

    outlook(40, 22, 10, left=60, claim=40, rng=np.random.default_rng(7))

Posterior predictive simulation. The share of pairs that are decided and the share of these that the
candidate wins are drawn from Beta(1, 1) priors and what was seen; from each draw the study goes on,
pair by pair, until the rule says better or worse.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.statistics.anytime import wins_to_claim

DRAWS = 1_000
AHEAD = 1_000
"""So many pairs are looked ahead at least, planned or not."""
_CELLS = 1_500_000


@dataclass(frozen=True)
class Outlook:
    """`chance`: that the rule says better or worse by the last planned pair, 0..1; `more`: after
    how many further pairs it has in half of the simulated studies, None beyond `ahead`, which is
    how many were simulated."""

    chance: float
    more: int | None
    left: int
    ahead: int


def outlook(
    won: int, lost: int, undecided: int, *, left: int, claim: float, rng: np.random.Generator
) -> Outlook:
    """What may come of a study that has said neither better nor worse so far.

    `undecided`: pairs that were tied or could not be judged; `left`: planned pairs that nobody has
    judged; `claim`: the capital at which one side is claimed (40 for a single study).
    """
    if min(won, lost, undecided, left) < 0:
        raise InvalidInput("Counts of pairs are not below 0.")
    decided_so_far = won + lost
    ahead = max(left, AHEAD)
    draws = max(200, min(DRAWS, _CELLS // ahead))
    wins = rng.beta(1 + won, 1 + lost, (draws, 1))
    decided = rng.beta(1 + decided_so_far, 1 + undecided, (draws, 1))
    chances = rng.random((draws, ahead), dtype=np.float32)
    # One number per pair: below the chance of a win it is won, then lost, else undecided.
    win = (chances < wins * decided).cumsum(axis=1, dtype=np.int32) + won
    seen = (chances < decided).cumsum(axis=1, dtype=np.int32) + decided_so_far
    fewest = wins_to_claim(decided_so_far + ahead, claim).astype(np.int32)[seen]
    first = _first((win >= fewest) | (seen - win >= fewest), ahead)
    middle = int(np.sort(first)[(draws - 1) // 2])
    return Outlook(
        chance=float((first <= left).mean()),
        more=middle if middle <= ahead else None,
        left=left,
        ahead=ahead,
    )


def _first(said: NDArray[np.bool_], ahead: int) -> NDArray[np.intp]:
    """The place, from 1, at which each row first says something; `ahead` + 1 where none does."""
    return np.where(said.any(axis=1), said.argmax(axis=1) + 1, ahead + 1)
