"""Records as Label Studio, Argilla and doccano export them, made flat.

Label Studio 1.x: "JSON", tasks with annotations (JSON_MIN and CSV are flat already). Argilla:
`records.to_json` and `to_list` of the 2.x client, flattened or not, and datasets of 1.x
(FeedbackDataset). doccano 1.x: JSON and JSONL for classification, sequence labelling, relations,
intent detection and sequence to sequence; it does not say who labelled.

Of several annotations one becomes the example: Label Studio's ground truth, else the newest;
Argilla's first submitted one. The others are kept in "other_annotations".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.importing.own_exports import from_json_text

Record = Mapping[str, Any]


def is_label_studio(record: Record) -> bool:
    """Whether this is a task with its annotations."""
    return isinstance(record.get("data"), dict) and isinstance(record.get("annotations"), list)


def of_label_studio(record: Record) -> dict[str, Any]:
    """The task's data, "annotation.NAME" for each control (choices, textarea, rating, …), who
    annotated, other annotations, predictions, and what else the task says."""
    done = [one for one in record["annotations"] if isinstance(one, dict)]
    chosen = max(done, key=_rank, default=None)
    if chosen is not None and chosen.get("was_cancelled"):
        chosen = None
    flat = {"id": record.get("id"), **record["data"]}
    if chosen is not None:
        flat |= {f"annotation.{name}": value for name, value in _answers(chosen).items()}
        flat["annotated"] = _annotated(chosen)
    if others := [one for one in done if one is not chosen]:
        flat["other_annotations"] = [_annotated(one) | _answers(one) for one in others]
    known = ("id", "data", "annotations")
    if task := {name: v for name, v in record.items() if name not in known and v not in _NOTHING}:
        flat["task"] = task
    return flat


_NOTHING: tuple[Any, ...] = (None, "", [], {})
_CHOSEN, _VALUES = ("choices", "textarea", "taxonomy"), ("rating", "number", "datetime", "pairwise")


def _rank(annotation: Record) -> tuple[bool, bool, str]:
    newest = str(annotation.get("updated_at") or annotation.get("created_at") or "")
    skipped = bool(annotation.get("was_cancelled"))
    return not skipped, bool(annotation.get("ground_truth")), newest


def _annotated(annotation: Record) -> dict[str, Any]:
    found = {
        "by": _person(annotation.get("completed_by")),
        "at": annotation.get("updated_at") or annotation.get("created_at"),
        "annotation_id": annotation.get("id"),
        "seconds": annotation.get("lead_time"),
        "ground_truth": annotation.get("ground_truth") or None,
        "skipped": annotation.get("was_cancelled") or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _person(given: Any) -> Any:
    """An id, or the most telling part of an account."""
    if not isinstance(given, dict):
        return given
    name = " ".join(str(given.get(part) or "") for part in ("first_name", "last_name")).strip()
    return given.get("email") or given.get("username") or name or given.get("id")


def _answers(annotation: Record) -> dict[str, Any]:
    """Each control's answer: a text or number, a list of several, regions as objects."""
    found: dict[str, list[Any]] = {}
    kinds: dict[str, str] = {}
    for one in annotation.get("result") or ():
        if not isinstance(one, dict):
            continue
        kind = str(one.get("type") or "")
        name = str(one.get("from_name") or "") or f"{kind or 'other'}s"
        found.setdefault(name, []).extend(_answer(kind, one))
        kinds[name] = kind
    return {name: _one_or_all(values, kinds[name]) for name, values in found.items()}


def _answer(kind: str, result: Record) -> list[Any]:
    value = result.get("value")
    if not isinstance(value, dict):  # a relation between regions
        return [{name: v for name, v in result.items() if name != "type"}]
    if kind == "taxonomy":
        return [" / ".join(map(str, path)) for path in value.get(kind) or ()]
    given = value.get("text" if kind == "textarea" else kind)
    if kind in _CHOSEN and kind != "taxonomy":
        return given if isinstance(given, list) else [given]
    if kind in _VALUES and not isinstance(given, dict):
        return [given if given is not None else value.get("selected")]
    return [value]  # a region with its labels: where it is belongs to what it says


def _one_or_all(values: list[Any], kind: str) -> Any:
    if kind == "textarea":
        return "\n".join(str(one) for one in values if one is not None)
    return values[0] if len(values) == 1 and kind in (*_CHOSEN, *_VALUES) else values


def is_argilla(record: Record) -> bool:
    """Whether this is a record of Argilla, nested, flattened or of its first generation."""
    if isinstance(record.get("fields"), dict) and isinstance(record.get("responses"), dict):
        return True
    if any(f"{name}.users" in record for name in record if name.endswith(".responses")):
        return True
    first = [name for name in record if f"{name}-suggestion" in record]
    return bool(first) and "metadata" in record


