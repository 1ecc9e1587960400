"""Made-up studies in the types of the program, and what its always-valid verdict says of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import numpy as np
from numpy.typing import NDArray

from core.statistics.anytime import highest_e_value
from core.statistics.estimates import Estimate
from core.study.pairs import Choice, Judgement, Outcome, Rating
from core.study.verdicts import Verdict, net_preference

Numbers = NDArray[np.float64]
BASE, TUNED = "base", "tuned"
CLAIM = 40
CHECKED = 40
_BEGINNING = datetime(2026, 11, 1)
_SAID: dict[float, Verdict] = {1: "candidate", 0: "tie_good", -1: "baseline"}


def verdicts(worth: Iterable[float]) -> list[Verdict]:
    """1 won, 0 tied, −1 lost, as verdicts."""
    return [_SAID[one] for one in worth]


def judgement(pair: int, worth: int, place: int, rater: str, stratum: str = "one") -> Judgement:
    """What one rater said of one pair, in the place of time; the candidate stands left."""
    choice: Choice = "tie_good" if worth == 0 else "left" if worth > 0 else "right"
    outcome: Outcome = "preferred" if worth else "tie_good"
    preferred = {1: TUNED, -1: BASE}.get(worth)
    name, example = f"jud_{place:06}", f"pair_{pair}"
    return Judgement(
        name, f"pre_{place}", "stu", example, example, rater, rater, choice, outcome, preferred,
        (BASE, TUNED), {}, "", "", 5.0, _BEGINNING + timedelta(minutes=place), place, stratum,
    )  # fmt: skip


def ratings(
    criterion: str, place: int, pair: int, rater: str, baseline: int, candidate: int
) -> list[Rating]:
    """The ratings 1–5 of both answers that belong to the judgement of that place."""
    both = ((BASE, baseline), (TUNED, candidate))
    about = f"jud_{place:06}", f"pair_{pair}", rater
    return [Rating(*about, system, criterion, int(value), "") for system, value in both]


def draw_worth(rng: np.random.Generator, n: int, net: float, ties: float) -> Numbers:
    """So many pairs, with a share of ties and a mean of `net`."""
    shares = [(1 - ties - net) / 2, ties, (1 - ties + net) / 2]
    return rng.choice([-1.0, 0.0, 1.0], size=n, p=shares)


def claimed(studies: Iterable[Numbers]) -> int:
    """How many studies said better or worse at one look at least, looked at after every pair."""
    return missed(studies, 0.0)


def missed(studies: Iterable[Numbers], net: float) -> int:
    """In how many studies the always-valid interval left out the truth at one look at least.

    By the e-value on which the interval rests, which remembers its highest; every fortieth study
    also by the interval itself, which only narrows (test_anytime), and both must say the same.
    """
    found = 0
    for number, worth in enumerate(studies):
        out = max(highest_e_value(worth, net), highest_e_value(-worth, -net)) >= CLAIM
        if number % CHECKED == 0:
            shown = net_preference(verdicts(worth))
            if shown.low is not None and out == covers(shown, net):
                raise AssertionError(f"e-value and interval differ on study {number} about {net}.")
        found += out
    return found


def covers(estimate: Estimate, truth: float) -> bool:
    """Whether the interval holds the truth; none, or an empty one, does not."""
    return estimate.low is not None and bool(estimate.low <= truth <= (estimate.high or 0.0))


def covering(estimates: Sequence[Estimate], truth: float) -> int:
    """How many intervals hold the truth."""
    return sum(covers(one, truth) for one in estimates)
