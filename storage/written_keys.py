"""Keys that rows were ever written with, kept in memory.

Few examples have a comment, a skip or a draft: whoever asks for these of one that has none needs
no statement. This process alone writes the database, so it knows.
"""

from __future__ import annotations

import threading

from storage.database import Database


class WrittenKeys:
    """Every key that `sql`, which gives one row a key, finds at the first question, and those added
    since; perhaps more, as a transaction may have failed, or the row be gone."""

    def __init__(self, db: Database, sql: str) -> None:
        self._db = db
        self._sql = sql
        self._lock = threading.Lock()
        self._keys: set[tuple[str, ...]] | None = None

    def may_have(self, *key: str) -> bool:
        """False where there is surely no row with this key."""
        return key in self._known()

    def may_have_any(self) -> bool:
        """False where there is surely no row."""
        return bool(self._known())

    def add(self, *key: str) -> None:
        """A row with this key is about to be written in this thread's transaction."""
        self._known().add(key)

    def _known(self) -> set[tuple[str, ...]]:
        with self._lock:
            if self._keys is None:
                self._keys = {tuple(row.values()) for row in self._db.rows(self._sql)}
            return self._keys
