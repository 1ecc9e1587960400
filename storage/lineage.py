"""Where an example went: versions, runs, studies."""

from __future__ import annotations

from core.versions.lineage import HeldBy, RatedIn, TrainedBy
from storage.database import Database


class Lineages:
    """Questions about one example."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def versions(self, example_id: str) -> tuple[HeldBy, ...]:
        """The versions that hold it, newest first."""
        rows = self._db.rows(
            """
            SELECT v.version_id, v.number, v.name, m.split, r.number AS revision
            FROM version_examples m
            JOIN dataset_versions v ON v.version_id = m.version_id
            JOIN revisions r ON r.revision_id = m.revision_id
            WHERE m.example_id = $example ORDER BY v.number DESC
            """,
            {"example": example_id},
        )
        return tuple(HeldBy(**row) for row in rows)

    def runs(self, example_id: str) -> tuple[TrainedBy, ...]:
        """The runs on versions that have it in train or validation, newest first."""
        rows = self._db.rows(
            """
            SELECT n.run_id, n.name, v.number AS version_number, m.split, j.status
            FROM version_examples m
            JOIN dataset_versions v ON v.version_id = m.version_id
            JOIN runs n ON n.version_id = m.version_id
            JOIN jobs j ON j.job_id = n.job_id
            WHERE m.example_id = $example AND m.split <> 'test'
            ORDER BY n.created_at DESC, n.run_id
            """,
            {"example": example_id},
        )
        return tuple(TrainedBy(**row) for row in rows)

    def studies(self, example_id: str) -> tuple[RatedIn, ...]:
        """The studies that have a pair of answers to it, newest first."""
        rows = self._db.rows(
            """
            SELECT s.study_id, s.name, CAST(sum(p.judgements) AS BIGINT) AS judgements, s.closed_at
            FROM pairs p JOIN studies s ON s.study_id = p.study_id
            WHERE p.example_id = $example
            GROUP BY s.study_id, s.name, s.closed_at, s.created_at
            ORDER BY s.created_at DESC, s.study_id
            """,
            {"example": example_id},
        )
        return tuple(RatedIn(**row) for row in rows)
