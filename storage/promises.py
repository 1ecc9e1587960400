"""Examples that are being leased right now: what one person is about to get, nobody else wants.

Two transactions that lease the same example would both work for nothing but one. This process alone
writes the database, so it can tell them apart in memory; the lease in the table decides.
"""

from __future__ import annotations

import threading
import time

# How long a committed lease may be unseen: by transactions that began before its commit.
UNSEEN_SECONDS = 0.5


class Promises:
    """Which examples somebody is about to hold, or has held for a moment."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._until: dict[str, float] = {}

    def made(self) -> set[str]:
        """Examples that are promised to somebody."""
        with self._lock:
            self._forget_old()
            return set(self._until)

    def make(self, example_id: str) -> bool:
        """Promise an example; False where it is promised already."""
        with self._lock:
            self._forget_old()
            if example_id in self._until:
                return False
            self._until[example_id] = float("inf")
            return True

    def end(self, example_id: str, leased: bool) -> None:
        """The transaction has ended: the lease is in the table, or there is none."""
        with self._lock:
            if leased:
                self._until[example_id] = time.monotonic() + UNSEEN_SECONDS
            else:
                self._until.pop(example_id, None)

    def _forget_old(self) -> None:
        now = time.monotonic()
        self._until = {name: until for name, until in self._until.items() if until > now}
