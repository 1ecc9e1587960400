"""Bradley-Terry with ties: the fit against scipy's maximum likelihood, ranks against the truth."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest
from scipy.optimize import minimize

from core.study import ranking as ranks
from core.study.pairs import Judgement
from core.study.ranking import ranking

START = datetime(2026, 11, 1)
SYSTEMS = ("base", "one", "two")


def a_judgement(k: int, candidate: str, winner: str, example: str = "") -> Judgement:
    preferred = winner if winner in SYSTEMS else None
    outcome: Any = "preferred" if preferred else winner
    return Judgement(
        f"j{k:05}", f"p{k}", "s", f"pair{k}", example or f"ex{k}", "ada", "ada",
        "left" if preferred else outcome, outcome, preferred, ("base", candidate), {}, "", "", 5.0,
        START + timedelta(seconds=k), k, "short",
    )  # fmt: skip


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def drawn(n: int, seed: int = 1) -> list[Judgement]:
    """Pairs of a baseline of strength 1 with candidates of 3 and 1.5, ties at .5."""
    draw, found = np.random.default_rng(seed), []
    for k in range(n):
        candidate, strength = (("one", 3.0), ("two", 1.5))[k % 2]
        tie = 0.5 * np.sqrt(strength)
        shares = np.array([1.0, strength, tie]) / (1 + strength + tie)
        found.append(
            a_judgement(k, candidate, draw.choice(["base", candidate, "tie_good"], p=shares))
        )
    return found


def test_the_fit_is_the_maximum_of_the_likelihood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "PRIOR", 0.0)
    wins = rng().integers(5, 40, (4, 4)).astype(float)
    np.fill_diagonal(wins, 0)

    def minus_log_likelihood(p: Any) -> float:
        strength = np.exp(np.r_[0, p])
        return -float((wins * np.log(strength[:, None] / (strength[:, None] + strength))).sum())

    best = minimize(minus_log_likelihood, np.zeros(3), method="BFGS").x
    found = ranks._strengths(wins[None])[0]
    assert found[1:] / found[0] == pytest.approx(np.exp(best), rel=1e-4)


def test_one_that_often_ties_is_not_favoured_by_that() -> None:
    said = []
    for k in range(200):
        said.append(
            a_judgement(2 * k, "one", "tie_good" if k % 2 else ("one", "base")[k % 10 == 0])
        )
        said.append(a_judgement(2 * k + 1, "two", ("two", "base")[k % 5 == 0]))
    one, two, _ = ranking(said, "base", SYSTEMS, rng())
    assert {one.beats.value, two.beats.value} == {0.8}
    assert (one.first, one.last) == (two.first, two.last) == (1, 2)


def test_the_stronger_comes_first_and_its_share_is_near_the_true_one() -> None:
    one, two, base = ranking(drawn(600), "base", SYSTEMS, rng())
    assert (one.system_id, two.system_id, base.system_id) == ("one", "two", "base")
    assert one.beats.low is not None
    assert one.beats.high is not None
    assert one.beats.low < 0.75 < one.beats.high
    assert (one.first, one.last, base.beats.value, base.first) == (1, 1, None, 3)


def test_one_that_won_every_pair_has_an_interval() -> None:
    won = [a_judgement(k, ("one", "two")[k % 2], ("one", "base")[k % 2]) for k in range(30)]
    first = ranking(won, "base", SYSTEMS, rng())[0]
    assert first.system_id == "one"
    assert first.beats.value == 1
    assert first.beats.low is not None
    assert first.beats.low < 0.8


def test_pairs_of_one_example_or_group_count_as_one_unit() -> None:
    said = [
        a_judgement(2 * k + c, candidate, candidate, f"ex{k}")
        for k in range(10)
        for c, candidate in enumerate(("one", "two"))
    ]
    assert ranking(said, "base", SYSTEMS, rng())[0].beats.n == 10
    groups = {f"ex{k}": f"g{k // 5}" for k in range(10)}
    assert ranking(said, "base", SYSTEMS, rng(), groups)[0].beats.n == 2


def test_fewer_than_three_judged_systems_have_no_ranking() -> None:
    assert ranking([a_judgement(1, "one", "one")], "base", SYSTEMS, rng()) == ()
    assert ranking([a_judgement(1, "one", "cannot_judge")], "base", SYSTEMS, rng()) == ()
