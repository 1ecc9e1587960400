"""Forecast of a study before anybody rates: what it can show, how surely, and what it costs.

    assumed = Assumptions(ties=0.2, overlap=0.2, seconds=60)
    forecast(126, assumed).smallest_share     # 0.68
    size_for_margin(0.2, 1000, assumed)       # pairs for an interval of ±20 points

The rule is the one that Results applies: "better" at a capital of 40 × claims or more at one look
at least, looked at after every pair (`core.statistics.anytime`). How soon that happens is no
simulation: the chances of all orders of wins and losses are added up, step by step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.statistics.anytime import half_width, wins_to_claim
from core.study.register import level_of

Floats = NDArray[np.float64]

POWER = 0.8
SHARES = (0.60, 0.65, 0.70, 0.80)
CLAIM = 40.0
"""The capital at which one of two sides is claimed at 2.5 %, of a single study."""
HORIZON = 2_000
"""So many decided pairs are looked ahead at least."""
FARTHEST = 10_000
"""… and at most: what a larger study shows is told as that of one of this size."""
_REACH = 10
"""Fewer wins than that many standard deviations below one half are left out."""
_HUNDREDTHS: Floats = np.arange(51, 100) / 100


@dataclass(frozen=True)
class Assumptions:
    """What a forecast rests on.

    `ties`: the share of pairs without a winner, below 1; `overlap`: of pairs that two people rate;
    `seconds`: per judgement, above 0; `claims`: how many comparisons share one chance of a false
    claim (`core.study.register`), this one among them.
    """

    ties: float = 0.2
    overlap: float = 0.0
    seconds: float = 60.0
    claims: int = 1

    def __post_init__(self) -> None:
        if not (0 <= self.ties < 1 and 0 <= self.overlap <= 1):
            raise InvalidInput("Ties are a share below 1, the overlap is one between 0 and 1.")
        if not (0 < self.seconds < math.inf and self.claims >= 1):
            raise InvalidInput("Seconds per judgement are above 0, and there is one study or more.")

    @property
    def claim(self) -> float:
        """The capital at which each of the comparisons claims."""
        return CLAIM * self.claims

    @property
    def level(self) -> float:
        """The level of each one's interval, so that all hold together at 95 %."""
        return level_of(self.claims)


@dataclass(frozen=True)
class Until:
    """After how many pairs half of all studies, and four of five, have shown a true share of
    decided pairs that are won; None: after more than is looked ahead."""

    share: float
    half: int | None
    most: int | None


@dataclass(frozen=True)
class Forecast:
    """What a study of so many pairs can show.

    `smallest_share`: the smallest true share of decided pairs, in hundredths, that is shown in four
    of five studies; None: not even .99. `half_width`: of the net preference's interval after the
    last pair where neither is better, in 0..1. `judgements` and `hours` are of all raters and
    candidates.
    """

    pairs: int
    smallest_share: float | None
    half_width: float
    until: tuple[Until, ...]
    judgements: int
    hours: float

    def cost(self, hourly_rate: float) -> float:
        """The raters' time in money."""
        return self.hours * hourly_rate

    def pairs_for(self, share: float) -> int | None:
        """How many pairs show one of SHARES in four of five studies."""
        return next(one.most for one in self.until if one.share == share)


def forecast(pairs: int, assumed: Assumptions, each: int = 1, beside: int = 0) -> Forecast:
    """What a candidate's pairs of `pairs` examples can show. `each`: how many pairs an example
    makes, of all candidates; `beside` more pairs are rated once and show nothing.

    Raises InvalidInput below one pair.
    """
    if pairs < 1 or each < 1 or beside < 0:
        raise InvalidInput("A study has at least one pair and one candidate.")
    chances = chance_by(pairs, _HUNDREDTHS, assumed)
    enough = _HUNDREDTHS[chances >= POWER]
    judgements = round(each * pairs * (1 + assumed.overlap)) + beside
    return Forecast(
        pairs=pairs,
        smallest_share=float(enough[0]) if len(enough) else None,
        half_width=half_width(pairs, assumed.ties, assumed.level),
        until=tuple(_until(share, assumed) for share in SHARES),
        judgements=judgements,
        hours=judgements * assumed.seconds / 3600,
    )


