"""What people did lately, read from the end of the audit log."""

from __future__ import annotations

import threading
import time
from datetime import datetime

from core.examples.bulk import AUDITED, UNDONE, BulkDone
from core.examples.current import Done, OwnAct
from storage.database import Database

KEEP_SECONDS = 60
_COUNTED = {
    "saved": ("annotated", 1),
    "accepted": ("reviewed", 1),
    "sent_back": ("reviewed", 1),
    "set_aside": ("reviewed", 1),
    "decision_undone": ("reviewed", -1),
}


class OwnWork:
    """Questions about what one person did. The log is in order of time, so only its end is read."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._done: dict[tuple[str, str], tuple[float, dict[str, int]]] = {}

    def done(self, project_id: str, person_id: str, since: datetime) -> Done:
        """What a person did since then. Read once a minute, and counted on with `did` meanwhile."""
        key = (project_id, person_id)
        with self._lock:
            kept = self._done.get(key)
            if kept and kept[0] > time.monotonic():
                return Done(kept[1]["annotated"], max(0, kept[1]["reviewed"]))
        row = self._db.rows(
            """
            SELECT count(*) FILTER (action = 'saved') AS annotated,
                   count(*) FILTER (action IN ('accepted', 'sent_back', 'set_aside'))
                       - count(*) FILTER (action = 'decision_undone') AS reviewed
            FROM audit_events
            WHERE created_at >= $since AND actor_id = $person_id AND project_id = $project_id
              AND subject_kind = 'example'
            """,
            {"project_id": project_id, "person_id": person_id, "since": since},
        )[0]
        with self._lock:
            self._done[key] = (time.monotonic() + KEEP_SECONDS, row)
        return Done(row["annotated"], max(0, row["reviewed"]))

    def did(self, action: str, project_id: str, person_id: str) -> None:
        """A person does something in this transaction that `done` counts, once it is committed."""
        what, n = _COUNTED.get(action, ("", 0))
        if n:
            key = (project_id, person_id)
            self._db.when_it_ends(lambda committed: self._add(key, what, n if committed else 0))

    def _add(self, key: tuple[str, str], what: str, n: int) -> None:
        with self._lock:
            if key in self._done:
                until, row = self._done[key]
                self._done[key] = (until, {**row, what: row[what] + n})

    def saved(self, project_id: str, person_id: str, since: datetime) -> list[OwnAct]:
        """The texts this person saved since then, newest first, at most 100."""
        return self._acts(project_id, person_id, ["saved"], since)

    def decisions(self, project_id: str, person_id: str, since: datetime) -> list[OwnAct]:
        """The single decisions this person made since then, newest first, at most 100."""
        decisions = ["accepted", "sent_back", "set_aside", "reopened"]
        return self._acts(project_id, person_id, decisions, since)

    def last_bulk_action(self, project_id: str, since: datetime) -> BulkDone | None:
        """The newest bulk action since then, unless it was undone."""
        row = self._db.one(
            """
            SELECT e.action, e.detail ->> 'batch_id' AS batch_id,
                   CAST(e.detail ->> 'n' AS BIGINT) AS n, e.created_at,
                   coalesce(p.name, 'Touchstone') AS person
            FROM audit_events e LEFT JOIN people p ON p.person_id = e.actor_id
            WHERE e.created_at >= $since AND e.project_id = $project_id
              AND (list_contains($undone, e.action)
                   OR list_contains($actions, e.action) AND CAST(e.detail ->> 'n' AS BIGINT) > 0)
            ORDER BY e.created_at DESC LIMIT 1
            """,
            {
                "project_id": project_id,
                "since": since,
                "actions": list(AUDITED.values()),
                "undone": list(UNDONE),
            },
        )
        if row is None or row["action"] in UNDONE:
            return None
        return BulkDone(**row)

    def _acts(
        self, project_id: str, person_id: str, actions: list[str], since: datetime
    ) -> list[OwnAct]:
        rows = self._db.rows(
            """
            SELECT detail ->> 'submission_id' AS submission_id, subject_id AS example_id
            FROM audit_events
            WHERE created_at >= $since AND actor_id = $person_id AND project_id = $project_id
              AND subject_kind = 'example' AND list_contains($actions, action)
            ORDER BY created_at DESC LIMIT 100
            """,
            {
                "project_id": project_id,
                "person_id": person_id,
                "actions": actions,
                "since": since,
            },
        )
        return [OwnAct(row["submission_id"], row["example_id"]) for row in rows]
