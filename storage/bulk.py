"""Decisions on many examples at once: accepting them, and taking that back.

One review per example, all with one batch id, so that each example's history shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

from core.clock import now
from core.examples.states import ExampleState
from storage.counters import Counters
from storage.database import Database

_LOG_CHOSEN = """
    INSERT INTO reviews
        (review_id, example_id, position, revision_id, decision, state_before, batch_id, comment,
         reviewer_id, seconds, created_at)
    SELECT $batch_id || '_' || example_id, example_id, position, revision_id, $decision, state,
           $batch_id, $comment, $actor_id, NULL, $now
    FROM chosen_examples ORDER BY position
"""
_MOVE_CHOSEN = """
    UPDATE example_current SET state = chosen_examples.next_state, updated_at = $now
    FROM chosen_examples WHERE chosen_examples.example_id = example_current.example_id
"""
_FORGET_SKIPS = """
    DELETE FROM example_skips
    WHERE example_id IN (SELECT example_id FROM chosen_examples)
"""


class BulkDecisions:
    """Changes of many examples in a handful of statements; callers hold the transaction."""

    _db: Database
    _counters: Counters

    def accept_all(
        self,
        project_id: str,
        states: list[ExampleState],
        batch_id: str,
        actor_id: str,
        comment: str,
    ) -> int:
        """Accept every unflagged example in `states` that nobody else holds; how many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.position, c.revision_id, c.state, 'accepted' AS next_state
            FROM example_current c
            WHERE c.project_id = $project_id AND list_contains($states, c.state) AND NOT c.flagged
              AND trim(c.output) <> ''
              AND c.example_id NOT IN (
                  SELECT l.example_id FROM example_leases l
                  WHERE l.expires_at >= $now AND l.person_id <> $actor_id)
            """,
            {"project_id": project_id, "states": states, "actor_id": actor_id, "now": now()},
        )
        return self._decide_chosen("accept", batch_id, actor_id, comment)

    def acceptable(self, project_id: str, actor_id: str) -> dict[str, int]:
        """How many `accept_all` would accept at most: `annotated`, `new`.

        From the counters, less what others hold; examples without an output are not taken off.
        """
        found = self._db.rows(
            """
            SELECT state, sum(n)::BIGINT AS n FROM (
                SELECT state, n FROM example_counts
                WHERE project_id = $project_id AND NOT flagged
                UNION ALL
                SELECT c.state, -1
                FROM example_leases l JOIN example_current c
                  ON c.project_id = l.project_id AND c.position = l.position
                WHERE l.project_id = $project_id AND l.expires_at >= $now
                  AND l.person_id <> $actor_id AND NOT c.flagged)
            WHERE state IN ('annotated', 'new') GROUP BY state
            """,
            {"project_id": project_id, "actor_id": actor_id, "now": now()},
        )
        return {"annotated": 0, "new": 0} | {row["state"]: max(0, row["n"]) for row in found}

    def accept_these(
        self, example_ids: Sequence[str], batch_id: str, actor_id: str, comment: str
    ) -> int:
        """Accept those of the given examples that are new; how many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.position, c.revision_id, c.state, 'accepted' AS next_state
            FROM example_current c
            SEMI JOIN (SELECT unnest($example_ids) AS example_id) USING (example_id)
            WHERE c.state = 'new'
            """,
            {"example_ids": list(example_ids)},
        )
        return self._decide_chosen("accept", batch_id, actor_id, comment)

    def undo_batch(self, project_id: str, batch_id: str, undo_id: str, actor_id: str) -> int:
        """Take back a bulk accept wherever nothing happened to the example since; how many."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT c.example_id, c.position, c.revision_id, c.state, r.state_before AS next_state
            FROM reviews r JOIN example_current c USING (example_id)
            WHERE c.project_id = $project_id AND r.batch_id = $batch_id AND r.decision = 'accept'
              AND c.state = 'accepted' AND c.revision_id = r.revision_id
              AND NOT EXISTS (SELECT 1 FROM reviews later WHERE later.example_id = r.example_id
                              AND later.created_at > r.created_at)
            """,
            {"project_id": project_id, "batch_id": batch_id},
        )
        return self._decide_chosen("undo", undo_id, actor_id, "")

    def _decide_chosen(self, decision: str, batch_id: str, actor_id: str, comment: str) -> int:
        about = {
            "decision": decision,
            "batch_id": batch_id,
            "actor_id": actor_id,
            "comment": comment,
            "now": now(),
        }
        if decision == "undo":  # the log's state_before is the state that undoing returned to
            self._db.execute("UPDATE chosen_examples SET state = next_state")
        self._counters.leave()
        self._db.execute(_LOG_CHOSEN, about)
        self._db.execute(_MOVE_CHOSEN, {"now": about["now"]})
        self._counters.enter()
        self._db.execute(_FORGET_SKIPS)
        return int(self._db.value("SELECT count(*) FROM chosen_examples"))
