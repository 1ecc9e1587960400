"""Metric trust: whether an automatic metric orders answers as the raters of a study did."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.scoring.metrics import in_order, metric
from core.statistics.estimates import Estimate, percentile_interval, proportion, undefined

Floats = NDArray[np.float64]
RESAMPLES = 1000
FEWEST = 10
"""Pairs below which a correlation gets no interval."""
DIGITS = 12
"""Decimals of a score that count: two thirds less one third is as much as one third."""
MOST = 1000
"""Pairs that a bootstrap of a correlation takes at most: it compares each with each."""


@dataclass(frozen=True)
class MetricTrust:
    """A metric's difference (candidate minus baseline, turned so that more is better) against the
    raters' verdict (won 1, tied 0, lost -1), over pairs.

    `tau_b`: Kendall's. `chooses`: the share of pairs that were won or lost and which the metric
    tells apart in which it favours the answer that the rater preferred; `undecided`: those that it
    does not tell apart.
    """

    metric: str
    tau_b: Estimate
    chooses: Estimate
    undecided: int

    @property
    def speaks(self) -> bool:
        """Whether it may speak for these raters: the interval of its tau-b lies above 0."""
        return self.tau_b.low is not None and self.tau_b.low > 0


def metric_trust(
    worth: Mapping[str, int],
    differences: Mapping[str, Mapping[str, float]],
    rng: np.random.Generator,
) -> tuple[MetricTrust, ...]:
    """Each metric of which more or less is better against the raters. `worth`: pair id → 1, 0 or
    -1, of its first judgement; `differences`: metric → pair id → candidate minus baseline."""
    found = []
    for name in in_order(set(differences)):
        if (higher := metric(name).higher_is_better) is None:
            continue
        turned = 1 if higher else -1
        both = [
            (round(turned * difference, DIGITS), worth[pair_id])
            for pair_id, difference in sorted(differences[name].items())
            if pair_id in worth
        ]
        scores = np.array([d for d, _ in both], np.float64)
        wishes = np.array([w for _, w in both], np.float64)
        told = (scores != 0) & (wishes != 0)
        agreed = int((np.sign(scores[told]) == wishes[told]).sum())
        found.append(
            MetricTrust(
                name,
                kendall_tau_b(scores, wishes, rng),
                proportion(agreed, int(told.sum())),
                int(((scores == 0) & (wishes != 0)).sum()),
            )
        )
    return tuple(found)


def kendall_tau_b(
    first: Sequence[float] | Floats, second: Sequence[float] | Floats, rng: np.random.Generator
) -> Estimate:
    """Kendall's tau-b (1945, "The treatment of ties in ranking problems") with a bootstrap
    interval, -1 to 1.

    No interval below FEWEST pairs; of more than MOST a random part of them is taken.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    if len(a) > MOST:
        chosen = rng.choice(len(a), MOST, replace=False)
        a, b = a[chosen], b[chosen]
    n, method = len(a), "bootstrap"
    if n < 2:
        return undefined(n, method, "A correlation needs two pairs at least.")
    signs = [np.sign(x[:, None] - x[None, :]) for x in (a, b)]
    value = float(_tau_b(np.ones((1, n)), *signs)[0])
    if np.isnan(value):
        return undefined(n, method, "All values of one side are equal.")
    if n < FEWEST:
        reason = f"Fewer than {FEWEST} pairs have no interval."
        return Estimate(value, None, None, n, method, reason=reason)
    counts = rng.multinomial(n, np.full(n, 1 / n), size=RESAMPLES).astype(np.float64)
    resampled = _tau_b(counts, *signs)
    low, high = percentile_interval(np.nan_to_num(resampled), n, 0.95)
    return Estimate(value, max(min(low, value), -1.0), min(max(high, value), 1.0), n, method)


def _tau_b(counts: Floats, a: Floats, b: Floats) -> Floats:
    """Of each row of `counts` (how often each value was drawn), from both tables of signs; NaN
    where all drawn values of one side are equal."""
    concordant, told_a, told_b = (
        ((counts @ signs) * counts).sum(axis=1) for signs in (a * b, a * a, b * b)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = concordant / np.sqrt(told_a * told_b)
    return found
