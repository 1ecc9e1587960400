"""What an import file tells of who worked on an example before: sentences for its history.

told_by_file({"annotated": {"by": "anna", "at": "2026-10-01T12:00:00Z"}})
# ["anna annotated it, 1 Oct 2026, 12:00 UTC"]

Nobody can check it here, so it is never work, agreement or accuracy of anybody in the project. It
stands in the metadata that core.importing.own_exports and annotation_tools make of provenance.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

MOST_TOLD = 20
LONGEST_NAME = 80
_LARGEST_ID = 10**LONGEST_NAME  # Python writes no number of more than 4,300 digits
_LONGEST_DAY = len("2026-10-01")
# Among them those that turn the direction of a line, and halves of characters.
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_DECIDED = {
    "accept": "accepted it",
    "send_back": "sent it back",
    "set_aside": "set it aside",
    "reopen": "reopened it",
}


def told_by_file(meta: Mapping[str, Any]) -> list[str]:
    """The sentences, at most MOST_TOLD, in the file's order; none where the file names nobody.
    Whatever the metadata are, nothing is raised."""
    exported = meta.get("exported")
    found = [
        *(_of_own(exported) if isinstance(exported, Mapping) else ()),
        *_one(meta.get("annotated"), "annotated it"),
        *_others(meta.get("other_annotations")),
    ]
    return list(dict.fromkeys(found))[:MOST_TOLD]


def _of_own(exported: Mapping[str, Any]) -> Iterator[str]:
    """Of Touchstone's own export: who annotated, who wrote the text then, who decided."""
    several = [one for one in _listed(exported.get("annotations")) if isinstance(one, Mapping)]
    for one in several:
        yield from _said(one.get("by"), "annotated it", one.get("at"))
    who, at = exported.get("annotated_by"), exported.get("annotated_at")
    if not several:
        yield from _said(who, "annotated it", at)
    writer, written = exported.get("written_by"), exported.get("written_at")
    if exported.get("origin") == "review" and (writer, written) != (who, at):
        yield from _said(writer, "edited it", written)
    given = exported.get("decision")
    decision = _DECIDED.get(given, "") if isinstance(given, str) else ""
    yield from _said(
        exported.get("reviewed_by"), decision or "decided on it", exported.get("reviewed_at")
    )


def _one(annotation: Any, did: str) -> Iterator[str]:
    if isinstance(annotation, Mapping):
        did = "skipped it" if annotation.get("skipped") else did
        yield from _said(annotation.get("by"), did, annotation.get("at"))


def _others(given: Any) -> Iterator[str]:
    """What others answered; of Argilla a row each question, of which drafts do not count."""
    for one in given if isinstance(given, list) else ():
        if isinstance(one, Mapping) and one.get("status") not in ("discarded", "draft"):
            yield from _one(one, "annotated it, too")


def _said(who: Any, did: str, at: Any) -> Iterator[str]:
    if isinstance(who, int) and not isinstance(who, bool) and abs(who) < _LARGEST_ID:
        who = str(who)
    if not isinstance(who, str):
        return
    if name := " ".join(_CONTROLS.sub(" ", who).split()):
        name = name if len(name) <= LONGEST_NAME else f"{name[: LONGEST_NAME - 1]}…"
        yield f"{name} {did}{_when(at)}"


def _when(at: Any) -> str:
    """The moment in UTC where the file says its zone, else as it stands there."""
    try:
        told = datetime.fromisoformat(at)
        zone = " UTC" if told.tzinfo else ""
        told = told.astimezone(UTC) if told.tzinfo else told
    except (TypeError, ValueError, OverflowError):
        return ""
    day = f", {told.day} {told:%b %Y}"
    return day if len(at) <= _LONGEST_DAY else f"{day}, {told:%H:%M}{zone}"


def _listed(given: Any) -> list[Any]:
    """A list, which CSV and Parquet hold as JSON text."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (ValueError, RecursionError):
            return []
    return given if isinstance(given, list) else []
