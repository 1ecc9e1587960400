"""Reading an answer as a record of fields, and saying which fields are right."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

from core.scoring.overlap import fold_whitespace

_FENCE = re.compile(r"^```\w*\s*\n?|\n?```\s*$")
_LINE = re.compile(r"^[\s*\-]*([^\W_][^:\n]{0,59}?)[\s*]*:[\s*]*(.*)$")


def parse_record(text: str) -> dict[str, str]:
    """Fields of a JSON object, or of `key: value` lines; keys lower-cased, values stripped.

    A fence of back-ticks around it, and text behind the object, are passed over. Of lines that
    repeat a key the first counts. Numbers keep their spelling, nested values become JSON.
    Text that is neither form gives an empty record.
    """
    body = without_fence(text)
    if body.startswith("{"):
        return _from_json(body)
    fields: dict[str, str] = {}
    for line in body.splitlines():
        if found := _LINE.match(line):
            fields.setdefault(found[1].lower(), found[2].rstrip())
    return fields


def parse_json(text: str) -> Any:
    """The value of a text that is JSON (RFC 8259) alone, a fence of back-ticks around it aside.

    Raises ValueError for other text, RecursionError for one that is nested too deep.
    """
    return json.loads(without_fence(text), parse_constant=_refused)


def without_fence(text: str) -> str:
    """A text without the fence of back-ticks around it, and without space around."""
    return _FENCE.sub("", text.strip()).strip()


def field_matches(reference: str, text: str, fields: Sequence[str]) -> dict[str, bool]:
    """Per field, whether the answer's value equals the reference's, whitespace folded, case kept.

    A field that the reference lacks is right only when the answer lacks it too.
    """
    wanted, given = parse_record(reference), parse_record(text)
    return {field: _value(wanted, field) == _value(given, field) for field in fields}


def _value(record: dict[str, str], field: str) -> str | None:
    value = record.get(field.lower())
    return None if value is None else fold_whitespace(value)


def _from_json(body: str) -> dict[str, str]:
    try:
        found, _ = json.JSONDecoder(parse_int=str, parse_float=str).raw_decode(body)
    except (json.JSONDecodeError, RecursionError):
        return {}
    if not isinstance(found, dict):
        return {}
    return {key.strip().lower(): _as_text(value) for key, value in found.items()}


def _refused(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return value.strip()
    return json.dumps(value, ensure_ascii=False)
