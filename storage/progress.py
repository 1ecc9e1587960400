"""What people did in a project, asked of the logs."""

from __future__ import annotations

from collections.abc import Collection

from core.examples.assignment import Work
from storage.database import Database

_WORK = """
    SELECT coalesce(s.person_id, k.person_id) AS person_id, coalesce(s.saved, 0) AS saved,
           coalesce(s.accepted, 0) AS accepted, coalesce(s.sent_back, 0) AS sent_back,
           coalesce(k.skipped, 0) AS skipped, s.median_seconds,
           (SELECT max(a.created_at) FROM audit_events a
            WHERE a.project_id = $project_id
              AND a.actor_id = coalesce(s.person_id, k.person_id)) AS last_active
    FROM (SELECT r.author_id AS person_id, count(DISTINCT r.example_id) AS saved,
                 count(DISTINCT r.example_id) FILTER (c.state = 'accepted' AND NOT gold)
                     AS accepted,
                 count(DISTINCT r.example_id) FILTER (c.state = 'sent_back' AND NOT gold)
                     AS sent_back,
                 median(r.seconds) AS median_seconds
          FROM (SELECT author_id, example_id, seconds, false AS gold
                FROM revisions WHERE origin = 'annotate'
                UNION ALL
                SELECT person_id, example_id, seconds, false FROM annotations
                WHERE project_id = $project_id
                UNION ALL
                SELECT person_id, example_id, seconds, true FROM gold_annotations
                WHERE project_id = $project_id) r
          JOIN example_current c USING (example_id)
          WHERE c.project_id = $project_id GROUP BY r.author_id) s
    FULL JOIN (SELECT v.actor_id AS person_id, count(DISTINCT v.example_id) AS skipped
               FROM example_events v JOIN example_current c USING (example_id)
               WHERE c.project_id = $project_id AND v.kind = 'skip' GROUP BY v.actor_id) k
      ON k.person_id = s.person_id
"""


class PeoplesProgress:
    """Questions about what people did."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def work(self, project_id: str) -> dict[str, Work]:
        """Person → what they did in the project, of those who saved or skipped anything."""
        rows = self._db.rows(_WORK, {"project_id": project_id})
        return {row.pop("person_id"): Work(**row) for row in rows}

    def names(self, people: Collection[str]) -> dict[str, str]:
        """Person → name."""
        rows = self._db.rows(
            "SELECT person_id, name FROM people WHERE list_contains($people, person_id)",
            {"people": list(people)},
        )
        return {row["person_id"]: row["name"] for row in rows}
