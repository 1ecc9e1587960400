"""Marked words: counted in code points, moved with their text, never left on other words."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.labels.spans import carried, fits, settled
from core.labels.values import read_marks

TEXT = st.text(st.sampled_from("ab 🙂é\n"), min_size=1, max_size=25)


def texts(given_text: str) -> dict[str, str]:
    return {"instruction": "Who?", "input": given_text, "output": "Ada"}


def mark(text: str, start: int, end: int, option: str = "person") -> dict[str, Any]:
    return {"field": "input", "start": start, "end": end, "option": option, "text": text[start:end]}


def moved(before: str, after: str, *marks: dict[str, Any]) -> tuple[list[tuple[int, str]], int]:
    labels, gone = carried({"names": list(marks)}, texts(before), texts(after))
    return [(one["start"], one["text"]) for one in labels.get("names", [])], gone


def test_a_mark_before_and_behind_an_edit_keeps_its_words_whatever_stands_elsewhere() -> None:
    before = "Ada met Ada 🙂 and Bob."
    after = "Ada met Ada Byron 🙂👋 and Bob."
    both = mark(before, 0, 3), mark(before, 18, 21)
    assert moved(before, after, *both) == ([(0, "Ada"), (25, "Bob")], 0)


def test_words_that_stand_elsewhere_once_are_found_and_others_are_taken_off() -> None:
    assert moved("It was Ada.", "Ada, it was!", mark("It was Ada.", 7, 10)) == ([(0, "Ada")], 0)
    assert moved("It was Ada.", "It was he.", mark("It was Ada.", 7, 10)) == ([], 1)
    twice = "Ada? So Ada!"
    assert moved("It was Ada.", twice, mark("It was Ada.", 7, 10)) == ([], 1)


@given(TEXT, TEXT, TEXT, TEXT, st.data())
def test_after_any_edit_a_mark_stands_on_its_words_or_is_counted_as_gone(
    head: str, old: str, new: str, tail: str, data: st.DataObject
) -> None:
    before, after = head + old + tail, head + new + tail
    start = data.draw(st.integers(0, len(before) - 1))
    end = data.draw(st.integers(start + 1, len(before)))
    one = mark(before, start, end)
    labels, gone = carried({"names": [one], "topic": "sums"}, texts(before), texts(after))
    kept = labels.get("names", [])
    assert len(kept) + gone == 1
    assert all(fits(left, texts(after)) and left["text"] == one["text"] for left in kept)
    assert labels["topic"] == "sums"
    if end <= len(head) or start >= len(head + old):
        assert gone == 0 or one["text"] not in (head, tail)


@given(TEXT, st.data())
def test_labels_that_fit_their_texts_are_left_alone(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    labels = {"names": [mark(text, start, len(text))], "marks": ["odd"], "clarity": 4}
    assert settled(labels, texts(text)) == (labels, 0)


def test_marks_of_tools_that_count_utf_16_units_are_put_on_their_words() -> None:
    text = "🙂🙂 Ada wrote."
    utf16 = {"start": 5, "end": 8, "text": "Ada", "labels": ["Person"]}
    marks, odd = read_marks([utf16], ("person", "place"), texts(text))
    assert (marks, odd) == ([mark(text, 3, 6)], [])
    unknown = {"start": 0, "end": 3, "label": "animal"}
    assert read_marks([unknown], ("person",), texts("Ada")) == ([], [unknown])
