"""Runs one job folder, whatever its kind, and always leaves a terminal status.

    python -m core.worker JOB_DIR

core.jobs.kinds lists the kinds.
Exit code: 0 completed, stopped or cancelled; 1 failed; 2 no job there; 3 another worker has it, or
another start than this one.
"""

from __future__ import annotations

import argparse
import errno
import faulthandler
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from core.errors import TouchstoneError
from core.jobs import lock
from core.jobs.attempt import PATIENCE, wait_for_turn
from core.jobs.context import JobContext, JobStopped
from core.jobs.faults import fault_of
from core.jobs.folder import JobFolder
from core.jobs.kinds import function_of, kind_of
from core.jobs.state import JobFault, JobState, JobStatus

NICENESS = 10
"""Of workers on data: what is left of the processors by the server, which answers people."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Takes the lock, runs the job, and returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m core.worker", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--lock-fd", type=int, help="an open file that holds the lock already")
    parser.add_argument("--attempt", help="the name of this start: see core.jobs.attempt")
    parser.add_argument(
        "--patience", type=float, default=PATIENCE, help="seconds to wait for the turn of --attempt"
    )
    options = parser.parse_args(arguments)
    folder = JobFolder(options.folder.resolve())
    try:
        folder.spec()
    except TouchstoneError as error:
        print(error.message, file=sys.stderr)
        return 2
    handle = options.lock_fd if options.lock_fd is not None else lock.take(folder.lock_file)
    if handle is None:
        print(f"Job {folder.id} has a worker already; this one leaves.", file=sys.stderr)
        return 3
    if options.attempt and not wait_for_turn(folder, options.attempt, options.patience):
        print(f"Job {folder.id} does not wait for this start any more; it leaves.", file=sys.stderr)
        return 3
    # Children of the worker must not keep the lock when it dies.
    os.set_inheritable(handle, False)
    lock.keep_reserve(handle)
    try:
        job = JobContext(folder, options.attempt)
    except Exception as error:
        traceback.print_exc()
        folder.write_state(JobState("failed", heartbeat=time.time(), error=fault_of(error)))
        return 1
    code = work(job, handle)
    os.close(handle)
    return code


def work(job: JobContext, handle: int) -> int:
    """Runs the job's kind; `handle` is the open lock file. Returns 0, or 1 when it failed."""
    faulthandler.enable()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: job.terminate())
    with job.heart():
        status, fault = _outcome(job)
    _leave(job, handle, status, fault)
    return 1 if status == "failed" else 0


def _outcome(job: JobContext) -> tuple[JobStatus, JobFault | None]:
    ended: JobStatus
    try:
        job.enter("starting")
        run = _imported(job)
        job.enter("running")
        run(job)
    except JobStopped:
        ended = "stopped"
    except BaseException as error:  # SystemExit too: nothing may keep the status from being written
        traceback.print_exc()
        return "failed", fault_of(error)
    else:
        ended = "stopped" if job.told_to_stop and not job.published else "completed"
    return ("cancelled" if ended == "stopped" and job.cancelled else ended), None


def _imported(job: JobContext) -> Callable[[JobContext], None]:
    """The function of the job's kind. What is imported stays: no collection looks through it."""
    kind = kind_of(str(job.spec.get("kind", "")))
    if kind.device == "light":
        # Work on data waits for people, not they for it. A training keeps its share.
        os.nice(NICENESS)
    gc.disable()
    try:
        if kind.prepare:
            function_of(kind.prepare)(job)
        return function_of(kind.run)
    finally:
        gc.freeze()
        gc.enable()


def _leave(job: JobContext, handle: int, status: JobStatus, fault: JobFault | None) -> None:
    try:
        job.enter(status, fault)
    except OSError as error:
        traceback.print_exc()
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            return
        lock.give_up_reserve(handle)
        job.enter(status, fault)


if __name__ == "__main__":
    ended = main()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # a full disk
            stream.flush()
    os._exit(ended)  # everything is written, and taking torch apart would take a second or two
