"""Acceptances of revisions that wait for other reviewers: who gave them, and how many are needed.

The log of decisions is `reviews`; these are what stands of it now, so that a queue need not read
it. Callers hold the transaction.
"""

from __future__ import annotations

from collections.abc import Collection

from core.clock import now
from core.examples.acceptance import CRITICAL_REVIEWERS, reviewers_needed
from core.examples.current import CurrentExample
from storage.database import Database
from storage.remembered import Remembered

# Who accepted the present revisions of annotated examples, asked of the log: single acceptances
# that nobody undid, after the last send-back, set-aside or reopening that nobody undid. An undo
# always takes back the decision right before it.
_STANDING = """
    WITH log AS (
        SELECT r.example_id, r.revision_id, r.decision, r.batch_id, r.reviewer_id, r.created_at,
               lead(r.decision) OVER (PARTITION BY r.example_id ORDER BY r.created_at) AS next
        FROM reviews r WHERE {which}),
    kept AS (SELECT * FROM log WHERE decision <> 'undo' AND coalesce(next, '') <> 'undo'),
    ended AS (
        SELECT example_id, max(created_at) AS moment FROM kept
        WHERE decision IN ('send_back', 'set_aside', 'reopen') GROUP BY example_id)
    SELECT DISTINCT c.example_id, c.project_id, c.position, k.reviewer_id AS person_id
    FROM kept k JOIN example_current c ON c.example_id = k.example_id
    LEFT JOIN ended e ON e.example_id = k.example_id
    WHERE k.decision = 'accept' AND k.batch_id IS NULL AND k.revision_id = c.revision_id
      AND c.state = 'annotated' AND (e.moment IS NULL OR k.created_at > e.moment)
"""
_CHOSEN = "r.example_id IN (SELECT example_id FROM chosen_examples)"
_ONE = "r.position = $position AND r.example_id = $example_id"
_INSERT = "INSERT INTO acceptances (example_id, project_id, position, person_id)"


