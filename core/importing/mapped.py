"""What a mapping makes of one record: the three texts, and what is kept beside them."""

from __future__ import annotations

import datetime
import decimal
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from core.importing.chat import NoConversation, flatten
from core.importing.columns import ColumnMapping
from core.importing.record_kinds import OddRecord, record_kind
from core.importing.record_kinds import flatten as flat_record
from core.importing.records import kind_of


class Unusable(Exception):
    """A record cannot become an example; the text says why, for people."""


@dataclass(frozen=True, slots=True)
class Fields:
    """The three texts of one example to be, and the columns kept beside it.

    `id` is the record's own. `where` stands before a complaint about it: "Number 2 of
    'instances': ", or nothing. `source` are the columns that the fields were taken from.
    """

    instruction: str
    input: str
    output: str
    id: str | None
    meta: dict[str, Any]
    source: Mapping[str, Any]
    where: str = ""


def fields_of(
    values: Mapping[str, Any], mapping: ColumnMapping, output_needed: bool = True
) -> Iterator[Fields | Unusable]:
    """One entry per example in the record: several where a list of objects is exploded.

    Of several, the second and later get "#2", "#3" … behind their id.
    """
    try:
        parts = parts_of(_plain_record(values, mapping), mapping.explode)
    except Unusable as unusable:
        yield unusable
        return
    for number, part in enumerate(parts, start=1):
        where = f"Number {number} of '{mapping.explode}': " if len(parts) > 1 else ""
        try:
            yield replace(_fields(part, mapping, number, output_needed), where=where)
        except Unusable as unusable:
            yield Unusable(f"{where}{unusable}")


def _plain_record(values: Mapping[str, Any], mapping: ColumnMapping) -> Mapping[str, Any]:
    try:
        flat = flat_record(mapping.records, values)
        return flatten(flat, mapping.chat) if mapping.chat else flat
    except (NoConversation, OddRecord) as odd:
        raise Unusable(str(odd)) from None


def parts_of(values: Mapping[str, Any], name: str | None) -> list[Mapping[str, Any]]:
    """The record itself, or one copy per object in the list `name`, its fields as "name.field".

    Raises Unusable when the list is missing, empty or no list of objects.
    """
    if name is None:
        return [values]
    inner = values.get(name)
    if inner is None:
        raise Unusable(f"The column '{name}' is missing.")
    if not isinstance(inner, list) or not all(isinstance(item, dict) for item in inner):
        raise Unusable(f"The column '{name}' is not a list of objects but {kind_of(inner)}.")
    if not inner:
        raise Unusable(f"The list '{name}' is empty.")
    return [{**values, **{f"{name}.{key}": item[key] for key in item}} for item in inner]


def _fields(
    values: Mapping[str, Any], mapping: ColumnMapping, number: int, output_needed: bool
) -> Fields:
    instruction = mapping.constant_instruction
    if mapping.instruction:
        instruction = _text(values, mapping.instruction, "instruction", mapping, needed=True)
    text = output = ""
    if mapping.input:
        needed = not (mapping.instruction or instruction.strip())
        text = _text(values, mapping.input, "input", mapping, needed)
    if mapping.output:
        output = _text(values, mapping.output, "output", mapping, output_needed)
    identity = _identity(values, mapping, number)
    return Fields(instruction, text, output, identity, _meta(values, mapping), values)


def _text(
    values: Mapping[str, Any], column: str, field: str, mapping: ColumnMapping, needed: bool
) -> str:
    if column not in values:
        if needed:
            raise Unusable(f"The column '{column}' is missing.")
        return ""
    value = values[column]
    if isinstance(value, str):
        return value
    if isinstance(value, dict | list) and not mapping.json_values:
        raise Unusable(
            f"The {field} (column '{column}') is {kind_of(value)}, not a text."
            " Choose another column, or have such values written as JSON."
        )
    return as_text(value)


def as_text(value: Any) -> str:
    """A value as text: null and NaN become "", lists and objects JSON. Raises Unusable."""
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float | decimal.Decimal):
        return str(value)
    if isinstance(value, dict | list):
        return json.dumps(plain_value(value), ensure_ascii=False)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    raise Unusable("A value is binary data, not text. Choose another column.")


def _meta(values: Mapping[str, Any], mapping: ColumnMapping) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    spread = record_kind(mapping.records).spread
    for name in mapping.meta:
        value = plain_value(values.get(name))
        if name in spread and isinstance(value, dict):
            meta |= value
        elif value not in (None, ""):
            meta[name] = value
    if mapping.label and (label := plain_value(values.get(mapping.label))) not in (None, ""):
        meta["label"] = label
    return meta


def _identity(values: Mapping[str, Any], mapping: ColumnMapping, number: int) -> str | None:
    identity = values.get(mapping.id) if mapping.id else None
    return None if identity in (None, "") else numbered_id(identity, number)


def numbered_id(identity: Any, number: int) -> str:
    """The id of the so-manyth example of a record: "7", then "7#2", "7#3"."""
    if type(identity) is int:  # as JSON writes it, in a tenth of the time
        text = str(identity)
    else:
        text = identity if isinstance(identity, str) else json.dumps(plain_value(identity))
    return text if number == 1 else f"{text}#{number}"


def plain_value(value: Any) -> Any:
    """The value in types JSON knows. Depth is bounded: records over the limit came as errors."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, dict):
        return {str(key): plain_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(inner) for inner in value]
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
