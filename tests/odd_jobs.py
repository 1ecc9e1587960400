"""A worker with small extra kinds of job, for tests of everything that happens around a job's code.

python -m tests.odd_jobs JOB_DIR
"""

from __future__ import annotations

import errno
import os
import sys
import time
from collections.abc import Callable

from core import worker
from core.errors import InvalidInput
from core.jobs.context import JobContext
from core.jobs.folder import JobFolder
from core.jobs.kinds import KINDS, JobKind
from core.jobs.local import status_of
from core.jobs.state import JobState

MODULE = "tests.odd_jobs"


class OddJobRefused(InvalidInput):
    """What a test asked to be refused."""


def count(job: JobContext) -> None:
    """Counts to spec["to"], a step each 20 ms; goes on behind its checkpoint; writes final/."""
    job.folder.checkpoints.mkdir(exist_ok=True)
    kept = job.folder.checkpoints / "reached"
    first = int(kept.read_text()) if kept.exists() else 0
    for step in range(first, job.spec["to"]):
        if job.should_stop():
            return
        time.sleep(0.02)
        kept.write_text(str(step + 1))
        job.progress(step + 1, job.spec["to"])
    with job.final() as folder:
        (folder / "first").write_text(str(first))


def fail(job: JobContext) -> None:
    """Fails in the way that spec["how"] names."""
    how = job.spec["how"]
    if how == "refused":
        raise OddJobRefused("The sky is green. Paint it blue.")
    if how == "memory":
        raise MemoryError
    if how == "exit":
        sys.exit(0)
    if how == "full disk":
        with open("/dev/full", "w") as file:
            file.write("x")
    if how == "half a result":
        with job.final() as folder:
            (folder / "half").write_text("half")
            raise ValueError("secret detail")
    raise ValueError("secret detail")


def look(job: JobContext) -> None:
    """Reports what the worker can see."""
    import core.gpu  # noqa: F401

    heavy = [name for name in ("torch", "transformers", "pandas", "scipy") if name in sys.modules]
    with job.final() as folder:
        (folder / "environment").write_text("\n".join(sorted(os.environ)))
        (folder / "heavy").write_text(",".join(heavy))
        (folder / "cwd").write_text(os.getcwd())


def fill(job: JobContext) -> None:
    """Writes a result of spec["bytes"], in pieces."""
    with job.final() as folder, (folder / "much").open("wb") as file:
        for _ in range(0, job.spec["bytes"], 65536):
            file.write(os.urandom(65536))


def no_events(job: JobContext) -> None:
    """Fills its events file's disk, so to say: from now on appending fails."""
    job.folder.events_file.unlink()
    job.folder.events_file.symlink_to("/dev/full")
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def wait_for(what: Callable[[], bool], seconds: float = 150) -> None:
    """Waits until `what()`; fails the test when that takes too long."""
    deadline = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def wait_for_end(folder: JobFolder) -> JobState:
    """Waits until the job is over and returns how it ended."""
    wait_for(lambda: status_of(folder).is_terminal)
    return status_of(folder)


def wait_for_steps(folder: JobFolder) -> None:
    """Waits until the job runs and has made a step."""
    wait_for(lambda: status_of(folder).status == "running" and status_of(folder).step > 0)


for kind in (count, fail, look, fill, no_events):
    KINDS[kind.__name__] = JobKind(kind.__name__, kind.__name__, f"{MODULE}:{kind.__name__}")
# For the launcher of a cluster, which gets what needs an accelerator.
KINDS["count_far"] = JobKind("count_far", "count", f"{MODULE}:count", device="accelerator")

if __name__ == "__main__":
    sys.exit(worker.main())
