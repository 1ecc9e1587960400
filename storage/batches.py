"""Decisions of one batch on the examples in the temporary table chosen_examples; the last batch.

chosen_examples has example_id, position, revision_id, state, next_state and comment.
"""

from __future__ import annotations

from datetime import datetime

from core.checks.check import Batch
from core.clock import now
from core.examples.current import HistoryKind
from storage.acceptances import restore_chosen, void_chosen
from storage.counters import Counters
from storage.database import Database


class Batches:
    """Changes of many examples in a handful of statements; callers hold the transaction."""

    def __init__(self, db: Database, counters: Counters) -> None:
        self._db = db
        self._counters = counters

    def decide_chosen(self, decision: HistoryKind, batch_id: str, actor_id: str) -> int:
        """Append a decision on each chosen example, which is then in its next state; how many."""
        about = {"batch_id": batch_id, "actor_id": actor_id, "now": now()}
        self._counters.leave()
        self._db.execute(
            """
            INSERT INTO reviews
                (review_id, example_id, position, revision_id, decision, state_before, batch_id,
                 comment, reviewer_id, seconds, created_at)
            SELECT $batch_id || '_' || example_id, example_id, position, revision_id, $decision,
                   state, $batch_id, comment, $actor_id, NULL, $now
            FROM chosen_examples ORDER BY position
            """,
            {**about, "decision": decision},
        )
        self._db.execute(
            """
            UPDATE example_current SET state = n.next_state, updated_at = $now
            FROM chosen_examples n WHERE n.example_id = example_current.example_id
            """,
            {"now": about["now"]},
        )
        self._counters.enter()
        return self.forget_skips()

    def forget_skips(self) -> int:
        """The chosen examples have changed: who skipped them gets them again, and nobody has
        accepted what they are now. How many."""
        void_chosen(self._db)
        self._db.execute(
            """
            DELETE FROM example_skips
            WHERE example_id IN (SELECT example_id FROM chosen_examples)
            """
        )
        return int(self._db.value("SELECT count(*) FROM chosen_examples"))

    def reopen(self, project_id: str, batch_id: str, undo_id: str, actor_id: str) -> int:
        """Take back that a batch set examples aside, where nothing happened since; how many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.position, c.revision_id, r.state_before AS state,
                   r.state_before AS next_state, '' AS comment
            FROM reviews r JOIN example_current c USING (example_id)
            WHERE c.project_id = $project_id AND r.batch_id = $batch_id
              AND r.decision = 'set_aside' AND c.state = 'set_aside'
              AND c.revision_id = r.revision_id
              AND NOT EXISTS (SELECT 1 FROM reviews later WHERE later.example_id = r.example_id
                              AND later.created_at > r.created_at)
            """,
            {"project_id": project_id, "batch_id": batch_id},
        )
        # The log's state_before of an undo is the state that it returned to.
        count = self.decide_chosen("undo", undo_id, actor_id)
        restore_chosen(self._db)
        return count

    def last(self, project_id: str, since: datetime, *, done: str, undone: str) -> Batch | None:
        """The newest batch since then, unless it was undone: by the audit log's words for both."""
        row = self._db.one(
            """
            SELECT e.action, e.detail ->> 'batch_id' AS batch_id,
                   CAST(e.detail ->> 'n' AS BIGINT) AS n, e.detail ->> 'about' AS about,
                   e.created_at, coalesce(p.name, 'Touchstone') AS person
            FROM audit_events e LEFT JOIN people p ON p.person_id = e.actor_id
            WHERE e.created_at >= $since AND e.project_id = $project_id
              AND e.action IN ($done, $undone)
            ORDER BY e.created_at DESC LIMIT 1
            """,
            {"project_id": project_id, "since": since, "done": done, "undone": undone},
        )
        if row is None or row.pop("action") != done or not row["n"]:
            return None
        return Batch(**row)
