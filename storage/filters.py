"""Filters of examples as SQL: conditions are literals, and what people typed is bound."""

from __future__ import annotations

import json
from typing import Any

from core.examples.assignment import OPEN_QUEUE
from core.examples.listing import ExampleFilter, LabelTest

ORDERS = {
    "position": "position",
    "newest": "updated_at DESC, position",
    "oldest": "updated_at, position",
    "longest": "length(instruction) + length(input) + length(output) DESC, position",
    "alike": "list_position(CAST($positions AS BIGINT[]), position)",
    "shortest": "length(instruction) + length(input) + length(output), position",
}


# The point of a rating; what is no number, such as an option, is NULL and fits nothing.
_POINT = "TRY_CAST(json_extract(labels, $label_field) AS INTEGER)"
_CONTAINS = "json_contains(json_extract(labels, $label_field), $label_option)"
_LABEL_TESTS: dict[LabelTest, str] = {
    "has": _CONTAINS,
    "at_least": f"{_POINT} >= $label_option",
    "at_most": f"{_POINT} <= $label_option",
    "given": "json_exists(labels, $label_field)",
    "marked": _CONTAINS,
}
_LENGTH = "length(instruction) + length(input) + length(output)"
# Each condition with the filter's field that asks for it; None and "" ask for nothing.
_CONDITIONS: dict[str, str] = {
    "state": "state = $state",
    "flagged": "flagged = $flagged",
    "critical": "critical = $critical",
    "awaiting": "(accepts > 0) = $awaiting",
    "skipped": """
        example_id IN (SELECT example_id FROM example_skips WHERE project_id = $project_id)
        """,
    "author_id": "author_id = $author_id",
    "changed_from": "updated_at >= $changed_from",
    "changed_before": "updated_at < $changed_before",
    "split": """
        example_id IN (
            SELECT m.example_id FROM version_examples m WHERE m.split = $split AND m.version_id = (
                SELECT v.version_id FROM dataset_versions v
                WHERE v.project_id = $project_id AND NOT v.evaluation_only
                ORDER BY v.number DESC LIMIT 1))
        """,
    "assigned_to": "assigned_to = $assigned_to",
    "synthetic": """
        (example_id IN (SELECT s.example_id FROM synthetic_examples s
                        WHERE s.project_id = $project_id)) = $synthetic
        """,
    "positions": "position IN (SELECT unnest(CAST($positions AS BIGINT[])))",
    "finding": """
        (example_id, revision_id) IN (
            SELECT (f.example_id, f.revision_id) FROM example_findings f
            WHERE f.project_id = $project_id AND $finding IN ('any', f.kind, f.severity))
        """,
    "topic": """
        example_id IN (SELECT k.example_id FROM checked_examples k
                       WHERE k.project_id = $project_id AND k.topic = $topic)
        """,
    "has_output": "(trim(output) <> '') = $has_output",
    "label": "",  # one of _LABEL_TESTS
    "least": f"{_LENGTH} >= $least",
    "most": f"{_LENGTH} <= $most",
    "text": """
        (contains(lower(instruction), lower($text)) OR contains(lower(input), lower($text))
         OR contains(lower(output), lower($text)))
        """,
}


def conditions(wanted: ExampleFilter) -> str:
    """The conditions that the filter names, so that DuckDB reads no column in vain."""
    label = {"label": _LABEL_TESTS[wanted.label_test]}
    asked = (label.get(name, _CONDITIONS[name]) for name in _asked(wanted))
    return " AND ".join(["project_id = $project_id", *asked])


def parameters(project_id: str, wanted: ExampleFilter) -> dict[str, Any]:
    """What `conditions` binds."""
    given = _asked(wanted)
    given.pop("skipped", None)
    if wanted.label:
        field, option = given.pop("label")
        given |= {"label_field": pointer(field), **_option(wanted.label_test, option)}
    if wanted.assigned_to == OPEN_QUEUE:
        given["assigned_to"] = ""
    if wanted.positions is not None:
        given["positions"] = list(wanted.positions)
    return {"project_id": project_id, **given}


def _option(test: LabelTest, option: str | int) -> dict[str, Any]:
    """What a label is compared with; DuckDB binds nothing that a condition does not name."""
    if test == "given":
        return {}
    if test in ("at_least", "at_most"):
        return {"label_option": int(option)}
    return {"label_option": json.dumps({"option": option} if test == "marked" else option)}


def _asked(wanted: ExampleFilter) -> dict[str, Any]:
    values = {name: getattr(wanted, name) for name in _CONDITIONS} | {
        "skipped": wanted.skipped or None
    }
    return {name: value for name, value in values.items() if value not in (None, "")}


def pointer(name: str) -> str:
    """The JSON pointer (RFC 6901) of a key, whatever signs it has."""
    return "/" + name.replace("~", "~0").replace("/", "~1")
