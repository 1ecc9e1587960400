"""Numbers that travel with n and an interval, and the one rule for calling something better.

`Estimate` is what every page shows; the functions make one from counts or values. Intervals are
exact (they cover at least `level`), approximate (about `level`) or always valid (at least `level`,
however often somebody looks: `core.statistics.anytime`), and say which.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput

RESAMPLES = 2000
# Below six differences even six out of six in one direction is chance (two-sided p = 0.0625 at 5).
FEWEST_FOR_A_CLAIM = 6
# From here on a mean's own spread gives what the bootstrap gives, at once (see test_estimates).
PLENTY = 1000
_CELLS_AT_ONCE = 4_000_000
# How far the two values that `student_mean` adds lie from the middle. At 1 it covered 88 to 93 % of
# means of 5 to 20 ratings that are spread, or of which 90 % are fives.
PAD = 2.0
FEW = 30
"""From so many values on that differ from the commonest one a bootstrap covers by itself."""
Bounds = tuple[float, float]

Better = Literal["better", "worse", "not shown"]
Kind = Literal["exact", "approximate", "always valid"]


@dataclass(frozen=True)
class Estimate:
    """A value with its interval, from `n` independent units (clusters where there are any).

    `value` is None when it is undefined, `low` and `high` when no interval can be given; `reason`
    then says why. Raises InvalidInput when the parts contradict each other.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    method: str
    level: float = 0.95
    kind: Kind = "approximate"
    reason: str = ""

    def __post_init__(self) -> None:
        if self.n < 0 or not 0 < self.level < 1:
            raise InvalidInput(f"n = {self.n}, level = {self.level}: give n >= 0, 0 < level < 1.")
        if (self.low is None) != (self.high is None) or (
            self.value is None and self.low is not None
        ):
            raise InvalidInput("An estimate has both bounds or none, and none without a value.")
        if self.low is None and not self.reason:
            raise InvalidInput("An estimate without a value or an interval must say why.")
        numbers = [x for x in (self.value, self.low, self.high) if x is not None]
        if not all(math.isfinite(x) for x in numbers):
            raise InvalidInput("An estimate is made of finite numbers. Leave out what is not.")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise InvalidInput(f"The interval {self.low} to {self.high} is upside down.")


def undefined(n: int, method: str, reason: str, level: float = 0.95) -> Estimate:
    """An estimate that has no value, with the reason."""
    return Estimate(None, None, None, n, method, level, reason=reason)


def negated(estimate: Estimate) -> Estimate:
    """The same estimate of the opposite quantity, such as baseline minus candidate."""
    if estimate.value is None:
        return estimate
    low = None if estimate.high is None else -estimate.high
    high = None if estimate.low is None else -estimate.low
    return replace(estimate, value=-estimate.value, low=low, high=high)


def proportion(successes: int, n: int, *, level: float = 0.95) -> Estimate:
    """A share in 0..1 with the exact interval (Clopper and Pearson 1934).

    Raises InvalidInput unless 0 <= successes <= n. n = 0 gives a value of None.
    """
    if not 0 <= successes <= n:
        raise InvalidInput(f"{successes} of {n} is no share. Give 0 <= successes <= n.")
    if n == 0:
        return undefined(0, "clopper-pearson", "There are no observations yet.", level)
    low, high = _clopper_pearson(successes, n, level)
    return Estimate(successes / n, low, high, n, "clopper-pearson", level, kind="exact")


def _clopper_pearson(successes: float, n: float, level: float) -> tuple[float, float]:
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = betaincinv(successes, n - successes + 1, tail) if successes else 0.0
    high = betaincinv(successes + 1, n - successes, 1 - tail) if successes < n else 1.0
    return float(low), float(high)


def clustered_proportion(
    hits: Sequence[bool], clusters: Sequence[Hashable], *, level: float = 0.95
) -> Estimate:
    """A share of values of which those of one cluster belong together.

    Clopper and Pearson's interval at the effective size of the sample (Korn and Graubard 1998);
    where all values are equal, at the number of clusters, which n counts. Raises InvalidInput on
    unequal lengths.
    """
    if len(hits) != len(clusters):
        raise InvalidInput("Values and clusters differ in number. Give one cluster per value.")
    sums, counts = _by_cluster(hits, clusters)
    n, rows = len(sums), len(hits)
    if n == rows:
        return proportion(sum(hits), rows, level=level)
    if n == 1:
        reason = "One independent unit has no interval."
        return Estimate(sum(hits) / rows, None, None, 1, "korn-graubard", level, reason=reason)
    share = float(sums.sum() / rows)
    variance = n / (n - 1) * float(np.square(sums - share * counts).sum()) / rows**2
    size = float(n)
    if variance:
        tails = student_reach(rows - 1, level) / student_reach(n - 1, level)
        size = min(rows, share * (1 - share) / variance * tails**2)
    low, high = _clopper_pearson(share * size, size, level)
    return Estimate(share, min(low, share), max(high, share), n, "korn-graubard", level)


