"""Marked words of an example's texts, and what becomes of them when a text changes.

A mark is {"field": "input", "start": 4, "end": 7, "option": "person", "text": "Ada"}. It counts
Unicode code points: texts[field][start:end] == text, as Python slices. A browser counts UTF-16
units, of which an emoji has two; pages/components/spans.js converts. The marked words travel with
the offsets, so a mark that no longer fits its text can be told from one that does.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.examples.example import FIELDS
from core.wording import counted

Mark = Mapping[str, Any]
Marks = list[dict[str, Any]]
MOST_MARKS = 200
"""Marks of one label on one example."""
NEAR = 200
"""Code points on each side within which words are looked for that stood elsewhere."""
_KEYS = frozenset(("field", "start", "end", "option", "text"))


def is_marks(value: Any) -> bool:
    """Whether a label's value is a list of marks, of whatever options."""
    return isinstance(value, list) and bool(value) and all(map(_is_mark, value))


def _is_mark(one: Any) -> bool:
    if not isinstance(one, dict) or set(one) != _KEYS or one["field"] not in FIELDS:
        return False
    start, end, text = one["start"], one["end"], one["text"]
    if type(start) is not int or type(end) is not int or not 0 <= start < end:
        return False
    return isinstance(one["option"], str) and isinstance(text, str) and len(text) == end - start


def in_order(marks: Sequence[Mark]) -> Marks:
    """The marks by field and place, each once."""
    places = {tuple(one[key] for key in sorted(_KEYS)): dict(one) for one in marks}
    return sorted(places.values(), key=_place)


def _place(one: Mark) -> tuple[int, int, int, str]:
    return FIELDS.index(one["field"]), one["start"], one["end"], one["option"]


def fits(mark: Mark, texts: Mapping[str, str]) -> bool:
    """Whether the marked words stand where the mark says."""
    return texts[mark["field"]][mark["start"] : mark["end"]] == str(mark["text"])


def settled(labels: Mapping[str, Any], texts: Mapping[str, str]) -> tuple[dict[str, Any], int]:
    """The labels with marks that fit the texts, and how many marks were taken off.

    A mark whose words stand elsewhere is moved when they are found there once: within NEAR code
    points of its place, else in the whole text. One whose words are gone, or found several times,
    is taken off: better no mark than one on other words.
    """
    return _with_marks(labels, lambda one: one if fits(one, texts) else _found(one, texts))


def carried(
    labels: Mapping[str, Any], before: Mapping[str, str], after: Mapping[str, str]
) -> tuple[dict[str, Any], int]:
    """The labels after an edit of the texts, and how many marks were taken off. Marks before and
    behind the edit keep their words; those that it touches are looked for as in `settled`."""
    ends = {name: _common_ends(before[name], after[name]) for name in FIELDS}

    def moved(one: Mark) -> Mark | None:
        head, tail = ends[one["field"]]
        old, new = before[one["field"]], after[one["field"]]
        if old == new or one["end"] <= head:
            return one if fits(one, after) else _found(one, after)
        if one["start"] >= len(old) - tail:
            return _at(one, one["start"] + len(new) - len(old), after)
        return _found(one, after)

    return _with_marks(labels, moved)


def _with_marks(labels: Mapping[str, Any], move: Any) -> tuple[dict[str, Any], int]:
    made: dict[str, Any] = {}
    gone = 0
    for name, value in labels.items():
        if not is_marks(value):
            made[name] = value
            continue
        found = [one for one in map(move, value) if one is not None]
        gone += len(value) - len(found)
        if found:
            made[name] = in_order(found)
    return made, gone


def _common_ends(old: str, new: str) -> tuple[int, int]:
    """Code points that agree at the start, and at the end of what is left."""
    shorter = min(len(old), len(new))
    head = next((i for i in range(shorter) if old[i] != new[i]), shorter)
    rest = shorter - head
    tail = next((i for i in range(rest) if old[-1 - i] != new[-1 - i]), rest)
    return head, tail


def _at(mark: Mark, start: int, texts: Mapping[str, str]) -> Mark | None:
    moved = {**mark, "start": start, "end": start + len(mark["text"])}
    return moved if start >= 0 and fits(moved, texts) else _found(mark, texts)


def _found(mark: Mark, texts: Mapping[str, str]) -> Mark | None:
    """The mark where its words stand once near its place, or once at all; None otherwise."""
    text, words = texts[mark["field"]], mark["text"]
    low = max(0, mark["start"] - NEAR)
    near = _places(text[low : mark["end"] + NEAR], words)
    places = [low + near[0]] if near else _places(text, words)
    if len(near) > 1 or len(places) != 1:
        return None
    return {**mark, "start": places[0], "end": places[0] + len(words)}


def _places(text: str, words: str) -> list[int]:
    """The first two places of the words."""
    first = text.find(words)
    second = text.find(words, first + 1) if first >= 0 else -1
    return [place for place in (first, second) if place >= 0]


def taken_off(gone: int) -> str:
    """The sentence that the example's history has when marks were taken off; "" for none."""
    if not gone:
        return ""
    return f"{counted(gone, 'mark')} taken off: the marked words no longer stand in the text."
