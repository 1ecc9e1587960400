"""The one family of errors that people are meant to read.

Each says what happened and what to do. The frame and the terminal show `title` and `message`;
tracebacks go to the log.
"""

from __future__ import annotations


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


class Conflict(TouchstoneError):
    """Somebody else, or something that runs, was faster."""

    title = "Somebody was faster"
