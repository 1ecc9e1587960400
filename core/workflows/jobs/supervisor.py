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
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from core.errors import TouchstoneError
from core.jobs.events import read_events
from core.jobs.folder import JobFolder
from core.jobs.launcher import JobCannotStart, launch, status_of
from core.jobs.state import ACTIVE, TERMINAL, JobState
from core.workflows.curation import freezing, importing
from core.workflows.evaluation import answers, generating, scoring
from core.workflows.jobs.jobs import folder_of
from core.workflows.tuning import training

if TYPE_CHECKING:
    from storage.store import Store

log = logging.getLogger("touchstone.supervision")
PLACES = {"accelerator": 1, "light": 2}
_supervised: WeakSet[Store] = WeakSet()
TAKE_IN: dict[str, Callable[[Store, dict[str, Any], JobFolder], None]] = {
    "import": importing.take_in,
    "answers": answers.take_in,
    "check": freezing.take_in,
    "train": training.take_in,
    "generate": generating.take_in,
    "score": scoring.take_in,
}


def supervise_once(store: Store) -> int:
    """One look at everything that is not settled; how many jobs that leaves."""
    jobs = store.jobs.unsettled()
    states = {job["job_id"]: _observe(store, job) for job in jobs}
    busy = {
        device: sum(
            1 for j in jobs if j["device"] == device and states[j["job_id"]].status in ACTIVE
        )
        for device in PLACES
    }
    for job in jobs:
        if states[job["job_id"]].status == "queued" and busy[job["device"]] < PLACES[job["device"]]:
            busy[job["device"]] += 1
            _start(store, job)
    return len(store.jobs.unsettled())


def _observe(store: Store, job: dict[str, Any]) -> JobState:
    folder = folder_of(store, job)
    try:
        folder.spec()
        state = status_of(folder)
    except TouchstoneError as error:
        log.error("%s: %s", job["job_id"], error.message)
        _settle_broken(
            store,
            job,
            "The job's folder in the workspace is gone or damaged. Restore it from a copy, or "
            "start the job again from its page.",
        )
        return JobState("failed")
    events, offset = read_events(folder.events_file, job["event_offset"])
    if events or _differs(job, state):
        store.transact(lambda: _write(store, job, state, events, offset))
    if state.status in TERMINAL and not job["ingested"]:
        _settle(store, job, folder, state)
    return state


def _differs(job: dict[str, Any], state: JobState) -> bool:
    return (job["status"], job["step"], job["total"]) != (state.status, state.step, state.total)


def _write(
    store: Store, job: dict[str, Any], state: JobState, events: list[dict[str, Any]], offset: int
) -> None:
    started = next((e["time"] for e in events if e["kind"] == "state"), None)
    fault = state.error
    store.jobs.append_events(job["job_id"], events, offset)
    store.jobs.observe(
        job["job_id"],
        status=state.status,
        step=state.step,
        total=state.total,
        error={"code": fault.code, "message": fault.message, "hint": fault.hint} if fault else None,
        started_at=_utc(started) if started else None,
        ended_at=_utc(state.heartbeat or time.time()) if state.status in TERMINAL else None,
    )


def _settle(store: Store, job: dict[str, Any], folder: JobFolder, state: JobState) -> None:
    if read_events(folder.events_file, store.jobs.by_id(job["job_id"])["event_offset"])[0]:  # type: ignore[index]
        return  # the rest of a long log comes first, at the next look
    try:
        if state.status == "completed" and job["kind"] in TAKE_IN:
            TAKE_IN[job["kind"]](store, job, folder)
        store.transact(lambda: store.jobs.set_ingested(job["job_id"]))
    except TouchstoneError as error:
        _settle_broken(store, job, error.message)
    except Exception:
        log.exception("taking in the result of %s failed", job["job_id"])
        _settle_broken(
            store,
            job,
            "The job ended well, but its result could not be taken in. The server's log says why. "
            "Start the job again.",
        )


def _settle_broken(store: Store, job: dict[str, Any], message: str) -> None:
    def save() -> None:
        store.jobs.observe(
            job["job_id"],
            status="failed",
            step=job["step"],
            total=job["total"],
            error={"code": "not_taken_in", "message": message, "hint": ""},
            ended_at=_utc(time.time()),
        )
        store.jobs.set_ingested(job["job_id"])

    store.transact(save)


def _start(store: Store, job: dict[str, Any]) -> None:
    folder = folder_of(store, job)
    try:
        launch(folder)
    except JobCannotStart as error:
        log.warning("%s", error.message)
    except OSError as error:
        # launch has written the failed state; the next look settles it
        log.error("worker of %s could not be started: %s", job["job_id"], error)


def _utc(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)


def wait_for(
    store: Store,
    job_id: str,
    *,
    timeout: float = 3600.0,
    on_look: Callable[[dict[str, Any]], None] | None = None,
) -> dict[str, Any]:
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
        if job["ingested"]:
            if job["status"] != "completed":
                error = job["error"] or {"message": f"The job is {job['status']}.", "hint": ""}
                raise TouchstoneError(f"{error['message']} {error['hint']}".strip())
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
