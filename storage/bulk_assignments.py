"""Assignments of many examples: log, present and counters together.

The temporary table chosen_examples says of which; callers hold the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

from core.clock import now
from core.examples.current import CurrentExample
from storage.bulk_revisions import BulkRevisions
from storage.counters import Tally

# DuckDB finds two writers of a row by the columns that both change, and to write the same value is
# no change. All who change an example write updated_at: moved by the least step, it is the column
# by which a save and an assignment at once meet; else both would count from what was before.
_ASSIGN = """
    UPDATE example_current
    SET assigned_to = n.assigned_to, updated_at = updated_at + INTERVAL 1 MICROSECOND
    FROM chosen_examples n WHERE n.example_id = example_current.example_id
"""
_LOG = """
    INSERT INTO assignments
        (batch_id, project_id, example_id, position, assigned_before, assigned_to, actor_id,
         created_at)
    SELECT $batch_id, c.project_id, c.example_id, c.position, c.assigned_to, n.assigned_to,
           $actor_id, $now
    FROM chosen_examples n JOIN example_current c USING (example_id)
    WHERE c.assigned_to <> n.assigned_to ORDER BY c.position
"""


class BulkAssignments(BulkRevisions):
    """Who gets examples, in a handful of statements."""

    def assign_chosen(self, to: Sequence[str], batch_id: str, actor_id: str) -> int:
        """Give the chosen examples to one assignee ('' for the open queue), or to several in turn,
        by position; how many examples."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT example_id,
                   list_extract($to, 1 + (row_number() OVER (ORDER BY position) - 1) % len($to))
                       AS assigned_to
            FROM chosen_examples
            """,
            {"to": list(to)},
        )
        return self._assign(batch_id, actor_id)

    def release(self, project_id: str, assignee: str, batch_id: str, actor_id: str) -> int:
        """Give everything that is assigned to a person or group to the open queue; how many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT example_id, '' AS assigned_to FROM example_current
            WHERE project_id = $project_id AND assigned_to = $assignee
            """,
            {"project_id": project_id, "assignee": assignee},
        )
        return self._assign(batch_id, actor_id)

    def release_one(self, current: CurrentExample, batch_id: str, actor_id: str) -> None:
        """Give one example to the open queue."""
        about = {"example_id": current.example_id}
        self._db.execute(
            """
            INSERT INTO assignments
                (batch_id, project_id, example_id, position, assigned_before, assigned_to,
                 actor_id, created_at)
            VALUES ($batch_id, $project_id, $example_id, $position, $before, '', $actor_id, $now)
            """,
            {
                **about,
                "batch_id": batch_id,
                "project_id": current.project_id,
                "position": current.position,
                "before": current.assigned_to,
                "actor_id": actor_id,
                "now": now(),
            },
        )
        self._db.execute(
            """
            UPDATE example_current
            SET assigned_to = '', updated_at = updated_at + INTERVAL 1 MICROSECOND
            WHERE example_id = $example_id
            """,
            about,
        )
        before, after = (
            Tally.of_example(current),
            Tally.of_example(replace(current, assigned_to="")),
        )
        self._counters.move(current.project_id, before, after)

    def undo_assignments(
        self, project_id: str, batch_id: str, undo_id: str, actor_id: str, known: Collection[str]
    ) -> int:
        """Give examples back to whom they were assigned before a batch, wherever they did not
        change since and nobody else holds them; to the open queue where that one is none of
        `known`. How many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id,
                   CASE WHEN list_contains($known, a.assigned_before) THEN a.assigned_before
                        ELSE '' END AS assigned_to
            FROM assignments a JOIN example_current c USING (example_id)
            WHERE a.project_id = $project_id AND a.batch_id = $batch_id
              AND c.assigned_to = a.assigned_to AND c.updated_at <= a.created_at
              AND c.example_id NOT IN (SELECT l.example_id FROM example_leases l
                                       WHERE l.expires_at >= $now AND l.person_id <> $actor_id)
            """,
            {
                "project_id": project_id,
                "batch_id": batch_id,
                "actor_id": actor_id,
                "known": list(known),
                "now": now(),
            },
        )
        return self._assign(undo_id, actor_id)

    def projects_of(self, assignee: str) -> list[str]:
        """The projects in which examples are assigned to this person."""
        rows = self._db.rows(
            """
            SELECT project_id FROM example_counts WHERE assigned_to = $assignee
            GROUP BY project_id HAVING sum(n) > 0
            """,
            {"assignee": assignee},
        )
        return [row["project_id"] for row in rows]

    def _assign(self, batch_id: str, actor_id: str) -> int:
        """Assign the chosen examples; who skipped one may be given it again."""
        self._counters.leave()
        self._db.execute(_LOG, {"batch_id": batch_id, "actor_id": actor_id, "now": now()})
        self._db.execute(_ASSIGN)
        self._counters.enter()
        return self._end_chosen()
