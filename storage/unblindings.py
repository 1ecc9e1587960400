"""The unblinding ledger of studies: insert-only, one row a person and thing."""

from __future__ import annotations

from collections.abc import Sequence

from core.clock import now
from core.study.unblinding import ANSWERS_READ, Seen, Unblinding
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

    def unread(self, system_ids: Sequence[str], person_id: str) -> list[str]:
        """Those of these systems whose answers this person has never read by name, by the audit."""
        rows = self._db.rows(
            """
            SELECT DISTINCT subject_id FROM audit_events
            WHERE action = $read AND subject_kind = 'system' AND subject_id IN $systems
              AND actor_id = $person
            """,
            {"read": ANSWERS_READ, "systems": list(system_ids), "person": person_id},
        )
        read = {row["subject_id"] for row in rows}
        return [system_id for system_id in system_ids if system_id not in read]

    def before(self, system_ids: Sequence[str]) -> list[tuple[str, Seen]]:
        """Who has seen what that tells of a new study of these systems: the ledgers of all studies
        that compare two of them, and who has read answers of one by name."""
        rows = self._db.rows(
            """
            SELECT person_id, what FROM unblindings WHERE study_id IN (
                SELECT study_id FROM study_systems WHERE system_id IN $systems
                GROUP BY study_id HAVING count(*) >= 2
            )
            UNION
            SELECT actor_id, 'answers' FROM audit_events
            WHERE action = $read AND subject_kind = 'system' AND subject_id IN $systems
            ORDER BY 1, 2
            """,
            {"read": ANSWERS_READ, "systems": list(system_ids)},
        )
        return [(row["person_id"], row["what"]) for row in rows]

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
