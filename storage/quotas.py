"""Limits of how much a person annotates, and how much they did."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime

from core.examples.assignment import Quota
from storage.database import Database
from storage.remembered import Remembered


class Quotas:
    """Questions and changes about limits; callers hold the transaction."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._of_project: Remembered[Mapping[str, Quota]] = Remembered(db)

    def of_project(self, project_id: str) -> Mapping[str, Quota]:
        """Person → limit, of those who have one: in memory after the first look."""
        return self._of_project.recall(project_id, lambda: self._read(project_id)) or {}

    def set(self, project_id: str, person_id: str, quota: Quota) -> None:
        """Replace a person's limit; one that limits nothing takes it away."""
        self._of_project.forget()
        about = {"project_id": project_id, "person_id": person_id}
        self._db.execute(
            "DELETE FROM quotas WHERE project_id = $project_id AND person_id = $person_id", about
        )
        if quota != Quota():
            self._db.execute(
                "INSERT INTO quotas VALUES ($project_id, $person_id, $per_day, $total)",
                {**about, "per_day": quota.per_day, "total": quota.total},
            )

    def used(
        self, project_id: str, person_id: str, since: datetime, held: Collection[str]
    ) -> tuple[int, int]:
        """How many examples a person saved since then and ever, and holds: each counted once."""
        row = self._db.rows(
            """
            SELECT count(DISTINCT subject_id) FILTER (created_at >= $since) AS lately,
                   count(DISTINCT subject_id) AS ever
            FROM audit_events
            WHERE actor_id = $person_id AND project_id = $project_id
              AND subject_kind = 'example' AND action = 'saved'
              AND NOT list_contains($held, subject_id)
            """,
            {
                "project_id": project_id,
                "person_id": person_id,
                "since": since,
                "held": list(held),
            },
        )[0]
        return row["lately"] + len(held), row["ever"] + len(held)

    def _read(self, project_id: str) -> dict[str, Quota]:
        rows = self._db.rows(
            """
            SELECT person_id, per_day, total FROM quotas WHERE project_id = $project_id
            """,
            {"project_id": project_id},
        )
        return {row["person_id"]: Quota(row["per_day"], row["total"]) for row in rows}