def mean_interval(
    values: Sequence[float],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    bounds: Bounds | None = None,
) -> Estimate:
    """The mean of independent values with a bootstrap interval. For 0/1 use `proportion`."""
    return clustered_mean(values, range(len(values)), rng, level=level, bounds=bounds)


def clustered_mean(
    values: Sequence[float],
    clusters: Sequence[Hashable],
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    bounds: Bounds | None = None,
) -> Estimate:
    """The mean of values of which those of one cluster (an example, say) belong together.

    Whole clusters are resampled; `n` counts clusters. The percentile interval is widened for few
    clusters (the expanded percentile interval of Hesterberg 2015, "What Teachers Should Know About
    the Bootstrap"). From 1,000 clusters on it is Student's interval with the linearised variance of
    a ratio (Cochran 1977, "Sampling Techniques", 6.4). With `bounds`, the least and the most that a
    value can be, it is widened where nearly all values are equal, such as scores at their ceiling.
    One cluster gives a value without an interval. Raises InvalidInput on unequal lengths.
    """
    if len(values) != len(clusters):
        raise InvalidInput("Values and clusters differ in number. Give one cluster per value.")
    sums, counts = _by_cluster(values, clusters)
    n = len(sums)
    method = "bootstrap" if n < PLENTY else "Student's t"
    method = method if n == len(values) else f"clustered {method}"
    if n == 0:
        return undefined(0, method, "There are no observations yet.", level)
    value = float(np.asarray(values, np.float64).mean())
    if n == 1:
        reason = "One independent unit has no interval."
        return Estimate(value, None, None, 1, method, level, reason=reason)
    if n < PLENTY:
        low, high = percentile_interval(_resampled_means(sums, counts, rng), n, level)
    else:
        low, high = _student_interval(value, sums, counts, level)
    if bounds:
        rare = _few_differ(sums / counts, bounds, level)
        low, high = min(low, *rare, value), max(high, *rare, value)
    return Estimate(value, low, high, n, method, level)


def _few_differ(means: NDArray[np.float64], bounds: Bounds, level: float) -> tuple[float, ...]:
    """The ends of the mean's interval where fewer than FEW clusters differ from the commonest
    value: their share might be another one (Clopper and Pearson), and they might differ by more:
    by the mean of those seen and of one more at either end of `bounds`. () where more differ,
    which a bootstrap knows enough of. Covers 95 % at least from n = 5 on (`make validate`)."""
    n = len(means)
    values, times = np.unique(np.round(means, 9), return_counts=True)
    common, others = float(values[times.argmax()]), n - int(times.max())
    if others >= FEW or 2 * others >= n:
        return ()
    low, high = _clopper_pearson(others, n, level)
    seen = float(means.sum()) - n * common
    ends = tuple(common + high * (seen + end - common) / (others + 1) for end in bounds)
    return (*ends, common + low * seen / others) if others else ends


def _by_cluster(
    values: Sequence[float], clusters: Sequence[Hashable]
) -> tuple[NDArray[np.float64], NDArray[np.intp]]:
    """The sum of each cluster's values, and how many they are."""
    which = {cluster: index for index, cluster in enumerate(dict.fromkeys(clusters))}
    member = np.fromiter((which[cluster] for cluster in clusters), dtype=np.intp)
    sums = np.bincount(member, np.asarray(values, np.float64)).astype(np.float64)
    return sums, np.bincount(member)


def student_mean(
    values: Sequence[float],
    *,
    around: float | None = None,
    most: float = math.inf,
    level: float = 0.95,
) -> tuple[Estimate, float]:
    """The mean of ratings or of their differences with Student's interval, and its two-sided p.

    Two values more, 2 below and 2 above `around` (None: the mean), keep the interval wide where
    nearly all values are equal: it covers 94 % at least from n = 5 on (`make validate`), also of
    ratings with 97 % fives, where a bootstrap covers 26 % (n = 10) and 80 % (n = 50). `most` bounds
    its ends.
    p is that of a mean of `around`, 1 where that is None. For values on a scale of about 1 to 5.
    """
    from scipy.special import stdtr

    n = len(values)
    if n == 0:
        return undefined(0, "Student's t", "There are no observations yet.", level), 1.0
    mean = math.fsum(values) / n
    middle = mean if around is None else around
    padded = np.asarray([*values, middle - PAD, middle + PAD], np.float64)
    centre, error = float(padded.mean()), float(padded.std(ddof=1)) / math.sqrt(n + 2)
    half = student_reach(n + 1, level) * error
    low, high = max(centre - half, -most), min(centre + half, most)
    p = 1.0 if around is None else 2 * float(stdtr(n + 1, -abs(centre - around) / error))
    return Estimate(mean, min(low, mean), max(high, mean), n, "Student's t", level), p


