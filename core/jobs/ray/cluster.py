"""One Ray cluster, asked in a thread of its own: whoever waits for an answer holds up nobody.

Jobs are handed over here too. What is to be handed over stands in the job's folder, so a process
that ends in between leaves nothing open: the next one asks the cluster, and hands over again what
it does not know. This is the only module that imports ray.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from core.errors import TouchstoneError
from core.jobs.attempt import is_newest
from core.jobs.folder import JobFolder
from core.jobs.ray.rules import Answer, Look, Said, next_step

log = logging.getLogger("touchstone.ray")
LOOK_SECONDS = 2.0
# A cluster that takes a question and gives no answer for this long does not answer.
PATIENCE_SECONDS = 30.0
# Of a job that nobody asks after any more.
FORGET_SECONDS = 120.0
STATUSES: dict[str, Said] = {
    "PENDING": "pending",
    "RUNNING": "running",
    "SUCCEEDED": "ended",
    "FAILED": "ended",
    "STOPPED": "ended",
}
# A cluster that has only just started, or a proxy before one that is away, answers with these.
PASSING = re.compile(r"status code 5\d\d")
# After this long it is no passing trouble.
TROUBLE_SECONDS = 300.0
NOT_ASKED = Answer("unknown")
CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
Order = Callable[[JobFolder, str], dict[str, Any]]


@dataclass
class _Entry:
    folder: JobFolder
    answer: Answer = NOT_ASKED
    since: float = field(default_factory=time.monotonic)
    wanted_at: float = field(default_factory=time.monotonic)
    cancelled_at: float | None = None
    troubled_at: float | None = None


class Cluster:
    """The jobs of one address. `order` gives the arguments of submit_job for a folder and a name;
    it may raise TouchstoneError, which counts as a refusal. `every` is the pause between two looks,
    `limits` how long to wait for a connection and for an answer, all in seconds."""

    def __init__(
        self,
        address: str,
        order: Order,
        every: float = LOOK_SECONDS,
        limits: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
    ) -> None:
        self.address = address
        self._limits = limits
        self._order = order
        self._every = every
        self._entries: dict[str, _Entry] = {}
        self._mutex = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._known_client: Any = None
        self._asked_at = time.monotonic()

    def answer(self, name: str, folder: JobFolder) -> Answer:
        """The newest answer about a job, which is asked after from now on; returns at once."""
        with self._mutex:
            entry = self._entries.get(name)
            if entry is None:
                entry = self._entries[name] = _Entry(folder)
                self._asked_at = max(self._asked_at, time.monotonic() - PATIENCE_SECONDS / 2)
                self._wake.set()
            entry.wanted_at = now = time.monotonic()
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="ray", daemon=True)
                self._thread.start()
            if now - self._asked_at > PATIENCE_SECONDS:
                return Answer("unreachable", "it gives no answer", now - self._asked_at)
            return replace(entry.answer, seconds=now - entry.since)

    def last_answer(self, name: str) -> Answer | None:
        """The newest answer about a job, None when nobody has asked after it."""
        with self._mutex:
            entry = self._entries.get(name)
            return replace(entry.answer, seconds=time.monotonic() - entry.since) if entry else None

    def hurry(self) -> None:
        """Look now: a folder has changed."""
        self._wake.set()

    def _loop(self) -> None:
        while True:
            with self._mutex:
                entries = dict(self._entries)
                self._asked_at = time.monotonic()
            for name, entry in entries.items():
                try:
                    self._attend(name, entry)
                except Exception:
                    log.exception("a look at %s on Ray failed; the next one follows", name)
                with self._mutex:
                    self._asked_at = time.monotonic()
                    if time.monotonic() - entry.wanted_at > FORGET_SECONDS:
                        self._entries.pop(name, None)
            self._wake.wait(self._every if entries else None)
            self._wake.clear()

    def _attend(self, name: str, entry: _Entry) -> None:
        """Ask once, and do what follows from the answer."""
        answer = entry.answer if entry.answer.said == "refused" else self._ask(name)
        if answer.said == "unreachable":  # no trouble of this job's
            entry.troubled_at = None
        folder = entry.folder
        cancel = folder.cancel_flag.exists()
        if cancel and entry.cancelled_at is None:
            entry.cancelled_at = time.monotonic()
        stop, end = folder.stop_flag.exists(), folder.end_flag.exists()
        look = Look(folder.read_state(), answer, stop=stop, cancel=cancel, end=end)
        since = time.monotonic() - (entry.cancelled_at or time.monotonic())
        step = next_step(look, newest=is_newest(folder, name), cancelled_for=since)
        if step == "submit":
            answer = self._in_time(entry, self._submit(name, folder))
        elif step == "stop":
            self._stop(name)
        self._remember(entry, answer)

    def _in_time(self, entry: _Entry, answer: Answer) -> Answer:
        """A refusal, where a cluster that can be asked has taken no job for minutes."""
        if answer.said != "unreachable":
            entry.troubled_at = None
            return answer
        entry.troubled_at = entry.troubled_at or time.monotonic()
        late = time.monotonic() - entry.troubled_at > TROUBLE_SECONDS
        return Answer("refused", answer.message) if late else answer

    def _remember(self, entry: _Entry, answer: Answer) -> None:
        with self._mutex:
            if entry.answer.said != answer.said:
                entry.since = time.monotonic()
                log.info("%s on Ray: %s %s", entry.folder.id, answer.said, answer.message[:200])
            entry.answer = answer

    def _ask(self, name: str) -> Answer:
        try:
            info = self._client().get_job_info(name)
        except Exception as error:
            if "status code 404" in str(error):
                return Answer("absent")
            return _unreachable(error)
        return Answer(STATUSES[str(info.status)], info.message or "")

    def _submit(self, name: str, folder: JobFolder) -> Answer:
        try:
            order = self._order(folder, name)
            self._client().submit_job(submission_id=name, **order)
        except TouchstoneError as error:
            return Answer("refused", error.message)
        except Exception as error:
            text = str(error)
            if "already exists" in text:  # an earlier try that gave no answer
                return Answer("pending")
            if type(error) is RuntimeError and not PASSING.search(text):
                return Answer("refused", text)
            return _unreachable(error)
        log.info("%s was handed to Ray at %s as %s", folder.id, self.address, name)
        return Answer("pending")

    def _stop(self, name: str) -> None:
        try:
            self._client().stop_job(name)
        except Exception as error:  # the next look tries again
            log.warning("%s could not be stopped on Ray: %s", name, error)

    def _client(self) -> Any:
        if self._known_client is None:
            self._known_client = _connected(self.address, self._limits)
        return self._known_client


def _connected(address: str, limits: tuple[float, float]) -> Any:
    from ray.job_submission import JobSubmissionClient

    class Client(JobSubmissionClient):  # type: ignore[misc]
        # Ray's own waits without end for a cluster that a firewall hides.
        def _do_request(self, *given: Any, **named: Any) -> Any:
            return super()._do_request(*given, **{"timeout": limits, **named})

    return Client(address)


def _unreachable(error: Exception) -> Answer:
    if isinstance(error, ImportError):
        return Answer("unreachable", "the package ray is not installed here")
    if isinstance(error, OSError):
        return Answer("unreachable", "no connection")
    return Answer("unreachable", str(error)[:2000])
