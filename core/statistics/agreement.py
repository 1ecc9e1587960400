"""How far raters agree: Krippendorff's alpha, raw agreement and Gwet's AC1/AC2, shown together.

With one rare class alpha can be near 0 while raw agreement is 94 %, so one number alone misleads.
A table is raters x units: `table[rater][unit]`, None where that rater did not rate that unit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.statistics.estimates import Estimate, percentile_interval, proportion, undefined

Level = Literal["nominal", "ordinal", "interval", "ratio"]
Value = float | int | str
Table = Sequence[Sequence[Value | None]]
Floats = NDArray[np.float64]
RESAMPLES = 1000
FEWEST_UNITS = 15
"""Below, a bootstrap covers much less than it says: 71 % at five units, 31 % with a rare class."""
FEWEST_OTHERS = 10
"""So many units have another value than the commonest, or alpha gets no interval: with a class of
6 % it covered 75 % at 50 units."""

NOTHING_SHARED = "No unit was rated by two people."
ONE_VALUE = "Everybody gave the same value everywhere, so chance agreement cannot be told."


@dataclass(frozen=True)
class _Counts:
    """`matrix[unit, value]`: how many raters gave that unit that value; values in order."""

    matrix: Floats
    values: tuple[Value, ...]

    @property
    def shared(self) -> Floats:
        """The rows of units that at least two people rated."""
        rows: Floats = self.matrix[self.matrix.sum(axis=1) >= 2]
        return rows


def krippendorff_alpha(table: Table, level: Level, rng: np.random.Generator) -> Estimate:
    """Alpha, at most 1, 0 for chance (Krippendorff 2018, chapter 12); bootstrap over units.

    `n` counts the units with at least two ratings. Undefined (None, with the reason) where no unit
    has two ratings or only one value occurs; resamples in which it is undefined are left out.
    Raises InvalidInput when the level needs numbers and the values are none.
    """
    counts = _count(table, level)
    method, shared = f"Krippendorff's alpha, {level}", counts.shared
    if not len(shared):
        return undefined(0, method, NOTHING_SHARED)
    points = np.arange(len(counts.values)) if level == "nominal" else np.array(counts.values)

    def alpha(rows: Floats, times: Floats) -> float:
        return _alpha(rows, times, points.astype(np.float64), level)

    found = _estimate(alpha, shared, method, rng)
    commonest = int(shared.sum(axis=0).argmax())
    others = int((shared.sum(axis=1) > shared[:, commonest]).sum())
    if found.low is None or others >= FEWEST_OTHERS:
        return found
    reason = f"Fewer than {FEWEST_OTHERS} units have another value than the commonest."
    return replace(found, low=None, high=None, reason=reason)


def _alpha(rows: Floats, times: Floats, points: Floats, level: Level) -> float:
    totals = times @ rows
    n = totals.sum()
    distance = _distance(points, totals, level)
    within = ((rows @ distance) * rows).sum(axis=1) / (rows.sum(axis=1) - 1)
    expected = totals @ distance @ totals / (n - 1)
    return float("nan") if expected == 0 else float(1 - times @ within / expected)


def _distance(points: Floats, totals: Floats, level: Level) -> Floats:
    """Squared differences between every two values, as Krippendorff 2018, 12.3.4 defines them."""
    if level == "nominal":
        return 1.0 - np.eye(len(points))
    if level == "ordinal":
        points = np.cumsum(totals) - totals / 2
    apart = points[:, None] - points[None, :]
    if level == "ratio":
        sums = points[:, None] + points[None, :]
        apart = np.divide(apart, sums, out=np.zeros_like(apart), where=sums != 0)
    squared: Floats = apart**2
    return squared


def raw_agreement(table: Table, rng: np.random.Generator) -> Estimate:
    """The share in 0..1 of pairs of ratings of one unit that are equal, averaged over units.

    With exactly two ratings for each unit the interval is exact, else a bootstrap over units.
    """
    shared = _count(table, "nominal").shared
    if not len(shared):
        return undefined(0, "raw agreement", NOTHING_SHARED)
    if (shared.sum(axis=1) == 2).all():
        return proportion(int((shared.max(axis=1) == 2).sum()), len(shared))
    identity = np.eye(shared.shape[1])

    def observed(rows: Floats, times: Floats) -> float:
        return _observed(rows, times, identity)

    return _estimate(observed, shared, "raw agreement", rng)


def gwet_ac(
    table: Table,
    level: Literal["nominal", "ordinal"],
    rng: np.random.Generator,
    *,
    categories: Sequence[Value] | None = None,
) -> Estimate:
    """Gwet's AC1 (nominal) or AC2 with ordinal weights (Gwet 2014, chapters 4 and 5), at most 1.

    `categories` are all values that could have been given, in order (1 to 5, say), so that unused
    ones count; without them the values that occur. Undefined for one category alone.
    """
    counts = _count(table, level, categories)
    method = "Gwet's AC1" if level == "nominal" else "Gwet's AC2, ordinal weights"
    q = len(counts.values)
    if not len(counts.shared):
        return undefined(0, method, NOTHING_SHARED)
    if q < 2:
        return undefined(len(counts.shared), method, ONE_VALUE)
    weights = np.eye(q) if level == "nominal" else _ordinal_weights(q)

    def coefficient(rows: Floats, times: Floats) -> float:
        # Chance agreement also learns from units that one person rated, observed agreement cannot.
        raters = rows.sum(axis=1)
        shares = times @ (rows / raters[:, None]) / times.sum()
        chance = weights.sum() / (q * (q - 1)) * (shares * (1 - shares)).sum()
        seen = _observed(rows[raters >= 2], times[raters >= 2], weights)
        return float("nan") if chance == 1 else float((seen - chance) / (1 - chance))

    rated = counts.matrix[counts.matrix.sum(axis=1) >= 1]
    return _estimate(coefficient, rated, method, rng, n=len(counts.shared))


def _observed(rows: Floats, times: Floats, weights: Floats) -> float:
    if not times.sum():
        return float("nan")
    raters = rows.sum(axis=1)
    agreeing = (rows * (rows @ weights - 1)).sum(axis=1)
    return float(times @ (agreeing / (raters * (raters - 1))) / times.sum())


def _ordinal_weights(q: int) -> Floats:
    steps = np.abs(np.arange(q)[:, None] - np.arange(q)[None, :])
    weights: Floats = 1 - steps * (steps + 1) / (q * (q - 1))
    return weights


def _count(table: Table, level: Level, categories: Sequence[Value] | None = None) -> _Counts:
    if len({len(row) for row in table}) > 1:
        raise InvalidInput("Raters' rows differ in length. Give None where a rating is missing.")
    given = dict.fromkeys(value for row in table for value in row if value is not None)
    if level != "nominal" and any(isinstance(value, str) for value in given):
        raise InvalidInput(f"An {level} scale needs numbers. Use the nominal level for words.")
    values = tuple(categories) if categories is not None else tuple(sorted(given, key=_order))
    if stray := given.keys() - set(values):
        raise InvalidInput(f"{sorted(map(str, stray))} are not among the categories. Add them.")
    column = {value: index for index, value in enumerate(values)}
    matrix = np.zeros((len(table[0]) if table else 0, len(values)))
    for row in table:
        for unit, value in enumerate(row):
            if value is not None:
                matrix[unit, column[value]] += 1
    return _Counts(matrix, values)


def _order(value: Value) -> tuple[bool, float]:
    """Numbers by size. Words stay in the order in which they were given, so that other names for
    the same values change no bootstrap."""
    return (True, 0.0) if isinstance(value, str) else (False, float(value))


def _estimate(
    statistic: Callable[[Floats, Floats], float],
    rows: Floats,
    method: str,
    rng: np.random.Generator,
    n: int | None = None,
) -> Estimate:
    """The statistic of rows that occur so many times, with a bootstrap over units: those that are
    rated alike are drawn together."""
    units, shared = len(rows), len(rows) if n is None else n
    kinds, times = np.unique(rows, axis=0, return_counts=True)
    value = statistic(kinds, times.astype(np.float64))
    if np.isnan(value):
        return undefined(shared, method, ONE_VALUE)
    few = f"Fewer than {FEWEST_UNITS} units give no interval."
    if shared < FEWEST_UNITS:
        return Estimate(value, None, None, shared, method, reason=few)
    drawn = rng.multinomial(units, times / units, size=RESAMPLES).astype(np.float64)
    resampled = np.array([statistic(kinds, sample) for sample in drawn])
    resampled = resampled[~np.isnan(resampled)]
    if len(resampled) < RESAMPLES / 2:
        return Estimate(value, None, None, shared, method, reason=few)
    low, high = percentile_interval(resampled, units, 0.95)
    return Estimate(value, low, high, shared, method)