def chance_by(pairs: int, shares: Floats, assumed: Assumptions) -> Floats:
    """The chance that "better" is said after `pairs` pairs or before, for each true share of
    decided pairs (between 0 and 1) that the candidate wins. Shape as `shares`."""
    pairs = min(pairs, math.floor(FARTHEST / (1 - assumed.ties)))
    crossing = _crossing(_ahead(pairs), assumed.claim, shares)
    return crossing @ _decided_at_least(pairs, 1 - assumed.ties, crossing.shape[1])


def size_for_margin(margin: float, most: int, assumed: Assumptions) -> int | None:
    """How many pairs give an interval of ±`margin` (0..1) of the net preference, or a narrower one,
    where neither is better, which is the widest case; None when more than `most` are needed."""
    if not 0 < margin < 1:
        raise InvalidInput("A margin lies between 0 and 1.")
    few, many = 0, most
    if half_width(most, assumed.ties, assumed.level) > margin:
        return None
    while many - few > 1:
        middle = (few + many) // 2
        if half_width(middle, assumed.ties, assumed.level) > margin:
            few = middle
        else:
            many = middle
    return many


def _until(share: float, assumed: Assumptions) -> Until:
    crossing = _crossing(HORIZON, assumed.claim, np.array([share]))
    decided = 1 - assumed.ties
    farthest = math.floor(HORIZON / decided)

    def first(chance: float) -> int | None:
        """The fewest pairs by which so many studies have shown it."""
        few, many = 0, farthest + 1
        while many - few > 1:
            middle = (few + many) // 2
            if (crossing @ _decided_at_least(middle, decided, HORIZON))[0] >= chance:
                many = middle
            else:
                few = middle
        return many if many <= farthest else None

    return Until(share, first(0.5), first(POWER))


def _ahead(decided: int) -> int:
    """How many decided pairs are looked ahead: few sizes, so that they are kept."""
    return next(n for n in (HORIZON, 2 * HORIZON, FARTHEST) if n >= min(decided, FARTHEST))


def _crossing(ahead: int, claim: float, shares: Floats) -> Floats:
    """The chance that the claim is first reached at 1, 2, … `ahead` decided pairs.

    Shape (shares, ahead). Every order of so many wins and losses is as likely as another, so the
    chances at an even share need only be weighed (Wald 1945, "Sequential Tests").
    """
    log_even, wins = _crossing_at_even(ahead, claim)
    losses = np.arange(1, ahead + 1) - wins
    weights = np.outer(np.log(2 * shares), wins) + np.outer(np.log(2 * (1 - shares)), losses)
    found: Floats = np.exp(log_even + weights)
    return found


@lru_cache(maxsize=16)
def _crossing_at_even(ahead: int, claim: float) -> tuple[Floats, NDArray[np.intp]]:
    """The log chance that the claim is first reached at 1, 2, … `ahead` decided pairs when each is
    won with a chance of one half, and the wins that reach it there."""
    fewest = wins_to_claim(ahead, claim)
    chances, reached = np.zeros(ahead + 2), np.zeros(ahead)
    chances[0] = 1.0  # by the number of wins, of all that have not reached the claim
    for decided in range(1, ahead + 1):
        wins = int(fewest[decided])
        low = max(0, math.floor(decided / 2 - _REACH * math.sqrt(decided)))
        # One more win, or one more loss. Before this pair there were at most wins - 1 of them.
        reached[decided - 1] = chances[wins - 1] / 2 if wins <= decided else 0.0
        chances[low + 1 : wins] = (chances[low + 1 : wins] + chances[low : wins - 1]) / 2
        chances[low] /= 2
        chances[wins] = 0.0
    with np.errstate(divide="ignore"):
        return np.log(reached), fewest[1:]


def _decided_at_least(pairs: int, decided: float, ahead: int) -> Floats:
    """The chance that of so many pairs 1, 2, … `ahead` are decided or more; shape (ahead,)."""
    found = np.zeros(ahead)
    if decided == 1:
        found[:pairs] = 1.0
        return found
    log_factorials = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, pairs + 1)))])
    k = np.arange(pairs + 1)
    logs = log_factorials[-1] - log_factorials - log_factorials[::-1]
    exactly = np.exp(logs + k * math.log(decided) + (pairs - k) * math.log(1 - decided))
    at_least = exactly[::-1].cumsum()[::-1][1 : ahead + 1]
    found[: len(at_least)] = at_least
    return found
