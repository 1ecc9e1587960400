"""Answers of the database as files: written by DuckDB, no row becomes a Python object."""

from __future__ import annotations

from pathlib import Path

from core.clock import new_id
from core.query import Query
from storage.database import Database


class Downloads:
    """Queries written as CSV or JSON lines, for downloads of up to some hundred thousand rows."""

    def __init__(self, db: Database, folder: Path) -> None:
        self._db = db
        self._folder = folder

    def csv(self, query: Query) -> bytes:
        """The answer as CSV with a header; a cell that a spreadsheet would compute gets an
        apostrophe in front."""
        return self._written(
            f"""
            SELECT regexp_replace(
                CAST(COLUMNS(*) AS VARCHAR), '^([=+\\-@\\t\\r])', '''\\1'
            ) FROM ({query.sql})
            """,  # noqa: S608 a Query is made by storage
            query,
            "FORMAT csv, HEADER",
        )

    def jsonl(self, query: Query) -> bytes:
        """The answer as JSON lines."""
        return self._written(query.sql, query, "FORMAT json")

    def _written(self, sql: str, query: Query, how: str) -> bytes:
        path = self._folder / f"{new_id('download')}.part"
        self._folder.mkdir(exist_ok=True)
        try:
            self._db.value(
                f"COPY ({sql}) TO $file_path ({how})", {**query.params, "file_path": str(path)}
            )
            return path.read_bytes()
        finally:
            path.unlink(missing_ok=True)
