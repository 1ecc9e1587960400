"""Decisions on many examples at once: accepting them, and taking that back."""

from __future__ import annotations

from typing import Any

from core.clock import new_id, now
from storage.database import Database, Row


class BulkDecisions:
    """The log gets a review per example, all with one batch id; callers hold the transaction."""

    _db: Database

    def accept_all(
        self, project_id: str, states: list[str], batch_id: str, actor_id: str, comment: str
    ) -> int:
        """Accept every unflagged example in `states` that nobody holds; how many."""
        self._db.execute(
            "INSERT INTO reviews SELECT $batch || '_' || c.example_id, c.example_id, "
            "c.revision_id, 'accept', c.state, $batch, $comment, $actor, NULL, $now "
            "FROM example_current c JOIN example_leases l USING (example_id) "
            "WHERE c.project_id = $project AND c.state IN $states AND NOT c.flagged "
            "AND trim(c.output) <> '' AND (l.lease_until < $now OR l.holder_id = $actor)",
            {
                "batch": batch_id,
                "comment": comment,
                "actor": actor_id,
                "project": project_id,
                "states": states,
                "now": now(),
            },
        )
        return self._apply_batch(batch_id, "accepted")

    def acceptable(self, project_id: str, actor_id: str) -> dict[str, int]:
        """How many `accept_all` would accept: `annotated`, `new`."""
        found = self._db.rows(
            "SELECT c.state, count(*) AS n FROM example_current c "
            "JOIN example_leases l USING (example_id) WHERE c.project_id = ? "
            "AND c.state IN ('annotated', 'new') AND NOT c.flagged AND trim(c.output) <> '' "
            "AND (l.lease_until < ? OR l.holder_id = ?) GROUP BY c.state",
            [project_id, now(), actor_id],
        )
        return {"annotated": 0, "new": 0} | {str(row["state"]): row["n"] for row in found}

    def accept_these(self, examples: Any, batch_id: str, actor_id: str, comment: str) -> int:
        """Accept the new examples of a pyarrow table with a column example_id; how many."""
        self._db.execute_with(
            "INSERT INTO reviews SELECT ? || '_' || c.example_id, c.example_id, c.revision_id, "
            "'accept', c.state, ?, ?, ?, NULL, ? FROM example_current c "
            "SEMI JOIN chosen USING (example_id) WHERE c.state = 'new'",
            [batch_id, batch_id, comment, actor_id, now()],
            chosen=examples,
        )
        return self._apply_batch(batch_id, "accepted")

    def _apply_batch(self, batch_id: str, state: str) -> int:
        self._db.execute(
            "UPDATE example_current SET state = ?, updated_at = ? WHERE example_id IN "
            "(SELECT example_id FROM reviews WHERE batch_id = ? AND decision = 'accept')",
            [state, now(), batch_id],
        )
        return int(
            self._db.value(
                "SELECT count(*) FROM reviews WHERE batch_id = ? AND decision = 'accept'",
                [batch_id],
            )
        )

    def undo_batch(self, batch_id: str, actor_id: str) -> int:
        """Take back a bulk accept wherever nothing happened to the example since; how many."""
        made = now()
        undo_id = new_id("bat")
        self._db.execute(
            "INSERT INTO reviews SELECT $undo || '_' || r.example_id, r.example_id, r.revision_id, "
            "'undo', r.state_before, $undo, '', $actor, NULL, $now "
            "FROM reviews r JOIN example_current c USING (example_id) "
            "WHERE r.batch_id = $batch AND r.decision = 'accept' AND c.state = 'accepted' "
            "AND c.revision_id = r.revision_id AND NOT EXISTS (SELECT 1 FROM reviews later "
            "  WHERE later.example_id = r.example_id AND later.created_at > r.created_at)",
            {"undo": undo_id, "actor": actor_id, "now": made, "batch": batch_id},
        )
        self._db.execute(
            "UPDATE example_current SET state = r.state_before, updated_at = ? FROM reviews r "
            "WHERE r.example_id = example_current.example_id AND r.batch_id = ?",
            [made, undo_id],
        )
        return int(self._db.value("SELECT count(*) FROM reviews WHERE batch_id = ?", [undo_id]))

    def last_batch(self, project_id: str) -> Row | None:
        """The newest bulk accept that was not taken back: batch_id, n, person, created_at."""
        return self._db.one(
            "SELECT r.batch_id, count(*) AS n, max(r.created_at) AS created_at, "
            "coalesce(any_value(p.name), 'Touchstone') AS person FROM reviews r "
            "JOIN example_current c USING (example_id) "
            "LEFT JOIN people p ON p.person_id = r.reviewer_id "
            "WHERE c.project_id = ? AND r.batch_id IS NOT NULL AND r.decision = 'accept' "
            "AND c.state = 'accepted' AND c.revision_id = r.revision_id "
            "AND NOT EXISTS (SELECT 1 FROM reviews u WHERE u.example_id = r.example_id "
            "  AND u.created_at > r.created_at) "
            "GROUP BY r.batch_id ORDER BY created_at DESC LIMIT 1",
            [project_id],
        )
