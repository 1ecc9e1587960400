"""core.study.sentences: what may be said of a number."""

from __future__ import annotations

from core.statistics.estimates import Estimate, proportion
from core.study.sentences import compared, says_words, written


def a_difference(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, 50, "bootstrap")


def test_a_number_is_written_with_its_interval_and_n() -> None:
    assert written(a_difference(0.5, 0.25, 0.75)) == "0.50 (0.25–0.75, n = 50)"
    assert written(a_difference(-0.1, -0.3, 0.1)) == "−0.10 (−0.30 to 0.10, n = 50)"
    assert written(proportion(1, 4), 0, percent=True) == "25\u202f% (1\u202f%–81\u202f%, n = 4)"
    assert written(proportion(0, 0)) == "— (n = 0)"


def test_a_sentence_says_better_only_when_that_was_decided() -> None:
    difference = a_difference(0.2, 0.1, 0.3)
    assert compared("A", "B", "ROUGE-L", difference, "better") == (
        "A is better than B on ROUGE-L: difference 0.20 (0.10–0.30, n = 50)"
    )
    unclear = compared("A", "B", "ROUGE-L", a_difference(0.2, -0.1, 0.5), "not shown")
    assert unclear.startswith("A is not shown to be better than B on ROUGE-L")
    assert "not shown to be better" in says_words("not shown")
