"""Counters of examples: append-only changes, summed when read, compacted now and then.

Callers hold the transaction that changes the examples.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from core.examples.states import STATES, ExampleState
from storage.database import Database

BLOCK = 8192  # as in the view example_tallies
COMPACT_AFTER = 2_000

_COUNT_CHOSEN = """
    INSERT INTO example_counts (project_id, block, state, flagged, author_id, n)
    SELECT t.project_id, t.block, t.state, t.flagged, t.author_id, $sign * count(*)
    FROM example_tallies t SEMI JOIN chosen_examples USING (example_id)
    GROUP BY ALL
"""


@dataclass(frozen=True)
class Tally:
    """What is counted of one example."""

    position: int
    state: ExampleState
    flagged: bool
    author_id: str

    @property
    def counted_author(self) -> str:
        """The author where somebody asks for it, as in the view example_tallies."""
        named = self.flagged or self.state in ("annotated", "sent_back")
        return self.author_id if named else ""


class Counters:
    """Counts of examples per block of positions, state, flag and author."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._appended = 0

    def move(self, project_id: str, before: Tally | None, after: Tally) -> None:
        """One example changed from `before`, or is new, to `after`."""
        if before == after:
            return
        self._db.execute(
            """
            INSERT INTO example_counts (project_id, block, state, flagged, author_id, n)
            SELECT $project_id, $position // $block, state, flagged, author_id, n
            FROM (VALUES ($old_state, $old_flagged, $old_author, $old_n),
                         ($new_state, $new_flagged, $new_author, 1))
                AS changes(state, flagged, author_id, n)
            WHERE n <> 0
            """,
            {
                "project_id": project_id,
                "position": after.position,
                "block": BLOCK,
                "old_state": before.state if before else "",
                "old_flagged": bool(before and before.flagged),
                "old_author": before.counted_author if before else "",
                "old_n": -1 if before else 0,
                "new_state": after.state,
                "new_flagged": after.flagged,
                "new_author": after.counted_author,
            },
        )
        self._appended += 2

    def leave(self) -> None:
        """Count the examples in the temporary table chosen_examples out: before they change."""
        self._db.execute(_COUNT_CHOSEN, {"sign": -1})

    def enter(self) -> None:
        """Count the examples in the temporary table chosen_examples in: after they changed."""
        self._db.execute(_COUNT_CHOSEN, {"sign": 1})

    def of_project(self, project_id: str) -> dict[str, int]:
        """Examples per state, plus `flagged` and `total`."""
        found = self._db.rows(
            """
            SELECT state, flagged, sum(n)::BIGINT AS n FROM example_counts
            WHERE project_id = $project_id GROUP BY state, flagged
            """,
            {"project_id": project_id},
        )
        counts: dict[str, int] = {
            state: sum(row["n"] for row in found if row["state"] == state) for state in STATES
        }
        counts["total"] = sum(row["n"] for row in found)
        counts["flagged"] = sum(row["n"] for row in found if row["flagged"])
        return counts

    def accepted(self, project_id: str) -> int:
        """How many examples are accepted and not flagged: what a version would hold."""
        return int(
            self._db.value(
                """
                SELECT coalesce(sum(n), 0)::BIGINT FROM example_counts
                WHERE project_id = $project_id AND state = 'accepted' AND NOT flagged
                """,
                {"project_id": project_id},
            )
        )

    def compact_if_long(self) -> None:
        """Replace the changes by their sums, once in a while; outside of any transaction."""
        if self._appended < COMPACT_AFTER:
            return
        self._appended = 0
        try:
            self._db.transact(self.compact)
        except duckdb.Error:  # pragma: no cover - the next one will do it
            self._appended = COMPACT_AFTER

    def compact(self) -> None:
        """Replace the changes by their sums.

        A change that commits meanwhile is not seen here, so it is neither summed nor deleted.
        """
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE summed_counts AS
            SELECT project_id, block, state, flagged, author_id, sum(n)::BIGINT AS n
            FROM example_counts GROUP BY ALL HAVING sum(n) <> 0
            """
        )
        self._db.execute("DELETE FROM example_counts")
        self._db.execute(
            """
            INSERT INTO example_counts (project_id, block, state, flagged, author_id, n)
            SELECT project_id, block, state, flagged, author_id, n FROM summed_counts
            ORDER BY project_id, block
            """
        )
        self._db.execute("DROP TABLE summed_counts")
