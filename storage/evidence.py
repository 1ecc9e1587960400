"""What evidence rests on beside judgements: facts and scores of pairs, texts of answers, hours."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from storage.database import Database, Row


class EvidenceRows:
    """Reads of a study's pairs and of a project's hours, each one query."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def pair_facts(self, study_id: str) -> list[Row]:
        """One row a pair: its example, near-duplicate group, lengths, labels and source."""
        return self._db.rows(_FACTS, {"study": study_id})

    def pair_scores(self, study_id: str) -> list[Row]:
        """One row a pair and metric: candidate minus baseline."""
        return self._db.rows(_SCORES, {"study": study_id})

    def write(self, facts: Path, scores: Path, study_id: str) -> None:
        """Write both for a worker."""
        self._db.write_parquet(facts, _FACTS, {"study": study_id})
        self._db.write_parquet(scores, _SCORES, {"study": study_id})

    def write_answers(
        self, path: Path, version_id: str, split: str, system_ids: Sequence[str], first: str
    ) -> int:
        """Write the answers of these systems on a split beside their references, those of the
        system `first` before the others: system_id, example_id, group_id, reference, text, the
        question, the source, and whether the system was trained on the example or shown it
        (exposed)."""
        given = {
            "version": version_id, "split": None if split == "all" else split,
            "systems": list(system_ids), "first": first,
        }  # fmt: skip
        return self._db.write_parquet(path, _ANSWERS, given)

    def write_texts(self, path: Path, version_id: str) -> int:
        """Write example_id and text (instruction and input) of a version's examples, in order."""
        return self._db.write_parquet(path, _TEXTS, {"version": version_id})

    def corrections(self, study_id: str, candidate_id: str) -> list[Row]:
        """Corrections that raters wrote, with the answers of both systems."""
        return self._db.rows(
            """
            SELECT j.correction, b.answer_a AS baseline, b.answer_b AS candidate
            FROM judgements j JOIN pairs b ON b.pair_id = j.pair_id
            JOIN study_systems s ON s.study_id = b.study_id AND s.system_id = b.system_a
             AND s.role = 'baseline'
            WHERE j.study_id = $study AND b.system_b = $candidate AND trim(j.correction) <> ''
            ORDER BY b.number, j.created_at, j.judgement_id
            """,
            {"study": study_id, "candidate": candidate_id},
        )

    def judged_times(self, study_id: str, candidate_id: str) -> int:
        """How many judgements there are of a candidate and the baseline."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM judgements j JOIN pairs b ON b.pair_id = j.pair_id
                JOIN study_systems s ON s.study_id = b.study_id AND s.system_id = b.system_a
                 AND s.role = 'baseline'
                WHERE j.study_id = $study AND b.system_b = $candidate
                """,
                {"study": study_id, "candidate": candidate_id},
            )
        )

    def texts(self, example_ids: Sequence[str]) -> list[Row]:
        """Instruction and input of examples as they are now, in the order of their ids."""
        return self._db.rows(
            """
            SELECT example_id, instruction, input FROM example_current
            WHERE example_id IN $ids ORDER BY example_id
            """,
            {"ids": list(example_ids)},
        )

    def hours(self, study_id: str) -> list[Row]:
        """Seconds at each station up to a study: annotating and reviewing in its project before
        it opened, rating it, training its systems and generating their answers."""
        return self._db.rows(_HOURS, {"study": study_id})


