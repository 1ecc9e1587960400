"""The questions that Home and the dashboard ask: reads only, each one query."""

from __future__ import annotations

from storage.database import Database, Row


class Reports:
    """Reads across the tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def pairs_to_rate(self, project_id: str, person_id: str) -> int:
        """How many pairs of open studies wait for this person; from the counters."""
        return int(
            self._db.value(
                """
                WITH waiting AS (
                    SELECT sum(c.places - c.filled)
                               - coalesce(sum(c.blocked) FILTER (c.rater_id = $person_id), 0)
                               AS open,
                           sum(c.pairs)
                               - coalesce(sum(c.judgements) FILTER (c.rater_id = $person_id), 0)
                               AS unseen
                    FROM study_counts c JOIN studies t USING (study_id)
                    WHERE t.project_id = $project_id AND t.closed_at IS NULL
                    GROUP BY t.study_id
                )
                -- of a pair that two people rate, this person rates one view
                SELECT coalesce(sum(least(open, unseen)), 0) FROM waiting
                """,
                {"project_id": project_id, "person_id": person_id},
            )
        )

    def stations(self, project_id: str) -> Row:
        """Where a project stands: versions, runs, systems, studies, judgements, running jobs."""
        return (
            self._db.one(
                """
                WITH scored AS (
                    SELECT kind FROM systems
                    WHERE project_id = $p AND removed_at IS NULL
                      AND system_id IN (SELECT system_id FROM scorings)
                ),
                own_studies AS (SELECT study_id, closed_at FROM studies WHERE project_id = $p),
                rated AS (
                    SELECT coalesce(sum(c.pairs), 0) AS pairs,
                           coalesce(sum(c.judged), 0) AS judged,
                           coalesce(sum(c.judgements), 0) AS judgements
                    FROM study_counts c SEMI JOIN own_studies USING (study_id)
                )
                SELECT (SELECT count(*) FROM dataset_versions WHERE project_id = $p) AS versions,
                       (SELECT count(*) FROM runs r JOIN jobs j USING (job_id)
                        WHERE r.project_id = $p AND j.status = 'completed') AS runs,
                       (SELECT count(*) FROM scored WHERE kind = 'tuned') AS tuned_scored,
                       (SELECT count(*) FROM scored) AS scored,
                       (SELECT count(*) FROM own_studies) AS studies,
                       (SELECT count(*) FROM own_studies WHERE closed_at IS NULL) AS open,
                       pairs, judged, judgements,
                       (SELECT count(*) FROM jobs WHERE project_id = $p AND status IN
                            ('queued', 'starting', 'running', 'stopping')) AS active_jobs
                FROM rated
                """,
                {"p": project_id},
            )
            or {}
        )
