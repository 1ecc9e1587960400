"""The one family of errors that people are meant to read.

Each says what happened and what to do. The frame and the terminal show `title` and `message`;
tracebacks go to the log.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager


class TouchstoneError(Exception):
    """Something a person can mend. Subclasses are named after the situation.

    `title` is a few words, `message` whole sentences: what happened, then what to do.
    """

    title = "That did not work"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class NotAllowed(TouchstoneError):
    """The actor's roles do not cover what was asked."""

    title = "Not allowed"


class NotFound(TouchstoneError):
    """What was named does not exist, or no longer."""

    title = "Not found"


class InvalidInput(TouchstoneError):
    """A value that a person gave cannot be used as it is."""

    title = "Please check what you entered"


class NameTaken(InvalidInput):
    """Another person, project or version has this name."""

    title = "This name is taken"


class Conflict(TouchstoneError):
    """The present state does not allow it: something has ended, runs, or was undone already."""

    title = "Not possible right now"


class Overtaken(Conflict):
    """Somebody else changed the same thing first."""

    title = "Somebody was faster"


class DiskFull(TouchstoneError):
    """There is no room where the workspace lies."""

    title = "The disk is full"

    def __init__(self, message: str = "") -> None:
        super().__init__(
            message
            or "There is no space left where the workspace lies. Nothing of this was saved: free "
            "some space on that disk, then try again."
        )


_FULL_DISK = ("no space left on device", "max_temp_directory_size", "not enough disk space")


def is_disk_full(error: BaseException) -> bool:
    """Whether the system refused for want of space, also as the cause of another error.

    DuckDB, pyarrow and datasets only say so in words.
    """
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return True
    if any(words in str(error).lower() for words in _FULL_DISK):
        return True
    return error.__cause__ is not None and is_disk_full(error.__cause__)


@contextmanager
def full_disk_told() -> Iterator[None]:
    """Turns an error that means a full disk into DiskFull, with its sentence."""
    try:
        yield
    except TouchstoneError:
        raise
    except Exception as error:
        if is_disk_full(error):
            raise DiskFull from error
        raise
