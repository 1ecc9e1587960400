"""Systems, their generations, and how much of a version each has answered."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.clock import now
from core.study.comparing import Conditions
from core.study.system import Generation, Scoring, System, VersionSystem
from storage.database import Database, Row


class Systems:
    """Questions about systems and generations."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # Systems -----------------------------------------------------------------------------------

    def add(self, system: System) -> None:
        """Insert a system: a model, its prompt and its decoding."""
        self._db.execute(
            """
            INSERT INTO systems
                (system_id, project_id, kind, name, run_id, spec, actor_id, created_at)
            VALUES ($system_id, $project_id, $kind, $name, $run_id, $spec, $actor_id, $created_at)
            """,
            {
                "system_id": system.system_id,
                "project_id": system.project_id,
                "kind": system.kind,
                "name": system.name,
                "run_id": system.run_id,
                "spec": json.dumps(dict(system.spec), sort_keys=True),
                "actor_id": system.actor_id,
                "created_at": system.created_at,
            },
        )

    def by_id(self, system_id: str) -> System | None:
        """One system, removed or not."""
        row = self._db.one("SELECT * FROM systems WHERE system_id = $id", {"id": system_id})
        return _system(row) if row else None

    def same_as(
        self, project_id: str, kind: str, run_id: str | None, spec: Mapping[str, Any]
    ) -> System | None:
        """The system that answers in just this way, if the project has it already."""
        row = self._db.one(
            """
            SELECT * FROM systems
            WHERE project_id = $project_id AND kind = $kind AND removed_at IS NULL
              AND run_id IS NOT DISTINCT FROM $run_id AND CAST(spec AS VARCHAR) = $spec
            ORDER BY created_at DESC LIMIT 1
            """,
            {
                "project_id": project_id,
                "kind": kind,
                "run_id": run_id,
                "spec": json.dumps(dict(spec), sort_keys=True),
            },
        )
        return _system(row) if row else None

    def of_version(self, version_id: str) -> list[VersionSystem]:
        """The systems that answered examples of a version, or are about to, oldest first."""
        rows = self._db.rows(_OF_VERSION, {"version": version_id})
        return [_version_system(row) for row in rows]

    def names(self, project_id: str) -> set[str]:
        """The names of a project's systems."""
        rows = self._db.rows(
            "SELECT name FROM systems WHERE project_id = $project AND removed_at IS NULL",
            {"project": project_id},
        )
        return {row["name"] for row in rows}

    def removed(self, project_id: str) -> list[System]:
        """A project's systems that were removed, newest removal first."""
        rows = self._db.rows(
            """
            SELECT * FROM systems WHERE project_id = $project AND removed_at IS NOT NULL
            ORDER BY removed_at DESC
            """,
            {"project": project_id},
        )
        return [_system(row) for row in rows]

    def set_removed(self, system_id: str, removed: bool) -> None:
        """Take a system out of sight, or bring it back."""
        self._db.execute(
            "UPDATE systems SET removed_at = $at WHERE system_id = $id",
            {"at": now() if removed else None, "id": system_id},
        )

    def studies_with(self, system_id: str) -> list[str]:
        """The names of the studies that compare a system."""
        rows = self._db.rows(
            """
            SELECT t.name FROM studies t JOIN study_systems s USING (study_id)
            WHERE s.system_id = $system ORDER BY t.created_at
            """,
            {"system": system_id},
        )
        return [row["name"] for row in rows]

    # Generations -------------------------------------------------------------------------------

    def add_generation(self, generation: Generation) -> None:
        """Insert one time that a system answers."""
        self._db.execute(
            """
            INSERT INTO generations
                (generation_id, system_id, version_id, split, job_id, spec, created_at, summary)
            VALUES ($generation_id, $system_id, $version_id, $split, $job_id, $spec, $created_at,
                    $summary)
            """,
            {
                "generation_id": generation.generation_id,
                "system_id": generation.system_id,
                "version_id": generation.version_id,
                "split": generation.split,
                "job_id": generation.job_id,
                "spec": json.dumps(dict(generation.spec), sort_keys=True),
                "created_at": generation.created_at,
                "summary": json.dumps(dict(generation.summary)),
            },
        )

    def conclude_generation(
        self, generation_id: str, spec: Mapping[str, Any], summary: Mapping[str, Any]
    ) -> None:
        """Write what the worker found of a generation: its final conditions and its summary."""
        self._db.execute(
            "UPDATE generations SET spec = $spec, summary = $summary WHERE generation_id = $id",
            {
                "spec": json.dumps(dict(spec), sort_keys=True),
                "summary": json.dumps(dict(summary)),
                "id": generation_id,
            },
        )

    def generations_of_job(self, job_id: str) -> list[Generation]:
        """The generations that one job makes."""
        rows = self._db.rows(
            "SELECT * FROM generations WHERE job_id = $job ORDER BY system_id", {"job": job_id}
        )
        return [_generation(row) for row in rows]

    def newest_generation(self, system_id: str) -> Generation | None:
        """The last time that a system answered."""
        row = self._db.one(
            """
            SELECT * FROM generations WHERE system_id = $system
            ORDER BY created_at DESC, generation_id DESC LIMIT 1
            """,
            {"system": system_id},
        )
        return _generation(row) if row else None

    def generation_in(self, study_id: str, system_id: str) -> Generation | None:
        """The time that a system gave the answers that a study shows; the last of several."""
        row = self._db.one(
            """
            SELECT * FROM generations WHERE generation_id IN (
                SELECT a.generation_id FROM pairs b
                JOIN answers a ON a.example_id = b.example_id AND a.revision_id = b.revision_id
                WHERE b.study_id = $study AND b.stratum <> 'gold' AND a.system_id = $system
            )
            ORDER BY created_at DESC, generation_id DESC LIMIT 1
            """,
            {"study": study_id, "system": system_id},
        )
        return _generation(row) if row else None

    # Coverage ----------------------------------------------------------------------------------

    def is_covered(self, version_id: str) -> bool:
        """Whether the answers of every system of the project are counted for a version."""
        return not self._db.value(_UNCOUNTED, {"version": version_id})

    def cover(self, version_id: str) -> None:
        """Count, once, which of a version's examples each system has answered as they stand."""
        self._db.execute(_COVER, {"version": version_id})


