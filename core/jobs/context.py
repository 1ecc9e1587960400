"""What a kind's `run(job)` is given: the job's folder, a way to report, and whether to stop."""

from __future__ import annotations

import os
import shutil
import socket
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil

from core.errors import TouchstoneError
from core.jobs.attempt import is_newest
from core.jobs.events import EventLog
from core.jobs.folder import JobFolder
from core.jobs.state import JobFault, JobStatus

HEARTBEAT_SECONDS = 2.0
PROGRESS_SECONDS = 0.5


class JobStopped(Exception):
    """Raised by a `run` that was asked to stop and did; no error."""


class JobContext:
    """One start of one job, in the worker; `attempt` is its name, where it has one.

    `should_stop()` is cheap enough for every step. A `run` that was told to stop either returns
    without a `final()` or raises JobStopped; both leave the job stopped (or cancelled).
    """

    def __init__(self, folder: JobFolder, attempt: str | None = None) -> None:
        self.folder = folder
        self._attempt = attempt
        self.spec: dict[str, Any] = folder.spec()
        self.workspace = folder.workspace(self.spec)
        self.published = False
        self.watchers: list[Callable[[str, Mapping[str, Any]], None]] = []
        self.told_to_stop = False
        self._events = EventLog(folder.events_file)
        self._terminated = threading.Event()
        self._closed = threading.Event()
        self._mutex = threading.Lock()
        self._state = replace(folder.read_state(), **_identity())
        self._reported = 0.0

    def emit(self, kind: str, **payload: Any) -> None:
        """Appends one event and shows it to the watchers; payload must be JSON."""
        self._events.append(kind, **payload)
        for watch in self.watchers:
            watch(kind, payload)

    def note(self, text: str) -> None:
        """Says what is going on: an event, the state's message, and a line in worker.log."""
        print(time.strftime("%H:%M:%S"), text, flush=True)
        self._change(message=text)
        self.emit("note", text=text)

    def progress(self, step: int, total: int, **extra: Any) -> None:
        """Reports `step` of `total`; at most twice a second, and the last one always."""
        self._change(step=step, total=total)
        if step < total and time.monotonic() - self._reported < PROGRESS_SECONDS:
            return
        self._reported = time.monotonic()
        self._write()
        self.emit("progress", step=step, total=total, **extra)

    def advance(self, step: int, total: int) -> None:
        """`progress` between two pieces of work. Raises JobStopped when the job is told to stop."""
        if self.should_stop():
            raise JobStopped
        self.progress(min(step, total), total)

    def should_stop(self) -> bool:
        """True once STOP or CANCEL is there or the system asked the worker to end (SIGTERM)."""
        asked = self._terminated.is_set() or self.folder.stop_flag.exists() or self.cancelled
        self.told_to_stop = self.told_to_stop or asked
        return asked

    @property
    def cancelled(self) -> bool:
        """True once CANCEL is there."""
        return self.folder.cancel_flag.exists()

    def terminate(self) -> None:
        """From a signal handler: ends the job as STOP does."""
        self._terminated.set()

    def data(self, name: str) -> Path:
        """The path of data/NAME."""
        return self.folder.data / name

    def resolve(self, path: str) -> Path:
        """A path of the spec: absolute, or meant from the workspace."""
        return self.workspace / path

    @contextmanager
    def final(self) -> Iterator[Path]:
        """A folder to fill; renamed to final/ at the end, thrown away when the body raises."""
        part = self.folder.final_part
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        try:
            yield part
        except BaseException:
            shutil.rmtree(part, ignore_errors=True)
            raise
        shutil.rmtree(self.folder.final, ignore_errors=True)
        part.replace(self.folder.final)
        self.published = True

    @contextmanager
    def heart(self) -> Iterator[None]:
        """Writes the state every two seconds, so that a reader sees when it was last alive."""
        thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._closed.set()
            thread.join()

    def enter(self, status: JobStatus, error: JobFault | None = None, message: str = "") -> None:
        """Changes the status: as a state event, then in state.json.

        In this order, because who sees the end in state.json reads the events for the last time.
        """
        self._change(status=status, error=error, message=message)
        try:
            self.emit("state", status=status, message=error.message if error else message)
        finally:
            self._write()

    def _beat(self) -> None:
        while not self._closed.wait(HEARTBEAT_SECONDS):
            try:
                self._leave_if_overtaken()
                self._write()
            except (OSError, TouchstoneError) as error:
                print(f"The heartbeat could not be written: {error}", flush=True)

    def _leave_if_overtaken(self) -> None:
        # This machine was cut off and taken for dead. Two workers would spoil each other's files,
        # and where a lock does not reach across machines nothing else parts them.
        if self._attempt and not is_newest(self.folder, self._attempt):
            print("A later start has taken this job over; this worker leaves.", flush=True)
            os._exit(3)

    def _change(self, **changes: Any) -> None:
        with self._mutex:
            self._state = replace(self._state, **changes)

    def _write(self) -> None:
        with self._mutex:
            self.folder.write_state(replace(self._state, heartbeat=time.time()))


def _identity() -> dict[str, Any]:
    return {
        "pid": os.getpid(),
        "create_time": psutil.Process().create_time(),
        "host": socket.gethostname(),
    }
