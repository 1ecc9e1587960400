"""Filters of examples as SQL: conditions are literals, and what people typed is bound."""

from __future__ import annotations

import json
from typing import Any

from core.examples.listing import ExampleFilter

ORDERS = {
    "position": "position",
    "newest": "updated_at DESC, position",
    "oldest": "updated_at, position",
    "longest": "length(instruction) + length(input) + length(output) DESC, position",
    "shortest": "length(instruction) + length(input) + length(output), position",
}


def conditions(wanted: ExampleFilter) -> str:
    """The conditions that the filter names, so that DuckDB reads no column in vain."""
    found = ["project_id = $project_id"]
    if wanted.state:
        found.append("state = $state")
    if wanted.flagged is not None:
        found.append("flagged = $flagged")
    if wanted.skipped:
        found.append(
            "example_id IN (SELECT example_id FROM example_skips WHERE project_id = $project_id)"
        )
    if wanted.author_id:
        found.append("author_id = $author_id")
    if wanted.label:
        found.append("json_contains(json_extract(labels, $label_field), $label_option)")
    if wanted.has_output is not None:
        found.append("(trim(output) <> '') = $has_output")
    if wanted.text:
        found.append(
            "(contains(lower(instruction), $text) OR contains(lower(input), $text) "
            "OR contains(lower(output), $text))"
        )
    return " AND ".join(found)


def parameters(project_id: str, wanted: ExampleFilter) -> dict[str, Any]:
    """What `conditions` binds."""
    given: dict[str, Any] = {"project_id": project_id}
    if wanted.state:
        given["state"] = wanted.state
    if wanted.flagged is not None:
        given["flagged"] = wanted.flagged
    if wanted.author_id:
        given["author_id"] = wanted.author_id
    if wanted.label:
        given["label_field"] = pointer(wanted.label[0])
        given["label_option"] = json.dumps(wanted.label[1])
    if wanted.has_output is not None:
        given["has_output"] = wanted.has_output
    if wanted.text:
        given["text"] = wanted.text.lower()
    return given


def pointer(name: str) -> str:
    """The JSON pointer (RFC 6901) of a key, whatever signs it has."""
    return "/" + name.replace("~", "~0").replace("/", "~1")
