"""The supervisor: looks at every unsettled job folder, starts what waits, takes in what ended.

It derives everything from the folders, so it is right after any restart. One thread of the server
runs it; the terminal calls `supervise_once` itself when no server owns the workspace.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from weakref import WeakSet

from core.errors import TouchstoneError
from core.jobs.events import Event, read_events
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.jobs.kinds import PLACES, function_of, kind_of
from core.jobs.launcher import JobCannotStart, launch, status_of
from core.jobs.state import ACTIVE, TERMINAL, JobFault, JobState
from core.workflows.jobs.jobs import folder_of

if TYPE_CHECKING:
    from storage.store import Store

log = logging.getLogger("touchstone.supervision")
_supervised: WeakSet[Store] = WeakSet()


def supervise_once(store: Store) -> int:
    """One look at everything that is not settled; how many jobs that leaves."""
    jobs = store.jobs.unsettled()
    states = {job.job_id: _observe(store, job) for job in jobs}
    busy = {
        device: sum(1 for j in jobs if j.device == device and states[j.job_id].status in ACTIVE)
        for device in PLACES
    }
    for job in jobs:
        if states[job.job_id].status == "queued" and busy[job.device] < PLACES[job.device]:
            busy[job.device] += 1
            _start(store, job)
    return len(store.jobs.unsettled())


def _observe(store: Store, job: Job) -> JobState:
    folder = folder_of(store, job)
    try:
        folder.spec()
        state = status_of(folder)
    except TouchstoneError as error:
        log.error("%s: %s", job.job_id, error.message)
        _settle_broken(
            store,
            job,
            "The job's folder in the workspace is gone or damaged. Restore it from a copy, or "
            "start the job again from its page.",
        )
        return JobState("failed")
    events, offset = read_events(folder.events_file, job.event_offset)
    if events or _differs(job, state):
        store.transact(lambda: _write(store, job, state, events, offset))
    if state.status in TERMINAL and not job.taken_in:
        _settle(store, job, folder, state)
    return state


def _differs(job: Job, state: JobState) -> bool:
    return (job.status, job.step, job.total) != (state.status, state.step, state.total)


def _write(store: Store, job: Job, state: JobState, events: list[Event], offset: int) -> None:
    started = next((e["time"] for e in events if e["kind"] == "state"), None)
    store.jobs.append_events(job.job_id, events, offset)
    store.jobs.observe(
        job.job_id,
        status=state.status,
        step=state.step,
        total=state.total,
        error=state.error,
        heartbeat_at=_utc(state.heartbeat) if state.heartbeat else None,
        started_at=_utc(started) if started else None,
        ended_at=_utc(state.heartbeat or time.time()) if state.status in TERMINAL else None,
    )


def _settle(store: Store, job: Job, folder: JobFolder, state: JobState) -> None:
    if read_events(folder.events_file, _offset(store, job))[0]:
        return  # the rest of a long log comes first, at the next look
    try:
        take_in = kind_of(job.kind).take_in
        if state.status == "completed" and take_in:
            function_of(take_in)(store, job, folder)
        store.transact(lambda: store.jobs.set_taken_in(job.job_id))
    except TouchstoneError as error:
        _settle_broken(store, job, error.message)
    except Exception:
        log.exception("taking in the result of %s failed", job.job_id)
        _settle_broken(
            store,
            job,
            "The job ended well, but its result could not be taken in. The server's log says why. "
            "Start the job again.",
        )


def _offset(store: Store, job: Job) -> int:
    now_known = store.jobs.by_id(job.job_id)
    return now_known.event_offset if now_known else job.event_offset


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
        launch(folder)
    except JobCannotStart as error:
        log.warning("%s", error.message)
    except OSError as error:
        # launch has written the failed state; the next look settles it
        log.error("worker of %s could not be started: %s", job.job_id, error)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def wait_for(
    store: Store,
    job_id: str,
    *,
    timeout: float = 3600.0,
    on_look: Callable[[Job], None] | None = None,
) -> Job:
    """Wait until a job is settled and return it; supervises itself where no thread does.

    Raises TouchstoneError with the job's own sentence when it did not complete.
    """
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if store not in _supervised:
            supervise_once(store)
        job = store.jobs.by_id(job_id)
        assert job is not None
        if on_look:
            on_look(job)
        if job.taken_in:
            if job.status != "completed":
                why = job.error.sentence if job.error else f"The job is {job.status}."
                raise TouchstoneError(why)
            return job
        time.sleep(0.05)
    raise TouchstoneError(f"{job_id} did not end within {timeout:.0f} s. Look at its worker.log.")


def start(store: Store, interval: float = 0.4) -> Callable[[], None]:
    """Supervise in a thread of this process; the returned function ends it."""
    ended = threading.Event()
    _supervised.add(store)

    def loop() -> None:
        while not ended.is_set():
            try:
                left = supervise_once(store)
            except Exception:
                log.exception("a look at the jobs failed; the next one follows")
                left = 1
            ended.wait(interval if left else 2 * interval)

    thread = threading.Thread(target=loop, name="supervisor", daemon=True)
    thread.start()

    def stop() -> None:
        ended.set()
        thread.join(timeout=10)
        _supervised.discard(store)

    return stop
