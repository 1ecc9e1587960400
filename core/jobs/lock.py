"""The lock that says whether a worker lives.

It belongs to an open file, not to a process: the launcher takes it and hands the open file to the
worker, so there is no moment in which a started job looks dead; the system gives it back however
the worker ends. Taking it fills the file with a reserve that `give_up_reserve` hands back, so that
a worker on a full disk can still write why it failed.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

RESERVE = 16 * 1024


def take(path: Path, patience: float = 1.0) -> int | None:
    """An open file that holds the lock, or None when another process keeps it.

    Waits up to `patience` seconds, because `is_held` holds the lock for an instant.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    deadline = time.monotonic() + patience
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() >= deadline:
                os.close(handle)
                return None
            time.sleep(0.02)
        else:
            return handle


def keep_reserve(handle: int) -> None:
    """Fills the lock file, so that its blocks can be freed later. A full disk is no error here."""
    try:
        os.pwrite(handle, b"\0" * RESERVE, 0)
    except OSError:
        return


def give_up_reserve(handle: int) -> None:
    """Frees the blocks that `keep_reserve` took."""
    os.ftruncate(handle, 0)


def is_held(path: Path) -> bool:
    """True while some process holds the lock."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
