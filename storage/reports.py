"""The questions that Home and the dashboard ask: reads only, each one query."""

from __future__ import annotations

import json

from storage.database import Database, Row


class Reports:
    """Reads across the tables."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def scores(self, version_id: str) -> list[Row]:
        """Every score of every system of a version: system_id, example_id, metric, value."""
        return self._db.rows(
            "SELECT c.system_id, c.example_id, c.metric, c.value FROM scores c "
            "JOIN systems s USING (system_id) WHERE s.version_id = ? AND s.removed_at IS NULL "
            "ORDER BY c.system_id, c.metric, c.example_id",
            [version_id],
        )

    def judgements(self, study_id: str) -> list[Row]:
        """Every judgement of a study with its rater's name, flags decoded, oldest first."""
        return [
            {**row, "flags": json.loads(row["flags"])}
            for row in self._db.rows(
                "SELECT j.*, b.example_id, b.stratum, b.number, coalesce(p.name, '?') AS rater "
                "FROM judgements j JOIN blind_pairs b USING (pair_id) "
                "LEFT JOIN people p ON p.person_id = j.rater_id WHERE j.study_id = ? "
                "ORDER BY j.created_at, j.judgement_id",
                [study_id],
            )
        ]

    def ratings(self, study_id: str) -> list[Row]:
        """Every rating of a study: pair_id, rater_id, system, criterion, value, remark."""
        return self._db.rows(
            "SELECT j.pair_id, j.rater_id, r.system, r.criterion, r.value, r.remark "
            "FROM ratings r JOIN judgements j USING (judgement_id) WHERE j.study_id = ? "
            "ORDER BY j.pair_id, j.rater_id, r.criterion, r.system",
            [study_id],
        )

    def coverage(self, study_id: str) -> Row:
        """`outputs` both systems gave, `pairs` drawn, `judged` pairs."""
        return self._db.one(
            "SELECT (SELECT count(*) FROM generations a JOIN generations b USING (example_id) "
            "  WHERE a.system_id = s.baseline_id AND b.system_id = s.candidate_id) AS outputs, "
            "(SELECT count(*) FROM blind_pairs b WHERE b.study_id = s.study_id) AS pairs, "
            "(SELECT count(DISTINCT pair_id) FROM judgements j WHERE j.study_id = s.study_id) "
            "  AS judged FROM studies s WHERE s.study_id = ?",
            [study_id],
        ) or {"outputs": 0, "pairs": 0, "judged": 0}

    def version_stamp(self, version_id: str) -> str:
        """Counts that change with every new system, answer or score of a version."""
        return "/".join(
            f"{row['system_id']}:{row['scores']}:{row['summed']}"
            for row in self._db.rows(
                "SELECT s.system_id, count(c.value) AS scores, s.summary IS NOT NULL AS summed "
                "FROM systems s LEFT JOIN scores c USING (system_id) WHERE s.version_id = ? "
                "AND s.removed_at IS NULL "
                "GROUP BY ALL ORDER BY s.system_id",
                [version_id],
            )
        )

    def study_stamp(self, study_id: str) -> str:
        """Counts that change with every judgement, withdrawal and note of a study."""
        row = self._db.one(
            "SELECT (SELECT count(*) FROM judgements WHERE study_id = $study) AS judgements, "
            "(SELECT count(*) FROM withdrawn_judgements WHERE study_id = $study) AS withdrawn, "
            "(SELECT count(*) FROM study_notes WHERE study_id = $study) AS notes",
            {"study": study_id},
        )
        return f"{study_id}:{':'.join(map(str, (row or {}).values()))}"

    def pairs_table(self, study_id: str) -> list[Row]:
        """Every pair of a study with both answers, the reference and how it was judged."""
        return self._db.rows(
            "SELECT b.number, b.pair_id, b.example_id, b.stratum, r.instruction, r.input, "
            "r.output AS reference, base.text AS base_text, cand.text AS tuned_text, "
            "(SELECT string_agg(verdict, ', ' ORDER BY j.created_at) FROM judgements j "
            "  WHERE j.pair_id = b.pair_id) AS verdicts, "
            "(SELECT string_agg(j.comment, ' · ' ORDER BY j.created_at) FROM judgements j "
            "  WHERE j.pair_id = b.pair_id AND j.comment <> '') AS comments FROM blind_pairs b "
            "JOIN studies t USING (study_id) "
            "JOIN version_examples m "
            "  ON m.version_id = t.version_id AND m.example_id = b.example_id "
            "JOIN revisions r ON r.revision_id = m.revision_id "
            "JOIN generations base "
            "  ON base.system_id = t.baseline_id AND base.example_id = b.example_id "
            "JOIN generations cand "
            "  ON cand.system_id = t.candidate_id AND cand.example_id = b.example_id "
            "WHERE b.study_id = ? ORDER BY b.number",
            [study_id],
        )

    def pairs_to_rate(self, project_id: str, person_id: str) -> int:
        """How many pairs of open studies wait for this person."""
        return int(
            self._db.value(
                """
                SELECT count(DISTINCT p.pair_id) FROM pair_places p JOIN studies t USING (study_id)
                WHERE t.project_id = $project_id AND t.closed_at IS NULL AND NOT p.done
                  AND NOT EXISTS (SELECT 1 FROM judgements j WHERE j.pair_id = p.pair_id
                                  AND j.rater_id = $person_id)
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
                "  AND s.summary IS NOT NULL AND s.removed_at IS NULL) AS tuned_scored, "
                "(SELECT count(*) FROM systems s WHERE s.project_id = $p "
                "  AND s.summary IS NOT NULL AND s.removed_at IS NULL) AS scored, "
                "(SELECT count(*) FROM studies WHERE project_id = $p) AS studies, "
                "(SELECT count(*) FROM studies "
                "  WHERE project_id = $p AND closed_at IS NULL) AS open, "
                "(SELECT count(*) FROM blind_pairs b JOIN studies s USING (study_id) "
                "  WHERE s.project_id = $p) AS pairs, "
                "(SELECT count(DISTINCT j.pair_id) FROM judgements j "
                "  JOIN studies s USING (study_id) "
                "  WHERE s.project_id = $p) AS judged, "
                "(SELECT count(*) FROM judgements j JOIN studies s USING (study_id) "
                "  WHERE s.project_id = $p) AS judgements, "
                "(SELECT count(*) FROM jobs WHERE project_id = $p AND status IN "
                "  ('queued', 'starting', 'running', 'stopping')) AS active_jobs",
                {"p": project_id},
            )
            or {}
        )
