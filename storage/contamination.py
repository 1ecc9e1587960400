"""Contamination checks: what a base model shows of a version's examples."""

from __future__ import annotations

import json
from pathlib import Path

from core.clock import now
from core.scoring.contamination import contamination_json, contamination_of
from core.scoring.contamination_check import ContaminationCheck, SuspectExample
from storage.database import Database, Row


class ContaminationChecks:
    """Questions about checks, and the examples that they make suspect."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, check: ContaminationCheck, probes: Path, actor_id: str) -> None:
        """Insert a check with the probes of its examples, controls aside."""
        self._db.execute(
            """
            INSERT INTO contamination_checks
            VALUES ($check, $project, $version, $split, $model, $hash, $controls, $result, $actor,
                    $now)
            """,
            {
                "check": check.check_id,
                "project": check.project_id,
                "version": check.version_id,
                "split": check.split,
                "model": check.model_id,
                "hash": check.base_model_hash,
                "controls": check.controls_version_id,
                "result": contamination_json(check.result),
                "actor": actor_id,
                "now": now(),
            },
        )
        self._db.insert_from_parquet(
            probes,
            """
            INSERT INTO contamination_probes
            SELECT $check, example_id, completion, min_k, perplexity, example_id IN $suspects
            FROM read_parquet($parquet_path) WHERE NOT control
            """,
            {"check": check.check_id, "suspects": list(check.result.suspects)},
        )

    def count(self, version_id: str) -> int:
        """How many checks of a version there are."""
        return int(
            self._db.value(
                "SELECT count(*) FROM contamination_checks WHERE version_id = $version",
                {"version": version_id},
            )
        )

    def of_version(self, version_id: str) -> list[ContaminationCheck]:
        """The checks of a version, newest first."""
        rows = self._db.rows(
            """
            SELECT check_id, project_id, version_id, split, model_id, model_hash AS base_model_hash,
                   controls_version_id, result
            FROM contamination_checks WHERE version_id = $version
            ORDER BY created_at DESC, check_id DESC
            """,
            {"version": version_id},
        )
        return [_check(row) for row in rows]

    def of_study(self, study_id: str) -> list[ContaminationCheck]:
        """The checks that probed every example of a study, newest first."""
        rows = self._db.rows(
            """
            SELECT k.check_id, k.project_id, k.version_id, k.split, k.model_id,
                   k.model_hash AS base_model_hash, k.controls_version_id, k.result
            FROM contamination_checks k
            JOIN studies t ON t.version_id = k.version_id AND t.study_id = $study
            WHERE NOT EXISTS (
                SELECT 1 FROM pairs b
                LEFT JOIN contamination_probes p
                  ON p.check_id = k.check_id AND p.example_id = b.example_id
                WHERE b.study_id = $study AND p.example_id IS NULL
            )
            ORDER BY k.created_at DESC, k.check_id DESC
            """,
            {"study": study_id},
        )
        return [_check(row) for row in rows]

    def suspects(self, check_id: str) -> list[SuspectExample]:
        """The suspect examples of a check as they stand in its version, the surest first."""
        rows = self._db.rows(
            """
            SELECT p.example_id, p.completion, p.min_k, p.perplexity, r.instruction, r.input,
                   r.output
            FROM contamination_probes p
            JOIN contamination_checks k ON k.check_id = p.check_id
            JOIN version_examples m ON m.version_id = k.version_id AND m.example_id = p.example_id
            JOIN revisions r ON r.revision_id = m.revision_id
            WHERE p.check_id = $check AND p.suspect
            ORDER BY p.completion DESC, p.min_k DESC, p.example_id
            """,
            {"check": check_id},
        )
        return [SuspectExample(**row) for row in rows]


def _check(row: Row) -> ContaminationCheck:
    return ContaminationCheck(**{**row, "result": contamination_of(json.loads(row["result"]))})
