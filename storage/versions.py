"""Dataset versions: immutable, content-hashed snapshots of accepted examples."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.errors import Conflict
from core.query import Query
from core.versions.splitting import SPLITS
from core.versions.version import DatasetVersion, LargeGroup, LeftOut
from storage.database import Database, Row

_VERSIONS = """
    SELECT v.*, coalesce(p.name, 'Touchstone') AS person
    FROM dataset_versions v LEFT JOIN people p ON p.person_id = v.actor_id
"""


class Versions:
    """Questions about dataset versions, and adding one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def next_number(self, project_id: str) -> int:
        """The number of the project's next version, from 1."""
        return 1 + int(
            self._db.value(
                """
                SELECT coalesce(max(number), 0) FROM dataset_versions
                WHERE project_id = $project_id
                """,
                {"project_id": project_id},
            )
        )

    def add(self, version: DatasetVersion, members: Path, left_out: Path | None = None) -> None:
        """Insert a version, its members, the splits that it decides, and what it leaves out.

        `members` is a Parquet file in the workspace (example_id, revision_id, split, group_id,
        position), `left_out` another (example_id, revision_id, reason, near_id, and near_file and
        near_text unless an earlier release wrote it). Raises Conflict
        when another version has put one of the examples into another split meanwhile.
        """
        self._db.execute(
            """
            INSERT INTO dataset_versions
                (version_id, project_id, number, name, evaluation_only, content_hash, seed, ratios,
                 counts, groups, kept, left_out, largest, warnings, notes, actor_id, created_at)
            VALUES ($version_id, $project_id, $number, $name, $evaluation_only, $content_hash,
                    $seed, $ratios, $counts, $groups, $kept, $left_out, $largest, $warnings,
                    $notes, $actor_id, $created_at)
            """,
            {
                "version_id": version.version_id,
                "project_id": version.project_id,
                "number": version.number,
                "name": version.name,
                "evaluation_only": version.evaluation_only,
                "content_hash": version.content_hash,
                "seed": version.seed,
                "ratios": json.dumps(version.ratios),
                "counts": json.dumps(dict(version.counts)),
                "groups": version.groups,
                "kept": version.kept,
                "left_out": version.left_out,
                "largest": json.dumps([asdict(group) for group in version.largest]),
                "warnings": json.dumps(version.warnings),
                "notes": version.notes,
                "actor_id": version.actor_id,
                "created_at": version.created_at,
            },
        )
        self._db.insert_from_parquet(
            members,
            """
            INSERT INTO version_examples
                (version_id, example_id, revision_id, split, group_id, position)
            SELECT $version_id, example_id, revision_id, split, group_id, position
            FROM read_parquet($parquet_path)
            """,
            {"version_id": version.version_id},
        )
        if left_out:
            self._db.insert_from_parquet(
                left_out,
                """
                INSERT INTO version_left_out BY NAME
                SELECT $version_id AS version_id, * FROM read_parquet($parquet_path)
                """,
                {"version_id": version.version_id},
            )
        self._decide(version)

    def _decide(self, version: DatasetVersion) -> None:
        """Keep the splits of the version's examples for all later ones."""
        known = {"version_id": version.version_id, "project_id": version.project_id}
        if self._db.value(
            """
            SELECT count(*) FROM version_examples m JOIN example_splits s USING (example_id)
            WHERE m.version_id = $version_id AND s.project_id = $project_id AND m.split <> s.split
            """,
            known,
        ):
            raise Conflict(
                "Another version of this project was frozen meanwhile and put some of these "
                "examples into other splits. Freeze again."
            )
        self._db.execute(
            """
            INSERT INTO example_splits
                (example_id, project_id, split, group_id, version_id, created_at)
            SELECT m.example_id, $project_id, m.split, m.group_id, m.version_id, $created_at
            FROM version_examples m
            ANTI JOIN (SELECT example_id FROM example_splits WHERE project_id = $project_id) s
                USING (example_id)
            WHERE m.version_id = $version_id
            """,
            {**known, "created_at": version.created_at},
        )

    def questions(self, project_id: str, live: Path) -> list[Row]:
        """The first revisions of the examples whose contents a Parquet file (content_hash) names,
        in import order: example_id, revision_id, instruction, input. Without those that an earlier
        version has put where training sees them."""
        return self._db.rows(
            """
            SELECT e.example_id, r.revision_id, r.instruction, r.input
            FROM examples e
            SEMI JOIN (SELECT content_hash FROM read_parquet($path)) n
                ON n.content_hash = e.content_hash
            JOIN revisions r ON r.example_id = e.example_id AND r.number = 1
            ANTI JOIN (
                SELECT example_id FROM example_splits
                WHERE project_id = $project_id AND split <> 'test'
            ) s ON s.example_id = e.example_id
            WHERE e.project_id = $project_id ORDER BY e.position
            """,
            {"project_id": project_id, "path": str(live.resolve())},
        )

    def references(self, version_id: str) -> int:
        """How many examples of a version have a reference: an output that is not blank."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM version_examples m
                JOIN revisions r ON r.revision_id = m.revision_id
                WHERE m.version_id = $version AND trim(r.output) <> ''
                """,
                {"version": version_id},
            )
        )

    def frozen_size(self, version_id: str, split: str, system_ids: Sequence[str]) -> int:
        """How many examples the split of a version has; of "all" those that none of these systems
        was trained on or shown, as the others can be compared nowhere."""
        return int(
            self._db.value(
                """
                SELECT count(*) FROM version_examples m
                WHERE m.version_id = $version AND (m.split = $split OR ($split = 'all'
                  AND m.example_id NOT IN (
                      SELECT example_id FROM exposed_examples WHERE system_id IN $systems
                  )))
                """,
                {"version": version_id, "split": split, "systems": list(system_ids)},
            )
        )

    def by_id(self, version_id: str) -> DatasetVersion | None:
        """One version."""
        row = self._db.one(
            f"{_VERSIONS} WHERE v.version_id = $version_id", {"version_id": version_id}
        )
        return _version(row) if row else None

    def of_project(self, project_id: str) -> list[DatasetVersion]:
        """A project's versions, newest first."""
        rows = self._db.rows(
            f"{_VERSIONS} WHERE v.project_id = $project_id ORDER BY v.number DESC",
            {"project_id": project_id},
        )
        return [_version(row) for row in rows]

    def examples(self, version_id: str, split: str | None = None, limit: int | None = None) -> Any:
        """The answer of `members` as a pyarrow table, or the first of it."""
        query = self.members(version_id, split, limit)
        return self._db.arrow(query.sql, query.params)

    def members(self, version_id: str, split: str | None = None, limit: int | None = None) -> Query:
        """The version's examples, in a fixed order.

        Columns: example_id, external_id, split, group_id, instruction, input, output, labels,
        quality, revision_id.
        """
        return Query(
            """
            SELECT m.example_id, e.external_id, m.split, m.group_id, r.instruction, r.input,
                   r.output, CAST(r.labels AS VARCHAR) AS labels, r.quality, m.revision_id
            FROM version_examples m
            JOIN revisions r USING (revision_id)
            JOIN examples e ON e.example_id = m.example_id
            WHERE m.version_id = $version AND ($split IS NULL OR m.split = $split)
            ORDER BY m.position
            LIMIT $limit
            """,
            {"version": version_id, "split": split, "limit": limit or 2_000_000_000},
        )

    def left_out(self, version_id: str, limit: int = 1000) -> list[LeftOut]:
        """What a version left out of the accepted examples, and why."""
        rows = self._db.rows(
            """
            SELECT l.example_id, l.reason, l.near_id, l.near_text, r.instruction, r.input
            FROM version_left_out l JOIN revisions r USING (revision_id)
            WHERE l.version_id = $version_id
            ORDER BY l.near_file IS NULL, l.reason, l.example_id
            LIMIT $limit
            """,
            {"version_id": version_id, "limit": limit},
        )
        return [LeftOut(**row) for row in rows]

    def left_out_file(self, version_id: str) -> Query:
        """All that a version left out, to be written into a file."""
        return Query(
            """
            SELECT l.example_id, l.reason, l.near_id, l.near_text, r.instruction, r.input, r.output
            FROM version_left_out l JOIN revisions r USING (revision_id)
            WHERE l.version_id = $version_id
            ORDER BY l.near_file IS NULL, l.reason, l.example_id
            """,
            {"version_id": version_id},
        )

    def left_out_reasons(self, version_id: str) -> dict[str, int]:
        """Reason -> how many examples a version left out for it, commonest first."""
        rows = self._db.rows(
            """
            SELECT reason, count(*) AS n FROM version_left_out WHERE version_id = $version_id
            GROUP BY reason ORDER BY n DESC, reason
            """,
            {"version_id": version_id},
        )
        return {row["reason"]: int(row["n"]) for row in rows}

    def content(self, version_id: str) -> list[tuple[str, str, str, str, str]]:
        """(example_id, instruction, input, output, split) of each member, to check the hash."""
        rows = self._db.rows(
            """
            SELECT m.example_id, r.instruction, r.input, r.output, m.split
            FROM version_examples m JOIN revisions r USING (revision_id)
            WHERE m.version_id = $version_id
            """,
            {"version_id": version_id},
        )
        names = ("example_id", "instruction", "input", "output", "split")
        return [tuple(row[name] for name in names) for row in rows]


def _version(row: Row) -> DatasetVersion:
    counts, ratios = json.loads(row["counts"]), json.loads(row["ratios"])
    return DatasetVersion(
        **{
            **row,
            "ratios": tuple(ratios),
            # Versions of old counted `total` and `groups` among the splits.
            "counts": {split: counts[split] for split in SPLITS},
            "largest": tuple(map(LargeGroup.of_dict, json.loads(row["largest"]))),
            "warnings": tuple(json.loads(row["warnings"])),
        }
    )
