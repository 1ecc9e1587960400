"""Versions of a project's guidelines: who wrote which, when, and which one held at a moment.

Nothing is stored beside the audit log, which has the settings of every save, and no revision names
the version that it was made under: `version_at` derives it from the revision's time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from core.audit import AuditEvent
from core.projects import SAVING


@dataclass(frozen=True)
class GuidelinesVersion:
    """Guidelines as somebody saved them; numbers count from 1, times are naive UTC."""

    number: int
    text: str
    person: str
    created_at: datetime


@dataclass(frozen=True)
class GuidelinesShown:
    """The present guidelines for one person. `read`: the newest version that they have opened, 0
    for none."""

    version: GuidelinesVersion
    read: int

    @property
    def is_changed(self) -> bool:
        """Whether they changed since this person read them."""
        return 0 < self.read < self.version.number


def versions_in(events: Iterable[AuditEvent]) -> list[GuidelinesVersion]:
    """The versions in the events of a project, oldest first; those before any text are none."""
    found: list[GuidelinesVersion] = []
    for event in events:
        saved = event.detail.get("settings", {}) if event.action in SAVING else {}
        text = saved.get("guidelines")
        if text is None or text == (found[-1].text if found else ""):
            continue
        found.append(GuidelinesVersion(len(found) + 1, text, event.person, event.created_at))
    return found


def version_at(versions: Sequence[GuidelinesVersion], moment: datetime) -> GuidelinesVersion | None:
    """The version that held at a moment, or None where there was none yet."""
    return next((one for one in reversed(versions) if one.created_at <= moment), None)
