"""Estimates: reference values, coverage by simulation, and when a difference may be claimed."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest

from core.errors import InvalidInput
from core.statistics.estimates import (
    Estimate,
    clustered_mean,
    mean_interval,
    negated,
    paired_difference,
    proportion,
    says_better,
)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize(("successes", "n"), [(0, 60), (3, 10), (64, 118), (10, 10), (1, 1)])
def test_shares_have_scipys_exact_intervals(successes: int, n: int) -> None:
    exact = proportion(successes, n)
    theirs = binomtest(successes, n).proportion_ci(method="exact")
    assert (exact.low, exact.high) == pytest.approx(tuple(theirs))
    assert exact.kind == "exact"


def test_no_failure_in_sixty_still_allows_five_percent() -> None:
    assert proportion(0, 60, level=0.9).high == pytest.approx(0.049, abs=0.001)
    assert proportion(0, 300, level=0.9).high == pytest.approx(0.010, abs=0.001)


def test_nothing_observed_is_a_value_of_none_and_never_a_crash() -> None:
    found = [proportion(0, 0), mean_interval([], rng()), clustered_mean([], [], rng())]
    found.append(paired_difference([], [], None, rng()))
    for estimate in found:
        assert (estimate.value, estimate.low, estimate.high, estimate.n) == (None, None, None, 0)
        assert estimate.reason
        assert says_better(estimate) == "not shown"


def test_one_value_has_no_interval_and_shows_nothing() -> None:
    estimate = mean_interval([0.9], rng())
    assert (estimate.value, estimate.low) == (0.9, None)
    assert says_better(estimate) == "not shown"


def test_the_interval_of_a_mean_covers_it_about_as_often_as_it_says() -> None:
    chance, covered = np.random.default_rng(1), 0
    for _study in range(300):
        estimate = mean_interval(chance.exponential(size=40).tolist(), chance)
        covered += (estimate.low or 0) <= 1 <= (estimate.high or 0)
    assert 0.90 <= covered / 300 <= 0.98


def test_clusters_widen_the_interval_when_their_values_repeat() -> None:
    values = rng().normal(size=30).repeat(4).tolist()
    clusters = [f"example-{k // 4}" for k in range(120)]
    single, clustered = mean_interval(values, rng()), clustered_mean(values, clusters, rng())
    assert clustered.n == 30
    assert clustered.method == "clustered bootstrap"
    width = (clustered.high or 0) - (clustered.low or 0)
    assert width > 1.7 * ((single.high or 0) - (single.low or 0))


def test_the_same_seed_gives_the_same_interval() -> None:
    values = rng().normal(size=25).tolist()
    assert mean_interval(values, rng()) == mean_interval(values, rng())


def test_a_difference_is_candidate_minus_baseline() -> None:
    baseline = rng().normal(size=50)
    difference = paired_difference(baseline.tolist(), (baseline + 0.5).tolist(), None, rng())
    assert difference.value == pytest.approx(0.5)
    assert says_better(difference) == "better"
    swapped = paired_difference((baseline + 0.5).tolist(), baseline.tolist(), None, rng())
    assert says_better(swapped) == "worse"


def test_noise_around_nothing_is_not_shown_to_be_better() -> None:
    chance, claims = np.random.default_rng(2), 0
    for _study in range(200):
        one, other = chance.normal(size=30).tolist(), chance.normal(size=30).tolist()
        claims += says_better(paired_difference(one, other, None, chance)) != "not shown"
    assert claims / 200 <= 0.09


def test_five_wins_of_five_are_not_enough_to_claim_anything() -> None:
    five = paired_difference([0.0] * 5, [1.0] * 5, None, rng())
    six = paired_difference([0.0] * 6, [1.0] * 6, None, rng())
    assert (says_better(five), says_better(six)) == ("not shown", "better")


def test_scores_that_are_nearly_all_equal_are_no_surer_than_so_many_can_be() -> None:
    ones = clustered_mean([1.0] * 10, range(10), rng(), bounds=(0.0, 1.0))
    assert (ones.value, ones.high) == (1.0, 1.0)
    assert ones.low == pytest.approx(proportion(10, 10).low)
    one_below = clustered_mean([1.0] * 9 + [0.4], range(10), rng(), bounds=(0.0, 1.0))
    assert one_below.low is not None
    assert one_below.low == pytest.approx(1 - (0.6 + 1) / 2 * (proportion(1, 10).high or 0))
    like = paired_difference([0.5] * 10, [0.5] * 10, None, rng(), bounds=(0.0, 1.0))
    assert (like.value, like.low, like.high) == (0.0, -(like.high or 0), like.high)
    assert like.high == pytest.approx(proportion(0, 10).high)
    spread = np.random.default_rng(3).random(40).tolist()
    plain = clustered_mean(spread, range(40), rng())
    assert clustered_mean(spread, range(40), rng(), bounds=(0.0, 1.0)) == plain


def test_an_interval_that_touches_the_line_shows_nothing() -> None:
    assert says_better(Estimate(0.1, 0.0, 0.2, 100, "made")) == "not shown"
    assert says_better(Estimate(-0.1, -0.2, 0.0, 100, "made")) == "not shown"
    assert says_better(Estimate(0.6, 0.5, 0.7, 100, "made"), against=0.5) == "not shown"
    assert says_better(Estimate(0.6, 0.51, 0.7, 100, "made"), against=0.5) == "better"


def test_the_opposite_quantity_has_the_mirrored_interval() -> None:
    turned = negated(Estimate(0.2, 0.1, 0.4, 50, "bootstrap"))
    assert (turned.value, turned.low, turned.high, turned.n) == (-0.2, -0.4, -0.1, 50)
    empty = proportion(0, 0)
    assert negated(empty) == empty


def test_an_estimate_refuses_to_contradict_itself() -> None:
    with pytest.raises(InvalidInput, match="upside down"):
        Estimate(0.5, 0.6, 0.4, 10, "made")
    with pytest.raises(InvalidInput, match="say why"):
        Estimate(None, None, None, 0, "made")
    with pytest.raises(InvalidInput, match="both bounds"):
        Estimate(0.5, 0.4, None, 10, "made", reason="half")
    with pytest.raises(InvalidInput, match="finite"):
        Estimate(float("nan"), 0.0, 1.0, 10, "made")
    with pytest.raises(InvalidInput, match="no share"):
        proportion(3, 2)
    with pytest.raises(InvalidInput, match="one cluster per value"):
        clustered_mean([1.0], [], rng())
    with pytest.raises(InvalidInput, match="both values"):
        paired_difference([1.0], [], None, rng())


def test_student_s_interval_of_many_values_is_the_bootstrap_s(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = np.random.default_rng(3)
    skewed = np.where(draw.random(3000) < 0.7, 0.0, draw.random(3000)).tolist()
    clusters = draw.integers(0, 1500, 3000).tolist()
    for groups in (range(3000), clusters):
        quick = clustered_mean(skewed, groups, np.random.default_rng(1))
        monkeypatch.setattr("core.statistics.estimates.PLENTY", 10**9)
        slow = clustered_mean(skewed, groups, np.random.default_rng(1))
        monkeypatch.undo()
        assert quick.method != slow.method
        assert quick.value == slow.value
        assert quick.low is not None
        assert slow.low is not None
        width = (quick.high - quick.low) / (slow.high - slow.low)  # type: ignore[operator]
        assert width == pytest.approx(1, abs=0.05)
        assert quick.low == pytest.approx(slow.low, abs=0.001)