def of_argilla(record: Record) -> dict[str, Any]:
    """The fields, "annotation.QUESTION" with the answer of one person, who that was, the answers of
    others, suggestions, and what else the record says."""
    flat, answers, suggestions = _parts_of_argilla(record)
    by = _first_person(answers)
    others = []
    annotated = {"by": by} if by is not None else {}
    for question, given in answers.items():
        mine = next((one for one in given if one["by"] == by and _counts(one)), None)
        chosen = mine or next((one for one in given if _counts(one)), None)
        if chosen is not None:
            flat[f"annotation.{question}"] = chosen["value"]
            if chosen["by"] != by:
                annotated[question] = chosen["by"]
        others += [{"question": question, **one} for one in given if one is not chosen]
    more = {"annotated": annotated, "other_annotations": others, "suggestions": suggestions}
    return flat | {name: value for name, value in more.items() if value}


def _counts(response: Record) -> bool:
    return response.get("status") not in ("discarded", "draft") and response["value"] is not None


def _first_person(answers: Mapping[str, list[dict[str, Any]]]) -> Any:
    return next((one["by"] for given in answers.values() for one in given if _counts(one)), None)


def _parts_of_argilla(
    record: Record,
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]], dict[str, Any]]:
    """Columns, the responses to each question, suggestions."""
    if isinstance(record.get("fields"), dict):
        known = ("fields", "responses", "suggestions", "metadata", "id")
        task = {name: v for name, v in record.items() if name not in known and v not in _NOTHING}
        flat = {"id": record.get("id"), **record["fields"], "metadata": record.get("metadata")}
        answers = {
            question: [_response(one) for one in given or () if isinstance(one, dict)]
            for question, given in record["responses"].items()
        }
        return flat | ({"task": task} if task else {}), answers, record.get("suggestions") or {}
    return _parts_of_flat_argilla(record)


def _parts_of_flat_argilla(
    record: Record,
) -> tuple[dict[str, Any], dict[str, list[dict[str, Any]]], dict[str, Any]]:
    flat: dict[str, Any] = {}
    answers: dict[str, list[dict[str, Any]]] = {}
    suggestions: dict[str, Any] = {}
    for name, value in record.items():
        question, _, part = name.rpartition(".responses")
        if question and not part:
            answers[question] = _side_by_side(record, name)
        elif ".suggestion" in name or "-suggestion" in name:
            if value not in _NOTHING:
                suggestions[name] = value
        elif f"{name}-suggestion" in record and isinstance(value, list | None):
            answers[name] = [_response(one) for one in value or () if isinstance(one, dict)]
        elif name == "metadata":
            flat[name] = from_json_text(value)
        elif not name.endswith((".responses.users", ".responses.status")):
            flat["id" if name == "external_id" else name] = value
    return flat, answers, suggestions


def _side_by_side(record: Record, name: str) -> list[dict[str, Any]]:
    """Responses whose values, people and states are lists in columns of their own."""
    values = record[name] or []
    users, states = (record.get(f"{name}.{part}") or [] for part in ("users", "status"))
    made = []
    for number, value in enumerate(values if isinstance(values, list) else [values]):
        one = {"value": value, "user_id": users[number] if number < len(users) else None}
        made.append(_response(one | ({"status": states[number]} if number < len(states) else {})))
    return made


def _response(given: Record) -> dict[str, Any]:
    one = {"by": given.get("user_id"), "value": given.get("value")}
    return one | ({"status": given["status"]} if given.get("status") else {})


def is_doccano(record: Record) -> bool:
    """Whether this is a text with its labels as a list, as doccano writes them."""
    text = record.get("text", record.get("data"))
    lists = any(isinstance(record.get(name), list) for name in ("label", "entities", "cats"))
    return isinstance(text, str) and lists and "messages" not in record


def of_doccano(record: Record) -> dict[str, Any]:
    """The text, "annotation.label" (a list where there are several), "annotation.spans" with their
    words, relations, comments, and the text's own metadata."""
    text = record.get("text", record.get("data"))
    flat: dict[str, Any] = {}
    for name, value in record.items():
        if name in ("text", "data"):
            flat["text"] = value
        elif name in ("label", "cats", "entities") and isinstance(value, list):
            labels = [one for one in value if not _is_span(one)]
            if labels:
                flat["annotation.label"] = labels[0] if len(labels) == 1 else labels
            if spans := [_span(one, str(text)) for one in value if _is_span(one)]:
                flat["annotation.spans"] = [*flat.get("annotation.spans", ()), *spans]
        elif name in ("Comments", "comments"):
            if value:
                flat["comments"] = value
        else:
            flat[name] = value
    return flat


def _is_span(one: Any) -> bool:
    return isinstance(one, dict) or (isinstance(one, list | tuple) and len(one) == 3)


def _span(one: Any, text: str) -> dict[str, Any]:
    if isinstance(one, dict):
        span = {"start": one.get("start_offset"), "end": one.get("end_offset")}
        rest = {name: value for name, value in one.items() if name not in _OFFSETS}
    else:
        span, rest = {"start": one[0], "end": one[1]}, {"label": one[2]}
    known = isinstance(span["start"], int) and isinstance(span["end"], int)
    words = {"text": text[span["start"] : span["end"]]} if known else {}
    return {**span, **words, **rest}


_OFFSETS = ("start_offset", "end_offset")
