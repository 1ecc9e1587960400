"""Labels from a file's columns: values of the project's label schema, or a problem that is listed.

read = LabelReader((("quality", "Grade"),), project.settings.label_schema)
read({"Grade": "Good"})          # ({"quality": "good"}, [])
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from core.importing.names import plain
from core.importing.record_kinds import LABELLED
from core.projects import LabelField

_BETWEEN = re.compile(r"\s*[;,|]\s*")


def labels_by_name(
    columns: Sequence[str], schema: Sequence[LabelField]
) -> tuple[tuple[str, str], ...]:
    """(label, column) for each label of the schema whose name a column has, alone or behind
    "labels." or "annotation."."""
    by_name = {plain(_bare(column)): column for column in reversed(columns)}
    by_name |= {plain(column): column for column in reversed(columns)}
    pairs = ((field.name, by_name.get(plain(field.name))) for field in schema)
    return tuple((name, column) for name, column in pairs if column)


def _bare(column: str) -> str:
    before = next((one for one in LABELLED if column.startswith(one)), "")
    return column.removeprefix(before)


class LabelProblem(NamedTuple):
    """A value that is no option of its label."""

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

    def read(self, values: Mapping[str, Any]) -> tuple[dict[str, Any], list[LabelProblem]]:
        """The labels, and a problem for each value that is no option of its label."""
        labels: dict[str, Any] = {}
        problems: list[LabelProblem] = []
        for field, column in self._chosen:
            given = self._given(values.get(column), field)
            options = {option.casefold(): option for option in field.options}
            known = [options[one.casefold()] for one in given if one.casefold() in options]
            odd = [one for one in given if one.casefold() not in options]
            if len(given) > 1 and not field.multiple:
                odd, known = given, []
            if odd:
                problems.append(LabelProblem(column, _reason(field, column, odd)))
            if known and field.multiple:
                labels[field.name] = list(dict.fromkeys(known))
            elif known:
                labels[field.name] = known[0]
        return labels, problems

    def _given(self, value: Any, field: LabelField) -> list[str]:
        if isinstance(value, list):
            texts = [self._as_text(one).strip() for one in value]
        else:
            texts = [self._as_text(value).strip()]
        if field.multiple and not isinstance(value, list):
            whole = {option.casefold() for option in field.options}
            texts = [
                part
                for text in texts
                for part in ([text] if text.casefold() in whole else _BETWEEN.split(text))
            ]
        return [text for text in texts if text]


def _reason(field: LabelField, column: str, odd: Sequence[str]) -> str:
    values = ", ".join(f"“{one[:60]}”" for one in odd)
    return (
        f"The label “{field.name}” cannot be {values} (column '{column}'). The example came in"
        " without it; the value is in its metadata."
    )
