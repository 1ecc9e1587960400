"""The one DuckDB connection of a process: cursors, transactions, retries, migrations.

Nothing outside `storage` imports duckdb, and no SQL is made from what a person typed.
"""

from __future__ import annotations

import hashlib
import random
import re
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

import duckdb

from core.clock import now
from core.errors import DiskFull, Overtaken, TouchstoneError, full_disk_told
from storage.connection import Connection
from storage.connection import WorkspaceInUse as WorkspaceInUse

T = TypeVar("T")
Row = dict[str, Any]
Params = Sequence[Any] | Mapping[str, Any]
NO_PARAMS: Mapping[str, Any] = {}
# A row group waits in memory until it is whole, one for each core: 122,880 rows, as by default, are
# 100 MB of texts.
ROW_GROUP_ROWS = 4096
MAX_TRIES = 12
MAX_STATEMENTS = 1_000


class DatabaseChanged(TouchstoneError):
    """The file does not fit this version of the program."""

    title = "The database does not fit this version"


class Database:
    """The database of a workspace. Raises WorkspaceInUse when another process has it open."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = Connection(path)
        self._turn = threading.RLock()
        self._statements: dict[str, Any] = {}

    def close(self) -> None:
        """Write what is pending and let go of the file."""
        self._connection.close()

    def _run(
        self, cursor: duckdb.DuckDBPyConnection, sql: str, params: Params
    ) -> duckdb.DuckDBPyConnection:
        """Execute a statement that is parsed once: a third of the time of one that reads a row."""
        known = self._statements.get(sql)
        if known is None:
            found = cursor.extract_statements(sql)
            if len(found) != 1 or len(self._statements) >= MAX_STATEMENTS:
                return cursor.execute(sql, params or None)
            known = self._statements.setdefault(sql, found[0])
        return cursor.execute(known, params or None)

    # Reading -----------------------------------------------------------------------------------

    def rows(self, sql: str, params: Params = ()) -> list[Row]:
        """Every row of the answer as a dict."""
        with self._connection.statement() as cursor:
            found = self._run(cursor, sql, params)
            names = [column[0] for column in found.description]
            values = found.fetchall()
        return [dict(zip(names, row, strict=True)) for row in values]

    def one(self, sql: str, params: Params = ()) -> Row | None:
        """The first row, or None."""
        found = self.rows(sql, params)
        return found[0] if found else None

    def value(self, sql: str, params: Params = ()) -> Any:
        """The first column of the first row, or None."""
        # fetchone would leave the result open
        with self._connection.statement() as cursor:
            found = self._run(cursor, sql, params).fetchall()
        return found[0][0] if found else None

    def arrow(self, sql: str, params: Params = ()) -> Any:
        """The answer as a pyarrow Table."""
        # execute(…).to_arrow_table() copies the rows once more, and warns of it
        with self._connection.statement() as cursor:
            return cursor.sql(sql, params=params or None).to_arrow_table()

    # Writing -----------------------------------------------------------------------------------

    def execute(self, sql: str, params: Params = ()) -> None:
        """One statement whose answer nobody reads."""
        with self._connection.statement() as cursor:
            self._run(cursor, sql, params)

    def execute_many(self, sql: str, rows: Sequence[Sequence[Any]]) -> None:
        """One statement for each row of parameters."""
        with self._connection.statement() as cursor:
            cursor.executemany(sql, rows)

    # Parquet: how many rows at once pass to and from a worker ----------------------------------

    def write_parquet(self, path: Path, sql: str, params: Mapping[str, Any] = NO_PARAMS) -> int:
        """Write the answer of a SELECT to a Parquet file in the workspace; how many rows it has.

        No row becomes a Python object. `params` are named ($name); the file is there whole or not
        at all. Inside a transaction it holds what the transaction sees. Raises DiskFull.
        """
        place = path.resolve()
        part = place.with_name(f".{place.name}.part")
        statement = (
            f"COPY ({sql}) TO $parquet_path (FORMAT parquet, ROW_GROUP_SIZE {ROW_GROUP_ROWS})"
        )
        try:
            count = self.value(statement, {**params, "parquet_path": str(part)})
            part.replace(place)
        finally:
            part.unlink(missing_ok=True)
        return int(count)

    def insert_from_parquet(
        self, path: Path, sql: str, params: Mapping[str, Any] = NO_PARAMS
    ) -> int:
        """Run an `INSERT … SELECT … FROM read_parquet($parquet_path)`; how many rows it inserted.

        `path` lies in the workspace and is bound as $parquet_path beside the named `params`.
        """
        return int(self.value(sql, {**params, "parquet_path": str(path.resolve())}))

    # Transactions ------------------------------------------------------------------------------

    def transact(self, action: Callable[[], T], *, in_turn: bool = False) -> T:
        """Run `action` in one transaction; inside another one it simply joins.

        `in_turn` lets one such action at a time begin: for queues, where everybody wants the same
        first row and all but one would have to start again.
        A conflict with another thread, or a key that another thread has just inserted, runs it
        again from its start, so `action` must look before it writes. Raises Overtaken when that
        goes on for too long, DiskFull at once.
        """
        if self._connection.seat().depth:
            return action()
        for attempt in range(MAX_TRIES):
            # Who was overtaken twice waits for others in the same case, not for luck.
            queued = in_turn or attempt > 1
            try:
                with self._turn if queued else nullcontext():
                    return self._try(action)
            except (duckdb.TransactionException, duckdb.ConstraintException) as error:
                if not _may_succeed_later(error):
                    raise
            time.sleep(random.uniform(0, 0.004 * 2 ** min(attempt, 6)))
        raise Overtaken("Too many people changed this at once. Nothing was saved; try again.")

    def _try(self, action: Callable[[], T]) -> T:
        self._connection.fit_memory()
        self.execute("BEGIN")
        seat = self._connection.seat()
        seat.depth = 1
        seat.endings = []
        committed = False
        try:
            with full_disk_told():
                result = action()
                self.execute("COMMIT")
            committed = True
            return result
        except BaseException:
            # A failed COMMIT has already ended the transaction, a full disk the whole connection.
            with suppress(duckdb.Error, DiskFull):
                self.execute("ROLLBACK")
            raise
        finally:
            seat.depth = 0
            for ending in seat.endings:
                ending(committed)

    @property
    def in_transaction(self) -> bool:
        """Whether this thread is in a transaction: what it reads may not be what others see."""
        return bool(self._connection.seat().depth)

    def when_it_ends(self, ending: Callable[[bool], None]) -> None:
        """Call `ending` after this thread's transaction, with whether it was committed: for what
        is kept in memory beside the tables. At once outside of a transaction."""
        if self.in_transaction:
            self._connection.seat().endings.append(ending)
        else:
            ending(True)

    # Migrations --------------------------------------------------------------------------------

    def migrate(self) -> list[str]:
        """Apply the numbered SQL files that are missing, each in a transaction; names applied.

        An empty database is made by storage/schema.sql, which says at once what they come to.
        Raises DatabaseChanged when an applied file has changed, or one is unknown.
        """
        done = self.migrations()
        files = migration_files()
        unknown = sorted(set(done) - set(files))
        changed = [name for name in done if name in files and done[name] != _checksum(files[name])]
        if unknown or changed:
            raise DatabaseChanged(
                f"The workspace's database has migrations that this version does not know or that "
                f"differ: {', '.join(unknown + changed)}. Start the version that made it, or "
                f"restore a backup."
            )
        missing = {name: files[name] for name in sorted(files) if name not in done}
        if done:
            for name, sql in missing.items():
                self.transact(partial(self.apply, sql, {name: sql}))
        else:
            schema = (resources.files("storage") / "schema.sql").read_text(encoding="utf-8")
            self.transact(partial(self.apply, schema, missing))
        return list(missing)

    def migrations(self) -> dict[str, str]:
        """Name → checksum of every migration applied. Makes their table."""
        self.execute(
            "CREATE TABLE IF NOT EXISTS migrations "
            "(name VARCHAR PRIMARY KEY, checksum VARCHAR NOT NULL, created_at TIMESTAMP NOT NULL)"
        )
        rows = self.rows("SELECT name, checksum FROM migrations")
        return {row["name"]: row["checksum"] for row in rows}

    def apply(self, sql: str, migrations: Mapping[str, str]) -> None:
        """Execute `sql`, which does what these migrations do, and remember them. Callers hold the
        transaction."""
        self.execute(sql)
        for name, text in migrations.items():
            self.execute("INSERT INTO migrations VALUES (?, ?, ?)", [name, _checksum(text), now()])


def migration_files() -> dict[str, str]:
    """Name → SQL of every migration that the program ships."""
    folder = resources.files("storage") / "migrations"
    return {
        entry.name: entry.read_text(encoding="utf-8")
        for entry in folder.iterdir()
        if re.fullmatch(r"\d{4}_\w+\.sql", entry.name)
    }


def _checksum(sql: str) -> str:
    return hashlib.sha256(sql.encode()).hexdigest()


def _may_succeed_later(error: duckdb.Error) -> bool:
    """Whether somebody else was faster, so that another try is worth while."""
    if isinstance(error, duckdb.ConstraintException):
        text = str(error).lower()
        return "duplicate key" in text or "primary key" in text or "unique constraint" in text
    return True
