"""Contamination checks: what a base model shows of a version's examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from core.clock import now
from core.scoring.contamination import contamination_json, contamination_of
from core.scoring.contamination_check import ContaminationCheck, SuspectExample
from storage.database import Database


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
        return [
            ContaminationCheck(**{**row, "result": contamination_of(json.loads(row["result"]))})
            for row in rows
        ]

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

    def suspects_of(self, version_id: str, system_ids: Sequence[str]) -> set[str]:
        """The examples of a version that the base model of one of these systems may have seen."""
        rows = self._db.rows(
            """
            SELECT DISTINCT example_id FROM suspect_examples
            WHERE version_id = $version AND system_id IN $systems
            """,
            {"version": version_id, "systems": list(system_ids)},
        )
        return {row["example_id"] for row in rows}
