"""What systems answered, and how the answers scored. Bulk comes and goes as Parquet."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.clock import now
from core.query import Query
from core.study.answer import Answer, AnsweredExample
from core.study.system import Scoring
from storage.database import Database, Row


class Answers:
    """Questions about answers and scores, and taking them in."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Answers -----------------------------------------------------------------------------------

    def take_in(self, path: Path, version_id: str, generations: Mapping[str, str]) -> int:
        """Insert the answers of a Parquet file that are new, and what their systems made of the
        references; how many answers.

        Columns: system_id, example_id, text, prompt_tokens, new_tokens, seconds, finish, and
        perhaps cut, confidence and reference_loss. `generations`: system id → generation id. Their
        revisions are the version's.
        """
        known = {
            row["column_name"]
            for row in self._db.rows(
                "DESCRIBE SELECT * FROM read_parquet($path)", {"path": str(path.resolve())}
            )
        }
        sql = _TAKE_IN
        for column in {"cut", "confidence"} - known:  # older workers
            sql = sql.replace(f"n.{column}", "NULL")
        about = {
            "version": version_id,
            "systems": list(generations),
            "generations": list(generations.values()),
        }
        count = self._db.insert_from_parquet(path, sql, about)
        if "reference_loss" in known:
            # Of answers that were there before too: they may be asked about again.
            self._db.insert_from_parquet(path, _TAKE_IN_LOSSES, about)
        self._db.execute(
            "DELETE FROM system_coverage WHERE system_id IN $systems",
            {"systems": list(generations)},
        )
        return count

    def take_in_joined(
        self, path: Path, version_id: str, system_id: str, generation_id: str
    ) -> int:
        """Insert answers that joined a version's examples (example_id, text); how many."""
        return self._db.insert_from_parquet(
            path,
            """
            INSERT INTO answers
                (system_id, example_id, revision_id, generation_id, text, finish)
            SELECT $system, n.example_id, m.revision_id, $generation, n.text, 'imported'
            FROM read_parquet($parquet_path) n
            JOIN version_examples m ON m.version_id = $version AND m.example_id = n.example_id
            """,
            {"system": system_id, "generation": generation_id, "version": version_id},
        )

    def take_in_live(
        self, path: Path, place: int, version_id: str, system_id: str, generation_id: str
    ) -> int:
        """Insert a system's answers of a Parquet file (content_hash, system, text): those of its
        `place`, to the version's examples of these contents; how many."""
        return self._db.insert_from_parquet(
            path,
            """
            INSERT INTO answers
                (system_id, example_id, revision_id, generation_id, text, finish)
            SELECT $system, m.example_id, m.revision_id, $generation, n.text, 'imported'
            FROM read_parquet($parquet_path) n
            JOIN examples e ON e.content_hash = n.content_hash
            JOIN version_examples m ON m.version_id = $version AND m.example_id = e.example_id
            WHERE n.system = $place
            """,
            {
                "system": system_id, "generation": generation_id, "version": version_id,
                "place": place,
            },
        )  # fmt: skip

    def texts(self, system_id: str, version_id: str) -> dict[str, str]:
        """example_id → what the system answered to a version's examples."""
        rows = self._db.rows(
            """
            SELECT a.example_id, a.text FROM answers a
            JOIN version_examples m ON m.example_id = a.example_id
             AND m.revision_id = a.revision_id AND m.version_id = $version
            WHERE a.system_id = $system ORDER BY m.position
            """,
            {"system": system_id, "version": version_id},
        )
        return {row["example_id"]: row["text"] for row in rows}

    def side_by_side(
        self, version_id: str, system_ids: Sequence[str], metric: str, limit: int, offset: int
    ) -> list[AnsweredExample]:
        """Examples with every named system's answer and score, in the version's order."""
        rows = self._db.rows(
            """
            WITH asked AS (
                SELECT m.example_id, m.position, m.revision_id FROM version_examples m
                SEMI JOIN (SELECT * FROM answers WHERE system_id IN $systems) a
                    ON a.example_id = m.example_id AND a.revision_id = m.revision_id
                WHERE m.version_id = $version
                ORDER BY m.position LIMIT $limit OFFSET $offset
            )
            SELECT c.example_id, c.position, r.instruction, r.input, r.output, a.system_id, a.text,
                   a.finish, a.cut, s.value
            FROM asked c
            JOIN revisions r ON r.revision_id = c.revision_id
            JOIN answers a ON a.example_id = c.example_id AND a.revision_id = c.revision_id
             AND a.system_id IN $systems
            LEFT JOIN scores s ON s.system_id = a.system_id AND s.example_id = c.example_id
             AND s.revision_id = c.revision_id AND s.metric = $metric
            ORDER BY c.position, a.system_id
            """,
            {
                "version": version_id,
                "systems": list(system_ids),
                "metric": metric,
                "limit": limit,
                "offset": offset,
            },
        )
        answers: dict[str, dict[str, Answer]] = {}
        for row in rows:
            answers.setdefault(row["example_id"], {})[row["system_id"]] = Answer(
                row["system_id"], row["text"], row["finish"], row["cut"], row["value"]
            )
        examples = {row["example_id"]: row for row in rows}
        return [
            AnsweredExample(i, row["instruction"], row["input"], row["output"], answers[i])
            for i, row in examples.items()
        ]

    # Scores ------------------------------------------------------------------------------------

    def to_score(self, version_id: str, system_ids: Sequence[str]) -> Query:
        """These systems' answers to a version's examples beside the references.

        Columns: system_id, example_id, revision_id, reference, text, confidence, reference_loss.
        Examples without a reference have nothing to be compared with, and what a system was not
        asked, as the prompt fills its context, is no answer.
        """
        return Query(
            """
            SELECT a.system_id, a.example_id, a.revision_id, r.output AS reference, a.text,
                   a.confidence, l.loss AS reference_loss
            FROM answers a
            JOIN version_examples m ON m.example_id = a.example_id
             AND m.revision_id = a.revision_id AND m.version_id = $version
            JOIN revisions r ON r.revision_id = m.revision_id
            LEFT JOIN (SELECT * FROM reference_losses WHERE system_id IN $systems) l
                ON l.system_id = a.system_id AND l.example_id = a.example_id
               AND l.revision_id = a.revision_id
            WHERE a.system_id IN $systems AND trim(r.output) <> '' AND a.finish <> 'too_long'
            ORDER BY a.system_id, m.position
            """,
            {"version": version_id, "systems": list(system_ids)},
        )

    def add_scoring(self, scoring: Scoring, job_id: str | None) -> None:
        """Insert one scoring of a system's answers."""
        self._db.execute(
            """
            INSERT INTO scorings
                (scoring_id, system_id, version_id, settings, settings_hash, summary, job_id,
                 created_at)
            VALUES ($scoring_id, $system_id, $version_id, $settings, $settings_hash, $summary,
                    $job_id, $created_at)
            """,
            {
                "scoring_id": scoring.scoring_id,
                "system_id": scoring.system_id,
                "version_id": scoring.version_id,
                "settings": json.dumps(dict(scoring.settings), sort_keys=True),
                "settings_hash": scoring.settings_hash,
                "summary": json.dumps(dict(scoring.summary)),
                "job_id": job_id,
                "created_at": scoring.created_at,
            },
        )

    def take_in_scores(self, path: Path, scorings: Mapping[str, str]) -> int:
        """Replace the scores of the answers that a Parquet file scores; how many are in it.

        Columns: system_id, example_id, revision_id, metric, value. `scorings`: system → scoring.
        """
        place, systems = str(path.resolve()), list(scorings)
        if self._db.value(
            "SELECT count(*) FROM scores WHERE system_id IN $systems", {"systems": systems}
        ):
            self._db.execute(
                """
                DELETE FROM scores USING (
                    SELECT DISTINCT system_id, example_id, revision_id FROM read_parquet($path)
                ) n
                WHERE scores.system_id = n.system_id AND scores.example_id = n.example_id
                  AND scores.revision_id = n.revision_id
                """,
                {"path": place},
            )
        return self._db.insert_from_parquet(
            path,
            """
            INSERT INTO scores (scoring_id, system_id, example_id, revision_id, metric, value)
            SELECT k.scoring_id, n.system_id, n.example_id, n.revision_id, n.metric, n.value
            FROM read_parquet($parquet_path) n
            JOIN (SELECT unnest($systems) AS system_id, unnest($scorings) AS scoring_id) k
                ON k.system_id = n.system_id
            """,
            {"systems": systems, "scorings": list(scorings.values())},
        )

    # Why unlike answers are compared --------------------------------------------------------------

    def add_comparison_note(self, row: Row) -> None:
        """Append a lead's reason to compare systems that were asked differently."""
        self._db.execute(
            """
            INSERT INTO comparison_notes
                (note_id, project_id, baseline_id, candidate_id, differences, text, actor_id,
                 created_at)
            VALUES ($note_id, $project_id, $baseline_id, $candidate_id, $differences, $text,
                    $actor_id, $created_at)
            """,
            {**row, "created_at": now()},
        )

    def comparison_notes(self, project_id: str) -> list[Row]:
        """The reasons given in a project, oldest first."""
        return self._db.rows(
            """
            SELECT n.baseline_id, n.candidate_id, n.differences, n.text, n.created_at,
                   coalesce(p.name, 'Touchstone') AS person
            FROM comparison_notes n LEFT JOIN people p ON p.person_id = n.actor_id
            WHERE n.project_id = $project ORDER BY n.created_at, n.note_id
            """,
            {"project": project_id},
        )


