"""Which start of a job may work on its folder, where starts can overtake each other.

A launcher of another machine cannot hand a worker an open lock, and a start that it gave up on may
still come: so each start has a name, written to attempt.json before anything is sent. A worker that
was started under another name leaves the folder alone.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass

from core.jobs.folder import JobFolder, read_json, write_json

PATIENCE = 5.0
"""Seconds for which a shared disk may show an older file."""


@dataclass(frozen=True)
class Attempt:
    """One start: its `name`, and the `address` of the cluster that it was meant for."""

    name: str
    address: str


def read_attempt(folder: JobFolder) -> Attempt | None:
    """The newest start of the job that has a name. Raises UnreadableJob."""
    values = read_json(folder.attempt_file)
    return Attempt(str(values["name"]), str(values["address"])) if values else None


def write_attempt(folder: JobFolder, attempt: Attempt) -> None:
    """From now on no other start may work; for who holds the job's lock."""
    write_json(folder.attempt_file, asdict(attempt))


def forget_attempt(folder: JobFolder) -> None:
    """No start with a name may work: the job is started on this machine."""
    folder.attempt_file.unlink(missing_ok=True)


def is_in_turn(folder: JobFolder, name: str) -> bool:
    """Whether the start of that name may begin: it is the newest, and nobody has ended it."""
    return is_newest(folder, name) and folder.read_state().status == "starting"


def is_newest(folder: JobFolder, name: str) -> bool:
    """Whether no later start has taken the folder over."""
    attempt = read_attempt(folder)
    return attempt is not None and attempt.name == name


def wait_for_turn(folder: JobFolder, name: str, patience: float = PATIENCE) -> bool:
    """`is_in_turn`, given `patience` seconds."""
    deadline = time.monotonic() + patience
    while not is_in_turn(folder, name):
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.2)
    return True
