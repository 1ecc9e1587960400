"""Forecasts of studies, before and while they are rated, against simulated ones."""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.statistics.anytime import always_valid_mean, e_value, half_width, wins_to_claim
from core.study.findings import findings
from core.study.forecast import Assumptions, chance_by, forecast, size_for_margin
from core.study.outlook import outlook, outlook_words
from tests.benchmarks.validation.studies import BASE, TUNED, judgement

NO_TIES = Assumptions(ties=0.0)


def share_that_says(chances: NDArray[np.float64], seen: tuple[int, int], claim: float) -> float:
    """In which share of rows of won (above 0), lost (below 0) and tied pairs better or worse is
    said after `seen` won and lost ones."""
    decided = (chances != 0).cumsum(axis=1) + sum(seen)
    won = (chances > 0).cumsum(axis=1) + seen[0]
    fewest = wins_to_claim(sum(seen) + chances.shape[1], claim)[decided]
    return float(((won >= fewest) | (decided - won >= fewest)).any(axis=1).mean())


# The rule --------------------------------------------------------------------------------------


@pytest.mark.parametrize("claim", [40, 200])
def test_the_fewest_wins_are_those_at_which_the_capital_reaches_the_claim(claim: int) -> None:
    fewest = wins_to_claim(120, claim)
    for decided in (1, 7, 16, 40, 120):
        wins = int(fewest[decided])
        assert wins > decided or e_value([-1] * (decided - wins) + [1] * wins) >= claim
        assert e_value([-1] * (decided - wins + 1) + [1] * (wins - 1)) < claim


def test_an_interval_is_no_wider_than_forecast_in_nine_studies_of_ten() -> None:
    chance = np.random.default_rng(1)
    for pairs, ties in ((60, 0.0), (60, 0.3)):
        promised, widths = half_width(pairs, ties), []
        for _ in range(20):
            worth = chance.choice([-1, 0, 1], size=pairs, p=[(1 - ties) / 2, ties, (1 - ties) / 2])
            found = always_valid_mean(worth.tolist())
            assert found.low is not None
            assert found.high is not None
            widths.append((found.high - found.low) / 2)
        assert sum(width <= promised for width in widths) >= 17
        assert promised < 1.3 * sum(widths) / len(widths)


# Before a study --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("share", "half", "most"), [(0.60, 181, 319), (0.65, 87, 140), (0.70, 53, 82)]
)
def test_pairs_until_decided_are_those_of_the_validation(
    share: float, half: int, most: int
) -> None:
    (found,) = [one for one in forecast(26, NO_TIES).until if one.share == share]
    assert (found.half, found.most) == (half, most)


@pytest.mark.parametrize(("pairs", "ties", "studies"), [(140, 0.0, 1), (200, 0.3, 1), (90, 0.1, 3)])
def test_the_smallest_share_is_shown_in_four_of_five_simulated_studies(
    pairs: int, ties: float, studies: int
) -> None:
    assumed = Assumptions(ties=ties, claims=studies)
    smallest = forecast(pairs, assumed).smallest_share
    assert smallest is not None
    below, at = chance_by(pairs, np.array([smallest - 0.01, smallest]), assumed)
    assert below < 0.8 <= at
    chance = np.random.default_rng(2)
    decided = chance.random((4000, pairs)) >= ties
    worth = np.where(chance.random((4000, pairs)) < smallest, 1.0, -1.0) * decided
    assert share_that_says(worth, (0, 0), assumed.claim) == pytest.approx(at, abs=0.025)


def test_ten_per_cent_of_252_outputs_show_only_a_large_preference() -> None:
    small = forecast(26, NO_TIES)
    assert small.smallest_share == 0.88
    assert small.pairs_for(0.65) == 140
    assert forecast(140, NO_TIES).smallest_share == 0.65
    assert forecast(8, NO_TIES).smallest_share is None


