"""What Touchstone exported, as it was: texts, labels, metadata; the rest beside them in "exported".

Known by "content_hash" beside the texts. In CSV, labels and provenance are columns of their own.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

_TEXTS = ("instruction", "input", "output")
_HASH = "content_hash"
# What an export says about an example beside what it is.
_ABOUT = ("split", "group_id", "quality", "status", "flagged", "revision_id")
_TAKEN_APART = {*_ABOUT, _HASH, "external_id", "labels", "provenance"}
_NOTHING = (None, "")


def is_own(record: Mapping[str, Any]) -> bool:
    """Whether Touchstone has written this record."""
    if not isinstance(record.get(_HASH), str):
        return False
    return isinstance(record.get("messages"), list) or all(name in record for name in _TEXTS)


def flatten(record: Mapping[str, Any]) -> dict[str, Any]:
    """The columns: id, texts or messages, "labels.NAME", meta, exported, and what else was added.

    The id is the one that the example had from its own file, else the exporting workspace's.
    """
    known = {"meta": from_json_text(record["meta"])} if "meta" in record else {}
    labels, exported = _labels(record), _exported(record)
    rest = {name: value for name, value in record.items() if not _is_about(name)}
    if record.get("external_id") not in _NOTHING:
        exported["id"], rest["id"] = record.get("id"), record["external_id"]
    return rest | known | labels | ({"exported": exported} if exported else {})


def _is_about(name: str) -> bool:
    """Whether a column is taken apart, or says what only the export knew."""
    return name in _TAKEN_APART or name.startswith(("labels.", "provenance."))


def _labels(record: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in record.items() if name.startswith("labels.")}
    if isinstance(record.get("labels"), dict):
        found |= {f"labels.{name}": value for name, value in record["labels"].items()}
    return {name: value for name, value in found.items() if value is not None}


def _exported(record: Mapping[str, Any]) -> dict[str, Any]:
    before = "provenance."
    found = {name: record.get(name) for name in _ABOUT}
    found |= {n.removeprefix(before): v for n, v in record.items() if n.startswith(before)}
    if isinstance(record.get("provenance"), dict):
        found |= record["provenance"]
    return {name: value for name, value in found.items() if value not in _NOTHING}


def from_json_text(value: Any) -> Any:
    """Metadata as an object, which CSV, Parquet and `datasets` folders hold as JSON text; any other
    value as it is."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value or "{}")
    except ValueError:
        return value
