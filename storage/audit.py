"""The audit log: who changed what, on what, and when."""

from __future__ import annotations

import json
from typing import Any

from core.audit import AuditEvent, AuditQuery
from core.clock import new_id, now
from storage.database import Database, Row


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
        rows = self._db.rows(
            """
            SELECT e.created_at, e.actor_id, coalesce(p.name, 'Touchstone') AS person,
                   e.project_id, e.action, e.subject_kind, e.subject_id, '' AS subject, e.detail
            FROM audit_events e LEFT JOIN people p ON p.person_id = e.actor_id
            WHERE e.subject_kind = $kind AND e.subject_id = $id
            ORDER BY e.created_at, e.event_id
            """,
            {"kind": subject_kind, "id": subject_id},
        )
        return [_event(row) for row in rows]

    def matching(self, query: AuditQuery, limit: int, offset: int = 0) -> list[AuditEvent]:
        """The events that the query asks for, newest first, people and projects by name."""
        rows = self._db.rows(
            """
            SELECT e.created_at, e.actor_id, coalesce(p.name, 'Touchstone') AS person,
                   e.project_id, e.action, e.subject_kind, e.subject_id,
                   coalesce(s.name, j.name, '') AS subject, e.detail
            FROM audit_events e
            LEFT JOIN people p ON p.person_id = e.actor_id
            LEFT JOIN people s ON e.subject_kind = 'person' AND s.person_id = e.subject_id
            LEFT JOIN projects j ON e.subject_kind = 'project' AND j.project_id = e.subject_id
            WHERE ($project IS NULL OR e.project_id = $project)
              AND ($actor IS NULL OR e.actor_id = $actor)
              AND ($action IS NULL OR e.action = $action)
              AND ($since IS NULL OR e.created_at >= $since)
              AND ($until IS NULL OR e.created_at < $until)
            ORDER BY e.created_at DESC, e.event_id DESC
            LIMIT $limit OFFSET $offset
            """,
            {**_params(query), "limit": limit, "offset": offset},
        )
        return [_event(row) for row in rows]

    def count(self, query: AuditQuery) -> int:
        """How many events the query asks for."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM audit_events e
                WHERE ($project IS NULL OR e.project_id = $project)
                  AND ($actor IS NULL OR e.actor_id = $actor)
                  AND ($action IS NULL OR e.action = $action)
                  AND ($since IS NULL OR e.created_at >= $since)
                  AND ($until IS NULL OR e.created_at < $until)
                """,
                _params(query),
            )
        )

    def people_and_actions(self, project_id: str | None) -> tuple[dict[str, str], list[str]]:
        """Who did something (id → name), and which actions occur: what a filter offers."""
        rows = self._db.rows(
            """
            SELECT e.actor_id, coalesce(any_value(p.name), 'Touchstone') AS person,
                   list(DISTINCT e.action) AS actions
            FROM audit_events e LEFT JOIN people p ON p.person_id = e.actor_id
            WHERE $project IS NULL OR e.project_id = $project
            GROUP BY e.actor_id ORDER BY person
            """,
            {"project": project_id},
        )
        people = {row["actor_id"]: row["person"] for row in rows}
        return people, sorted({action for row in rows for action in row["actions"]})


def _params(query: AuditQuery) -> dict[str, Any]:
    return {
        "project": query.project_id,
        "actor": query.actor_id,
        "action": query.action,
        "since": query.since,
        "until": query.until,
    }


def _event(row: Row) -> AuditEvent:
    return AuditEvent(**{**row, "detail": json.loads(row["detail"])})
