"""Critical marks of examples: two reviewers must accept them. Log and present together.

The temporary table chosen_examples says of which; callers hold the transaction.
"""

from __future__ import annotations

from core.clock import now
from core.examples.bulk import CHANGES
from core.examples.current import CurrentExample
from storage.bulk_assignments import BulkAssignments

# Moving updated_at is how a mark and a decision at once meet: see bulk_assignments.
_MARK = """
    UPDATE example_current
    SET critical = n.critical, updated_at = updated_at + INTERVAL 1 MICROSECOND
    FROM chosen_examples n WHERE n.example_id = example_current.example_id
"""
_LOG = """
    INSERT INTO example_events
        (event_id, example_id, position, kind, reason, actor_id, created_at)
    SELECT $batch_id || '_' || example_id, example_id, position,
           CASE WHEN critical THEN 'critical' ELSE 'uncritical' END, $comment, $actor_id, $now
    FROM chosen_examples ORDER BY position
"""


class BulkMarks(BulkAssignments):
    """Which examples are critical, in a handful of statements."""

    def mark_chosen(self, critical: bool, batch_id: str, actor_id: str, comment: str) -> int:
        """Mark the chosen examples critical, or take the mark away; how many."""
        self._db.execute("ALTER TABLE chosen_examples ADD COLUMN critical BOOLEAN")
        self._db.execute("UPDATE chosen_examples SET critical = $critical", {"critical": critical})
        return self._mark(batch_id, actor_id, comment)

    def mark_one(
        self, current: CurrentExample, event_id: str, actor_id: str, comment: str, *, critical: bool
    ) -> None:
        """Mark one example critical, or take the mark away."""
        self._submitted(event_id, current.example_id)
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT CAST($example_id AS VARCHAR) AS example_id,
                   CAST($position AS BIGINT) AS position, CAST($critical AS BOOLEAN) AS critical
            """,
            {
                "example_id": current.example_id,
                "position": current.position,
                "critical": critical,
            },
        )
        self._mark(event_id, actor_id, comment)

    def undo_marks(self, project_id: str, batch_id: str, undo_id: str, actor_id: str) -> int:
        """Take back a batch of marks, or bring those back that it took away, wherever no later mark
        was made and nobody has decided on the example since; how many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.position, v.kind = 'uncritical' AS critical
            FROM example_events v JOIN example_current c USING (example_id)
            WHERE c.project_id = $project_id AND v.kind IN ('critical', 'uncritical')
              AND starts_with(v.event_id, $batch_id || '_')
              AND c.critical = (v.kind = 'critical')
              AND (list_contains($states, c.state)
                   OR v.kind = 'uncritical' AND NOT EXISTS (
                       SELECT 1 FROM reviews decided WHERE decided.example_id = v.example_id
                       AND decided.created_at > v.created_at))
              AND NOT EXISTS (
                  SELECT 1 FROM example_events later
                  WHERE later.example_id = v.example_id AND later.created_at > v.created_at
                    AND later.kind IN ('critical', 'uncritical'))
            """,
            {
                "project_id": project_id,
                "batch_id": batch_id,
                "states": list(CHANGES["critical"]),
            },
        )
        return self._mark(undo_id, actor_id, "")

    def _submitted(self, submission_id: str, example_id: str) -> None:
        self._db.execute(
            """
            INSERT INTO submissions (submission_id, example_id, created_at)
            VALUES ($submission_id, $example_id, $now)
            """,
            {"submission_id": submission_id, "example_id": example_id, "now": now()},
        )

    def _mark(self, batch_id: str, actor_id: str, comment: str) -> int:
        self._acceptances.needs_change()
        self._db.execute(
            _LOG,
            {"batch_id": batch_id, "actor_id": actor_id, "comment": comment, "now": now()},
        )
        self._db.execute(_MARK)
        return self._end_chosen()
