"""The questions that Home and the dashboard ask: reads only, each one query."""

from __future__ import annotations

from storage.database import Database, Row


class Reports:
    """Reads across the tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def pairs_to_rate(self, project_id: str, person_id: str) -> int:
        """How many views of open studies wait that this person could give; from the counters."""
        return int(
            self._db.value(
                """
                SELECT coalesce(sum(c.places - c.filled), 0)
                     - coalesce(sum(c.blocked) FILTER (c.rater_id = $person_id), 0)
                FROM study_counts c JOIN studies t USING (study_id)
                WHERE t.project_id = $project_id AND t.closed_at IS NULL
                """,
                {"project_id": project_id, "person_id": person_id},
            )
        )

    def stations(self, project_id: str) -> Row:
        """Where a project stands: versions, runs, systems, studies, judgements, running jobs."""
        return (
            self._db.one(
                "SELECT (SELECT count(*) FROM dataset_versions WHERE project_id = $p) AS versions, "
                "(SELECT count(*) FROM runs r JOIN jobs j USING (job_id) "
                "  WHERE r.project_id = $p AND j.status = 'completed') AS runs, "
                "(SELECT count(*) FROM systems s WHERE s.project_id = $p AND s.kind = 'tuned' "
                "  AND s.system_id IN (SELECT system_id FROM scorings) AND s.removed_at IS NULL) "
                "  AS tuned_scored, "
                "(SELECT count(*) FROM systems s WHERE s.project_id = $p "
                "  AND s.system_id IN (SELECT system_id FROM scorings) AND s.removed_at IS NULL) "
                "  AS scored, "
                "(SELECT count(*) FROM studies WHERE project_id = $p) AS studies, "
                "(SELECT count(*) FROM studies "
                "  WHERE project_id = $p AND closed_at IS NULL) AS open, "
                "(SELECT coalesce(sum(c.pairs), 0) FROM study_counts c "
                "  JOIN studies s USING (study_id) WHERE s.project_id = $p) AS pairs, "
                "(SELECT coalesce(sum(c.judged), 0) FROM study_counts c "
                "  JOIN studies s USING (study_id) WHERE s.project_id = $p) AS judged, "
                "(SELECT coalesce(sum(c.judgements), 0) FROM study_counts c "
                "  JOIN studies s USING (study_id) WHERE s.project_id = $p) AS judgements, "
                "(SELECT count(*) FROM jobs WHERE project_id = $p AND status IN "
                "  ('queued', 'starting', 'running', 'stopping')) AS active_jobs",
                {"p": project_id},
            )
            or {}
        )