def test_ties_and_earlier_studies_make_a_study_longer() -> None:
    alone = forecast(100, NO_TIES).pairs_for(0.7) or 0
    with_ties = forecast(100, Assumptions(ties=0.5)).pairs_for(0.7) or 0
    third = forecast(100, Assumptions(ties=0.0, claims=3)).pairs_for(0.7) or 0
    assert 1.9 * alone < with_ties < 2.2 * alone
    assert alone < third < 1.5 * alone


def test_hours_and_money_count_overlap_and_candidates() -> None:
    assumed = replace(NO_TIES, overlap=0.2, seconds=90)
    found = forecast(100, assumed, each=2)
    assert found.judgements == 240
    assert found.hours == 6.0
    assert found.cost(25) == 150.0


def test_a_margin_is_kept_by_the_size_that_is_proposed_for_it() -> None:
    size = size_for_margin(0.2, 1000, NO_TIES)
    assert size == 230
    assert half_width(230, 0.0) <= 0.2 < half_width(229, 0.0)
    assert size_for_margin(0.2, 229, NO_TIES) is None
    with pytest.raises(InvalidInput):
        size_for_margin(0, 100, NO_TIES)


@pytest.mark.parametrize("wrong", [{"ties": 1.0}, {"overlap": 1.1}, {"seconds": 0}, {"claims": 0}])
def test_assumptions_that_cannot_be_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        Assumptions(**wrong)  # type: ignore[arg-type]


def test_a_forecast_takes_less_than_a_third_of_a_second() -> None:
    began = time.process_time()
    forecast(300, Assumptions(ties=0.17, claims=7))  # kept nowhere yet
    assert time.process_time() - began < 0.3


# While it is rated -----------------------------------------------------------------------------


def test_the_chance_to_be_decided_is_that_of_studies_that_go_on() -> None:
    """Against a simulation by Bayes' rule: of studies of any share, those that look like this."""
    chance, claim = np.random.default_rng(3), 40.0
    rates, shares = chance.random(300_000), chance.random(300_000)
    decided = chance.binomial(30, rates)
    alike = (decided == 24) & (chance.binomial(decided, shares) == 15)
    rates, shares = rates[alike], shares[alike]
    assert len(rates) > 300
    goes_on = chance.random((len(rates), 60)) < rates[:, None]
    worth = np.where(chance.random((len(rates), 60)) < shares[:, None], 1.0, -1.0) * goes_on
    seen = outlook(15, 9, 6, left=60, claim=claim, rng=np.random.default_rng(4))
    assert seen.chance == pytest.approx(share_that_says(worth, (15, 9), claim), abs=0.08)


def test_more_pairs_are_needed_where_less_was_shown() -> None:
    clear, close, none_left = (
        outlook(*counts, left=left, claim=40, rng=np.random.default_rng(5))
        for counts, left in (((40, 18, 5), 60), ((31, 27, 5), 60), ((40, 18, 5), 0))
    )
    assert clear.more is not None
    assert clear.more < 20
    assert close.more is None or close.more > 5 * clear.more
    assert clear.chance > 0.8 > 0.3 > close.chance
    assert (none_left.chance, none_left.more) == (0.0, clear.more)


def told(worth: list[int], planned: int) -> str:
    said = [judgement(k, w, k, "ada") for k, w in enumerate(worth)]
    (found,) = findings(BASE, [TUNED], [], said, [], planned=planned).comparisons
    return outlook_words(found, planned, np.random.default_rng(7))


def test_the_outlook_is_told_in_words() -> None:
    assert told([1, -1, 0] * 3, 40) == ""
    assert told([1] * 20, 40).startswith("Enough was judged")
    open_ = told([1, 1, -1, 0] * 5, 40)
    assert "% of simulated continuations are decided by the last planned pair, and half" in open_
    assert "more pairs, 20 of them planned" in open_
    assert "fewer than half are after 1\u202f000 more pairs" in told([1, -1] * 40, 90)
    assert told([0] * 60, 61).startswith("Outlook: less than 1\u202f%")
