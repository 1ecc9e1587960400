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
from core.statistics.estimates import says_better
from core.study.findings import Comparison
from core.wording import THIN, counted, figure

FEWEST = 10
"""Judged pairs below which an outlook would tell of its prior."""
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

    @property
    def sentence(self) -> str:
        """What it says, and how it was computed."""
        percent = round(100 * self.chance)
        about = "less than 1" if percent < 1 else "more than 99" if percent > 99 else str(percent)
        if self.more is None:
            more = f"fewer than half are after {counted(self.ahead, 'more pair')}"
        else:
            planned = "" if self.more <= self.left else f", {figure(self.left)} of them planned"
            more = f"half are after about {counted(self.more, 'more pair')}{planned}"
        return (
            f"Outlook: {about}{THIN}% of simulated continuations are decided by the last planned "
            f"pair, and {more}. Each goes on with shares of ties and wins drawn from what was seen "
            "and a flat prior, Beta(1, 1)."
        )


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


def outlook_words(found: Comparison, planned: int, rng: np.random.Generator) -> str:
    """Whether enough pairs were judged, or how many more may be; "" where too few were to tell.

    `planned`: the pairs of this candidate.
    """
    if says_better(found.net) != "not shown":
        return "Enough was judged to say which is preferred; more pairs narrow the interval."
    if found.judged < FEWEST or found.net.low is None:
        return ""
    won, lost = found.count("candidate"), found.count("baseline")
    return outlook(
        won,
        lost,
        found.judged - won - lost,
        left=max(planned - found.judged, 0),
        claim=2 / (1 - found.net.level),
        rng=rng,
    ).sentence


def _first(said: NDArray[np.bool_], ahead: int) -> NDArray[np.intp]:
    """The place, from 1, at which each row first says something; `ahead` + 1 where none does."""
    return np.where(said.any(axis=1), said.argmax(axis=1) + 1, ahead + 1)
