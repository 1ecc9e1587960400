"""Assignment of examples to a person, a group or the open queue; limits and progress of people.

limit = Quota(per_day=50).reached(today=50, ever=200)     # a sentence for the person, or ""
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from core.audit import escaped_cell
from core.errors import InvalidInput
from core.wording import counted

OPEN_QUEUE = "open"
"""What a filter calls that an example is assigned to nobody; the database has '' there."""
LONGEST_GROUP_NAME = 60


@dataclass(frozen=True, slots=True)
class Group:
    """People of a project whom examples are assigned to together: whoever comes first gets one."""

    group_id: str
    project_id: str
    name: str
    members: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if not 1 <= len(self.name.strip()) <= LONGEST_GROUP_NAME:
            raise InvalidInput(f"A group needs a name of 1 to {LONGEST_GROUP_NAME} characters.")


@dataclass(frozen=True, slots=True)
class Quota:
    """How many examples a person may annotate in 24 hours and altogether; None: any number."""

    per_day: int | None = None
    total: int | None = None

    def __post_init__(self) -> None:
        if any(one is not None and one < 1 for one in (self.per_day, self.total)):
            raise InvalidInput("A limit is a whole number from 1. Leave it empty for none.")

    def reached(self, today: int, ever: int) -> str:
        """What to tell a person who annotated so many in 24 hours and altogether; "" below it."""
        if self.total is not None and ever >= self.total:
            return (
                f"You have reached your {counted(self.total, 'example')} in this project. What "
                f"you have open can still be saved. A lead set this limit and can raise it."
            )
        if self.per_day is not None and today >= self.per_day:
            return (
                f"You have reached today's {counted(self.per_day, 'example')}. What you have open "
                f"can still be saved. You get more when those saved are 24 hours old, or when a "
                f"lead raises the limit."
            )
        return ""


@dataclass(frozen=True, slots=True)
class Work:
    """What a person did in a project: examples they saved, and how many of those are accepted and
    sent back now; how many they skipped; the median seconds of a save."""

    saved: int = 0
    accepted: int = 0
    sent_back: int = 0
    skipped: int = 0
    median_seconds: float | None = None
    last_active: datetime | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one person, a group or the open queue is. `done` of `assigned` wait for nobody to
    annotate them; `work` is None for a group and the open queue."""

    assignee: str
    name: str
    assigned: int
    done: int
    work: Work | None = None


_CSV = (
    "name", "assigned", "assigned_done", "saved", "accepted", "sent_back", "skipped",
    "median_seconds", "last_active_utc",
)  # fmt: skip


def progress_csv(people: Iterable[Progress]) -> str:
    """The progress as CSV, cells that a spreadsheet would compute escaped."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(_CSV)
    for one in people:
        work = one.work
        cells: list[str | int] = [escaped_cell(one.name), one.assigned, one.done]
        if work is not None:
            cells += [work.saved, work.accepted, work.sent_back, work.skipped]
            cells.append("" if work.median_seconds is None else f"{work.median_seconds:.1f}")
            active = work.last_active
            cells.append(active.isoformat(sep=" ", timespec="seconds") if active else "")
        writer.writerow(cells)
    return out.getvalue()