_UNCOUNTED = """
    SELECT count(*) FROM systems s
    JOIN dataset_versions v ON v.project_id = s.project_id
    WHERE v.version_id = $version AND NOT EXISTS (
        SELECT 1 FROM system_coverage c
        WHERE c.system_id = s.system_id AND c.version_id = $version
    )
"""
_COVER = """
    WITH answered AS (
        SELECT a.system_id, m.split, a.generation_id, a.cut, a.finish
        FROM answers a
        JOIN version_examples m
            ON m.version_id = $version AND m.example_id = a.example_id
           AND m.revision_id = a.revision_id
    )
    INSERT INTO system_coverage
        (system_id, version_id, split, generation_id, answers, cut, capped)
    SELECT s.system_id, $version, coalesce(a.split, 'none'), coalesce(a.generation_id, ''),
           count(a.split), count(*) FILTER (a.cut <> ''), count(*) FILTER (a.finish = 'length')
    FROM systems s
    JOIN dataset_versions v ON v.project_id = s.project_id AND v.version_id = $version
    LEFT JOIN answered a ON a.system_id = s.system_id
    WHERE NOT EXISTS (
        SELECT 1 FROM system_coverage c
        WHERE c.system_id = s.system_id AND c.version_id = $version
    )
    GROUP BY s.system_id, a.split, a.generation_id
"""
_OF_VERSION = """
    WITH covered AS (
        SELECT system_id, sum(answers) AS answers, sum(cut) AS cut, sum(capped) AS capped
        FROM system_coverage WHERE version_id = $version GROUP BY system_id
    ), unasked AS (
        SELECT a.system_id, count(*) AS unasked FROM answers a
        JOIN version_examples m
            ON m.version_id = $version AND m.example_id = a.example_id
           AND m.revision_id = a.revision_id
        WHERE a.finish = 'too_long' GROUP BY a.system_id
    ), newest AS (
        SELECT * FROM generations
        QUALIFY row_number() OVER (
            PARTITION BY system_id
            ORDER BY (version_id = $version) DESC, created_at DESC, generation_id DESC
        ) = 1
    ), scored AS (
        SELECT * FROM scorings
        QUALIFY row_number() OVER (
            PARTITION BY system_id
            ORDER BY (version_id = $version) DESC, created_at DESC, scoring_id DESC
        ) = 1
    )
    SELECT s.*, coalesce(c.answers, 0) AS answers, coalesce(c.cut, 0) AS cut,
           coalesce(c.capped, 0) AS capped, coalesce(u.unasked, 0) AS unasked, g.split, g.job_id,
           g.spec AS conditions, g.summary AS made,
           j.status AS job_status, k.scoring_id, k.version_id AS scored_version, k.settings,
           k.settings_hash, k.summary, k.created_at AS scored_at
    FROM systems s
    JOIN dataset_versions v ON v.project_id = s.project_id AND v.version_id = $version
    LEFT JOIN covered c ON c.system_id = s.system_id
    LEFT JOIN unasked u ON u.system_id = s.system_id
    LEFT JOIN newest g ON g.system_id = s.system_id
    LEFT JOIN scored k ON k.system_id = s.system_id
    LEFT JOIN jobs j ON j.job_id = g.job_id
    WHERE s.removed_at IS NULL AND (c.answers > 0 OR g.version_id = $version)
    ORDER BY s.created_at, s.system_id
"""


def _system(row: Row) -> System:
    return System(
        row["system_id"], row["project_id"], row["kind"], row["name"], row["run_id"],
        json.loads(row["spec"]), row["actor_id"], row["created_at"], row["removed_at"],
    )  # fmt: skip


def _generation(row: Row) -> Generation:
    return Generation(
        row["generation_id"], row["system_id"], row["version_id"], row["split"], row["job_id"],
        json.loads(row["spec"]), row["created_at"], json.loads(row["summary"] or "{}"),
    )  # fmt: skip


def _version_system(row: Row) -> VersionSystem:
    scoring = None
    if row["scoring_id"]:
        scoring = Scoring(
            row["scoring_id"], row["system_id"], row["scored_version"],
            json.loads(row["settings"]), row["settings_hash"], json.loads(row["summary"]),
            row["scored_at"],
        )  # fmt: skip
    return VersionSystem(
        system=_system(row),
        split=row["split"] or "all",
        answers=int(row["answers"]),
        cut=int(row["cut"]),
        capped=int(row["capped"]),
        unasked=int(row["unasked"]),
        job_id=row["job_id"],
        job_status=row["job_status"],
        conditions=Conditions.from_json(json.loads(row["conditions"] or "{}"), row["job_id"]),
        scoring=scoring,
        made=json.loads(row["made"] or "{}"),
    )
