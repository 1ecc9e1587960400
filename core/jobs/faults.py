"""Turns whatever a worker ran into a sentence for people; the traceback stays in worker.log."""

from __future__ import annotations

import re

from core.errors import TouchstoneError, is_disk_full
from core.jobs.state import JobFault

LOOK_AT_LOG = "The file worker.log in the job's folder has the details."
# A file that cannot be used stays so: only these make another try of the same job worth while.
PASSING = frozenset(
    {
        "out_of_memory",
        "missing_module",
        "missing_file",
        "no_permission",
        "no_disk_space",
        "disk_full",
    }
    | {"system", "unexpected", "not_taken_in"}
)
MEMORY_HINT = "Choose a smaller batch size or maximum length, or 4-bit precision, and start again."


def fault_of(error: BaseException) -> JobFault:
    """The code, sentence and hint for `error`."""
    if isinstance(error, TouchstoneError):
        return JobFault(_snake(type(error).__name__), error.message)
    if is_disk_full(error):
        hint = "Free some space, then start the job again."
        return JobFault("no_disk_space", "There is no space left on the disk.", hint)
    if is_out_of_memory(error):
        return JobFault("out_of_memory", "The worker ran out of memory.", MEMORY_HINT)
    if isinstance(error, OSError):
        return _fault_of_os(error)
    if isinstance(error, ImportError):
        message = f"A part of the program is missing here: {error}."
        return JobFault("missing_module", message, "Install the requirements again: `make run`.")
    if isinstance(error, KeyError):
        message = f"The job's settings or data lack {error}."
        return JobFault("missing_field", message, "Make the job again from its page.")
    message = f"The job ended with an error that nobody foresaw ({type(error).__name__})."
    return JobFault("unexpected", message, LOOK_AT_LOG)


def _fault_of_os(error: OSError) -> JobFault:
    if isinstance(error, FileNotFoundError):
        message = f"A file that the job needs is not there: {error.filename}."
        return JobFault("missing_file", message, "Put it back, or make the job again.")
    if isinstance(error, PermissionError):
        message = f"The worker may not open {error.filename}."
        return JobFault(
            "no_permission", message, "Give the account that runs the app access to it."
        )
    return JobFault("system", f"The system refused: {error.strerror or error}.", LOOK_AT_LOG)


def is_out_of_memory(error: BaseException) -> bool:
    """True for what Python, torch on a GPU and torch on a CPU raise when memory runs out."""
    # torch raises a RuntimeError on a CPU, and must not be imported here to ask for its own type.
    text = str(error).lower()
    return (
        isinstance(error, MemoryError)
        or type(error).__name__ == "OutOfMemoryError"
        or (isinstance(error, RuntimeError) and "can't allocate memory" in text)
        or (isinstance(error, RuntimeError) and "out of memory" in text)
    )


def _snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
