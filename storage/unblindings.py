"""The unblinding ledger of studies: insert-only, one row a person and thing."""

from __future__ import annotations

from collections.abc import Sequence

from core.clock import now
from core.study.unblinding import Seen, Unblinding
from storage.database import Database


class Unblindings:
    """Questions about who has seen what of a study."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, study_id: str, person_id: str, what: Seen) -> None:
        """Note that a person has seen it. Callers have looked whether that is known."""
        self._db.execute(
            """
            INSERT INTO unblindings (study_id, person_id, what, created_at)
            VALUES ($study, $person, $what, $now)
            """,
            {"study": study_id, "person": person_id, "what": what, "now": now()},
        )

    def seen_by(self, study_id: str, person_id: str) -> set[Seen]:
        """What this person has seen of a study."""
        rows = self._db.rows(
            "SELECT what FROM unblindings WHERE study_id = $study AND person_id = $person",
            {"study": study_id, "person": person_id},
        )
        return {row["what"] for row in rows}

    def of_study(self, study_id: str) -> list[Unblinding]:
        """Who has seen what, oldest first."""
        rows = self._db.rows(
            """
            SELECT u.person_id, coalesce(p.name, 'from the terminal') AS person, u.what,
                   u.created_at
            FROM unblindings u LEFT JOIN people p ON p.person_id = u.person_id
            WHERE u.study_id = $study ORDER BY u.created_at, u.person_id, u.what
            """,
            {"study": study_id},
        )
        return [Unblinding(**row) for row in rows]

    def untold(
        self, system_ids: Sequence[str], person_id: str, what: Seen, together: int
    ) -> list[str]:
        """The studies that compare so many of these systems at least, and of which it is not known
        yet that this person has seen this. Closed ones too: one may be reopened."""
        rows = self._db.rows(
            """
            SELECT t.study_id FROM studies t
            JOIN study_systems s ON s.study_id = t.study_id AND s.system_id IN $systems
            WHERE t.study_id NOT IN (
                SELECT study_id FROM unblindings WHERE person_id = $person AND what = $what
            )
            GROUP BY t.study_id HAVING count(*) >= $together ORDER BY t.study_id
            """,
            {
                "systems": list(system_ids), "person": person_id, "what": what,
                "together": together,
            },
        )  # fmt: skip
        return [row["study_id"] for row in rows]
