"""Answers that are kept in memory until something that they depend on is committed.

This process alone writes the database, so it knows. An answer that was read while a change was on
its way is used once and not kept.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

from storage.database import Database

T = TypeVar("T")
MOST = 10_000


class Remembered(Generic[T]):
    """Key → answer. Whoever writes what the answers depend on calls `forget` when writing."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = threading.Lock()
        self._found: dict[str, T] = {}
        self._changes = 0  # begun so far
        self._open = 0  # begun and not ended yet

    def get(self, key: str, read: Callable[[], T | None]) -> T | None:
        """The answer, read at most once between two changes; a missing one is not remembered."""
        if self._db.in_transaction:
            return read()
        with self._lock:
            if key in self._found:
                return self._found[key]
            before = self._changes
            quiet = not self._open
        answer = read()
        with self._lock:
            if quiet and before == self._changes and answer is not None:
                if len(self._found) >= MOST:
                    self._found.clear()
                self._found[key] = answer
        return answer

    def known(self, key: str) -> T | None:
        """The answer where it is remembered: without a statement, so without a wait."""
        with self._lock:
            return self._found.get(key)

    def recall(self, key: str, read: Callable[[], T | None]) -> T | None:
        """The answer of the last commit where it is remembered, inside of a transaction, too; else
        as `get`. For what a transaction does not change itself before it asks."""
        found = self.known(key)
        return self.get(key, read) if found is None else found

    def forget(self) -> None:
        """Something changes in this thread's transaction: forget all when it has ended."""
        with self._lock:
            self._changes += 1
            self._open += 1
        self._db.when_it_ends(self._ended)

    def _ended(self, _committed: bool) -> None:
        with self._lock:
            self._found.clear()
            self._open -= 1