class Acceptances:
    """Who has accepted what waits for others."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._wished: Remembered[int] = Remembered(db)
        self._several: Remembered[bool] = Remembered(db)

    # How many are needed -----------------------------------------------------------------------

    def wished(self, project_id: str) -> int:
        """How many reviewers the project wants to accept each example: in memory."""
        return self._wished.recall(project_id, lambda: self._read_wished(project_id)) or 1

    def needed(self, example: CurrentExample) -> int:
        """How many different reviewers must accept this example."""
        return reviewers_needed(critical=example.critical, wished=self.wished(example.project_id))

    def may_wait(self, project_id: str) -> bool:
        """Whether any example of the project needs several reviewers: in memory, so that projects
        without such examples pay nothing."""
        if self.wished(project_id) > 1:
            return True
        return bool(self._several.recall(project_id, lambda: self._read_several(project_id)))

    def needs_change(self) -> None:
        """Settings or marks change in this transaction: read them anew once it has ended."""
        self._wished.forget()
        self._several.forget()

    def _read_wished(self, project_id: str) -> int | None:
        found = self._db.value(
            """
            SELECT coalesce(CAST(settings ->> 'reviewers' AS INTEGER), 1) FROM projects
            WHERE project_id = $project_id
            """,
            {"project_id": project_id},
        )
        return None if found is None else int(found)

    def _read_several(self, project_id: str) -> bool:
        found = self._db.value(
            """
            SELECT EXISTS (SELECT 1 FROM example_current
                           WHERE critical AND project_id = $project_id)
                OR EXISTS (SELECT 1 FROM acceptances WHERE project_id = $project_id)
            """,
            {"project_id": project_id},
        )
        return bool(found)

    # One example -------------------------------------------------------------------------------

    def of(self, example: CurrentExample) -> set[str]:
        """Who has accepted its present revision, which waits for others."""
        if not example.accepts:
            return set()
        rows = self._db.rows(
            """
            SELECT person_id FROM acceptances
            WHERE position = $position AND example_id = $example_id
            """,
            {"position": example.position, "example_id": example.example_id},
        )
        return {row["person_id"] for row in rows}

    def keep(self, example: CurrentExample, people: Collection[str]) -> None:
        """These people have accepted the example's present revision, in place of those before."""
        about = {"example_id": example.example_id, "position": example.position}
        if example.accepts:
            self.void(example)
        if not people:
            return
        self._db.execute(
            f"{_INSERT} SELECT $example_id, $project_id, $position, unnest($people)",
            {**about, "project_id": example.project_id, "people": sorted(people)},
        )
        self._set_count(example, len(people))

    def void(self, example: CurrentExample) -> None:
        """Nobody's acceptance of the example counts any more."""
        self._db.execute(
            """
            DELETE FROM acceptances WHERE position = $position AND example_id = $example_id
            """,
            {"example_id": example.example_id, "position": example.position},
        )
        self._set_count(example, 0)

    def restore(self, example: CurrentExample) -> int:
        """After a decision on it was undone: what stands by the log; how many acceptances."""
        found = self._db.rows(
            _STANDING.format(which=_ONE),
            {"example_id": example.example_id, "position": example.position},
        )
        self.keep(example, {row["person_id"] for row in found})
        return len(found)

    def _set_count(self, example: CurrentExample, count: int) -> None:
        self._db.execute(
            """
            UPDATE example_current SET accepts = $count, updated_at = $now
            WHERE example_id = $example_id
            """,
            {"count": count, "now": now(), "example_id": example.example_id},
        )

    # Many --------------------------------------------------------------------------------------

    def choose_enough(self, project_id: str, wished: int) -> int:
        """Put the examples that enough reviewers have accepted, where so many are wished, into the
        temporary table chosen_examples; how many. Flagged ones wait for a decision."""
        self._db.execute(
            """
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT example_id, position, revision_id, state, 'accepted' AS next_state
            FROM example_current
            WHERE accepts > 0 AND project_id = $project_id AND state = 'annotated' AND NOT flagged
              AND accepts >= CASE WHEN critical THEN greatest($wished, $critical) ELSE $wished END
            """,
            {"project_id": project_id, "wished": wished, "critical": CRITICAL_REVIEWERS},
        )
        return int(self._db.value("SELECT count(*) FROM chosen_examples"))

    def given_by(self, project_id: str, person_id: str, but: Collection[str]) -> int:
        """How many examples wait for others after this person accepted them; `but` not counted."""
        found = self._db.value(
            """
            SELECT count(*) FROM acceptances
            WHERE project_id = $project_id AND person_id = $person_id
              AND NOT list_contains($but, example_id)
            """,
            {"project_id": project_id, "person_id": person_id, "but": list(but)},
        )
        return int(found)

    def waiting(self, project_id: str) -> int:
        """How many examples somebody has accepted that wait for another reviewer."""
        found = self._db.value(
            """
            SELECT count(DISTINCT example_id) FROM acceptances WHERE project_id = $project_id
            """,
            {"project_id": project_id},
        )
        return int(found)


def void_chosen(db: Database) -> None:
    """Nobody's acceptance of the examples in chosen_examples counts any more."""
    db.execute(
        """
        UPDATE example_current SET accepts = 0
        WHERE accepts > 0 AND example_id IN (SELECT example_id FROM chosen_examples)
        """
    )
    db.execute(
        "DELETE FROM acceptances WHERE example_id IN (SELECT example_id FROM chosen_examples)"
    )


def restore_chosen(db: Database) -> None:
    """After decisions on the examples in chosen_examples were undone: what stands by the log."""
    db.execute(f"{_INSERT} {_STANDING.format(which=_CHOSEN)}")
    db.execute(
        """
        UPDATE example_current SET accepts = a.n
        FROM (SELECT example_id, count(*) AS n FROM acceptances
              SEMI JOIN chosen_examples USING (example_id) GROUP BY example_id) a
        WHERE a.example_id = example_current.example_id
        """
    )
