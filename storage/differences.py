"""What differs between two versions, example by example: joined by DuckDB, read page by page."""

from __future__ import annotations

import json

from core.query import Query
from core.versions.difference import DifferenceCounts, DifferenceKind, DifferentExample
from storage.database import Database, Row


class Differences:
    """Questions about an older and a newer version of one project."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def counts(self, older: str, newer: str) -> DifferenceCounts:
        """How many examples of each kind of difference there are."""
        row = self._db.one(
            f"""
            SELECT count(*) FILTER (old_revision IS NULL) AS added,
                   count(*) FILTER (new_revision IS NULL) AS removed,
                   count(*) FILTER (old_revision <> new_revision) AS changed,
                   count(*) FILTER (old_split <> new_split) AS moved,
                   count(*) FILTER (old_revision = new_revision AND old_split = new_split) AS same
            FROM ({_JOINED})
            """,  # noqa: S608 made of the literals below
            {"older": older, "newer": newer},
        )
        assert row is not None
        return DifferenceCounts(**row)

    def page(
        self, older: str, newer: str, kind: DifferenceKind, *, limit: int, offset: int
    ) -> list[DifferentExample]:
        """Some of the examples that differ in this way, in the order of the versions."""
        rows = self._db.rows(
            f"""
            SELECT * FROM ({self._texts(kind)}) ORDER BY position, example_id
            LIMIT $limit OFFSET $offset
            """,  # noqa: S608 made of the literals below
            {"older": older, "newer": newer, "limit": limit, "offset": offset},
        )
        return [_example(row) for row in rows]

    def file(self, older: str, newer: str, kind: DifferenceKind) -> Query:
        """All of them, to be written into a file."""
        return Query(
            f"SELECT * EXCLUDE (position) FROM ({self._texts(kind)}) "  # noqa: S608 literals below
            "ORDER BY position, example_id",
            {"older": older, "newer": newer},
        )

    @staticmethod
    def _texts(kind: DifferenceKind) -> str:
        return f"""
            SELECT j.position, j.example_id, j.old_split, j.new_split,
                   o.instruction AS old_instruction, n.instruction AS new_instruction,
                   o.input AS old_input, n.input AS new_input,
                   o.output AS old_output, n.output AS new_output,
                   CAST(o.labels AS VARCHAR) AS old_labels, CAST(n.labels AS VARCHAR) AS new_labels,
                   l.reason AS left_out
            FROM ({_JOINED}) j
            LEFT JOIN revisions o ON o.revision_id = j.old_revision
            LEFT JOIN revisions n ON n.revision_id = j.new_revision
            LEFT JOIN version_left_out l
                ON l.version_id = $newer AND l.example_id = j.example_id
            WHERE {_WHERE[kind]}
        """  # noqa: S608 made of the literals below


_JOINED = """
    SELECT coalesce(n.example_id, o.example_id) AS example_id,
           coalesce(n.position, o.position) AS position,
           o.revision_id AS old_revision, n.revision_id AS new_revision,
           o.split AS old_split, n.split AS new_split
    FROM (SELECT * FROM version_examples WHERE version_id = $older) o
    FULL JOIN (SELECT * FROM version_examples WHERE version_id = $newer) n
        ON n.example_id = o.example_id
"""
_WHERE: dict[DifferenceKind, str] = {
    "added": "j.old_revision IS NULL",
    "removed": "j.new_revision IS NULL",
    "changed": "j.old_revision <> j.new_revision",
    "moved": "j.old_split <> j.new_split",
}


def _example(row: Row) -> DifferentExample:
    def state(of: str) -> dict[str, str] | None:
        if row[f"{of}_instruction"] is None:
            return None
        return {name: row[f"{of}_{name}"] for name in ("instruction", "input", "output")}

    return DifferentExample(
        example_id=row["example_id"],
        before=state("old"),
        after=state("new"),
        split_before=row["old_split"],
        split_after=row["new_split"],
        labels_before=json.loads(row["old_labels"] or "{}"),
        labels_after=json.loads(row["new_labels"] or "{}"),
        left_out=row["left_out"],
    )
