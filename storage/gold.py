"""Gold pairs: the examples that they could be made of, and how they were judged."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from storage.database import Database, Row
from storage.shared_outputs import joined_systems, shared_params


class Gold:
    """Questions about gold pairs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def write_candidates(
        self,
        path: Path,
        version_id: str,
        system_ids: Sequence[str],
        split: str,
        *,
        salt: str,
        limit: int,
    ) -> int:
        """Write examples of a version with a reference, in an order that the salt decides, at most
        `limit` of those that all systems answered (in_frame) and as many of the others; how many.

        Columns: example_id, revision_id, group, instruction, reference, in_frame.
        """
        _, joins = joined_systems(system_ids)
        return self._db.write_parquet(
            path,
            f"""
            WITH frame AS (
                SELECT m.example_id FROM version_examples m
                {joins}
                ANTI JOIN (SELECT example_id FROM exposed_examples WHERE system_id IN $systems) x
                    ON x.example_id = m.example_id
                WHERE m.version_id = $version AND ($split IS NULL OR m.split = $split)
            ),
            named AS (
                SELECT m.example_id, m.revision_id, m.group_id,
                       f.example_id IS NOT NULL AS in_frame,
                       md5($salt || ' ' || m.position) AS place
                FROM version_examples m LEFT JOIN frame f ON f.example_id = m.example_id
                JOIN revisions r ON r.revision_id = m.revision_id
                WHERE m.version_id = $version AND trim(r.output) <> ''
                QUALIFY row_number() OVER (PARTITION BY in_frame ORDER BY place) <= $limit
            )
            SELECT n.example_id, n.revision_id, n.group_id AS "group", r.instruction,
                   r.output AS reference, n.in_frame
            FROM named n JOIN revisions r ON r.revision_id = n.revision_id
            ORDER BY n.place
            """,  # noqa: S608 made of numbers
            {**shared_params(version_id, system_ids, split), "salt": salt, "limit": limit},
        )

    def judged(self, study_id: str) -> list[Row]:
        """One row a rater: rater (name), right, judged; those of people who had seen results or
        names, and what could not be judged, left out."""
        return self._db.rows(
            """
            SELECT coalesce(p.name, '?') AS rater,
                   count(*) FILTER (j.preferred_system_id = 'gold_right') AS "right",
                   count(*) AS judged
            FROM judgements j
            JOIN pairs b ON b.pair_id = j.pair_id AND b.stratum = 'gold'
            LEFT JOIN first_unblindings u
              ON u.study_id = j.study_id AND u.person_id = j.rater_id
            LEFT JOIN people p ON p.person_id = j.rater_id
            WHERE j.study_id = $study AND j.outcome <> 'cannot_judge'
              AND NOT coalesce(j.created_at > u.created_at, false)
            GROUP BY j.rater_id, p.name
            """,
            {"study": study_id},
        )
