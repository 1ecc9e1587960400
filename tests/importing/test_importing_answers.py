"""core.importing.answers and joining: what other systems said, and to what."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.importing.answers import ImportedAnswer, read_answers
from core.importing.columns import InvalidMapping, UnknownColumn
from core.importing.joining import join
from tests.import_builders import (
    SHARED,
    imported,
    put,
    shared,
)


def test_answers_are_found_beside_references_and_bad_ones_listed(tmp_path: Path) -> None:
    lines = [
        '{"id": 1, "target": "ref", "prediction": "said"}',
        '{"id": 2, "target": "ref", "prediction": ""}',
        '{"id": 3, "target": "ref"}',
        '{"prediction": "x"}',
        "torn",
        '{"id": 6, "prediction": ["only"]}',
        '{"id": 7, "prediction": ["a", "b"]}',
    ]
    answers, rejects = read_answers(put(tmp_path, "x.jsonl", "\n".join(lines)))
    assert [(a.line, a.id, a.text) for a in answers] == [
        (1, "1", "said"),
        (2, "2", ""),
        (6, "6", "only"),
    ]
    assert [reject.line for reject in rejects] == [3, 4, 5, 7]
    nested = put(tmp_path, "y.jsonl", '{"id": "q", "big": {"solution": "42"}}')
    assert read_answers(nested, "big.solution")[0][0].text == "42"
    with pytest.raises(UnknownColumn, match="no column 'small'"):
        read_answers(nested, "small")
    with pytest.raises(InvalidMapping, match="Nothing says which example"):
        read_answers(put(tmp_path, "z.csv", "response,score\nx,1\n"))


def test_answers_join_by_id_then_by_text_and_the_rest_is_listed() -> None:
    examples = [
        ("e1", "a", "Do.", "x"),
        ("e2", None, "Do.", "y"),
        ("e3", "c", "Say.", ""),
        ("e4", None, "Twice.", ""),
        ("e5", None, "Twice.", ""),
        ("e6", "f", "Never.", ""),
    ]
    answers = [
        ImportedAnswer(1, "a", "", "", "by external id"),
        ImportedAnswer(2, None, " Do.\n", "y ", "by text"),
        ImportedAnswer(3, "e3", "Other.", "", "by own id"),
        ImportedAnswer(4, None, "Twice.", "", "first"),
        ImportedAnswer(5, None, "Twice.", "", "second"),
        ImportedAnswer(6, None, "Twice.", "", "third"),
        ImportedAnswer(7, "zz", "", "", "lost"),
        ImportedAnswer(8, None, "Do.", "z", "lost"),
    ]
    joined = join(answers, examples)
    assert joined.matched == {
        "e1": "by external id",
        "e2": "by text",
        "e3": "by own id",
        "e4": "first",
        "e5": "second",
    }
    assert [line for line, _ in joined.unmatched] == [6, 7, 8]
    assert joined.missing == ["e6"]
    assert [line for line, _ in joined.doubtful] == [3]


def test_a_hundred_thousand_answers_join_in_two_seconds() -> None:
    examples = [(f"e{n}", None, f"Question {n}?", "context") for n in range(100_000)]
    answers = [ImportedAnswer(n, None, f"Question {n}?\n", "context", "a") for n in range(100_000)]
    started = time.process_time()
    assert len(join(answers, examples).matched) == 100_000
    assert time.process_time() - started < 2


@shared
@pytest.mark.parametrize("system", ["base_davinci", "tuned_davinci-self-instruct"])
def test_all_252_answers_of_both_systems_join(system: str) -> None:
    tasks = imported(SHARED / "self-instruct" / "user_oriented_instructions.jsonl").accepted
    examples: Sequence[tuple[str, str | None, str, str]] = [
        (f"e{one.line}", one.external_id, one.example.instruction, one.example.input)
        for one in tasks
    ]
    answers, rejects = read_answers(SHARED / "self-instruct" / f"{system}_predictions.jsonl")
    joined = join(answers, examples)
    assert (len(answers), rejects, len(joined.matched)) == (252, [], 252)
    assert (joined.unmatched, joined.missing) == ([], [])


def test_one_stray_record_does_not_choose_the_column_of_all_answers(tmp_path: Path) -> None:
    lines = [f'{{"id": {k}, "output": "said {k}"}}' for k in range(60)]
    stray = '{"id": 60, "answer": "elsewhere"}'
    answers, rejects = read_answers(put(tmp_path, "x.jsonl", "\n".join([*lines, stray])))
    assert (len(answers), [reject.line for reject in rejects]) == (60, [61])
