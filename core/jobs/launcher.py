"""Launcher: where jobs run. One protocol for this machine and for machines elsewhere.

A launcher speaks of job folders only, never of processes or hosts, so that another one (a cluster)
can stand beside `core.jobs.local`. A job's row says which launcher has it.
"""

from __future__ import annotations

from typing import Protocol

from core.errors import Conflict
from core.jobs.folder import JobFolder
from core.jobs.state import JobFault, JobState

# A worker writes its state every two seconds; who has not for this long has lost the job.
LEASE_SECONDS = 60.0
LOST = JobFault(
    "lost",
    "The worker ended without a word: it was killed, ran out of memory, or the machine restarted.",
    "Start the job again; a training goes on from its last checkpoint.",
)


class JobCannotStart(Conflict):
    """The job runs already, or is over for good."""

    title = "This job cannot be started"


class Launcher(Protocol):
    """Starts workers on job folders and says the truth about them."""

    @property
    def name(self) -> str:
        """What the jobs' rows call it."""

    def queue(self, folder: JobFolder) -> JobState:
        """Mark a whole folder, or one to be started again, as waiting. Raises JobCannotStart."""

    def submit(self, folder: JobFolder) -> None:
        """Start a worker on it. Raises JobCannotStart, and OSError when no worker can be made."""

    def status(self, folder: JobFolder) -> JobState:
        """What the worker last said, unless it has ended without a word: then lost."""

    def stop(self, folder: JobFolder) -> JobState:
        """Ask the worker to end soon, resumable; a waiting job is cancelled."""

    def cancel(self, folder: JobFolder, *, even_completed: bool = False) -> JobState:
        """Ask the worker to end for good; a job without a worker is cancelled at once."""

    def end(self, folder: JobFolder) -> JobState:
        """End the worker's process now, whatever it is doing; the job is stopped, or cancelled when
        that was asked for. For one that does not heed `stop` or `cancel`."""

    def fetch(self, folder: JobFolder) -> None:
        """Bring events, state and result to `folder`, where they are not written there anyway."""

    def place(self, folder: JobFolder) -> str:
        """Where the job runs or ran and what keeps it waiting there, for people; "" if here."""


def holds_lease(state: JobState, now: float) -> bool:
    """Whether a worker that cannot be looked at counts as alive; `now` is seconds since 1970."""
    return now - state.heartbeat < LEASE_SECONDS
