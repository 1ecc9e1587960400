"""Means of bounded values with intervals that hold however often somebody looks.

A bet on each value multiplies a capital that starts at 1 and, while the mean is at most `m`, grows
beyond 40 with a probability of at most 1/40 for ever (Ville 1939). The bets are a mixture over
stakes; the interval holds every `m` against which neither side's capital has reached 40 so far
(Waudby-Smith and Ramdas 2024, "Estimating means of bounded random variables by betting").

For -1 (lost), 0 (tied) and 1 (won) and m = 0 this is the likelihood ratio of Bernoulli trials with
a Beta(10, 10) prior, truncated to shares above one half, on the share of decided pairs that are
won; ties count for nothing there. So "better" is claimed exactly when the interval lies above 0.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.statistics.estimates import Estimate, undefined

Floats = NDArray[np.float64]

METHOD = "betting"
_STAKES: Floats = (np.arange(512) + 0.5) / 512
_LOG_PRIOR: Floats = 9 * (np.log1p(_STAKES) + np.log1p(-_STAKES))
_LOG_PRIOR -= np.log(np.exp(_LOG_PRIOR).sum())
_LOG_FLAT: Floats = np.full(len(_STAKES), -np.log(len(_STAKES)))
_HALVINGS = 25
_ROWS_AT_ONCE = 4096


def always_valid_mean(
    values: Sequence[float], *, span: float = 1.0, level: float = 0.95, any_stake: bool = False
) -> Estimate:
    """The mean of independent values in -span..span, in the order in which they were seen.

    `any_stake`: large stakes weigh as much as small ones, which finds more where values spread
    little, as differences of ratings do. The interval covers the true mean at every n together with
    a probability of at least `level`. Raises InvalidInput for a value beyond the span.
    """
    seen = np.asarray(values, np.float64) / span
    if len(seen) and np.abs(seen).max() > 1:
        raise InvalidInput(f"A value lies beyond ±{span:g}. Give the span of the values.")
    if not len(seen):
        return undefined(0, METHOD, "There are no observations yet.", level)
    low, high = _lowest(seen, level, any_stake), -_lowest(-seen, level, any_stake)
    value = float(seen.mean())
    if low > high or not low <= value <= high:  # what was seen contradicts itself
        return Estimate(
            value * span, None, None, len(seen), METHOD, level,
            reason="What was said changed over time: no single mean explains it.",
        )  # fmt: skip
    return Estimate(
        span * value, span * low, span * high, len(seen), METHOD, level, kind="always valid"
    )


def e_value(values: Sequence[float], against: float = 0.0) -> float:
    """The capital now against "the mean is at most `against`", values in -1..1; at most 1e300.

    Its mean is 1 at most where that is so, so that e-values of several studies may be multiplied.
    """
    if not len(values):
        return 1.0
    distinct, counts = _counted(np.asarray(values, np.float64))
    return math.exp(min(_highest_log_e(distinct, counts[-1:], against, _LOG_PRIOR), 690.0))


def highest_e_value(values: Sequence[float] | Floats, against: float = 0.0) -> float:
    """The largest capital so far against "the mean is at most `against`", values in -1..1.

    At 40 or more the opposite may be claimed at 2.5 %. Capped at 1e300.
    """
    if not len(values):
        return 1.0
    log_e = _highest_log_e(*_counted(np.asarray(values, np.float64)), against, _LOG_PRIOR)
    return math.exp(min(max(log_e, 0.0), 690.0))


def wins_to_claim(most: int, claim: float = 40.0) -> NDArray[np.intp]:
    """The fewest wins among 0, 1, … `most` decided values at which the capital against "the mean
    is at most 0" is `claim` or more; one more than there are values where none are enough.

    Shape (most + 1,), never falling: a loss lowers the capital of every stake.
    """
    win, loss, enough = np.log1p(_STAKES), np.log1p(-_STAKES), math.log(claim)
    fewest = np.empty(most + 1, np.intp)
    fewest[0], wins, logs = 1, 1, _LOG_PRIOR + win  # of `wins` wins and no loss so far
    for decided in range(1, most + 1):
        if decided >= wins and _log_sum(logs) < enough:  # one more win in the place of a loss
            wins += 1
            logs = logs + (win if decided < wins else win - loss)
        fewest[decided] = wins
        if decided >= wins:
            logs = logs + loss
    return fewest


def half_width(pairs: float, ties: float, level: float = 0.95) -> float:
    """Half the width of the interval of a mean of 0, from `pairs` values of which the share `ties`
    is 0 and the others are evenly -1 and 1; in 0..1.

    Of the last look alone. Earlier ones only narrow the interval, so that it comes out no wider
    than this in more than nine of ten studies (`make validate`).
    """
    if pairs <= 0:
        return 1.0
    decided = pairs * (1 - ties) / 2
    counts = np.array([[decided, pairs * ties, decided]])
    return -_lowest_of((np.array([-1.0, 0.0, 1.0]), counts), level, _LOG_PRIOR)


def _log_sum(logs: Floats) -> float:
    top = float(logs.max())
    return top + math.log(float(np.exp(logs - top).sum()))


def _lowest(seen: Floats, level: float, any_stake: bool) -> float:
    """The lower bound: the largest mean that was ruled out so far, in -1..1."""
    return _lowest_of(_counted(seen), level, _LOG_FLAT if any_stake else _LOG_PRIOR)


def _lowest_of(counted: tuple[Floats, Floats], level: float, prior: Floats) -> float:
    """The same of counted values: see `_counted`."""
    claim = math.log(2 / (1 - level))
    ruled_out, kept = -1.0, 1.0
    for _ in range(_HALVINGS):  # the capital falls as m rises, for every single stake
        middle = (ruled_out + kept) / 2
        if _reaches(claim, *counted, middle, prior):
            ruled_out = middle
        else:
            kept = middle
    return ruled_out


def _counted(seen: Floats) -> tuple[Floats, Floats]:
    """The distinct values, and how often each had been seen after every observation."""
    distinct, which = np.unique(seen, return_inverse=True)
    counts = np.zeros((len(seen), len(distinct)))
    counts[np.arange(len(seen)), which] = 1
    return distinct, counts.cumsum(axis=0)


def _reaches(claim: float, distinct: Floats, counts: Floats, m: float, prior: Floats) -> bool:
    """Whether `_highest_log_e` is `claim` at least; only where a single stake alone comes so far is
    the mixture looked at, which never outgrows the best of its stakes."""
    gains = _gains(distinct, m)
    for start in range(0, len(counts), _ROWS_AT_ONCE):
        capital = counts[start : start + _ROWS_AT_ONCE] @ gains
        near = capital.max(axis=1) >= claim
        if near.any() and _log_mixtures(capital[near], prior).max() >= claim:
            return True
    return False


def _highest_log_e(distinct: Floats, counts: Floats, m: float, prior: Floats) -> float:
    """The log of the largest capital against a mean of at most `m`, which lies in -1 < m < 1."""
    gains = _gains(distinct, m)
    highest = -math.inf
    for start in range(0, len(counts), _ROWS_AT_ONCE):
        capital = counts[start : start + _ROWS_AT_ONCE] @ gains
        highest = max(highest, float(_log_mixtures(capital, prior).max()))
    return highest


def _gains(distinct: Floats, m: float) -> Floats:
    """The log of what each stake makes of each value, values × stakes."""
    # As a share of the largest stake that cannot ruin: 1 / (1 + m).
    gains: Floats = np.log1p(np.outer((distinct - m) / (1 + m), _STAKES))
    return gains


def _log_mixtures(capital: Floats, prior: Floats) -> Floats:
    """The logs of the mixtures over stakes, from the logs of their capitals, rows × stakes."""
    weighed = capital + prior
    top = weighed.max(axis=1, keepdims=True)
    logs: Floats = top[:, 0] + np.log(np.exp(weighed - top).sum(axis=1))
    return logs
