"""Answers of other systems, from a file; `core.importing.joining` finds what they answer.

answers, rejects = read_answers(path)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.examples.example import MAX_FIELD_CHARS, is_storable
from core.importing.columns import InvalidMapping, UnknownColumn
from core.importing.detection import nested_column
from core.importing.formats import identify
from core.importing.limits import LIMITS, Limits
from core.importing.mapped import Unusable, as_text, numbered_id, parts_of
from core.importing.names import (
    ANSWER_NAMES,
    ID_NAMES,
    INPUT_NAMES,
    INSTRUCTION_NAMES,
    find_column,
)
from core.importing.pipeline import Reject
from core.importing.readers import OnBytes, read
from core.importing.records import SourceRecord, excerpt, kind_of
from core.importing.sniffing import Beginning, begin
from core.wording import figure


@dataclass(frozen=True, slots=True)
class ImportedAnswer:
    """What another system said to one task: known by its id, its instruction + input, or both."""

    line: int
    id: str | None
    instruction: str
    input: str
    text: str


@dataclass(frozen=True, slots=True)
class _Columns:
    answer: str
    id: str | None
    instruction: str | None
    input: str | None
    nested: str | None


def read_answers(
    path: Path,
    answer_column: str | None = None,
    limits: Limits = LIMITS,
    on_bytes: OnBytes | None = None,
) -> tuple[list[ImportedAnswer], list[Reject]]:
    """The answers in a file, and the records that hold none. An empty answer is an answer.

    `answer_column` may lead into objects: "175b.solution". `on_bytes` hears how far the reading is.
    Raises UnreadableFile, TooLarge; UnknownColumn when the file lacks that column; InvalidMapping
    when no column holds answers, or none says what they answer.
    """
    kind = identify(path, limits)
    columns = _columns(begin(path, kind, limits, as_it_stands=True), answer_column)
    answers: list[ImportedAnswer] = []
    rejects: list[Reject] = []
    for record in read(path, kind, limits, on_bytes):
        for one in _answers_in(record, columns):
            if isinstance(one, Reject):
                rejects.append(one)
            else:
                answers.append(one)
    return answers, rejects


def _columns(beginning: Beginning, chosen: str | None) -> _Columns:
    names, samples = beginning.columns, beginning.samples
    listed = ", ".join(names) or "none"
    if chosen is not None and not any(_holds(sample, chosen) for sample in samples):
        raise UnknownColumn(f"The file has no column '{chosen}'. Its columns are: {listed}.")
    flat = [n for n in names if not any(isinstance(s.get(n), dict) for s in samples)]
    answer = chosen or find_column(ANSWER_NAMES, _well_filled(flat, samples))
    if answer is None:
        raise InvalidMapping(
            "No column is named like an answer (prediction, response, answer, output, …)."
            f" Name the column; the file has: {listed}."
        )
    rest = [name for name in flat if name != answer]
    identity = find_column(ID_NAMES, rest)
    instruction, text = find_column(INSTRUCTION_NAMES, rest), find_column(INPUT_NAMES, rest)
    if not (identity or instruction or text):
        raise InvalidMapping(
            "Nothing says which example each answer belongs to. Add a column 'id', or"
            f" 'instruction' and 'input'; the file has: {listed}."
        )
    return _Columns(answer, identity, instruction, text, nested_column(names, samples))


def _well_filled(names: Sequence[str], samples: Sequence[Mapping[str, Any]]) -> list[str]:
    """The columns that at least half as many records fill as fill an answer column best: one
    stray record must not choose the column of all."""
    filled = {name: sum(s.get(name) is not None for s in samples) for name in names}
    answering = [filled[name] for name in names if find_column(ANSWER_NAMES, [name])]
    return [name for name in names if 2 * filled[name] >= max(answering, default=0)]


def _holds(values: Mapping[str, Any], name: str) -> bool:
    try:
        _value(values, name)
    except KeyError:
        return False
    return True


def _value(values: Mapping[str, Any], name: str) -> Any:
    """The value of a column, else what the dots in its name lead to. Raises KeyError."""
    if name in values:
        return values[name]
    top, dot, rest = name.partition(".")
    inner = values[top] if dot else None
    if not isinstance(inner, dict):
        raise KeyError(name)
    return _value(inner, rest)


def _answers_in(record: SourceRecord, columns: _Columns) -> Iterator[ImportedAnswer | Reject]:
    if record.values is None:
        yield Reject(record.line, record.error, record.raw)
        return
    try:
        for number, values in enumerate(parts_of(record.values, columns.nested), start=1):
            yield _answer(record.line, values, columns, number)
    except Unusable as unusable:
        yield Reject(record.line, str(unusable), excerpt(record.values))


def _answer(line: int, values: Mapping[str, Any], columns: _Columns, number: int) -> ImportedAnswer:
    identity = values.get(columns.id) if columns.id else None
    instruction, text = (
        as_text(values.get(name)) if name else "" for name in (columns.instruction, columns.input)
    )
    if identity in (None, "") and not (instruction.strip() or text.strip()):
        raise Unusable("The record has neither an id nor an instruction or input.")
    name = None if identity in (None, "") else numbered_id(identity, number)
    return ImportedAnswer(line, name, instruction, text, _answer_text(values, columns.answer))


def _answer_text(values: Mapping[str, Any], column: str) -> str:
    try:
        value = _value(values, column)
    except KeyError:
        value = None
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if value is None:
        raise Unusable(f"The answer (column '{column}') is missing.")
    if isinstance(value, dict | list):
        raise Unusable(f"The answer (column '{column}') is {kind_of(value)}, not a text.")
    text = as_text(value)
    if len(text) > MAX_FIELD_CHARS:
        raise Unusable(
            f"The answer has {figure(len(text))} characters; the limit is "
            f"{figure(MAX_FIELD_CHARS)}."
        )
    if "\0" in text or not is_storable(text):
        raise Unusable("The answer contains a damaged character.")
    return text
