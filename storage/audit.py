"""The audit log: who changed what, on what, and when."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from core.clock import new_id, now
from storage.database import Database


@dataclass(frozen=True)
class AuditEvent:
    """One change. `subject_kind` and `subject_id` name what was changed; `person` who did it."""

    created_at: datetime
    actor_id: str
    person: str
    project_id: str | None
    action: str
    subject_kind: str
    subject_id: str
    detail: dict[str, Any]


class Audit:
    """Appends changes inside the caller's transaction, and lists them."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def record(
        self,
        action: str,
        subject_kind: str,
        subject_id: str,
        actor_id: str,
        *,
        project_id: str | None = None,
        **detail: Any,
    ) -> None:
        """Append one change; `detail` is what JSON can hold."""
        self._db.execute(
            """
            INSERT INTO audit_events
                (event_id, created_at, actor_id, project_id, action, subject_kind, subject_id,
                 detail)
            VALUES ($event_id, $created_at, $actor_id, $project_id, $action, $subject_kind,
                    $subject_id, $detail)
            """,
            {
                "event_id": new_id("aud"),
                "created_at": now(),
                "actor_id": actor_id,
                "project_id": project_id,
                "action": action,
                "subject_kind": subject_kind,
                "subject_id": subject_id,
                "detail": json.dumps(detail),
            },
        )

    def of_subject(self, subject_kind: str, subject_id: str) -> list[AuditEvent]:
        """What was done to one thing, oldest first."""
        return self._events(
            """
            SELECT e.*, coalesce(p.name, 'Touchstone') AS person
            FROM audit_events e LEFT JOIN people p ON p.person_id = e.actor_id
            WHERE e.subject_kind = $kind AND e.subject_id = $id
            ORDER BY e.created_at, e.event_id
            """,
            {"kind": subject_kind, "id": subject_id},
        )

    def newest(
        self, project_id: str | None = None, limit: int = 200, offset: int = 0
    ) -> list[AuditEvent]:
        """The newest changes of a project, or of the whole workspace."""
        return self._events(
            """
            SELECT e.*, coalesce(p.name, 'Touchstone') AS person
            FROM audit_events e LEFT JOIN people p ON p.person_id = e.actor_id
            WHERE $project IS NULL OR e.project_id = $project
            ORDER BY e.created_at DESC, e.event_id DESC
            LIMIT $limit OFFSET $offset
            """,
            {"project": project_id, "limit": limit, "offset": offset},
        )

    def _events(self, sql: str, params: dict[str, Any]) -> list[AuditEvent]:
        return [
            AuditEvent(
                created_at=row["created_at"],
                actor_id=row["actor_id"],
                person=row["person"],
                project_id=row["project_id"],
                action=row["action"],
                subject_kind=row["subject_kind"],
                subject_id=row["subject_id"],
                detail=json.loads(row["detail"]),
            )
            for row in self._db.rows(sql, params)
        ]
