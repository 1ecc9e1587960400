"""Labels from a file's columns: values of the project's label schema, or a problem that is listed.

read = LabelReader((("quality", "Grade"),), project.settings.label_schema)
read({"Grade": "Good"}, texts)   # ({"quality": "good"}, [])
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from core.importing.names import plain
from core.importing.record_kinds import ANNOTATED, LABELLED
from core.labels.values import is_empty, problem_of, read_marks, read_rating
from core.projects import LabelField

SPANS = f"{ANNOTATED}spans"
_BETWEEN = re.compile(r"\s*[;,|]\s*")


def labels_by_name(
    columns: Sequence[str], schema: Sequence[LabelField]
) -> tuple[tuple[str, str], ...]:
    """(label, column) for each label of the schema whose name a column has, alone or behind
    "labels." or "annotation.": to the letter before all else, as two labels may differ in letter
    case, spaces or hyphens alone."""
    exact = {
        field.name: column
        for field in schema
        for column in (f"{before}{field.name}" for before in ("", *reversed(LABELLED)))
        if column in columns
    }
    others = [column for column in reversed(columns) if column not in exact.values()]
    by_name = {plain(_bare(column)): column for column in others}
    by_name |= {plain(column): column for column in others}
    marked = [field.name for field in schema if field.kind == "span"]
    if len(marked) == 1 and SPANS in columns:  # doccano's marks have no name of their own
        by_name.setdefault(plain(marked[0]), SPANS)
    pairs = ((one.name, exact.get(one.name) or by_name.get(plain(one.name))) for one in schema)
    return tuple((name, column) for name, column in pairs if column)


def _bare(column: str) -> str:
    before = next((one for one in LABELLED if column.startswith(one)), "")
    return column.removeprefix(before)


class LabelProblem(NamedTuple):
    """A value that its label cannot have."""

    column: str
    reason: str


class LabelReader:
    """What a record's columns say about the labels of the schema."""

    def __init__(
        self,
        chosen: Sequence[tuple[str, str]],
        schema: Sequence[LabelField],
        as_text: Callable[[Any], str],
    ) -> None:
        fields = {field.name: field for field in schema}
        self._as_text = as_text
        self._chosen = [(fields[name], column) for name, column in chosen if name in fields]

    def read(
        self, values: Mapping[str, Any], texts: Mapping[str, str]
    ) -> tuple[dict[str, Any], list[LabelProblem]]:
        """The labels, and a problem for each value that its label cannot have. `texts`: the
        example's three, in which marked words stand."""
        labels: dict[str, Any] = {}
        problems: list[LabelProblem] = []
        for field, column in self._chosen:
            value, odd = self._value(field, values.get(column), texts)
            if odd:
                problems.append(LabelProblem(column, _reason(field, column, odd)))
            if not is_empty(value):
                labels[field.name] = value
        return labels, problems

    def _value(
        self, field: LabelField, given: Any, texts: Mapping[str, str]
    ) -> tuple[Any, list[str]]:
        """What a column says of a label, and what of it the label cannot have."""
        if given is None or given == []:
            return None, []
        if field.kind == "text":
            text = self._as_text(given)
            return (None, [text]) if problem_of(field, text) else (text, [])
        if field.kind == "rating":
            said = self._as_text(given).strip()
            rating = read_rating(said, field.points)
            return rating, [said] if said and rating is None else []
        if field.kind == "span":
            marks, odd = read_marks(_listed(given), field.options, texts) if given else ([], [])
            return marks, [self._as_text(one) for one in odd]
        return self._options(field, self._given(_listed(given), field))

    def _options(self, field: LabelField, given: list[str]) -> tuple[Any, list[str]]:
        options = {option.casefold(): option for option in field.options}
        known = [options[one.casefold()] for one in given if one.casefold() in options]
        odd = [one for one in given if one.casefold() not in options]
        if field.kind == "multiple":
            return list(dict.fromkeys(known)), odd
        if len(given) > 1:
            return None, given
        return known[0] if known else None, odd

    def _given(self, value: Any, field: LabelField) -> list[str]:
        if isinstance(value, list):
            texts = [self._as_text(one).strip() for one in value]
        else:
            texts = [self._as_text(value).strip()]
        if field.kind == "multiple" and not isinstance(value, list):
            whole = {option.casefold() for option in field.options}
            texts = [
                part
                for text in texts
                for part in ([text] if text.casefold() in whole else _BETWEEN.split(text))
            ]
        return [text for text in texts if text]


def _listed(value: Any) -> Any:
    """Several options, or marks, which CSV holds as a JSON list."""
    if not (isinstance(value, str) and value.startswith("[")):
        return value
    try:
        known = json.loads(value)
    except ValueError:
        return value
    return known if isinstance(known, list) else value


def _reason(field: LabelField, column: str, odd: Sequence[str]) -> str:
    values = ", ".join(f"“{one[:60]}”" for one in odd)
    return (
        f"The label “{field.name}” cannot be {values} (column '{column}'). The example came in"
        " without it; the value is in its metadata."
    )
