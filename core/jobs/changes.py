"""Wakes those of this process who wait for their next look at the jobs, as soon as there is news.

seen = CHANGES.count
while ...:                                   # look at the jobs, then:
    seen = CHANGES.wait(seen, seconds)

What other processes change is seen at the next look only.
"""

from __future__ import annotations

import threading


class Changes:
    """`count` of what was told so far: that a job was queued, or that a worker has ended."""

    def __init__(self) -> None:
        self.count = 0
        self._told = threading.Condition()

    def tell(self) -> None:
        """Wake all who wait."""
        with self._told:
            self.count += 1
            self._told.notify_all()

    def wait(self, seen: int, seconds: float) -> int:
        """Wait for so long, or until more was told than the `seen` count; the count then."""
        with self._told:
            self._told.wait_for(lambda: self.count != seen, seconds)
            return self.count


CHANGES = Changes()
