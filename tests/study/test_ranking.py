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


def test_the_fit_is_the_maximum_of_davidsons_likelihood(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ranks, "PRIOR", 0.0)
    draw = rng()
    wins = draw.integers(5, 40, (4, 4)).astype(float)
    np.fill_diagonal(wins, 0)
    ties = draw.integers(5, 20, (4, 4)).astype(float)
    ties = ties + ties.T
    np.fill_diagonal(ties, 0)

    def minus_log_likelihood(p: Any) -> float:
        strength, tie = np.exp(np.r_[0, p[:-1]]), np.exp(p[-1])
        root = tie * np.sqrt(np.outer(strength, strength))
        total = strength[:, None] + strength[None, :] + root
        won = wins * np.log(strength[:, None] / total)
        return -float(won.sum() + (ties / 2 * np.log(root / total)).sum())

    best = minimize(minus_log_likelihood, np.zeros(4), method="BFGS").x
    found = ranks._strengths(wins[None], ties[None])[0]
    assert found[1:] / found[0] == pytest.approx(np.exp(best[:-1]), rel=1e-4)


def test_the_stronger_comes_first_and_its_share_is_near_the_true_one() -> None:
    one, two, base = ranking(drawn(600), "base", SYSTEMS, rng())
    assert (one.system_id, two.system_id, base.system_id) == ("one", "two", "base")
    assert one.beats.low is not None
    assert one.beats.high is not None
    assert one.beats.low < 0.75 < one.beats.high
    assert (one.first, one.last, base.beats.value, base.first) == (1, 1, None, 3)


def test_one_that_won_every_pair_has_a_share_below_one_and_an_interval() -> None:
    won = [a_judgement(k, ("one", "two")[k % 2], ("one", "base")[k % 2]) for k in range(30)]
    first = ranking(won, "base", SYSTEMS, rng())[0]
    assert first.system_id == "one"
    assert first.beats.value is not None
    assert 0.9 < first.beats.value < 1


def test_pairs_of_one_example_or_group_count_as_one_unit() -> None:
    said = [
        a_judgement(2 * k + c, candidate, candidate, f"ex{k}")
        for k in range(10)
        for c, candidate in enumerate(("one", "two"))
    ]
    assert ranking(said, "base", SYSTEMS, rng())[0].beats.n == 10
    groups = {f"ex{k}": f"g{k // 5}" for k in range(10)}
    assert ranking(said, "base", SYSTEMS, rng(), groups)[0].beats.n == 2
    alone = ranking(said[:2], "base", SYSTEMS, rng())[0].beats
    assert (alone.value, alone.low) == (None, None)


def test_fewer_than_three_judged_systems_have_no_ranking() -> None:
    assert ranking([a_judgement(1, "one", "one")], "base", SYSTEMS, rng()) == ()
    assert ranking([a_judgement(1, "one", "cannot_judge")], "base", SYSTEMS, rng()) == ()
