"""Findings of judgements: agreement where several candidates meet."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import combinations, product

import pytest

from core.study.findings import findings
from core.study.pairs import Judgement

START = datetime(2026, 11, 1)


def a_judgement(k: int, pair: str, rater: str, both: tuple[str, str], winner: str) -> Judgement:
    return Judgement(
        f"j{k:05}", f"p{k}", "s", pair, f"ex {pair}", rater, rater, "left", "preferred", winner,
        both, {}, "", "", 5.0, START + timedelta(seconds=k), k, "short",
    )  # fmt: skip


@pytest.mark.parametrize("candidates", [["one"], ["one", "two"], ["one", "two", "three"]])
def test_raters_who_choose_by_chance_do_not_agree_however_many_candidates_there_are(
    candidates: list[str],
) -> None:
    meetings = list(combinations(["base", *candidates], 2))
    said = [
        (f"{both} {k}", both, winners)
        for both in meetings
        for k in range(25)
        for winners in product(both, both)
    ]
    judgements = [
        a_judgement(2 * number + rater, f"pair {pair} {winners}", f"rater {rater}", both, winner)
        for number, (pair, both, winners) in enumerate(said)
        for rater, winner in enumerate(winners)
    ]
    choice, *_ = findings("base", candidates, [], judgements, [], planned=0).agreement
    assert choice.raw.value == 0.5
    assert choice.alpha.value == pytest.approx(0.0, abs=0.01)
    assert choice.ac.value == pytest.approx(0.0, abs=0.01)