def paired_difference(
    baseline: Sequence[float],
    candidate: Sequence[float],
    clusters: Sequence[Hashable] | None,
    rng: np.random.Generator,
    *,
    level: float = 0.95,
    bounds: Bounds | None = None,
) -> Estimate:
    """The mean of candidate minus baseline, pair by pair: positive when the candidate is higher.

    `clusters` names the example of each pair; None when every pair is its own. `bounds` are those
    of the values. Raises InvalidInput on unequal lengths.
    """
    if len(baseline) != len(candidate):
        raise InvalidInput("Pairs need both values. Give as many candidates as baselines.")
    differences = [high - low for low, high in zip(baseline, candidate, strict=True)]
    groups = range(len(differences)) if clusters is None else clusters
    span = bounds and bounds[1] - bounds[0]
    return clustered_mean(
        differences, groups, rng, level=level, bounds=(-span, span) if span else None
    )


def weighted_mean(
    values: Sequence[float], weights: Sequence[float], *, level: float = 0.95
) -> Estimate:
    """A mean in which each value weighs the inverse of the probability that it was drawn with.

    Hájek's estimator (1971); Student's interval with the linearised variance of a ratio (Cochran
    1977, 6.4). One value gives no interval. Raises InvalidInput on unequal lengths.
    """
    if len(values) != len(weights):
        raise InvalidInput("Values and weights differ in number. Give one weight per value.")
    n, method = len(values), "weighted mean"
    if n == 0:
        return undefined(0, method, "There are no observations yet.", level)
    heavy = np.asarray(weights, np.float64)
    sums = np.asarray(values, np.float64) * heavy
    value = float(sums.sum() / heavy.sum())
    if n == 1:
        reason = "One independent unit has no interval."
        return Estimate(value, None, None, 1, method, level, reason=reason)
    low, high = _student_interval(value, sums, heavy, level)
    return Estimate(value, low, high, n, method, level)


def student_reach(degrees: float, level: float = 0.95) -> float:
    """How many standard errors Student's interval reaches to either side of the mean."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, (1 + level) / 2))


def _student_interval(
    value: float, sums: NDArray[np.float64], counts: NDArray[Any], level: float
) -> tuple[float, float]:
    """Of a mean of units with these sums and these counts, or weights."""
    n = len(sums)
    spread = math.sqrt(n / (n - 1) * float(np.square(sums - value * counts).sum()))
    half = student_reach(n - 1, level) * spread / float(counts.sum())
    return value - half, value + half


def _resampled_means(
    sums: NDArray[np.float64], counts: NDArray[np.intp], rng: np.random.Generator
) -> NDArray[np.float64]:
    n = len(sums)
    at_once = max(1, _CELLS_AT_ONCE // n)
    means = []
    for start in range(0, RESAMPLES, at_once):
        drawn = rng.integers(n, size=(min(at_once, RESAMPLES - start), n))
        means.append(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))
    return np.concatenate(means)


def percentile_interval(
    resampled: NDArray[np.float64], n: int, level: float
) -> tuple[float, float]:
    """Percentiles of a bootstrap of `n` >= 2 units, further out for few units (Hesterberg 2015)."""
    from scipy.special import ndtr

    reach = math.sqrt(n / (n - 1)) * student_reach(n - 1, level)
    tail = float(ndtr(-reach))
    low, high = np.quantile(resampled, [tail, 1 - tail])
    return float(low), float(high)


def says_better(estimate: Estimate, *, against: float = 0.0) -> Better:
    """Whether an estimate may be called better or worse than `against`: 0 for a difference.

    The whole interval must lie on one side, and an approximate one must rest on at least six
    independent units. This is the only place that decides it.
    """
    if estimate.low is None or estimate.high is None:
        return "not shown"
    if estimate.kind == "approximate" and estimate.n < FEWEST_FOR_A_CLAIM:
        return "not shown"
    if estimate.low > against:
        return "better"
    return "worse" if estimate.high < against else "not shown"
