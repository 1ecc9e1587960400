"""Annotating and reviewing: leases, new revisions, reviews, events.

Each method writes the log and the current-state table together; callers hold the transaction.
"""

from __future__ import annotations

import json
from datetime import datetime

from core.clock import now
from storage.bulk import BulkDecisions
from storage.database import Database, Row


class Annotation(BulkDecisions):
    """Leases and changes of examples, one at a time; many at once are inherited."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Leases ------------------------------------------------------------------------------------

    def next_to_annotate(self, project_id: str, person_id: str) -> str | None:
        """The example this person holds, else one sent back to them, else the first free one.

        Left out: flagged ones (a reviewer looks first) and those this person skipped.
        """
        value = self._db.value(
            "SELECT c.example_id FROM example_current c JOIN example_leases l USING (example_id) "
            "WHERE c.project_id = $project AND c.state IN ('new', 'sent_back') AND NOT c.flagged "
            "AND (l.lease_until < $now OR l.holder_id = $person) "
            "AND NOT EXISTS (SELECT 1 FROM example_events s WHERE s.example_id = c.example_id "
            "  AND s.kind = 'skip' AND s.actor_id = $person) "
            "ORDER BY (l.holder_id = $person AND l.lease_until >= $now) IS TRUE DESC, "
            "(c.state = 'sent_back' AND c.author_id = $person) DESC, c.position LIMIT 1",
            {"project": project_id, "person": person_id, "now": now()},
        )
        return str(value) if value else None

    def next_to_review(self, project_id: str, person_id: str) -> str | None:
        """The example this person holds, else one somebody else annotated or flagged, else own."""
        value = self._db.value(
            "SELECT c.example_id FROM example_current c JOIN example_leases l USING (example_id) "
            "WHERE c.project_id = $project "
            "AND (c.state = 'annotated' OR (c.flagged AND c.state <> 'set_aside')) "
            "AND (l.lease_until < $now OR l.holder_id = $person) "
            "AND NOT EXISTS (SELECT 1 FROM example_events s WHERE s.example_id = c.example_id "
            "  AND s.kind = 'skip' AND s.actor_id = $person AND s.created_at > c.updated_at) "
            "ORDER BY (l.holder_id = $person AND l.lease_until >= $now) IS TRUE DESC, "
            "(c.author_id <> $person) DESC, c.updated_at, c.position LIMIT 1",
            {"project": project_id, "person": person_id, "now": now()},
        )
        return str(value) if value else None

    def take_lease(self, example_id: str, person_id: str, until: datetime) -> bool:
        """Compare and set: whether this person now holds the example."""
        taken = self._db.rows(
            "UPDATE example_leases SET holder_id = ?, lease_until = ? "
            "WHERE example_id = ? AND (holder_id IS NULL OR lease_until < ? OR holder_id = ?) "
            "RETURNING example_id",
            [person_id, until, example_id, now(), person_id],
        )
        return bool(taken)

    def release_lease(self, example_id: str, person_id: str) -> None:
        """Let go of an example that this person holds."""
        self._db.execute(
            "UPDATE example_leases SET holder_id = NULL, lease_until = TIMESTAMP '1970-01-01' "
            "WHERE example_id = ? AND holder_id = ?",
            [example_id, person_id],
        )

    def release_all(self, project_id: str, person_id: str, but: str) -> None:
        """Let go of everything a person holds in a project, except one example."""
        self._db.execute(
            "UPDATE example_leases SET holder_id = NULL, lease_until = TIMESTAMP '1970-01-01' "
            "WHERE holder_id = ? AND example_id <> ? AND example_id IN "
            "(SELECT example_id FROM example_current WHERE project_id = ?)",
            [person_id, but, project_id],
        )

    def holder(self, example_id: str) -> str | None:
        """Who holds the example now."""
        value = self._db.value(
            "SELECT holder_id FROM example_leases WHERE example_id = ? AND lease_until >= ?",
            [example_id, now()],
        )
        return str(value) if value else None

    # Changes -----------------------------------------------------------------------------------

    def has_revision(self, revision_id: str) -> bool:
        """Whether this submission was already saved."""
        return bool(
            self._db.value("SELECT count(*) FROM revisions WHERE revision_id = ?", [revision_id])
        )

    def add_revision(self, row: Row, state: str) -> None:
        """Append a revision and make it the example's present, in `state`."""
        made = now()
        number = 1 + int(
            self._db.value(
                "SELECT max(number) FROM revisions WHERE example_id = ?", [row["example_id"]]
            )
        )
        labels = json.dumps(row["labels"])
        self._db.execute(
            "INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                row["revision_id"],
                row["example_id"],
                number,
                row["based_on"],
                row["instruction"],
                row["input"],
                row["output"],
                labels,
                row["quality"],
                row["origin"],
                row["comment"],
                row["author_id"],
                row["seconds"],
                made,
            ],
        )
        self._db.execute(
            "UPDATE example_current SET revision_id = ?, number = ?, instruction = ?, input = ?, "
            "output = ?, labels = ?, quality = ?, author_id = ?, state = ?, updated_at = ? "
            "WHERE example_id = ?",
            [
                row["revision_id"],
                number,
                row["instruction"],
                row["input"],
                row["output"],
                labels,
                row["quality"],
                row["author_id"],
                state,
                made,
                row["example_id"],
            ],
        )

    def has_review(self, review_id: str) -> bool:
        """Whether this decision was already saved."""
        return bool(self._db.value("SELECT count(*) FROM reviews WHERE review_id = ?", [review_id]))

    def add_review(self, row: Row, state: str) -> None:
        """Append a reviewer's decision and set the example's state."""
        made = now()
        self._db.execute(
            "INSERT INTO reviews VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                row["review_id"],
                row["example_id"],
                row["revision_id"],
                row["decision"],
                row["state_before"],
                row.get("batch_id"),
                row["comment"],
                row["reviewer_id"],
                row["seconds"],
                made,
            ],
        )
        self._db.execute(
            "UPDATE example_current SET state = ?, updated_at = ? WHERE example_id = ?",
            [state, made, row["example_id"]],
        )

    def has_event(self, event_id: str) -> bool:
        """Whether this skip or flag was already saved."""
        return bool(
            self._db.value("SELECT count(*) FROM example_events WHERE event_id = ?", [event_id])
        )

    def add_event(
        self, event_id: str, example_id: str, kind: str, reason: str, actor_id: str
    ) -> None:
        """Append a skip, flag or unflag; the last two also change the example's present."""
        made = now()
        self._db.execute(
            "INSERT INTO example_events VALUES (?, ?, ?, ?, ?, ?)",
            [event_id, example_id, kind, reason, actor_id, made],
        )
        if kind != "skip":
            self._db.execute(
                "UPDATE example_current SET flagged = ?, updated_at = ? WHERE example_id = ?",
                [kind == "flag", made, example_id],
            )

    # My own work -------------------------------------------------------------------------------

    def last_saved_by(self, project_id: str, person_id: str) -> str | None:
        """The example this person annotated last and nobody has reviewed since."""
        value = self._db.value(
            "SELECT c.example_id FROM example_current c JOIN revisions r USING (revision_id) "
            "WHERE c.project_id = ? AND c.state = 'annotated' AND r.author_id = ? "
            "AND r.origin = 'annotate' ORDER BY r.created_at DESC LIMIT 1",
            [project_id, person_id],
        )
        return str(value) if value else None

    def last_decision_by(self, project_id: str, person_id: str) -> Row | None:
        """The person's newest decision on one example that nothing followed, with `settled_flag`,
        the reason of a flag that it settled or None. Bulk decisions are undone as a whole."""
        return self._db.one(
            "SELECT r.*, (SELECT f.reason FROM example_events f WHERE f.kind = 'flag' "
            "  AND f.example_id = r.example_id AND f.created_at < r.created_at "
            "  AND EXISTS (SELECT 1 FROM example_events u WHERE u.kind = 'unflag' "
            "    AND u.example_id = r.example_id AND u.created_at >= r.created_at) "
            "  ORDER BY f.created_at DESC LIMIT 1) AS settled_flag "
            "FROM reviews r JOIN example_current c USING (example_id) "
            "WHERE c.project_id = ? AND r.reviewer_id = ? AND r.batch_id IS NULL "
            "AND r.decision <> 'undo' AND c.revision_id = r.revision_id AND NOT c.flagged "
            "AND NOT EXISTS (SELECT 1 FROM reviews later WHERE later.example_id = r.example_id "
            "  AND later.created_at > r.created_at) "
            "ORDER BY r.created_at DESC LIMIT 1",
            [project_id, person_id],
        )

    def done_by(self, project_id: str, person_id: str, since: datetime) -> Row:
        """What a person did since then: `annotated`, `reviewed` (less what they undid)."""
        return self._db.one(
            "SELECT (SELECT count(*) FROM revisions r JOIN examples e USING (example_id) "
            "  WHERE e.project_id = $project AND r.author_id = $person AND r.origin = 'annotate' "
            "  AND r.created_at >= $since) AS annotated, "
            "(SELECT greatest(0, coalesce(sum(if(v.decision = 'undo', -1, 1)), 0))::BIGINT "
            "  FROM reviews v JOIN examples e USING (example_id) "
            "  WHERE e.project_id = $project AND v.reviewer_id = $person AND v.batch_id IS NULL "
            "  AND v.created_at >= $since) AS reviewed",
            {"project": project_id, "person": person_id, "since": since},
        ) or {"annotated": 0, "reviewed": 0}
