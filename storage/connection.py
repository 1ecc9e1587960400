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
        self._closed = False
        self._connection: duckdb.DuckDBPyConnection | None = self._open()

    def _open(self) -> duckdb.DuckDBPyConnection:
        try:
            with full_disk_told():
                connection = duckdb.connect(str(self.path))
        except duckdb.IOException as error:
            if "lock" not in str(error).lower():
                raise
            raise WorkspaceInUse(
                "Another Touchstone process has this workspace open. "
                "Use that one, stop it first, or choose another folder with TOUCHSTONE_HOME."
            ) from None
        _close_the_doors(connection, self.path.parent)
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
            seat = Seat(self._connection.cursor(), self._opening)
            self._seats.add(seat)
        self._local.seat = seat
        return seat

    @contextmanager
    def statement(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """The cursor for one statement and the reading of its answer. Raises DiskFull."""
        seat = self.seat()
        try:
            with seat.busy, full_disk_told():
                yield seat.cursor
        except (duckdb.FatalException, DiskFull) as error:
            if isinstance(error.__cause__ or error, duckdb.FatalException):
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


def _close_the_doors(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    quoted = str(folder.resolve()).replace("'", "''")
    for setting in (
        f"SET allowed_directories=['{quoted}']",
        "SET enable_external_access=false",
        "SET autoinstall_known_extensions=false",
        "SET autoload_known_extensions=false",
        "SET TimeZone='UTC'",
        "SET lock_configuration=true",
    ):
        connection.execute(setting)
