"""Counters of examples: append-only changes, summed when read, compacted now and then.

The sums are kept in memory beside the table, changed when a change is committed: this process alone
writes the database. Callers hold the transaction that changes the examples.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from core.errors import Overtaken
from core.examples.current import CurrentExample
from core.examples.states import STATES, ExampleState, is_open
from storage.database import Database

BLOCK = 8192  # as in the view example_tallies
COMPACT_AFTER = 2_000

_COUNT_IN = """
    INSERT INTO example_counts (project_id, block, state, flagged, author_id, assigned_to, n)
    VALUES ($project_id, $block, $state, $flagged, $author_id, $assigned_to, 1)
"""
_COUNT_OVER = """
    INSERT INTO example_counts (project_id, block, state, flagged, author_id, assigned_to, n)
    VALUES ($project_id, $block, $state_before, $flagged_before, $author_before, $assigned_before,
            -1),
           ($project_id, $block, $state, $flagged, $author_id, $assigned_to, 1)
"""
_COUNT_CHOSEN = """
    INSERT INTO example_counts (project_id, block, state, flagged, author_id, assigned_to, n)
    SELECT t.project_id, t.block, t.state, t.flagged, t.author_id, t.assigned_to, $sign * count(*)
    FROM example_tallies t SEMI JOIN chosen_examples USING (example_id)
    GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class Tally:
    """What is counted of an example: the block of positions that it lies in, its state, whether it
    is flagged, its author where somebody asks for it, and whom it is assigned to."""

    block: int
    state: ExampleState
    flagged: bool
    author_id: str
    assigned_to: str = ""

    @classmethod
    def of(
        cls,
        position: int,
        state: ExampleState,
        flagged: bool,
        author_id: str,
        assigned_to: str = "",
    ) -> Tally:
        """As the view example_tallies has it."""
        named = flagged or state in ("annotated", "sent_back")
        return cls(position // BLOCK, state, flagged, author_id if named else "", assigned_to)

    @classmethod
    def of_example(cls, example: CurrentExample) -> Tally:
        """What is counted of an example."""
        return cls.of(
            example.position,
            example.state,
            example.flagged,
            example.author_id,
            example.assigned_to,
        )


class Counters:
    """How many examples of a project there are of each Tally."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._sums: dict[str, Counter[Tally]] = {}
        self._changes = 0  # begun so far
        self._open = 0  # begun and not ended yet
        self._appended = 0
        self.recounts = 0  # how often many examples changed at once

    # Changing ----------------------------------------------------------------------------------

    def move(self, project_id: str, before: Tally | None, after: Tally) -> None:
        """One example changed from `before`, or is new, to `after`."""
        if before == after:
            return
        about = {
            "project_id": project_id,
            "block": after.block,
            "state": after.state,
            "flagged": after.flagged,
            "author_id": after.author_id,
            "assigned_to": after.assigned_to,
        }
        if before is None:
            self._db.execute(_COUNT_IN, about)
        else:
            left = {
                "state_before": before.state,
                "flagged_before": before.flagged,
                "author_before": before.author_id,
                "assigned_before": before.assigned_to,
            }
            self._db.execute(_COUNT_OVER, about | left)
        self._begin()
        changes = {after: 1} if before is None else {before: -1, after: 1}
        self._db.when_it_ends(partial(self._moved, project_id, changes))

    def leave(self) -> None:
        """Count the examples in the temporary table chosen_examples out: before they change."""
        self.recount()
        self._db.execute(_COUNT_CHOSEN, {"sign": -1})

    def enter(self) -> None:
        """Count the examples in the temporary table chosen_examples in: after they changed."""
        self.recount()
        self._db.execute(_COUNT_CHOSEN, {"sign": 1})

    def recount(self) -> None:
        """Many examples change in this transaction: sum up anew when it has ended."""
        self._begin()
        self._db.when_it_ends(self._forget)

    def _begin(self) -> None:
        with self._lock:
            self._changes += 1
            self._open += 1

    def _moved(self, project_id: str, changes: Mapping[Tally, int], committed: bool) -> None:
        with self._lock:
            self._open -= 1
            if committed:
                self._appended += len(changes)
                if project_id in self._sums:
                    sums = self._sums[project_id]
                    sums.update(changes)
                    for tally in changes:
                        if not sums[tally]:
                            del sums[tally]

    def _forget(self, _committed: bool) -> None:
        with self._lock:
            self._open -= 1
            self.recounts += 1
            self._sums.clear()

    # Reading -----------------------------------------------------------------------------------

    def sums(self, project_id: str) -> dict[Tally, int]:
        """The examples of each tally, as of the last commit; tallies without examples left out."""
        with self._lock:
            if project_id in self._sums:
                return dict(self._sums[project_id])
            before, quiet = self._changes, not self._open
        rows = self._db.rows(
            """
            SELECT block, state, flagged, author_id, assigned_to, sum(n)::BIGINT AS n
            FROM example_counts
            WHERE project_id = $project_id GROUP BY ALL HAVING sum(n) <> 0
            """,
            {"project_id": project_id},
        )
        found = Counter(
            {
                Tally(**{name: value for name, value in row.items() if name != "n"}): row["n"]
                for row in rows
            }
        )
        with self._lock:
            # A change that ended meanwhile may be in the rows already, or not: not to be kept then.
            if quiet and before == self._changes and not self._db.in_transaction:
                self._sums[project_id] = found
        return dict(found)

    def of_project(self, project_id: str) -> dict[str, int]:
        """Examples per state, plus `flagged` and `total`."""
        sums = self.sums(project_id)
        counts: dict[str, int] = dict.fromkeys(STATES, 0) | {"flagged": 0}
        for tally, n in sums.items():
            counts[tally.state] += n
            counts["flagged"] += n if tally.flagged else 0
        counts["total"] = sum(sums.values())
        return counts

    def assigned(self, project_id: str) -> dict[str, tuple[int, int]]:
        """Person, group or "" → how many examples are assigned to them, and how many of those are
        not open to be annotated any more."""
        found: dict[str, tuple[int, int]] = {}
        for tally, n in self.sums(project_id).items():
            total, done = found.get(tally.assigned_to, (0, 0))
            left = is_open("annotate", tally.state, tally.flagged)
            found[tally.assigned_to] = (total + n, done + (0 if left else n))
        return found

    def accepted(self, project_id: str) -> int:
        """How many examples are accepted and not flagged: what a version would hold."""
        sums = self.sums(project_id).items()
        return sum(n for tally, n in sums if tally.state == "accepted" and not tally.flagged)

    # Compacting --------------------------------------------------------------------------------

    def compact_if_long(self) -> None:
        """Replace the changes by their sums, once in a while; nothing inside of a transaction."""
        with self._lock:
            if self._db.in_transaction or self._appended < COMPACT_AFTER:
                return
            self._appended = 0
        try:
            self._db.transact(self.compact)
        except Overtaken:  # somebody else does it
            return

    def compact(self) -> None:
        """Replace the changes by their sums.

        A change that commits meanwhile is not seen here, so it is neither summed nor deleted.
        """
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE summed_counts AS
            SELECT project_id, block, state, flagged, author_id, assigned_to, sum(n)::BIGINT AS n
            FROM example_counts GROUP BY ALL HAVING sum(n) <> 0
            """
        )
        self._db.execute("DELETE FROM example_counts")
        self._db.execute(
            """
            INSERT INTO example_counts
                (project_id, block, state, flagged, author_id, assigned_to, n)
            SELECT project_id, block, state, flagged, author_id, assigned_to, n FROM summed_counts
            ORDER BY project_id, block
            """
        )
        self._db.execute("DROP TABLE summed_counts")
