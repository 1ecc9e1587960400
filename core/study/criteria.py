"""The criteria of a rubric: what candidate and baseline were rated, and how they differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from core.statistics.anytime import always_valid_mean
from core.statistics.estimates import Better, Estimate, says_better, student_mean
from core.statistics.p_values import holm
from core.study.pairs import Rating

LARGEST_DIFFERENCE = 4.0
"""Between ratings of 1 and 5."""
LEVEL = 0.95


@dataclass(frozen=True)
class CriterionResult:
    """One criterion of the rubric: mean rating 1–5 of both, and candidate minus baseline.

    Where all criteria together claim something falsely in 5 % at most: the difference of a study
    that is still rated holds whenever somebody looks; that of one whose pairs are all judged has
    `p`, corrected for the number of criteria and of comparisons.
    """

    criterion: str
    baseline: Estimate
    candidate: Estimate
    difference: Estimate
    says: Better
    p: float | None = None


def criteria_results(
    names: Sequence[str],
    baseline_id: str,
    candidate_id: str,
    ratings: Sequence[Rating],
    *,
    complete: bool,
    level: float = LEVEL,
) -> tuple[CriterionResult, ...]:
    """One result per criterion, from the ratings of one judgement per pair in the order of time.

    `complete`: every pair of the plan was judged, so that nobody stopped when it looked good.
    `level`: that of the verdict, above 0.95 where several comparisons share one chance of a false
    claim (`core.study.register`).
    """
    found = [_rated(name, baseline_id, candidate_id, ratings) for name in names]
    if not complete:
        each = 1 - (1 - level) / max(1, len(found))
        return tuple(_at_any_time(one, each) for one in found)
    claims = (1 - LEVEL) / (1 - level)
    tested = [student_mean(one.differences, around=0.0, most=LARGEST_DIFFERENCE) for one in found]
    corrected = iter(holm([p for difference, p in tested if difference.n]))
    return tuple(
        _result(one, difference, _says(difference, p), p)
        for one, (difference, _) in zip(found, tested, strict=True)
        for p in [min(1.0, claims * next(corrected)) if difference.n else None]
    )


@dataclass(frozen=True)
class _Rated:
    name: str
    baseline: Sequence[int]
    candidate: Sequence[int]

    @property
    def differences(self) -> list[int]:
        return [high - low for low, high in zip(self.baseline, self.candidate, strict=True)]


def _rated(name: str, baseline_id: str, candidate_id: str, ratings: Sequence[Rating]) -> _Rated:
    by_view: dict[str, dict[str, int]] = {}
    for rating in ratings:
        if rating.criterion == name:
            by_view.setdefault(rating.judgement_id, {})[rating.system_id] = rating.value
    both = [v for v in by_view.values() if {baseline_id, candidate_id} <= v.keys()]
    return _Rated(name, [v[baseline_id] for v in both], [v[candidate_id] for v in both])


def _at_any_time(one: _Rated, level: float) -> CriterionResult:
    difference = always_valid_mean(
        one.differences, span=LARGEST_DIFFERENCE, level=level, any_stake=True
    )
    return _result(one, difference, says_better(difference), None)


def _says(difference: Estimate, p: float | None) -> Better:
    """What the corrected p allows; never more than the interval itself."""
    return says_better(difference) if p is not None and p <= 1 - LEVEL else "not shown"


def _result(one: _Rated, difference: Estimate, says: Better, p: float | None) -> CriterionResult:
    baseline, candidate = _on_the_scale(one.baseline), _on_the_scale(one.candidate)
    return CriterionResult(one.name, baseline, candidate, difference, says, p)


def _on_the_scale(values: Sequence[int]) -> Estimate:
    mean, _p = student_mean(values)
    if mean.low is None or mean.high is None:
        return mean
    return replace(mean, low=max(mean.low, 1.0), high=min(mean.high, 5.0))
