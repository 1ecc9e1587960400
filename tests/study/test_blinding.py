"""Bang's blinding index against values worked by hand, and what is left without right guesses."""

from __future__ import annotations

import pytest

from core.errors import InvalidInput
from core.statistics.estimates import says_better
from core.study.blinding import BlindGuess, Guess, blinding_index, blinding_of
from core.study.order import asked_about
from core.study.pairs import Judgement
from core.study.verdicts import Verdict
from tests.study.test_study import a_judgement


def guessed(pair: int, system: str | None, *, rater: str = "ada", skipped: bool = False) -> Guess:
    return Guess(f"pair_{pair}", rater, ("sys_a", "sys_b"), system, skipped)


def test_the_index_is_the_share_right_less_the_share_wrong() -> None:
    found = blinding_index(8, 4, 8)
    assert (found.value, found.n, found.kind) == (0.2, 20, "approximate")
    # With a right and a wrong guess more: (9 - 5) / 22 = 0.1818; variance (14/22 - 0.1818^2) / 21
    # = 0.028729; Student's t of 21 degrees 2.0796, so 0.1818 -+ 0.3525.
    assert found.low == pytest.approx(-0.1707, abs=1e-4)
    assert found.high == pytest.approx(0.5343, abs=1e-4)
    assert says_better(found) == "not shown"


def test_all_right_all_wrong_and_nobody_knows() -> None:
    # 11 right, 1 wrong of 12: centre 10/12; variance (1 - 0.6944) / 11 = 0.027778; t of 11 degrees
    # 2.2010, so 0.8333 -+ 0.3668, cut at 1.
    right, wrong = blinding_index(10, 0, 0), blinding_index(0, 10, 0)
    assert (right.value, right.high) == (1.0, 1.0)
    assert right.low == pytest.approx(0.4665, abs=1e-4)
    assert (wrong.value, wrong.low) == (-1.0, -1.0)
    assert wrong.high == pytest.approx(-0.4665, abs=1e-4)
    assert (says_better(right), says_better(wrong)) == ("better", "worse")
    unknown = blinding_index(0, 0, 10)
    assert unknown.value == 0
    assert unknown.low == -unknown.high != 0  # type: ignore[operator]
    nobody = blinding_index(0, 0, 0)
    assert (nobody.value, nobody.n) == (None, 0)
    with pytest.raises(InvalidInput):
        blinding_index(-1, 2, 0)


def judged(verdicts: list[Verdict]) -> list[Judgement]:
    return [a_judgement(k, said, k, "ada") for k, said in enumerate(verdicts)]


def test_without_the_pairs_guessed_right_the_verdict_is_made_once_more() -> None:
    won: list[Verdict] = ["candidate"] * 6
    others: list[Verdict] = ["baseline", "baseline", "tie_good", "tie_good"]
    judgements = judged([*won, *others])
    guesses = [guessed(k, "sys_b") for k in range(4)] + [guessed(6, "sys_a"), guessed(8, None)]
    found = blinding_of(guesses, judgements, "sys_a")
    assert found is not None
    assert (found.right, found.wrong, found.unknown, found.raters) == (4, 1, 1, 1)
    assert found.index.value == pytest.approx(3 / 6)
    assert (found.won, found.lost, found.rest.n) == (2, 2, 6)
    assert found.rest.value == 0


def test_a_guess_about_another_raters_verdict_leaves_it_in_and_skipping_is_no_guess() -> None:
    judgements = judged(["candidate"] * 3)
    guesses = [guessed(0, "sys_b", rater="bea"), guessed(1, None, skipped=True)]
    found = blinding_of(guesses, judgements, "sys_a")
    assert found is not None
    assert (found.rest.n, found.index.n, found.skipped) == (3, 1, 1)
    assert blinding_of([], judgements, "sys_a") is None


def test_the_pairs_asked_about_follow_from_the_secret_seed_and_the_rater() -> None:
    numbers = range(1, 41)
    asked = asked_about(7, "ada", numbers, 10)
    assert len(set(asked)) == 10
    assert asked == asked_about(7, "ada", reversed(numbers), 10)
    assert asked != asked_about(8, "ada", numbers, 10)
    assert asked != asked_about(7, "bea", numbers, 10)
    assert len(asked_about(7, "ada", [3, 1], 10)) == 2


def test_a_guess_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidInput, match="Guess left or right"):
        BlindGuess("gue_1", "pre_1", "tuned")  # type: ignore[arg-type]