_FACTS = """
    SELECT b.pair_id, b.example_id, m.group_id, length(b.answer_a) AS baseline_length,
           length(b.answer_b) AS candidate_length, coalesce(b.sample_stratum, b.stratum) AS length,
           CAST(r.labels AS VARCHAR) AS labels, coalesce(i.file_name, '') AS source,
           EXISTS (
               SELECT 1 FROM suspect_examples x
               WHERE x.version_id = t.version_id AND x.example_id = b.example_id
                 AND x.system_id IN (b.system_a, b.system_b)
           ) AS suspect
    FROM pairs b
    JOIN studies t ON t.study_id = b.study_id
    LEFT JOIN version_examples m ON m.version_id = t.version_id AND m.example_id = b.example_id
    LEFT JOIN revisions r ON r.revision_id = b.revision_id
    LEFT JOIN examples e ON e.example_id = b.example_id
    LEFT JOIN imports i ON i.import_id = e.import_id
    WHERE b.study_id = $study AND b.stratum <> 'gold' ORDER BY b.number
"""
_SCORES = """
    SELECT b.pair_id, x.metric, y.value - x.value AS difference
    FROM pairs b
    JOIN scores x ON x.system_id = b.system_a AND x.example_id = b.example_id
     AND x.revision_id = b.revision_id
    JOIN scores y ON y.system_id = b.system_b AND y.example_id = b.example_id
     AND y.revision_id = b.revision_id AND y.metric = x.metric
    WHERE b.study_id = $study ORDER BY x.metric, b.number
"""
_HOURS = """
    WITH study AS (
        SELECT study_id, project_id, version_id, created_at FROM studies WHERE study_id = $study
    ),
    own AS (SELECT system_id FROM study_systems WHERE study_id = $study),
    worked AS (
        SELECT job_id FROM runs WHERE run_id IN (
            SELECT s.run_id FROM systems s SEMI JOIN own USING (system_id))
        UNION
        SELECT g.job_id FROM generations g SEMI JOIN own USING (system_id)
        WHERE g.version_id = (SELECT version_id FROM study)
    )
    SELECT 'Annotating' AS station, 'people' AS made_by, count(r.seconds) AS times,
           coalesce(sum(r.seconds), 0) AS seconds
    FROM revisions r JOIN examples e ON e.example_id = r.example_id
    WHERE e.project_id = (SELECT project_id FROM study)
      AND r.created_at <= (SELECT created_at FROM study)
    UNION ALL
    SELECT 'Reviewing', 'people', count(v.seconds), coalesce(sum(v.seconds), 0)
    FROM reviews v JOIN examples e ON e.example_id = v.example_id
    WHERE e.project_id = (SELECT project_id FROM study)
      AND v.created_at <= (SELECT created_at FROM study)
    UNION ALL
    SELECT 'Rating', 'people', count(*), coalesce(sum(j.seconds), 0)
    FROM judgements j JOIN pairs b ON b.pair_id = j.pair_id
    WHERE j.study_id = $study AND b.stratum <> 'gold'
    UNION ALL
    SELECT CASE kind WHEN 'train' THEN 'Training' ELSE 'Generating' END, 'machine', count(*),
           coalesce(sum(epoch(ended_at - started_at)), 0)
    FROM jobs WHERE job_id IN (SELECT job_id FROM worked) AND ended_at IS NOT NULL
      AND started_at IS NOT NULL
    GROUP BY kind
"""
_ANSWERS = """
    SELECT a.system_id, a.example_id, m.group_id, r.output AS reference, a.text,
           r.instruction || chr(10) || r.input AS question, i.file_name AS source,
           x.example_id IS NOT NULL AS exposed
    FROM answers a
    JOIN version_examples m ON m.version_id = $version AND m.example_id = a.example_id
     AND m.revision_id = a.revision_id
    JOIN revisions r ON r.revision_id = m.revision_id
    LEFT JOIN examples e ON e.example_id = a.example_id
    LEFT JOIN imports i ON i.import_id = e.import_id
    LEFT JOIN exposed_examples x ON x.system_id = a.system_id AND x.example_id = a.example_id
    WHERE a.system_id IN $systems AND ($split IS NULL OR m.split = $split)
      AND a.finish <> 'too_long'
    ORDER BY a.system_id <> $first, a.system_id, m.position
"""
_TEXTS = """
    SELECT m.example_id, r.instruction || chr(10) || r.input AS text
    FROM version_examples m JOIN revisions r ON r.revision_id = m.revision_id
    WHERE m.version_id = $version ORDER BY m.position
"""
