"""Values of labels: checked against the schema, in words, and as the choices that are counted.

Each kind of label is checked in `problem_of`, written in words by `words_of`, counted by
`choices_in`, and read from files by core/importing/labels.py with `read_rating` and `read_marks`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from core.labels.field import MOST_CHARACTERS, LabelField
from core.labels.spans import MOST_MARKS, in_order, is_marks, settled
from core.wording import figure

WRITTEN = "written"
"""What is counted of a free text: that there is one."""
_SHOWN = 40
_LIKELY = ("input", "output", "instruction")


def is_empty(value: Any) -> bool:
    """Whether a value says nothing: the label is not given."""
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def without_empty(labels: Mapping[str, Any]) -> dict[str, Any]:
    """The labels that are given."""
    return {name: value for name, value in labels.items() if not is_empty(value)}


def normal(field: LabelField, value: Any) -> Any:
    """The value as it is stored: options of a label of several as a list, marks in order."""
    if field.kind == "multiple":
        return list(dict.fromkeys([value] if isinstance(value, str) else value))
    return in_order(value) if field.kind == "span" else value


def problem_of(field: LabelField, value: Any) -> str:
    """Why the field cannot have this value, as the end of a sentence; "" where it can."""
    if field.kind == "rating":
        whole = type(value) is int and 1 <= value <= field.points
        return "" if whole else f"is no whole number from 1 to {field.points}"
    if field.kind == "text":
        if not isinstance(value, str) or "\0" in value:
            return "is no text"
        many = len(value) > MOST_CHARACTERS
        return f"has more than {figure(MOST_CHARACTERS)} characters" if many else ""
    if field.kind == "span":
        if not is_marks(value):
            return "is no list of marked words"
        if len(value) > MOST_MARKS:
            return f"has more than {MOST_MARKS} marks"
        given: Sequence[Any] = [one["option"] for one in value]
    elif field.kind == "multiple":
        given = value if isinstance(value, list | tuple) else [value]
    else:
        given = [value]
    odd = next((one for one in given if one not in field.options), None)
    return "" if odd is None else f"is none of its options: {_short(odd)}"


def fit(schema: Sequence[LabelField], labels: Mapping[str, Any]) -> bool:
    """Whether the schema has all of these labels."""
    fields = {field.name: field for field in schema}
    return all(
        name in fields and not problem_of(fields[name], value)
        for name, value in without_empty(labels).items()
    )


def words_of(value: Any) -> str:
    """A value in words, whatever its label's kind: “a, b”, “4”, “person: Ada · place: Rome”."""
    if is_marks(value):
        return " · ".join(f"{one['option']}: {_short(one['text'])}" for one in value)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def choices_in(value: Any, *, written: bool = False) -> list[str]:
    """What of a value is counted: its option or options, its point in figures, the options of its
    marks, each once; `written`: it is a free text, of which that it is there is counted."""
    if is_empty(value):
        return []
    if written:
        return [WRITTEN]
    if is_marks(value):
        return list(dict.fromkeys(one["option"] for one in value))
    return list(map(str, value)) if isinstance(value, list | tuple) else [str(value)]


def changed_words(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, str]]:
    """Labels that differ, each as `name`, and `before` and `after` in words ("": not given)."""
    names = [name for name in {**before, **after} if before.get(name) != after.get(name)]
    pairs = [(name, *(_given(one.get(name)) for one in (before, after))) for name in names]
    return [{"name": name, "before": old, "after": new} for name, old, new in pairs if old != new]


def _given(value: Any) -> str:
    return "" if is_empty(value) else words_of(value)


def read_rating(given: Any, points: int) -> int | None:
    """A rating in a file: 4, 4.0 or “4”; None where it is none of the points."""
    try:
        found = float(str(given).strip())
    except ValueError:
        return None
    return int(found) if found.is_integer() and 1 <= found <= points else None


def read_marks(
    given: Any, options: Sequence[str], texts: Mapping[str, str]
) -> tuple[list[dict[str, Any]], list[Any]]:
    """Marks in a file, and what of it is none. Touchstone's own have all five parts; other tools
    name no text, and call the option "label" or, in a list, "labels"."""
    by_name = {option.casefold(): option for option in options}
    marks, odd = [], []
    for one in given if isinstance(given, list) else [given]:
        made = _read_mark(one, by_name, texts) if isinstance(one, Mapping) else []
        marks += made
        odd += [] if made else [one]
    return in_order(marks), odd


def _read_mark(
    one: Mapping[str, Any], options: Mapping[str, str], texts: Mapping[str, str]
) -> list[dict[str, Any]]:
    chosen = one.get("option", one.get("labels", one.get("label")))
    named = [str(name).casefold() for name in (chosen if isinstance(chosen, list) else [chosen])]
    start, end, words = one.get("start"), one.get("end"), one.get("text")
    if not isinstance(start, int) or not isinstance(end, int) or not 0 <= start < end:
        return []
    if not set(named) <= options.keys():
        return []
    place = str(one.get("field"))
    fields = (place,) if place in texts else _LIKELY
    for field in fields:
        text = words if isinstance(words, str) and words else texts[field][start:end]
        marks = [
            {"field": field, "start": start, "end": start + len(text), "option": options[name]}
            for name in named
        ]
        # Some tools count UTF-16 units: words that stand a little elsewhere are found.
        found, _ = settled({"": [{**mark, "text": text} for mark in marks]}, texts)
        if text and found:
            return list(found[""])
    return []


def _short(text: Any) -> str:
    said = str(text)
    return f"“{said}”" if len(said) <= _SHOWN else f"“{said[:_SHOWN]}…”"
