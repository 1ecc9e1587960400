"""The audit log's values: who did what, on what, and when; and how a list of them is written."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from core.errors import InvalidInput

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = ("when_utc", "person", "action", "subject", "subject_id", "project", "detail")
LONGEST_DETAIL = 160


@dataclass(frozen=True)
class AuditEvent:
    """One change. `subject_kind` and `subject_id` name what was changed; `person` who did it."""

    created_at: datetime
    actor_id: str
    person: str
    project_id: str | None
    action: str
    subject_kind: str
    subject_id: str
    subject: str = ""
    detail: dict[str, Any] = field(default_factory=dict)

    @property
    def said(self) -> str:
        """The action as words: “role given”."""
        return self.action.replace("_", " ")

    @property
    def about(self) -> str:
        """What was changed, by its name where it has one."""
        return f"{self.subject_kind.replace('_', ' ')} {self.subject or self.subject_id}"

    @property
    def detail_text(self) -> str:
        """The detail in one short line."""
        parts = [
            f"{name.replace('_', ' ')}: {_brief(value)}"
            for name, value in self.detail.items()
            if value not in (None, "")
        ]
        text = ", ".join(parts)
        return text if len(text) <= LONGEST_DETAIL else f"{text[: LONGEST_DETAIL - 1]}…"


@dataclass(frozen=True)
class AuditQuery:
    """Which events are asked for; None asks for all. Raises InvalidInput."""

    project_id: str | None = None
    actor_id: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None

    def __post_init__(self) -> None:
        if self.since and self.until and self.since > self.until:
            raise InvalidInput("The first day comes after the last one. Swap them.")


def to_csv(events: Iterable[AuditEvent]) -> str:
    """The events as CSV, cells that a spreadsheet would compute escaped."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for event in events:
        writer.writerow(
            [
                escaped_cell(cell)
                for cell in (
                    event.created_at.isoformat(sep=" ", timespec="seconds"),
                    event.person,
                    event.said,
                    event.about,
                    event.subject_id,
                    event.project_id or "",
                    json.dumps(event.detail, ensure_ascii=False) if event.detail else "",
                )
            ]
        )
    return out.getvalue()


def escaped_cell(text: str) -> str:
    """A cell that a spreadsheet shows and never computes."""
    return f"'{text}" if text.startswith(FORMULA_STARTS) else text


def _brief(value: Any) -> str:
    if isinstance(value, dict):
        return str(value.get("name", "…"))
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    return str(value)
