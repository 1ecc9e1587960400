"""Criteria of the rubric: coverage of their means and differences, and false claims."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from core.study.criteria import CriterionResult, criteria_results
from core.study.findings import findings
from core.study.pairs import Rating
from tests.benchmarks.validation.studies import (
    BASE,
    TUNED,
    covering,
    covers,
    judgement,
    ratings,
)
from tests.benchmarks.validation.table import ABOUT, RARELY, REPORTED, Row, Size, chance, share

Marks = NDArray[np.int64]
FOUR = ("relevance", "coherence", "fluency", "bias")
CEILING = ((3, 4, 5), (0.01, 0.02, 0.97))
FIVES = ((2, 3, 4, 5), (0.02, 0.03, 0.05, 0.9))
ONES = ((1, 5), (0.03, 0.97))
QUARTER = ((1, 5), (0.25, 0.75))
SPREAD = ((1, 2, 3, 4, 5), (0.05, 0.1, 0.2, 0.3, 0.35))


def ceiling(size: Size) -> Row:
    """Means of nearly all fives, and their differences."""
    n, cells = size.studies(3000), []
    for pairs in (5, 10, 50, 300):
        rng = chance("ceiling", pairs)
        found = [_one(_draw(rng, CEILING, pairs), _draw(rng, CEILING, pairs)) for _ in range(n)]
        means = covering([one.baseline for one in found], _mean_of(CEILING))
        differences = covering([one.difference for one in found], 0.0)
        cells += [share(f"n {pairs}", means, n), share(f"n {pairs}", differences, n)]
    return Row(
        "means of a criterion at its ceiling, and their differences, are covered",
        f"97 % fives in both systems, {n} studies each: mean / difference",
        tuple(cells),
        (ABOUT,),
    )


def other_shapes(size: Size) -> Row:
    """Means of ratings that spread and of nine fives in ten, and a difference that is there."""
    n, cells, gap = size.studies(3000), [], _mean_of(CEILING) - _mean_of(SPREAD)
    for pairs in (5, 10, 20, 50, 300):
        rng = chance("other shapes", pairs)
        found = [_one(_draw(rng, SPREAD, pairs), _draw(rng, CEILING, pairs)) for _ in range(n)]
        fives = [_one(_draw(rng, FIVES, pairs), _draw(rng, FIVES, pairs)) for _ in range(n)]
        cells += [
            share(f"n {pairs}", covering([one.baseline for one in found], _mean_of(SPREAD)), n),
            share(f"n {pairs}", covering([one.baseline for one in fives], _mean_of(FIVES)), n),
            share(f"n {pairs}", covering([one.difference for one in found], gap), n),
        ]
    return Row(
        "… of other shapes, and with a difference",
        f"mean of spread ratings (3.8) / of 90 % fives / difference of {gap:.2f} from spread ones "
        f"to 97 % fives, {n} studies each",
        tuple(cells),
        (ABOUT,),
    )


def rare_and_grave(size: Size) -> Row:
    """Fives, and a few ones: means, and claims where the means are equal but the shapes are not."""
    n, cells = size.studies(2000), []
    for pairs in (20, 50, 300):
        rng = chance("rare and grave", pairs)
        rare = [_one(_draw(rng, ONES, pairs), _draw(rng, ONES, pairs)) for _ in range(n)]
        fours = np.full(pairs, 4)
        unlike = [_one(fours, _draw(rng, QUARTER, pairs)) for _ in range(n)]
        cells += [
            share(f"n {pairs}", covering([one.baseline for one in rare], _mean_of(ONES)), n),
            share(f"n {pairs}", sum(one.says != "not shown" for one in unlike), n),
        ]
    return Row(
        "… where rare ratings carry the mean",
        f"97 % fives and 3 % ones, covered / one criterion, all fours against 75 % fives and 25 % "
        f"ones, equal means, false claims at the end; {n} studies each",
        tuple(cells),
        (REPORTED,),
    )


def while_it_runs(size: Size) -> Row:
    """Four criteria of like systems, looked at after every pair: the interval only narrows, so
    what it says at the end it has said, and an empty one had said something before."""
    n, pairs, rng = size.studies(600), 100, chance("while it runs")
    claims = 0
    for _ in range(n):
        results = _results({name: _draw(rng, SPREAD, (2, pairs)) for name in FOUR}, complete=False)
        claims += any(not covers(one.difference, 0.0) for one in results)
    return Row(
        "any of four criteria is seldom called better or worse while a study runs",
        f"like systems, independent criteria, {pairs} looks, {n} studies",
        (share("", claims, n),),
        (RARELY,),
    )


def at_the_end(size: Size) -> Row:
    """Four criteria of like systems, tested once."""
    n, cells = size.studies(3000), []
    for pairs, of, name in ((6, SPREAD, "spread"), (20, SPREAD, "spread"), (60, SPREAD, "spread"),
                            (200, SPREAD, "spread"), (60, CEILING, "ceiling")):  # fmt: skip
        rng, claims = chance("at the end", pairs, name), 0
        for _ in range(n):
            results = _results({one: _draw(rng, of, (2, pairs)) for one in FOUR}, complete=True)
            claims += any(one.says != "not shown" for one in results)
        cells.append(share(f"n {pairs}, {name}", claims, n))
    return Row(
        "… and once at the end",
        f"like systems, independent criteria, {n} studies each",
        tuple(cells),
        (RARELY,),
    )


def second_rater(size: Size) -> Row:
    """Two raters of every pair, whose ratings share half of their variance."""
    n, pairs, rng = size.studies(500), 40, chance("criteria, second rater")
    covered, claims, doubled = 0, 0, 0
    for _ in range(n):
        marks = _twice(rng, pairs)
        said = [judgement(k % pairs, 0, k, "ab"[k // pairs]) for k in range(2 * pairs)]
        given = _ratings("fluency", marks, pairs)
        found = findings(BASE, [TUNED], ["fluency"], said, given, planned=pairs)
        [one] = found.comparisons[0].criteria
        assert one.difference.n == pairs
        covered += covers(one.difference, 0.0)
        claims += one.says != "not shown"
        doubled += _one(marks[0], marks[1]).says != "not shown"
    return Row(
        "a second rater of the same pairs makes no criterion surer than it is",
        f"like systems, ICC .5 between two raters, {pairs} pairs, {n} studies; the last number "
        "counts both raters as if they had judged different pairs",
        (
            share("covered", covered, n),
            share("false claims", claims, n),
            share("both counted", doubled, n),
        ),
        (ABOUT, RARELY, REPORTED),
    )


def _twice(rng: np.random.Generator, pairs: int) -> Marks:
    """System × judgement, the second rater's after the first's: half of the variance is shared."""
    shared = np.tile(rng.normal(0, 0.9, (2, pairs)), 2)
    own = rng.normal(0, 0.9, (2, 2 * pairs))
    return np.clip(np.rint(3 + shared + own), 1, 5).astype(np.int64)


def _ratings(criterion: str, marks: Marks, pairs: int) -> list[Rating]:
    return [
        one
        for k, (low, high) in enumerate(marks.T.tolist())
        for one in ratings(criterion, k, k % pairs, "ab"[k // pairs % 2], low, high)
    ]


def _one(baseline: Marks, candidate: Marks) -> CriterionResult:
    return _results({"fluency": np.stack([baseline, candidate])}, complete=True)[0]


def _results(marks: dict[str, Marks], *, complete: bool) -> tuple[CriterionResult, ...]:
    """Of one judgement of each pair."""
    given = [one for name, both in marks.items() for one in _ratings(name, both, both.shape[1])]
    return criteria_results(list(marks), BASE, TUNED, given, complete=complete)


def _draw(
    rng: np.random.Generator,
    of: tuple[tuple[int, ...], tuple[float, ...]],
    shape: int | tuple[int, int],
) -> Marks:
    return rng.choice(of[0], size=shape, p=of[1])


def _mean_of(of: tuple[tuple[int, ...], tuple[float, ...]]) -> float:
    return float(np.dot(*of))
