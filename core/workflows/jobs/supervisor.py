"""The supervisor: looks at every unsettled job folder, starts what waits, takes in what ended.

It derives everything from the folders, so it is right after any restart. One thread of the server
runs it; the terminal calls `supervise_once` itself when no server owns the workspace.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary, WeakSet

from core.errors import DiskFull, Overtaken, TouchstoneError
from core.jobs.changes import CHANGES
from core.jobs.events import Event, read_events
from core.jobs.job import Job
from core.jobs.kinds import function_of, kind_of
from core.jobs.launcher import JobCannotStart
from core.jobs.launchers import launcher_of, places
from core.jobs.state import ACTIVE, TERMINAL, JobFault, JobState
from core.workflows.jobs.folders import sweep
from core.workflows.jobs.jobs import folder_of

if TYPE_CHECKING:
    from storage.store import Store

log = logging.getLogger("touchstone.supervision")
HEARTBEAT_KEPT = timedelta(seconds=30)
FIRST_LOOK_SECONDS, LONGEST_LOOK_SECONDS = 0.05, 0.25
_supervised: WeakSet[Store] = WeakSet()
_closing: WeakSet[Store] = WeakSet()
# Of each job whose row or result found no space at the last look: whether its worker has ended.
_without_space: WeakKeyDictionary[Store, dict[str, bool]] = WeakKeyDictionary()
DAMAGED = (
    "The job's folder in the workspace is gone or damaged. Restore it from a copy, or start the "
    "job again from its page."
)
CANNOT_START = (
    "No worker could be started on the job's folder. The server's log says why. Start the job "
    "again from its page."
)
NO_SPACE_TO_TAKE_IN = (
    "There is no space left where the workspace lies, and the result of “{title}” waits for some. "
    "Nothing is lost: free some space on that disk. A running server then takes it in by itself, "
    "else the next command does."
)
NOT_TAKEN_IN = (
    "The job ended well, but its result could not be taken in. The server's log says why. Start "
    "the job again."
)


def supervise_once(store: Store) -> int:
    """One look at everything that is not settled; how many jobs that leaves.

    Each job is looked at by itself: whatever one of them holds stops nobody else.
    """
    jobs = store.jobs.unsettled()
    status = {job.job_id: _look(store, job) for job in jobs}
    busy = Counter(place_of(job) for job in jobs if status[job.job_id] in ACTIVE)
    for job in jobs:
        if status[job.job_id] == "queued" and busy[place_of(job)] < places(*place_of(job)):
            busy[place_of(job)] += 1
            _start(store, job)
    return len(store.jobs.unsettled())


def observe_all(store: Store) -> None:
    """One look at everything that is not settled, where no thread does that; starts nothing."""
    if store not in _supervised:
        for job in store.jobs.unsettled():
            _look(store, job)


def waits_for_space(store: Store, job_id: str) -> bool:
    """Whether a job's worker has ended, and what came of it found no space to be saved."""
    return _without_space.get(store, {}).get(job_id, False)


def place_of(job: Job) -> tuple[str, str]:
    """What jobs share and wait for: a device of one launcher."""
    return job.launcher, job.device


def _look(store: Store, job: Job) -> str:
    """What became of one job; its row is written. Never raises."""
    waiting = _without_space.setdefault(store, {})
    try:
        status = _observe(store, job)
        waiting.pop(job.job_id, None)
        return status
    except Overtaken as error:
        log.warning("%s is looked at again: %s", job.job_id, error.message)
    except DiskFull as error:
        if job.job_id not in waiting:
            log.warning("%s is looked at until there is space: %s", job.job_id, error.message)
        waiting[job.job_id] = _has_ended(store, job)
    except Exception:
        log.exception("a look at %s failed; the next one follows", job.job_id)
    return job.status


def _has_ended(store: Store, job: Job) -> bool:
    try:
        return launcher_of(job.launcher).status(folder_of(store, job)).is_terminal
    except Exception:  # a damaged folder: the job is settled as failed
        return True


def _observe(store: Store, job: Job) -> str:
    folder = folder_of(store, job)
    try:
        launcher = launcher_of(job.launcher)
        launcher.fetch(folder)
        folder.spec()
        state = launcher.status(folder)
        events, offset = read_events(folder.events_file, job.event_offset)
    except Exception as error:
        log.error("the folder of %s cannot be read: %s", job.job_id, error)
        _settle_broken(store, job, DAMAGED)
        return "failed"
    if events or _differs(job, state):
        store.transact(lambda: _write(store, job, state, events, offset))
    # the rest of a long log comes first, at the next look
    if state.status in TERMINAL and not read_events(folder.events_file, offset, at_most=1)[0]:
        _settle(store, job, state)
    return state.status


