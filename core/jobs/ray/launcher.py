"""The Launcher of a Ray cluster: a worker per Ray Job, on a folder that the nodes share.

The folder is the contract, as on one machine: the worker takes its lock, writes its heartbeat and
its end there. Ray is told to start it and asked whether it lives.
"""

from __future__ import annotations

import os
import shlex
import threading
import time
from dataclasses import replace
from pathlib import Path
from secrets import token_hex
from typing import Any

from core.jobs import local, lock
from core.jobs.attempt import Attempt, read_attempt, write_attempt
from core.jobs.folder import JobFolder
from core.jobs.launcher import LEASE_SECONDS
from core.jobs.ray.cluster import LOOK_SECONDS, Cluster
from core.jobs.ray.rules import GRACE_SECONDS, Look, judge, remark
from core.jobs.ray.settings import ADDRESS, RaySettings, RayUnusable, usable_settings
from core.jobs.state import ACTIVE, UNSTARTED, JobState


class RayLauncher:
    """Jobs as Ray Jobs. `worker` is the module to run; `grace`, `lease` and `every` are seconds:
    see `rules.GRACE_SECONDS`, `LEASE_SECONDS` and `cluster.LOOK_SECONDS`."""

    name = "ray"

    def __init__(
        self,
        worker: str = "core.worker",
        grace: float = GRACE_SECONDS,
        lease: float = LEASE_SECONDS,
        every: float = LOOK_SECONDS,
    ) -> None:
        self._worker = worker
        self._grace = grace
        self._lease = lease
        self._every = every
        self._clusters: dict[str, Cluster] = {}
        self._beats: dict[Path, tuple[float, float]] = {}
        self._mutex = threading.Lock()

    def queue(self, folder: JobFolder) -> JobState:
        """As on this machine: see `local.enqueue`."""
        return local.enqueue(folder)

    def submit(self, folder: JobFolder) -> None:
        """Names a new start in the folder; the cluster's thread hands it over.

        Raises RayUnusable without a cluster, JobCannotStart when a worker is alive or the job is
        completed or cancelled.
        """
        settings = _settings()
        handle = local.locked(folder)
        try:
            state = local.startable(folder)
            folder.clear_stop()
            attempt = Attempt(new_name(folder), settings.address)
            write_attempt(folder, attempt)
            folder.write_state(
                JobState("starting", step=state.step, total=state.total, heartbeat=time.time())
            )
        finally:
            os.close(handle)
        self._cluster(attempt.address).answer(attempt.name, folder)

    def status(self, folder: JobFolder) -> JobState:
        """See `rules.judge`; of a job that was started on this machine, `local.status_of`."""
        attempt = read_attempt(folder)
        if attempt is None:
            return local.status_of(folder)
        if folder.read_state().status not in ACTIVE:
            return folder.read_state()
        answer = self._cluster(attempt.address).answer(attempt.name, folder)
        # First who lives, then the file: a worker writes its end before it goes.
        held = lock.is_held(folder.lock_file)
        state = folder.read_state()
        look = Look(
            state,
            answer,
            self._silence(folder, state),
            held,
            stop=folder.stop_flag.exists(),
            cancel=folder.cancel_flag.exists(),
        )
        return judge(look, self._grace, self._lease)

    def stop(self, folder: JobFolder) -> JobState:
        """Asks the worker to end soon, resumable; one that has not begun is stopped at once."""
        state = self.status(folder)
        if state.status in UNSTARTED:
            return self.cancel(folder)
        if state.status in ACTIVE:
            folder.stop_flag.touch()
            self._end_before_it_begins(folder)
            self._hurry(folder)
        return self.status(folder)

    def cancel(self, folder: JobFolder, *, even_completed: bool = False) -> JobState:
        """Asks the worker to end for good; a job without a worker is cancelled at once."""
        state = self.status(folder)
        if state.status in ACTIVE and state.pid is not None:
            folder.cancel_flag.touch()
        else:
            local.request_cancel(folder, even_completed=even_completed)
        self._hurry(folder)
        return self.status(folder)

    def end(self, folder: JobFolder) -> JobState:
        """Has Ray end the worker's process, with its next look."""
        if self.status(folder).status in ACTIVE:
            folder.stop_flag.touch()
            folder.end_flag.touch()
            if read_attempt(folder) is None:
                return local.end(folder)
            self._hurry(folder)
        return self.status(folder)

    def fetch(self, folder: JobFolder) -> None:
        """Nothing: the nodes write to the folder itself."""

    def place(self, folder: JobFolder) -> str:
        """What keeps the newest start waiting, and the name of its Ray job."""
        attempt = read_attempt(folder)
        if attempt is None:
            return ""
        cluster = self._cluster(attempt.address)
        said = remark(cluster.last_answer(attempt.name), folder.read_state())
        return f"{said} Ray job {attempt.name}.".strip()

    def _end_before_it_begins(self, folder: JobFolder) -> None:
        handle = lock.take(folder.lock_file, patience=0.2)
        if handle is None:
            return
        try:
            state = folder.read_state()
            if state.status in ACTIVE and state.pid is None:
                folder.write_state(replace(state, status="stopped", heartbeat=time.time()))
        finally:
            os.close(handle)

    def _silence(self, folder: JobFolder, state: JobState) -> float:
        """Seconds since a new heartbeat was seen, by this clock: those of machines differ."""
        now = time.monotonic()
        with self._mutex:
            beat, seen = self._beats.get(folder.path, (-1.0, now))
            if beat != state.heartbeat:
                seen = now
            self._beats[folder.path] = (state.heartbeat, seen)
        return now - seen

    def _hurry(self, folder: JobFolder) -> None:
        if attempt := read_attempt(folder):
            cluster = self._cluster(attempt.address)
            cluster.answer(attempt.name, folder)
            cluster.hurry()

    def _cluster(self, address: str) -> Cluster:
        with self._mutex:
            if address not in self._clusters:
                self._clusters[address] = Cluster(address, self._order, self._every)
            return self._clusters[address]

    def _order(self, folder: JobFolder, name: str) -> dict[str, Any]:
        """What Ray is told: the command, and the program's code, so that it is the server's."""
        settings = _settings()
        packages = {"core", self._worker.partition(".")[0]}
        return {
            "entrypoint": command(settings, folder, name, self._worker),
            "runtime_env": {
                "py_modules": [str(local.ROOT / package) for package in sorted(packages)],
                # none of the server's own: the cluster's dashboard shows them
                "env_vars": {**local.UNLESS_KEPT, **local.OFFLINE, **local.SET_ANYWHERE},
            },
            "entrypoint_num_cpus": settings.cpus,
            "entrypoint_num_gpus": settings.gpus,
            "metadata": {"touchstone_job": folder.id},
        }


def new_name(folder: JobFolder) -> str:
    """A name for one start that no other job or start has, also not in a copy of the workspace."""
    kept = "".join(one if one.isalnum() or one in "-_" else "-" for one in folder.id)
    return f"touchstone-{kept}-{token_hex(3)}"


def command(settings: RaySettings, folder: JobFolder, name: str, worker: str) -> str:
    """The shell command of a Ray job; its output goes to worker.log, as on one machine."""
    path = settings.path_of(folder.path)
    words = [settings.python, "-P", "-m", worker, path, "--attempt", name]
    return f"exec {shlex.join(words)} >> {shlex.quote(f'{path}/worker.log')} 2>&1"


def _settings() -> RaySettings:
    settings = usable_settings()
    if settings is None:
        raise RayUnusable(
            f"The job was meant for a Ray cluster, and {ADDRESS} names none. Set it and restart "
            "the server, or resume the job: it then runs on this machine."
        )
    return settings
