"""Criteria of a rubric: what is claimed of them, by simulated studies."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from core.statistics.estimates import student_mean
from core.statistics.p_values import holm
from core.study.criteria import CriterionResult, criteria_results
from core.study.pairs import Rating

CRITERIA = ("relevance", "coherence", "fluency", "bias")
MOSTLY_FIVES = ([3, 4, 5], [0.01, 0.02, 0.97])


def ratings(criterion: str, baseline: Sequence[int], candidate: Sequence[int]) -> list[Rating]:
    return [
        Rating(f"jud_{k}", f"pair_{k}", "bea", system, criterion, int(value), "")
        for k, both in enumerate(zip(baseline, candidate, strict=True))
        for system, value in zip(("base", "tuned"), both, strict=True)
    ]


def results(given: Sequence[Rating], complete: bool) -> tuple[CriterionResult, ...]:
    return criteria_results(CRITERIA, "base", "tuned", given, complete=complete)


@pytest.mark.parametrize("n", [5, 10, 50, 300])
def test_a_mean_of_nearly_all_fives_is_covered(n: int) -> None:
    chance, truth, covered = np.random.default_rng(n), 4.96, 0
    for _ in range(1000):
        found, _p = student_mean(chance.choice(MOSTLY_FIVES[0], size=n, p=MOSTLY_FIVES[1]).tolist())
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert covered / 1000 >= 0.94


def test_a_difference_that_is_there_is_found_in_both_ways() -> None:
    given = ratings("relevance", [2, 3] * 30, [4, 4] * 30)
    interim, final = results(given, False)[0], results(given, True)[0]
    assert (interim.says, final.says) == ("better", "better")
    assert interim.p is None
    assert final.p is not None
    assert final.p < 0.001
    assert interim.difference.kind == "always valid"
    assert (interim.baseline.value, interim.candidate.value) == (2.5, 4.0)
    widths = [
        e.high - e.low
        for e in (interim.difference, final.difference)
        if e.low is not None and e.high is not None
    ]
    assert widths[0] > widths[1]


def test_one_point_more_on_every_pair_is_shown_within_forty_pairs_of_a_running_study() -> None:
    found = results(ratings("relevance", [3] * 40, [4] * 40), False)[0]
    assert found.says == "better"


def test_a_claim_needs_the_corrected_p() -> None:
    chance = np.random.default_rng(0)
    baseline = chance.integers(1, 6, size=60)
    one = ratings(
        "relevance",
        baseline.tolist(),
        np.minimum(baseline + chance.integers(0, 2, 60) * chance.integers(-1, 2, 60), 5)
        .clip(1)
        .tolist(),
    )
    for result in results(one, True):
        assert (result.says == "not shown") or (result.p is not None and result.p <= 0.05)


def test_of_several_comparisons_each_needs_a_smaller_p() -> None:
    given = ratings("relevance", [3] * 24, [3, 4] * 6 + [3] * 8 + [4] * 4)
    alone, one_of_five = (
        criteria_results(("relevance",), "base", "tuned", given, complete=True, level=level)[0]
        for level in (0.95, 0.99)
    )
    assert alone.p is not None
    assert one_of_five.p == pytest.approx(5 * alone.p)
    assert (alone.says, one_of_five.says) == ("better", "not shown")
    assert alone.difference == one_of_five.difference


def test_holm_gives_the_values_of_its_textbook_example() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([]) == []
    assert holm([0.9, 0.8]) == [1.0, 1.0]
