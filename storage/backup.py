"""Copies of the database: a consistent one of the open file, and making a copy ready for use."""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

import duckdb

from core.clock import now
from storage.database import Database, WorkspaceInUse


class Backups:
    """Copies the open database; others go on reading and writing meanwhile."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def copy_to(self, target: Path) -> None:
        """A copy of everything committed so far; `target` lies in the workspace and is new."""
        source = self._db.value("SELECT current_database()")
        copy = f"copy_{secrets.token_hex(6)}"
        # ATTACH takes no bound parameters; the path is the workspace's own, the name is made here.
        place = str(target).replace("'", "''")
        self._db.execute(f"ATTACH '{place}' AS {copy}")
        try:
            self._db.execute(f'COPY FROM DATABASE "{source}" TO {copy}')
            self._db.execute(f"CHECKPOINT {copy}")
        finally:
            with suppress(duckdb.Error):  # a full disk may have ended the connection, with the copy
                self._db.execute(f"DETACH {copy}")


def refuse_in_use(path: Path) -> None:
    """Raise WorkspaceInUse when a process has the database open; a broken file is no matter."""
    if not path.exists():
        return
    try:
        Database(path).close()
    except WorkspaceInUse:
        raise
    except Exception:
        return


def make_ready(path: Path) -> dict[str, int]:
    """Bring a copy up to this version and end the sessions in it; counts of what it holds.

    Raises DatabaseChanged when the copy was made by a version that this one does not know.
    """
    db = Database(path)
    try:
        db.migrate()
        # A session that was ended after the backup was made must not come back to life with it.
        db.execute("UPDATE sessions SET revoked_at = ? WHERE revoked_at IS NULL", [now()])
        db.execute("DELETE FROM setup_links WHERE used_at IS NULL")
        return {
            "people": int(db.value("SELECT count(*) FROM people")),
            "projects": int(db.value("SELECT count(*) FROM projects WHERE deleted_at IS NULL")),
            "examples": int(db.value("SELECT count(*) FROM examples")),
        }
    finally:
        db.close()
