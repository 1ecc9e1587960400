"""Costs: the hours that people and machines spent, what they cost, and when that is earned back."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.statistics.estimates import Estimate, mean_interval, proportion, student_reach
from core.study.sentences import written
from core.study.system import Speed
from core.wording import counted, figure

SEED = 7


@dataclass(frozen=True)
class Rates:
    """What an hour costs, in `currency`; 0 where it is not given. `better_answer`: what it is worth
    that one answer is better. Raises InvalidInput for a rate below 0."""

    person_hour: float = 0.0
    machine_hour: float = 0.0
    better_answer: float = 0.0
    currency: str = "EUR"

    def __post_init__(self) -> None:
        given = (self.person_hour, self.machine_hour, self.better_answer)
        if not all(math.isfinite(rate) and rate >= 0 for rate in given):
            raise InvalidInput("A rate is a number of 0 or more. Leave 0 where it is not known.")
        if not 1 <= len(self.currency.strip()) <= 8:
            raise InvalidInput("Name the currency with 1 to 8 characters, such as EUR.")


@dataclass(frozen=True)
class Effort:
    """Hours at one station. `times`: how often something was done there with its time known."""

    station: str
    by: str
    times: int
    hours: float

    def cost(self, rates: Rates) -> float:
        """In the rates' currency."""
        return self.hours * (rates.person_hour if self.by == "people" else rates.machine_hour)


@dataclass(frozen=True)
class Corrections:
    """What raters wrote as a better answer. `share`: of the judgements, those with a correction;
    `baseline` and `candidate`: how far the answers lie from it, 0 (equal) to 1 (Levenshtein's
    distance over the length of the longer text)."""

    share: Estimate
    baseline: Estimate
    candidate: Estimate


@dataclass(frozen=True)
class Costs:
    """What it took to come to a study's verdict. `speeds`: of baseline and candidate, None for
    answers that were not made here; `one_job`: both were timed in one job, and so on one machine,
    beside the same other work."""

    efforts: tuple[Effort, ...]
    corrections: Corrections
    speeds: tuple[Speed | None, Speed | None]
    one_job: bool = True

    def total(self, rates: Rates) -> float:
        """The cost of all of it, in the rates' currency."""
        return sum(effort.cost(rates) for effort in self.efforts)

    def hours(self, by: str) -> float:
        """The hours of people, or of machines."""
        return sum(effort.hours for effort in self.efforts if effort.by == by)


def corrections(rows: Iterable[Mapping[str, Any]], judgements: int) -> Corrections:
    """From rows correction, baseline, candidate (texts), of so many judgements."""
    from rapidfuzz.distance import Levenshtein

    given = list(rows)
    far = {
        side: [Levenshtein.normalized_distance(row["correction"], row[side]) for row in given]
        for side in ("baseline", "candidate")
    }
    means = [
        mean_interval(values, np.random.default_rng(SEED), bounds=(0.0, 1.0))
        for values in far.values()
    ]
    return Corrections(proportion(len(given), max(judgements, len(given))), *means)


def extra_seconds(baseline: Speed | None, candidate: Speed | None) -> Estimate | None:
    """How many seconds an answer of the candidate takes more, with Welch's interval (1947) over the
    batches of each; None where either has none. n counts the batches of both."""
    timed = [
        (speed.seconds_per_answer, speed.error**2, speed.batches)
        for speed in (baseline, candidate)
        if speed and speed.error is not None and speed.batches
    ]
    if len(timed) < 2:
        return None
    (before, first, n), (seconds, second, m) = timed
    value, variance, half = seconds - before, first + second, 0.0
    if variance:
        degrees = variance**2 / (first**2 / (n - 1) + second**2 / (m - 1))
        half = student_reach(degrees) * math.sqrt(variance)
    return Estimate(value, value - half, value + half, n + m, "Welch's t")


def answers_to_earn_back(
    net: Estimate, total: float, rates: Rates
) -> tuple[int, int | None] | None:
    """After how many answers the cost is earned back, by the net preference and by its lower bound
    (None: perhaps never); None where the candidate is not ahead or no rate is given.

    One answer earns the net share of better answers times what a better answer is worth.
    """
    if not total or not rates.better_answer or net.value is None or net.value <= 0:
        return None
    slowest = None
    if net.low is not None and net.low > 0:
        slowest = math.ceil(total / (net.low * rates.better_answer))
    return math.ceil(total / (net.value * rates.better_answer)), slowest


def corrections_words(found: Corrections) -> str:
    """How many answers raters wrote better, and how far the two answers are from theirs; "" where
    nobody wrote one."""
    if not found.baseline.n:
        return ""
    share = written(found.share, 0, percent=True)
    return (
        f"Raters wrote a better answer in {share} of the judgements. Share of characters to change "
        f"until there: baseline {written(found.baseline)}, candidate {written(found.candidate)}."
    )


def money_words(costs: Costs, rates: Rates, net: Estimate | None) -> str:
    """What all of it cost, and when that is earned back; "" where no hour has a price.

    `net`: the net preference, None while the verdict is withheld, as its lower end would tell it.
    """
    if not (rates.person_hour or rates.machine_hour):
        return ""
    total = costs.total(rates)
    said = f"In all {figure(total, 2)} {rates.currency}."
    if net is None:
        return f"{said} When it is earned back is not told while the verdict is withheld."
    if not (rates.better_answer and total):
        return said
    earned = answers_to_earn_back(net, total, rates)
    if earned is None:
        return f"{said} The candidate is not ahead: nothing is earned back."
    soon, late = earned
    end = "perhaps never" if late is None else counted(late, "answer")
    return (
        f"{said} Earned back after {counted(soon, 'answer')} at the net preference that was seen; "
        f"at the lower end of its interval: {end}."
    )


def efforts(rows: Sequence[Mapping[str, Any]]) -> tuple[Effort, ...]:
    """From rows station, made_by, times, seconds; those at which nothing was timed are left out."""
    return tuple(
        Effort(row["station"], row["made_by"], int(row["times"]), row["seconds"] / 3600)
        for row in rows
        if row["times"]
    )
