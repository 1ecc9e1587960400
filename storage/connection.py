"""The open DuckDB file: one connection, a cursor per thread, opened anew after a full disk.

A checkpoint that finds no space invalidates DuckDB's whole instance: every later statement fails
until the file is opened again. So the file is opened again here, and no server must be restarted.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from weakref import WeakSet

import duckdb

from core.errors import DiskFull, TouchstoneError, full_disk_told

log = logging.getLogger("touchstone.database")
ROW_GROUP = 16_384
"""Rows that DuckDB compresses and writes together (its default is 122,880). That many new rows go
into the file as they are inserted, instead of through memory and the log at the commit; and whoever
looks for one position reads no more than that."""
LEAST_MEMORY_MB = 288
"""What DuckDB may hold in a small workspace, most of it what it has read and written lately; in a
large one so much of the file, of which the keys take up to a tenth. Sorts and joins that need more
go to the disk."""
SHARE_OF_FILE, GROWTH = 0.25, 1.1


class WorkspaceInUse(TouchstoneError):
    """Another process owns the database file."""

    title = "This workspace is in use"


class Seat:
    """One thread's cursor. `busy` is held while a statement runs, `depth` counts transactions,
    `endings` wait for the end of the present one."""

    def __init__(self, cursor: duckdb.DuckDBPyConnection, opening: int) -> None:
        self.cursor = cursor
        self.opening = opening
        self.busy = threading.Lock()
        self.depth = 0
        self.endings: list[Callable[[bool], None]] = []


class Connection:
    """The file at `path`; external access is closed except for the folder that holds it.

    Raises WorkspaceInUse when another process has the file open.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self.path = path
        self._local = threading.local()
        self._seats: WeakSet[Seat] = WeakSet()
        self._guard = threading.Lock()
        self._opening = 0
        self._memory_mb = 0
        self._closed = False
        self._connection: duckdb.DuckDBPyConnection | None = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        connection = duckdb.connect()
        try:
            with full_disk_told():
                # Only ATTACH takes the size of row groups, and it takes no bound parameters.
                place = _quoted(self.path)
                connection.execute(f"ATTACH {place} AS touchstone (ROW_GROUP_SIZE {ROW_GROUP})")
        except duckdb.Error as error:
            connection.close()
            if not isinstance(error, duckdb.IOException) or "lock" not in str(error).lower():
                raise
            raise WorkspaceInUse(
                "Another Touchstone process has this workspace open. "
                "Use that one, stop it first, or choose another folder with TOUCHSTONE_HOME."
            ) from None
        _configure(connection, self.path)
        self._memory_mb = _memory_mb(self.path)
        return connection

    def close(self) -> None:
        """Write what is pending and let go of the file."""
        self._closed = True
        if self._connection is not None:
            self._connection.close()

    def seat(self) -> Seat:
        """This thread's, made at first use and again when the file was opened anew.

        Raises TransactionException when that happened in the middle of a transaction, DiskFull
        while there is no space to open the file.
        """
        seat: Seat | None = getattr(self._local, "seat", None)
        if seat is not None and seat.opening == self._opening:
            return seat
        if seat is not None and seat.depth:
            raise duckdb.TransactionException("The database was opened anew meanwhile.")
        with self._guard:
            if self._connection is None:
                self._connection = self._open()
            cursor = self._connection.cursor()
            cursor.execute("USE touchstone")
            seat = Seat(cursor, self._opening)
            self._seats.add(seat)
        self._local.seat = seat
        return seat

    def fit_memory(self) -> None:
        """Let DuckDB hold what a file of this size needs: it may have grown since it was opened."""
        wanted = _memory_mb(self.path)
        if wanted > GROWTH * self._memory_mb:
            with self.statement() as cursor:
                cursor.execute(f"SET memory_limit='{wanted}MB'")
            self._memory_mb = wanted

    @contextmanager
    def statement(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The cursor for one statement and the reading of its answer. Raises DiskFull."""
        seat = self.seat()
        try:
            with seat.busy, full_disk_told():
                yield seat.cursor
        except (duckdb.Error, DiskFull) as error:
            if _has_given_up(error.__cause__ or error):
                self._open_anew(seat.opening)
            raise

    def _open_anew(self, opening: int) -> None:
        with self._guard:
            if opening != self._opening or self._closed or self._connection is None:
                return
            log.error("the database had to give up; it is opened anew")
            for seat in list(self._seats):
                # Whoever runs a statement gets its error first: a cursor in use is not closed.
                seat.cursor.interrupt()
                with seat.busy:
                    seat.cursor.close()
            self._seats.clear()
            self._connection.close()
            self._connection = None
            self._opening += 1
            with suppress(DiskFull):  # then the next statement tries
                self._connection = self._open()


def _has_given_up(error: BaseException) -> bool:
    """Whether DuckDB refuses every later statement: of the instance, or of the attached file."""
    return isinstance(error, duckdb.FatalException) or "has been invalidated" in str(error)


def _configure(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    for setting in (
        f"SET temp_directory={_quoted(path.with_name(path.name + '.tmp'))}",
        f"SET memory_limit='{_memory_mb(path)}MB'",
        "SET write_buffer_row_group_count=1",
        f"SET allowed_directories=[{_quoted(path.parent)}]",
        "SET enable_external_access=false",
        "SET autoinstall_known_extensions=false",
        "SET autoload_known_extensions=false",
        "SET TimeZone='UTC'",
    ):
        connection.execute(setting)


def _memory_mb(path: Path) -> int:
    return max(LEAST_MEMORY_MB, int(path.stat().st_size * SHARE_OF_FILE / 1e6))


def _quoted(path: Path) -> str:
    escaped = str(path.resolve()).replace("'", "''")
    return f"'{escaped}'"