def _differs(job: Job, state: JobState) -> bool:
    seen = job.heartbeat_at or job.created_at
    fresh = state.status in ACTIVE and _utc(state.heartbeat) - seen > HEARTBEAT_KEPT
    said = (job.status, job.step, job.total) != (state.status, state.step, state.total)
    return said or fresh


def _write(store: Store, job: Job, state: JobState, events: list[Event], offset: int) -> None:
    started = next((e["time"] for e in events if e["kind"] == "state"), None)
    store.jobs.append_events(job.job_id, events, offset)
    store.jobs.observe(
        job.job_id,
        status=state.status,
        step=state.step,
        total=state.total,
        error=state.error,
        started_at=_utc(started) if started else None,
        ended_at=_utc(state.heartbeat or time.time()) if state.status in TERMINAL else None,
        heartbeat_at=_utc(state.heartbeat) if state.heartbeat else None,
    )


def _settle(store: Store, job: Job, state: JobState) -> None:
    """Take the result in and remember it: one transaction. Raises Overtaken, DiskFull.

    Of a large result one part, so that other jobs are looked at meanwhile.
    """
    folder = folder_of(store, job)

    def save() -> None:
        if kind and kind.take_in:
            function_of(kind.take_in)(store, job, folder)
        store.jobs.set_taken_in(job.job_id)

    try:
        kind = kind_of(job.kind) if state.status == "completed" else None
        if kind and kind.take_in_part and function_of(kind.take_in_part)(store, job, folder):
            return
        store.transact(save)
    except (Overtaken, DiskFull):
        raise  # the next look tries it again
    except TouchstoneError as error:
        _settle_broken(store, job, error.message)
    except Exception:
        log.exception("taking in the result of %s failed", job.job_id)
        _settle_broken(store, job, NOT_TAKEN_IN)


def _settle_broken(store: Store, job: Job, message: str) -> None:
    def save() -> None:
        store.jobs.observe(
            job.job_id,
            status="failed",
            step=job.step,
            total=job.total,
            error=JobFault("not_taken_in", message),
            ended_at=_utc(time.time()),
        )
        store.jobs.set_taken_in(job.job_id)

    store.transact(save)


def _start(store: Store, job: Job) -> None:
    folder = folder_of(store, job)
    try:
        launcher_of(job.launcher).submit(folder)
    except JobCannotStart as error:
        log.warning("%s", error.message)
    except TouchstoneError as error:
        _settle_broken(store, job, error.message)
    except Exception as error:
        log.error("the worker of %s could not be started: %s", job.job_id, error)
        if _look(store, job) == "queued":  # else the launcher could write why
            _settle_broken(store, job, CANNOT_START)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def wait_for(store: Store, job_id: str, *, on_look: Callable[[Job], None] | None = None) -> Job:
    """Wait until a job is settled and return it; supervises itself where no thread does.

    There is no limit: a job waits and works for as long as it lives, and one whose worker has died
    is settled as lost. Raises TouchstoneError with the job's own sentence when it did not complete,
    DiskFull when what came of it waits for space.
    """
    pause, seen = FIRST_LOOK_SECONDS, CHANGES.count
    while True:
        if store in _closing:
            raise TouchstoneError("The server was stopped. The job goes on: ask for it again.")
        if store not in _supervised:
            supervise_once(store)
        job = store.jobs.by_id(job_id)
        if job is None:
            raise TouchstoneError("This job is not there any more. Start it again.")
        if on_look:
            on_look(job)
        if job.taken_in:
            if job.status == "completed":
                return job
            raise TouchstoneError(job.error.sentence if job.error else f"The job is {job.status}.")
        if waits_for_space(store, job_id):
            raise DiskFull(NO_SPACE_TO_TAKE_IN.format(title=job.title))
        # What has ended is about to be taken in, perhaps by parts.
        ended = job.status == "completed"
        pause = FIRST_LOOK_SECONDS if ended else min(1.1 * pause, LONGEST_LOOK_SECONDS)
        seen = CHANGES.wait(seen, pause)


def start(store: Store, interval: float = 0.4) -> Callable[[], None]:
    """Supervise in a thread of this process; the returned function ends it."""
    sweep(store)
    ended = threading.Event()
    _supervised.add(store)

    def loop() -> None:
        seen = CHANGES.count
        while not ended.is_set():
            began = time.monotonic()
            try:
                left = supervise_once(store)
            except Exception:
                log.exception("a look at the jobs failed; the next one follows")
                left = 1
            # After a look that took in a part of a large result, others go first for as long.
            took = time.monotonic() - began
            pause = 2 * interval if not left else took if 0.1 < took < interval else interval
            seen = CHANGES.wait(seen, pause)

    thread = threading.Thread(target=loop, name="supervisor", daemon=True)
    thread.start()

    def stop() -> None:
        _closing.add(store)
        ended.set()
        CHANGES.tell()
        thread.join(timeout=10)
        _supervised.discard(store)

    return stop
