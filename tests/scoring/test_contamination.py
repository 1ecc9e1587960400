"""Contamination: what probes show, with controls and without, and the file of examples."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.scoring.contamination import (
    Probe,
    completion_score,
    contamination,
    halves,
    min_k,
)
from core.scoring.contamination_file import UnreadableExamples, read_examples


def test_min_k_is_the_mean_of_the_least_likely_fifth() -> None:
    assert min_k([-1.0, -9.0, -2.0, -3.0, -7.0, -1.0, -1.0, -1.0, -1.0, -1.0]) == -8
    assert min_k([-4.0, -1.0]) == -4
    with pytest.raises(InvalidInput, match="no likelihood"):
        min_k([])


def test_the_question_is_halved_where_it_is_long_and_else_the_whole_example() -> None:
    question = " ".join(f"q{k}" for k in range(20))
    assert halves(question, "answer") == (
        " ".join(f"q{k}" for k in range(10)), " ".join(f"q{k}" for k in range(10, 20)),
    )  # fmt: skip
    first, rest = halves("Add\tup:", " ".join(map(str, range(30))))
    assert first.startswith("Add\tup:\n0 1")
    assert rest.split()[0] == "14"
    assert halves("short question", "short answer")[1] == ""
    assert len(halves(question, "")[1].split()) == 10
    assert len(halves(" ".join(["w"] * 400), "")[1].split()) == 40


def test_a_completion_is_judged_by_as_many_words_as_are_true() -> None:
    assert completion_score("a b c d", "a b c d and so on for ever") == 1
    assert completion_score("a b c d", "x b y d") == 0.5
    assert completion_score("a b c d", "") == 0


def probes(share_seen: float, *, controls: int = 100, tests: int = 200) -> list[Probe]:
    rng = random.Random(4)
    found = [Probe(f"c{k}", True, 0.2, rng.gauss(-6, 1), 9.0) for k in range(controls)]
    for k in range(tests):
        seen = k < share_seen * tests
        level = -2 if seen else -6
        found.append(Probe(f"t{k}", False, 0.95 if seen else 0.2, rng.gauss(level, 1), 9.0))
    return found


def test_examples_that_were_seen_are_named_and_counted_beside_the_controls() -> None:
    found = contamination(probes(0.3))
    assert found.completed.value == 0.3
    assert found.completed_controls.value == 0
    assert found.suspects == tuple(f"t{k}" for k in range(60))
    assert found.likely is not None
    assert found.likely.low is not None
    assert found.likely.low > 0.25
    assert "30.0\u202f% (23.7\u202f% to 36.9\u202f%; n = 200) of the examples" in found.sentences[0]


def test_unseen_examples_are_about_as_likely_as_controls() -> None:
    found = contamination(probes(0, tests=2000, controls=400))
    assert found.suspects == ()
    assert found.likely is not None
    assert found.likely.value == pytest.approx(0.05, abs=0.025)


def test_without_controls_likelihoods_say_nothing() -> None:
    found = contamination(probes(0.5, controls=19))
    assert found.likely is None
    assert "Likelihoods say nothing without 20 control examples" in found.sentences[-1]
    short = [Probe("t", False, None, -3.0, None)]
    assert "not known (no second half is long enough)" in contamination(short).sentences[0]


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"instruction": "Say"}, "Line 1 needs an “instruction”"),
        ({"output": "x"}, "Line 1 needs an “instruction”"),
        ({"instruction": 3, "output": "x"}, "no text"),
        ({"instruction": "a", "output": "x", "control": "yes"}, "neither true nor false"),
        ({"instruction": "a", "output": "x", "control": True}, "All lines are controls"),
        ({"instruction": "half \ud83d", "output": "x"}, "Line 1 has a damaged character"),
    ],
)
def test_a_file_that_holds_no_examples_is_refused(tmp_path: Path, row: Any, sentence: str) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(json.dumps(row))
    with pytest.raises(UnreadableExamples, match=sentence):
        read_examples(path)


def test_examples_are_read_under_either_name(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    rows = [
        {"id": 7, "instruction": "Say", "input": "it", "output": "so"},
        {"question": "What?", "reference": "That.", "control": True},
    ]
    path.write_text("\n".join(map(json.dumps, rows)))
    first, second = read_examples(path)
    assert (first.example_id, first.question, first.reference) == ("7", "Say\nit", "so")
    assert (second.example_id, second.control, second.question) == ("line 2", True, "What?")
