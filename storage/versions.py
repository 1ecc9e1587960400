"""Dataset versions: immutable, content-hashed snapshots of accepted examples."""

from __future__ import annotations

import json
from typing import Any

from core.clock import now
from storage.database import Database, Row


class Versions:
    """Questions about dataset versions, and adding one."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, row: Row, members: Any) -> int:
        """Insert a version and its members; its number.

        `members` is a pyarrow table: example_id, revision_id, split, group_id, position.
        """
        number = 1 + int(
            self._db.value(
                "SELECT coalesce(max(number), 0) FROM dataset_versions WHERE project_id = ?",
                [row["project_id"]],
            )
        )
        self._db.execute(
            "INSERT INTO dataset_versions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                row["version_id"],
                row["project_id"],
                number,
                row["name"] or f"v{number}",
                row["content_hash"],
                row["seed"],
                json.dumps(row["ratios"]),
                json.dumps(row["counts"]),
                json.dumps(row["warnings"]),
                row["notes"],
                row["actor_id"],
                now(),
            ],
        )
        self._db.execute_with(
            "INSERT INTO version_examples SELECT ?, example_id, revision_id, split, group_id, "
            "position FROM members",
            [row["version_id"]],
            members=members,
        )
        return number

    def by_id(self, version_id: str) -> Row | None:
        """One version, JSON decoded."""
        row = self._db.one(
            "SELECT v.*, coalesce(p.name, 'Touchstone') AS person FROM dataset_versions v "
            "LEFT JOIN people p ON p.person_id = v.actor_id WHERE version_id = ?",
            [version_id],
        )
        return _version(row) if row else None

    def of_project(self, project_id: str) -> list[Row]:
        """A project's versions, newest first."""
        rows = self._db.rows(
            "SELECT v.*, coalesce(p.name, 'Touchstone') AS person FROM dataset_versions v "
            "LEFT JOIN people p ON p.person_id = v.actor_id WHERE project_id = ? "
            "ORDER BY number DESC",
            [project_id],
        )
        return [_version(row) for row in rows]

    def examples(self, version_id: str, split: str | None = None, limit: int | None = None) -> Any:
        """The version's examples as a pyarrow table, in a fixed order.

        Columns: example_id, external_id, split, group_id, instruction, input, output, labels,
        quality.
        """
        return self._db.arrow(
            "SELECT m.example_id, e.external_id, m.split, m.group_id, r.instruction, r.input, "
            "r.output, CAST(r.labels AS VARCHAR) AS labels, r.quality FROM version_examples m "
            "JOIN revisions r USING (revision_id) JOIN examples e ON e.example_id = m.example_id "
            "WHERE m.version_id = $version AND ($split IS NULL OR m.split = $split) "
            "ORDER BY m.position LIMIT $limit",
            {"version": version_id, "split": split, "limit": limit or 2_000_000_000},
        )

    def content(self, version_id: str) -> list[tuple[str, str, str, str, str]]:
        """(example_id, instruction, input, output, split) of each member, to check the hash."""
        return [
            (r["example_id"], r["instruction"], r["input"], r["output"], r["split"])
            for r in self._db.rows(
                "SELECT m.example_id, r.instruction, r.input, r.output, m.split "
                "FROM version_examples m JOIN revisions r USING (revision_id) "
                "WHERE m.version_id = ?",
                [version_id],
            )
        ]


def _version(row: Row) -> Row:
    return {
        **row,
        "ratios": json.loads(row["ratios"]),
        "counts": json.loads(row["counts"]),
        "warnings": json.loads(row["warnings"]),
    }
