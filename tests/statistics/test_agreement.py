"""Agreement coefficients against published values and against their definitions."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from core.errors import InvalidInput
from core.statistics.agreement import Level, Table, gwet_ac, krippendorff_alpha, raw_agreement

GAP = None
# Krippendorff, "Computing Krippendorff's Alpha-Reliability" (2011), example C: 4 raters, 12 units.
KRIPPENDORFF: list[list[int | None]] = [
    [1, 2, 3, 3, 2, 1, 4, 1, 2, GAP, GAP, GAP],
    [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, GAP, 3],
    [GAP, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, GAP],
    [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, GAP],
]
# Fleiss 1971, table 1: how many of 6 psychiatrists gave each of 30 patients each of 5 diagnoses.
FLEISS = (  # noqa: SIM905
    "00060 03003 01401 00006 03030 20400 00402 20310 20040 00006 10050 11040 03300 10050 02031 "
    "00501 30012 51000 02040 10203 00006 01050 02013 20040 10041 05010 40002 02040 10500 00006"
).split()


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def by_rater(counts: list[str]) -> list[list[int | None]]:
    units = [[value for value, k in enumerate(row) for _ in range(int(k))] for row in counts]
    return [[unit[rater] for unit in units] for rater in range(len(units[0]))]


def contingency(table: list[list[int]]) -> list[list[int | None]]:
    """Two raters' rows from how often they gave each pair of values."""
    pairs = [(a, b) for a, row in enumerate(table) for b, k in enumerate(row) for _ in range(k)]
    return [[a for a, _ in pairs], [b for _, b in pairs]]


@pytest.mark.parametrize(
    ("level", "published"),
    [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)],
)
def test_alpha_equals_krippendorffs_twelve_unit_example(level: Level, published: float) -> None:
    alpha = krippendorff_alpha(KRIPPENDORFF, level, rng())
    assert alpha.value == pytest.approx(published, abs=0.0005)
    assert alpha.n == 11
    assert (alpha.low, alpha.reason) == (None, "Fewer than 15 units give no interval.")
    twice = krippendorff_alpha([[*row, *row] for row in KRIPPENDORFF], level, rng())
    assert twice.low is not None
    assert twice.high is not None
    assert twice.low < 0.74
    assert twice.high <= 1


def test_nominal_alpha_agrees_with_fleiss_kappa_of_the_1971_diagnoses() -> None:
    alpha = krippendorff_alpha(by_rater(FLEISS), "nominal", rng()).value
    assert alpha is not None
    ratings = 30 * 6
    assert 1 - (1 - alpha) * ratings / (ratings - 1) == pytest.approx(0.430, abs=0.0005)


def test_two_abstractors_get_the_coefficients_that_irrcac_publishes() -> None:
    table = contingency([[13, 0, 0], [0, 20, 7], [0, 4, 56]])
    assert raw_agreement(table, rng()).value == pytest.approx(0.89)
    assert gwet_ac(table, "nominal", rng()).value == pytest.approx(0.8493305, abs=1e-7)
    assert krippendorff_alpha(table, "nominal", rng()).value == pytest.approx(0.7972585, abs=1e-7)


def test_gwets_ac1_of_four_raters_with_gaps_is_the_published_value() -> None:
    assert gwet_ac(KRIPPENDORFF, "nominal", rng()).value == pytest.approx(0.77544, abs=1e-5)


def test_ac2_is_its_definition_over_all_pairs_of_raters() -> None:
    table: list[list[int | None]] = [[1, 2, 5, 4, 3, 3], [2, 2, 4, 4, 3, 1]]
    weight = {d: 1 - d * (d + 1) / 20 for d in range(5)}
    pairs = list(zip(*table, strict=True))
    seen = np.mean([weight[abs(int(a or 0) - int(b or 0))] for a, b in pairs])
    shares = [sum(v == k for row in table for v in row) / 12 for k in range(1, 6)]
    total = sum(weight[abs(a - b)] for a, b in itertools.product(range(5), repeat=2))
    chance = total / 20 * sum(p * (1 - p) for p in shares)
    found = gwet_ac(table, "ordinal", rng(), categories=range(1, 6))
    assert found.value == pytest.approx((seen - chance) / (1 - chance))


def test_a_rare_flag_has_low_alpha_and_high_ac1_at_94_percent_raw_agreement() -> None:
    table = contingency([[94, 3], [3, 0]])
    alpha, ac1 = krippendorff_alpha(table, "nominal", rng()), gwet_ac(table, "nominal", rng())
    assert alpha.value == pytest.approx(-0.03, abs=0.005)
    assert ac1.value == pytest.approx(0.94, abs=0.005)
    assert raw_agreement(table, rng()).kind == "exact"


def test_one_value_everywhere_leaves_alpha_undefined_with_the_reason() -> None:
    table: Table = [[5, 5, 5], [5, 5, None]]
    levels: tuple[Level, ...] = ("nominal", "ordinal", "interval", "ratio")
    for level in levels:
        alpha = krippendorff_alpha(table, level, rng())
        assert alpha.value is None
        assert "same value" in alpha.reason
    assert gwet_ac(table, "nominal", rng()).value is None
    assert gwet_ac(table, "ordinal", rng(), categories=range(1, 6)).value == 1
    assert raw_agreement(table, rng()).value == 1


@pytest.mark.parametrize("table", [[], [[]], [[1, None], [None, 2]], [[None], [None]]])
def test_without_a_unit_rated_twice_nothing_is_defined(table: Table) -> None:
    found = [krippendorff_alpha(table, "ordinal", rng()), raw_agreement(table, rng())]
    found.append(gwet_ac(table, "ordinal", rng()))
    assert [(estimate.value, estimate.n) for estimate in found] == [(None, 0)] * 3


def test_one_shared_unit_has_a_value_without_an_interval() -> None:
    alpha = krippendorff_alpha([[1], [2]], "nominal", rng())
    assert alpha.value == pytest.approx(0.0)
    assert alpha.low is None
    assert alpha.reason


def test_words_are_fine_for_nominal_and_refused_for_ordinal() -> None:
    table: Table = [["yes", "no", "yes"], ["yes", "no", "no"]]
    assert raw_agreement(table, rng()).value == pytest.approx(2 / 3)
    assert krippendorff_alpha(table, "nominal", rng()).value is not None
    with pytest.raises(InvalidInput, match="needs numbers"):
        krippendorff_alpha(table, "ordinal", rng())


def test_ragged_rows_and_stray_values_are_refused() -> None:
    with pytest.raises(InvalidInput, match="length"):
        raw_agreement([[1, 2], [1]], rng())
    with pytest.raises(InvalidInput, match="categories"):
        gwet_ac([[1, 7], [1, 2]], "ordinal", rng(), categories=range(1, 6))


def test_the_interval_of_alpha_covers_the_truth_about_as_often_as_it_says() -> None:
    covered, chance = 0, np.random.default_rng(11)
    for _study in range(60):
        truth = chance.integers(1, 4, size=80)
        raters = [np.where(chance.random(80) < 0.7, truth, chance.integers(1, 4, 80)) for _ in "ab"]
        table = [[int(v) for v in rater] for rater in raters]
        alpha = krippendorff_alpha(table, "nominal", chance)
        # Both keep the truth with probability 0.7, otherwise guess: alpha is 0.7 squared.
        covered += (alpha.low or 0) <= 0.49 <= (alpha.high or 0)
    assert covered >= 52
