"""Always-valid means: against closed forms, and by studies that are looked at all along."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.special import betainc, betaln

from core.errors import InvalidInput
from core.statistics.anytime import always_valid_mean, highest_e_value
from core.statistics.estimates import says_better


def closed_form(wins: int, losses: int) -> float:
    """The Beta(10, 10) mixture truncated to shares above one half, against one half."""
    a, b = 10 + wins, 10 + losses
    # betainc(b, a, 1/2) is the mass of Beta(a, b) above one half; that of the prior is 1/2.
    return math.exp(
        betaln(a, b)
        - betaln(10, 10)
        + math.log(betainc(b, a, 0.5) / 0.5)
        + (wins + losses) * math.log(2)
    )


@pytest.mark.parametrize(("wins", "losses"), [(1, 0), (10, 3), (40, 20), (300, 210), (5, 5)])
def test_against_a_tie_the_capital_is_the_mixture_s_likelihood_ratio(
    wins: int, losses: int
) -> None:
    # Losses first, so that the last capital is the highest.
    e = highest_e_value([-1] * losses + [1] * wins)
    assert e == pytest.approx(max(closed_form(wins, losses), 1.0), rel=1e-4)


def test_ties_change_nothing_in_whether_something_is_claimed() -> None:
    decided = [1, 1, -1, 1, 1, 1, -1, 1]
    with_ties = [value for one in decided for value in (0, one, 0)]
    assert highest_e_value(with_ties) == pytest.approx(highest_e_value(decided))


def test_better_is_claimed_exactly_when_the_interval_lies_above_nothing() -> None:
    chance = np.random.default_rng(1)
    claims = 0
    for share in (0.5, 0.65, 0.8) * 20:
        values = np.where(chance.random(60) < share, 1, -1)
        claimed = highest_e_value(values.tolist()) >= 40
        claims += claimed
        assert (says_better(always_valid_mean(values.tolist())) == "better") is claimed
    assert 10 < claims < 50


def test_the_interval_only_narrows_as_more_is_seen() -> None:
    values = np.random.default_rng(2).choice([-1, 0, 1], size=80, p=[0.2, 0.2, 0.6]).tolist()
    low, high = -1.0, 1.0
    for n in range(1, 81):
        found = always_valid_mean(values[:n])
        assert found.low is not None
        assert found.high is not None
        assert found.low >= low - 1e-9
        assert found.high <= high + 1e-9
        low, high = found.low, found.high
    assert low > 0


@pytest.mark.parametrize("chances", [(0.5, 0.0, 0.5), (0.15, 0.2, 0.65), (0.02, 0.95, 0.03)])
def test_the_interval_covers_the_truth_at_every_look_together(
    chances: tuple[float, float, float],
) -> None:
    chance, truth, missed = np.random.default_rng(3), chances[2] - chances[0], 0
    for _ in range(400):
        values = chance.choice([-1, 0, 1], size=200, p=chances)
        # The truth is outside the interval when the capital against it has ever reached 40.
        missed += max(highest_e_value(values, truth), highest_e_value(-values, -truth)) >= 40
    assert missed / 400 <= 0.05


def test_two_like_systems_looked_at_after_every_judgement_are_seldom_told_apart() -> None:
    chance, claims = np.random.default_rng(4), 0
    for _ in range(400):
        values = chance.choice([-1, 1], size=200)
        claims += max(highest_e_value(values.tolist()), highest_e_value((-values).tolist())) >= 40
    assert claims / 400 <= 0.05


@pytest.mark.parametrize(("share", "pairs"), [(0.65, 138), (0.70, 82)])
def test_four_of_five_studies_are_decided_by_the_designs_number_of_pairs(
    share: float, pairs: int
) -> None:
    chance = np.random.default_rng(5)
    decided = sum(
        highest_e_value(np.where(chance.random(pairs) < share, 1, -1).tolist()) >= 40
        for _ in range(300)
    )
    assert decided / 300 == pytest.approx(0.8, abs=0.07)


def test_ratings_have_the_span_of_their_differences() -> None:
    found = always_valid_mean([4, 3, 4, 2, 4, 3, 4, 4, 3, 4] * 3, span=4)
    assert found.value == pytest.approx(3.5)
    assert found.low is not None
    assert 0 < found.low < 3.5
    with pytest.raises(InvalidInput, match="beyond"):
        always_valid_mean([4])


def test_nothing_seen_has_no_value_and_one_value_claims_nothing() -> None:
    assert always_valid_mean([]).value is None
    assert says_better(always_valid_mean([1])) == "not shown"


def test_values_that_turn_over_leave_no_mean_and_say_so() -> None:
    found = always_valid_mean([1] * 400 + [-1] * 4000)
    assert found.low is None
    assert "changed" in found.reason


@pytest.mark.parametrize("seed", range(8))
def test_a_bound_is_where_the_largest_capital_stops_to_claim(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.choice([-1.0, -0.4, 0.0, 1.0], size=400, p=[0.2, 0.1, 0.3, 0.4]).tolist()
    low = always_valid_mean(values).low
    assert low is not None
    claim = 2 / (1 - 0.95)
    assert highest_e_value(values, against=low - 1e-6) >= claim
    assert highest_e_value(values, against=low + 1e-6) < claim
