"""What Results rests on: stamps that change with it, scores, computed reports."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from core.clock import now
from storage.database import Database, Row


class Results:
    """Reads across answers, scores and judgements."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def score_stamp(self, version_id: str) -> str:
        """Changes with every new system, scoring and reason of a version's project."""
        return str(
            self._db.value(
                """
                SELECT md5(coalesce(string_agg(found, '/' ORDER BY found), '')) FROM (
                    SELECT s.system_id || coalesce(k.scoring_id, '')
                           || CAST(s.removed_at IS NULL AS VARCHAR) AS found
                    FROM systems s JOIN dataset_versions v ON v.project_id = s.project_id
                    LEFT JOIN scorings k ON k.system_id = s.system_id
                    WHERE v.version_id = $version
                    UNION ALL
                    SELECT n.note_id FROM comparison_notes n
                    JOIN dataset_versions v ON v.project_id = n.project_id
                    WHERE v.version_id = $version
                )
                """,
                {"version": version_id},
            )
        )

    def study_stamp(self, study_id: str) -> str:
        """Changes with every judgement, withdrawal, guess, note, scoring and contamination check of
        a study, and when the topics of its examples are found."""
        row = self._db.one(
            """
            SELECT (SELECT count(*) FROM judgements WHERE study_id = $study) AS judgements,
                   (SELECT count(*) FROM withdrawn_judgements WHERE study_id = $study) AS withdrawn,
                   (SELECT count(*) FROM guesses WHERE study_id = $study) AS guesses,
                   (SELECT count(*) FROM study_notes WHERE study_id = $study) AS notes,
                   (SELECT count(*) FROM contamination_checks c JOIN studies t
                    ON t.version_id = c.version_id AND t.study_id = $study) AS checks,
                   (SELECT count(*) FROM computed_reports c JOIN studies t
                    ON c.report_id = 'topics ' || t.version_id AND t.study_id = $study) AS topics,
                   (SELECT max(k.created_at) FROM scorings k SEMI JOIN study_systems s
                    ON s.system_id = k.system_id AND s.study_id = $study) AS scored
            """,
            {"study": study_id},
        )
        return f"{study_id}:{':'.join(map(str, (row or {}).values()))}"

    def count_scores(self, version_id: str, split: str) -> int:
        """How many scores a score table of a split rests on."""
        return int(
            self._db.value(
                """
                SELECT coalesce(sum(c.answers), 0) FROM system_coverage c
                JOIN systems s ON s.system_id = c.system_id
                WHERE c.version_id = $version AND s.removed_at IS NULL
                  AND ($split IS NULL OR c.split = $split)
                """,
                {"version": version_id, "split": None if split == "all" else split},
            )
        )

    def write_scores(
        self, path: Path, version_id: str, split: str, system_ids: Sequence[str]
    ) -> int:
        """Write the scores of these systems on a split: system_id, the example's position in the
        version and its near-duplicate group, metric, value, whether the system was trained on it or
        shown it (exposed), and whether a base model of one of them may have seen it (suspect)."""
        return self._db.write_parquet(path, _SCORES, _scores(version_id, split, system_ids))

    def scores(self, version_id: str, split: str, system_ids: Sequence[str]) -> Any:
        """The same as a pyarrow table."""
        return self._db.arrow(_SCORES, _scores(version_id, split, system_ids))

    def splits(self, version_id: str) -> list[str]:
        """The splits of a version in which a system has scored answers, test first."""
        rows = self._db.rows(
            """
            SELECT DISTINCT c.split FROM system_coverage c
            JOIN systems s ON s.system_id = c.system_id
            WHERE c.version_id = $version AND s.removed_at IS NULL AND c.answers > 0
            ORDER BY c.split
            """,
            {"version": version_id},
        )
        return [row["split"] for row in rows]

    def reviewed(self, study_id: str) -> int:
        """How many examples were reviewed for every candidate: the pair's first judgement
        that is no repeat and not set apart told."""
        return int(
            self._db.value(
                """
                WITH first AS (
                    SELECT b.system_a, b.system_b, j.outcome
                    FROM judgements j JOIN pairs b ON b.pair_id = j.pair_id
                    JOIN presentations p
                        ON p.presentation_id = j.presentation_id AND p.occasion = 1
                    JOIN study_systems o ON o.study_id = j.study_id AND o.role = 'baseline'
                     AND o.system_id IN (b.system_a, b.system_b)
                    LEFT JOIN first_unblindings u
                        ON u.study_id = j.study_id AND u.person_id = j.rater_id
                    WHERE j.study_id = $study AND NOT coalesce(j.created_at > u.created_at, false)
                    QUALIFY row_number() OVER (
                        PARTITION BY j.pair_id ORDER BY j.created_at, j.judgement_id
                    ) = 1
                )
                SELECT coalesce(min(told), 0) FROM (
                    SELECT s.system_id, count(*) FILTER (f.outcome <> 'cannot_judge') AS told
                    FROM study_systems s LEFT JOIN first f
                        ON s.system_id IN (f.system_a, f.system_b)
                    WHERE s.study_id = $study AND s.role = 'candidate' GROUP BY s.system_id
                )
                """,
                {"study": study_id},
            )
        )

    def pace(self, project_id: str) -> Row:
        """How many judgements a project has, how many of them told (`tied` among them), and their
        mean seconds."""
        return (
            self._db.one(
                """
                SELECT count(*) AS judgements,
                       count(*) FILTER (j.outcome <> 'cannot_judge') AS told,
                       count(*) FILTER (j.outcome IN ('tie_good', 'tie_bad')) AS tied,
                       avg(j.seconds) AS seconds
                FROM judgements j JOIN studies t ON t.study_id = j.study_id
                JOIN pairs b ON b.pair_id = j.pair_id
                WHERE t.project_id = $project AND b.stratum <> 'gold'
                """,
                {"project": project_id},
            )
            or {}
        )

    def judgement_rows(self, study_id: str) -> list[Row]:
        """One row per judgement, for an export: nothing left out, gold pairs neither."""
        return self._db.rows(
            """
            SELECT b.number AS pair, b.example_id, e.external_id, v.instruction, v.input,
                   v.output AS reference, j.rater_id, coalesce(p.name, '?') AS rater,
                   j.created_at, j.seconds, j.choice, j.outcome,
                   j.preferred_system_id, b.system_a, b.system_b, b.answer_a, b.answer_b,
                   j.flags, j.spans, j.comment, j.correction, j.judgement_id,
                   coalesce(b.sample_stratum, b.stratum) AS stratum,
                   coalesce(b.sample_probability, b.inclusion_probability)
                       AS inclusion_probability,
                   coalesce(j.created_at > u.created_at, false) AS set_apart, s.occasion
            FROM judgements j
            JOIN pairs b ON b.pair_id = j.pair_id
            JOIN presentations s ON s.presentation_id = j.presentation_id
            LEFT JOIN revisions v ON v.revision_id = b.revision_id
            LEFT JOIN examples e ON e.example_id = b.example_id
            LEFT JOIN people p ON p.person_id = j.rater_id
            LEFT JOIN first_unblindings u ON u.study_id = j.study_id AND u.person_id = j.rater_id
            WHERE j.study_id = $study ORDER BY b.number, j.created_at, j.judgement_id
            """,
            {"study": study_id},
        )

    # Reports that a worker computed ---------------------------------------------------------------

    def report(self, report_id: str, stamp: str) -> Any:
        """A computed report under this stamp, or None."""
        found = self._db.value(
            "SELECT content FROM computed_reports WHERE report_id = $id AND stamp = $stamp",
            {"id": report_id, "stamp": stamp},
        )
        return None if found is None else json.loads(found)

    def keep_report(self, report_id: str, stamp: str, content: Any) -> None:
        """Keep a report in the place of an older one."""
        self._db.execute(
            """
            INSERT INTO computed_reports (report_id, stamp, content, created_at)
            VALUES ($id, $stamp, $content, $now)
            ON CONFLICT (report_id) DO UPDATE
            SET stamp = excluded.stamp, content = excluded.content,
                created_at = excluded.created_at
            """,
            {"id": report_id, "stamp": stamp, "content": json.dumps(content), "now": now()},
        )


def _scores(version_id: str, split: str, system_ids: Sequence[str]) -> dict[str, Any]:
    return {
        "version": version_id,
        "split": None if split == "all" else split,
        "systems": list(system_ids),
    }


_SCORES = """
    SELECT c.system_id, m.position, m.group_id, c.metric, c.value,
           x.example_id IS NOT NULL AS exposed,
           c.example_id IN (
               SELECT example_id FROM suspect_examples
               WHERE version_id = $version AND system_id IN $systems
           ) AS suspect
    FROM scores c
    JOIN version_examples m ON m.version_id = $version AND m.example_id = c.example_id
     AND m.revision_id = c.revision_id
    LEFT JOIN exposed_examples x ON x.system_id = c.system_id AND x.example_id = c.example_id
    ANTI JOIN (
        SELECT * FROM answers WHERE system_id IN $systems AND finish = 'too_long'
    ) a ON a.system_id = c.system_id AND a.example_id = c.example_id
       AND a.revision_id = c.revision_id
    WHERE c.system_id IN $systems AND ($split IS NULL OR m.split = $split)
"""
