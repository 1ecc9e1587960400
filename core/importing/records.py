"""One record of a file as it stands there, before anybody says what its columns mean."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import orjson

from core.importing.limits import Limits
from core.wording import figure

EXCERPT_CHARS = 500


class SourceRecord(NamedTuple):
    """A record, or why there is none.

    `line` counts from 1: the physical line where the record starts (JSONL, CSV, TSV), the
    position in the list (JSON) or the row (Parquet). Exactly one of `values` and `error` is set.
    `raw` is the beginning of the text where there are no values. `at_byte` says roughly how many
    bytes of the file had been read; `chars` how long the record is where the file is compressed.
    """

    line: int
    values: dict[str, Any] | None = None
    error: str = ""
    raw: str = ""
    at_byte: int = 0
    chars: int = 0


def excerpt(value: object) -> str:
    """The first 500 characters of a record, safe to store and to show."""
    if isinstance(value, dict):
        value = {name: v[:EXCERPT_CHARS] if isinstance(v, str) else v for name, v in value.items()}
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return storable(text[:EXCERPT_CHARS])


def storable(text: str) -> str:
    """The text with halves of surrogate pairs and NULs replaced by a question mark."""
    return text.replace("\0", "?").encode("utf-8", "replace").decode()


def unique_names(names: Iterable[object]) -> tuple[list[str], list[str]]:
    """Column names fit to be keys, and a warning for each that had to change.

    Blank names become "column 3", repeated ones "text (2)".
    """
    kept: dict[str, None] = {}
    warnings: list[str] = []
    for number, given in enumerate(names, start=1):
        name = base = storable("" if given is None else str(given)).strip() or f"column {number}"
        copy = 1
        while name in kept:
            copy += 1
            name = f"{base} ({copy})"
        if copy > 1:
            warnings.append(f"The column name '{base}' is used twice; column {number} is '{name}'.")
        kept[name] = None
    return list(kept), warnings


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not a JSON value")


def _unique_fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    values = dict(pairs)
    if len(values) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"the field '{twice}' is there twice")
    return values


# NaN and repeated fields pass json.loads in silence; here they are refused.
DECODER = json.JSONDecoder(object_pairs_hook=_unique_fields, parse_constant=_no_constant)
_LONGEST_INTEGER = 2.0**63  # orjson makes a float of one that is longer


@dataclass(frozen=True, slots=True)
class Refused:
    """Stands where a value parses but is not allowed, and says why."""

    reason: str


def record_from(value: object, line: int, limits: Limits, at_byte: int) -> SourceRecord:
    """A parsed JSON value as a record; refused unless it is an object of reasonable depth."""
    if isinstance(value, Refused):
        return SourceRecord(line, error=value.reason, at_byte=at_byte)
    if not isinstance(value, dict):
        error = f"Not an object with named fields but {kind_of(value)}."
    elif deeper_than(value, limits.depth):
        error = limits.too_deep
    else:
        return SourceRecord(line, value, at_byte=at_byte)
    return SourceRecord(line, error=error, raw=_bounded(value), at_byte=at_byte)


def record_from_text(text: str, line: int, limits: Limits, at_byte: int) -> SourceRecord:
    """One JSON text as a record, or the reason why it is none."""
    if (values := _sound_object(text, limits)) is not None:
        return SourceRecord(line, values, at_byte=at_byte)
    try:
        value = DECODER.decode(text)
    except (ValueError, RecursionError) as error:
        return SourceRecord(line, error=json_reason(error, limits), raw=excerpt(text))
    return record_from(value, line, limits, at_byte)


def _sound_object(text: str, limits: Limits) -> dict[str, Any] | None:
    """The object when it repeats no field and is of reasonable depth; None: look closely.

    Twice as fast as DECODER, of which it must say the same.
    """
    try:
        values = orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    if type(values) is not dict:
        return None
    strings: float = len(values)
    for value in values.values():
        if type(value) is str:
            strings += 1
        elif isinstance(value, dict | list) and deeper_than(value, limits.depth - 1):
            return None
        else:
            strings += _strings(value)
    # Each field's name and each string has two marks: more of them are those of a lost field, or
    # escaped ones.
    if text.count('"') != 2 * strings:
        text = text.replace("\\\\", "").replace('\\"', "")
    return values if text.count('"') == 2 * strings else None


def _strings(value: Any) -> float:
    """How many texts and names of fields a value holds, its depth being bounded; infinitely many
    where an integer may have lost digits."""
    if isinstance(value, str):
        return 1
    if isinstance(value, dict):
        return len(value) + sum(map(_strings, value.values()))
    if isinstance(value, list):
        return sum(map(_strings, value))
    return math.inf if isinstance(value, float) and abs(value) >= _LONGEST_INTEGER else 0


def json_reason(error: Exception, limits: Limits) -> str:
    """Why a text is no JSON, for people."""
    if isinstance(error, RecursionError):
        return limits.too_deep
    if isinstance(error, json.JSONDecodeError):
        return f"Not valid JSON: {error.msg} (character {error.colno})."
    if "integer string conversion" in str(error):  # no JSONDecodeError: it is valid JSON
        return f"A number has more than {figure(sys.get_int_max_str_digits())} digits, the limit."
    return f"Not valid JSON: {error}."


def _bounded(value: object) -> str:
    """An excerpt of a value that may be too deep to write out."""
    try:
        return excerpt(value)
    except RecursionError:
        return ""


def deeper_than(value: object, limit: int) -> bool:
    """Whether lists and objects nest more than `limit` levels; without recursion."""
    level = [value]
    for _ in range(limit + 1):
        containers = [item for item in level if isinstance(item, dict | list)]
        if not containers:
            return False
        level = [
            child
            for item in containers
            for child in (item.values() if isinstance(item, dict) else item)
        ]
    return True


def kind_of(value: object) -> str:
    """What a JSON value is, in words."""
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, list | tuple):
        return "a list"
    if value is None:
        return "nothing (null)"
    return "a text" if isinstance(value, str) else f"the value {value!r:.40}"
