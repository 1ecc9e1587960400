"""Guidelines: which version each person has opened."""

from __future__ import annotations

from core.clock import now
from storage.database import Database


class Guidelines:
    """One row per person and version that they opened."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def read_by(self, project_id: str, person_id: str) -> int:
        """The newest version that this person has opened; 0 for none."""
        return int(
            self._db.value(
                """
                SELECT coalesce(max(number), 0) FROM guidelines_read
                WHERE project_id = $project_id AND person_id = $person_id
                """,
                {"project_id": project_id, "person_id": person_id},
            )
        )

    def mark_read(self, project_id: str, person_id: str, number: int) -> None:
        """Append that this person has opened a version, once."""
        self._db.execute(
            """
            INSERT INTO guidelines_read (project_id, person_id, number, created_at)
            VALUES ($project_id, $person_id, $number, $now) ON CONFLICT DO NOTHING
            """,
            {
                "project_id": project_id,
                "person_id": person_id,
                "number": number,
                "now": now(),
            },
        )