_TAKE_IN = """
    INSERT INTO answers
        (system_id, example_id, revision_id, generation_id, text, cut, prompt_tokens, new_tokens,
         seconds, finish, confidence)
    SELECT n.system_id, n.example_id, m.revision_id, k.generation_id, n.text,
           coalesce(CAST(n.cut AS VARCHAR), ''), n.prompt_tokens, n.new_tokens, n.seconds,
           n.finish, n.confidence
    FROM read_parquet($parquet_path) n
    JOIN version_examples m ON m.version_id = $version AND m.example_id = n.example_id
    JOIN (SELECT unnest($systems) AS system_id, unnest($generations) AS generation_id) k
        ON k.system_id = n.system_id
    ANTI JOIN (SELECT * FROM answers WHERE system_id IN $systems) a
        ON a.system_id = n.system_id AND a.example_id = n.example_id
       AND a.revision_id = m.revision_id
"""
_TAKE_IN_LOSSES = """
    INSERT INTO reference_losses (system_id, example_id, revision_id, generation_id, loss)
    SELECT n.system_id, n.example_id, m.revision_id, k.generation_id, n.reference_loss
    FROM read_parquet($parquet_path) n
    JOIN version_examples m ON m.version_id = $version AND m.example_id = n.example_id
    JOIN (SELECT unnest($systems) AS system_id, unnest($generations) AS generation_id) k
        ON k.system_id = n.system_id
    ANTI JOIN (SELECT * FROM reference_losses WHERE system_id IN $systems) l
        ON l.system_id = n.system_id AND l.example_id = n.example_id
       AND l.revision_id = m.revision_id
    WHERE n.reference_loss IS NOT NULL
"""
