"""Whether metrics agree with raters: against scipy, and against counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import kendalltau

from core.evidence.metric_trust import MOST, kendall_tau_b, metric_trust


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_tau_b_is_scipys_with_ties_on_both_sides() -> None:
    draw = rng()
    first = draw.integers(-2, 3, 120)
    second = np.sign(first + draw.integers(-3, 4, 120))
    found = kendall_tau_b(first.astype(float), second.astype(float), rng())
    assert found.value == pytest.approx(kendalltau(first, second).statistic, abs=1e-12)
    assert found.low is not None
    assert found.high is not None
    assert found.value is not None
    assert found.low < found.value < found.high


def test_its_interval_covers_the_true_value_in_about_95_of_100() -> None:
    # sign(x + noise) of a normal x; the true value from one large sample.
    draw = rng()

    def sample(n: int) -> tuple[np.ndarray, np.ndarray]:
        x = draw.normal(size=n)
        return x, np.sign(np.round(x + 1.5 * draw.normal(size=n)))

    truth = kendalltau(*sample(40_000)).statistic
    held = 0
    for _ in range(200):
        found = kendall_tau_b(*sample(40), draw)
        assert found.low is not None
        assert found.high is not None
        held += found.low <= truth <= found.high
    assert held >= 180  # 0.2 % of samples of a coverage of 94 % are lower


def test_few_pairs_get_a_value_without_an_interval_and_equal_ones_none() -> None:
    few = kendall_tau_b([1.0, 2.0, 3.0], [1.0, 0.0, 1.0], rng())
    assert few.value is not None
    assert few.low is None
    assert "Fewer" in few.reason
    assert kendall_tau_b([1.0] * 30, list(range(30)), rng()).value is None


def test_many_pairs_are_sampled() -> None:
    many = rng().normal(size=MOST + 500)
    found = kendall_tau_b(many, many, rng())
    assert (found.n, found.value) == (MOST, 1.0)


def test_a_metric_speaks_only_where_its_interval_lies_above_0() -> None:
    worth = {f"p{k}": (1, -1, 0)[k % 3] for k in range(60)}
    agrees = {pair: float(w) / 2 for pair, w in worth.items()}
    says_nothing = {pair: float(k % 2) for k, pair in enumerate(worth)}
    less_is_better = {pair: -d for pair, d in agrees.items()}
    rougel, repeats, token = (
        {m.metric: m for m in metric_trust(
            worth,
            {"rougeL": agrees, "repetition": less_is_better, "token_f1": says_nothing},
            rng(),
        )}[name]
        for name in ("rougeL", "repetition", "token_f1")
    )  # fmt: skip
    assert rougel.speaks
    assert repeats.speaks
    assert not token.speaks
    assert (rougel.chooses.value, rougel.chooses.n, rougel.undecided) == (1.0, 40, 0)
    assert token.undecided == 20  # its difference is 0 for half of the 40 that were decided


def test_differences_that_are_equal_but_for_their_last_place_are_ties() -> None:
    thirds = [1 - 2 / 3, 2 / 3 - 1 / 3, 1 / 3, 0.0, 1.0]
    assert len(set(thirds)) == 4
    worth = dict(zip("abcde", (1, -1, 0, -1, 1), strict=True))
    (found,) = metric_trust(worth, {"token_f1": dict(zip("abcde", thirds, strict=True))}, rng())
    expected = kendalltau(np.round(thirds, 9), list(worth.values())).statistic
    assert found.tau_b.value == pytest.approx(expected, abs=1e-12)


def test_pairs_that_nobody_could_judge_and_pairs_without_scores_stay_out() -> None:
    (found,) = metric_trust({"a": 1, "b": -1}, {"rougeL": {"a": 0.1, "c": 0.9}}, rng())
    assert (found.chooses.n, found.tau_b.n) == (1, 1)


def test_confidence_which_is_neither_better_nor_worse_is_not_held_against_the_raters() -> None:
    differences = {name: {"a": 0.1, "b": -0.1} for name in ("confidence", "reference_loss")}
    (found,) = metric_trust({"a": -1, "b": 1}, differences, rng())
    assert (found.metric, found.chooses.value) == ("reference_loss", 1.0)
