"""Orders of the annotate queue other than that of import: the next examples, kept in memory.

One statement finds the next thousand open examples of an assignee in a project's order; requests
take from these, so that none sorts the table. What is taken from there is looked at again, because
others work on the examples meanwhile; an example that opens again has its turn at the next look.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Any

from core.examples.farthest import farthest_first
from core.examples.queue_orders import QUEUE_ORDERS, QueueOrder
from storage.counters import Counters
from storage.database import Database
from storage.remembered import Remembered

AHEAD = 1_000
KEEP_SECONDS = 1_800

_OPEN = """
    c.project_id = $project_id AND c.state IN ('new', 'sent_back') AND NOT c.flagged
    AND ($assigned_to IS NULL OR c.assigned_to = $assigned_to)
"""
_SEVERITY = "CASE severity WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 END"
_FOUND = f"""
    LEFT JOIN (SELECT example_id, revision_id, min({_SEVERITY}) AS worst FROM example_findings
               WHERE project_id = $project_id GROUP BY ALL) f
      ON f.example_id = c.example_id AND f.revision_id = c.revision_id
"""  # noqa: S608 a literal of this module
# Each is stable, and puts last what the newest check did not see.
_NEXT: dict[QueueOrder, str] = {
    "random": f"""
        SELECT c.example_id FROM example_current c WHERE {_OPEN}
        ORDER BY hash(c.project_id || c.example_id), c.position LIMIT $limit
        """,  # noqa: S608 literals of this module
    "findings": f"""
        SELECT c.example_id FROM example_current c {_FOUND} WHERE {_OPEN}
        ORDER BY coalesce(f.worst, 3), c.position LIMIT $limit
        """,  # noqa: S608 literals of this module
    "risk": f"""
        SELECT c.example_id FROM example_current c {_FOUND}
        LEFT JOIN (SELECT example_id, revision_id, length FROM checked_examples
                   WHERE project_id = $project_id) k
          ON k.example_id = c.example_id AND k.revision_id = c.revision_id
        WHERE {_OPEN}
        ORDER BY coalesce(f.worst, 3) > 0, coalesce(k.length, -1) DESC, c.position LIMIT $limit
        """,  # noqa: S608 literals of this module
    "diversity": f"""
        SELECT c.example_id FROM example_current c
        LEFT JOIN (SELECT unnest($drawn) AS example_id, unnest(range(len($drawn))) AS rank) d
          ON d.example_id = c.example_id
        WHERE {_OPEN}
        ORDER BY coalesce(d.rank, len($drawn)), c.position LIMIT $limit
        """,  # noqa: S608 literals of this module
}


@dataclass
class _Ahead:
    """Examples in order, as they were found: `recounts` and `until` say when to look again."""

    ids: list[str]
    recounts: int
    until: float


class QueueOrders:
    """Which order each project has, and what comes next in it."""

    def __init__(self, db: Database, counters: Counters) -> None:
        self._db = db
        self._counters = counters
        self._orders: Remembered[QueueOrder] = Remembered(db)
        self._drawn: Remembered[list[str]] = Remembered(db)
        self._lock = threading.Lock()
        self._ahead: dict[tuple[str, QueueOrder, str | None], _Ahead] = {}

    def of_project(self, project_id: str) -> QueueOrder:
        """The project's order: in memory after the first look."""
        return self._orders.recall(project_id, lambda: self._read(project_id)) or "oldest"

    def prepare(self, project_id: str) -> None:
        """Bring to mind what `ahead` needs."""
        if self.of_project(project_id) == "diversity":
            self._drawn_of(project_id)

    def forget(self) -> None:
        """Settings change, or a check is taken in, in this thread's transaction."""
        self._orders.forget()
        self._drawn.forget()
        self._db.when_it_ends(self._start_over)

    def ahead(
        self, project_id: str, order: QueueOrder, assigned_to: str | None, taken: Collection[str]
    ) -> Iterator[str]:
        """Examples that were open, in the order, but for `taken`; None: whoever has them.

        A second look follows where the first one ends: what it gives is again all that there is.
        """
        key = (project_id, order, assigned_to)
        with self._lock:
            kept = self._ahead.get(key)
        if kept and kept.until > time.monotonic() and kept.recounts == self._counters.recounts:
            yield from [one for one in kept.ids if one not in taken]
        # One look at a time: who waited finds what the other one found.
        with self._lock:
            found = self._ahead.get(key)
            if found is kept or found is None:
                found = self._look(project_id, order, assigned_to, len(taken))
                self._ahead[key] = found
        yield from [one for one in found.ids if one not in taken]

    def drop(
        self, project_id: str, order: QueueOrder, assigned_to: str | None, example_id: str
    ) -> None:
        """The example is not open any more, or somebody else's."""
        with self._lock:
            kept = self._ahead.get((project_id, order, assigned_to))
            if kept and example_id in kept.ids:
                kept.ids.remove(example_id)

    def _look(
        self, project_id: str, order: QueueOrder, assigned_to: str | None, taken: int
    ) -> _Ahead:
        recounts = self._counters.recounts
        about: dict[str, Any] = {
            "project_id": project_id,
            "assigned_to": assigned_to,
            "limit": AHEAD + taken,
        }
        if order == "diversity":
            about["drawn"] = self._drawn_of(project_id)
        ids = [row["example_id"] for row in self._db.rows(_NEXT[order], about)]
        return _Ahead(ids, recounts, time.monotonic() + KEEP_SECONDS)

    def _drawn_of(self, project_id: str) -> list[str]:
        """The examples on the topic map, farthest first."""
        return self._drawn.recall(project_id, lambda: self._read_drawn(project_id)) or []

    def _read_drawn(self, project_id: str) -> list[str]:
        rows = self._db.rows(
            """
            SELECT example_id, x, y FROM checked_examples
            WHERE project_id = $project_id AND x IS NOT NULL ORDER BY example_id
            """,
            {"project_id": project_id},
        )
        order = farthest_first([(row["x"], row["y"]) for row in rows])
        return [rows[number]["example_id"] for number in order]

    def _read(self, project_id: str) -> QueueOrder:
        found = self._db.value(
            "SELECT settings ->> 'queue_order' FROM projects WHERE project_id = $project_id",
            {"project_id": project_id},
        )
        # Settings of before have none; an answer, so that it is remembered.
        return found if found in QUEUE_ORDERS else "oldest"

    def _start_over(self, _committed: bool) -> None:
        with self._lock:
            self._ahead.clear()
