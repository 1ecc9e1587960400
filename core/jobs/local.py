"""Workers on this machine: started, stopped and judged from outside; the only user of subprocess.

The truth about a job is derived from its folder, so it is right after a restart of the app: the
lock says whether a worker lives, state.json what it last said.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psutil

import core
from core.jobs import lock
from core.jobs.attempt import forget_attempt
from core.jobs.changes import CHANGES
from core.jobs.folder import JobFolder
from core.jobs.kinds import KINDS
from core.jobs.launcher import LOST, JobCannotStart, holds_lease
from core.jobs.state import ACTIVE, UNSTARTED, JobFault, JobState

ROOT = Path(core.__file__).resolve().parent.parent
KEPT = ("PATH", "HOME", "USER", "LANG", "TZ", "TMPDIR", "LD_LIBRARY_PATH", "XDG_CACHE_HOME")
# HF_HOME and HF_HUB_CACHE say where models lie; HF_TOKEN reaches only kinds that name it.
KEPT_PREFIXES = ("LC_", "HF_H", "CUDA_", "NVIDIA_", "OMP_", "MKL_", "PYTORCH_")
# How long a thread spins before it sleeps: without a limit a machine that gets busy pays dearly
# until core.gpu.threads has seen it; at 1,000 an idle one pays about a tenth of its speed.
UNLESS_KEPT = {"GOMP_SPINCOUNT": "20000"}
OFFLINE = {"HF_HUB_OFFLINE": "1"}
SET_ANYWHERE = {
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "TOKENIZERS_PARALLELISM": "false",
    "PYTHONUNBUFFERED": "1",
}
SET = {**SET_ANYWHERE, "PYTHONPATH": str(ROOT)}


def enqueue(folder: JobFolder) -> JobState:
    """Marks a job whose data is complete, or one to be started again, as waiting for its turn."""
    handle = locked(folder)
    try:
        state = startable(folder)
        folder.clear_stop()
        state = JobState("queued", step=state.step, total=state.total, heartbeat=time.time())
        folder.write_state(state)
    finally:
        os.close(handle)
    return state


def launch(folder: JobFolder, worker: str = "core.worker") -> int:
    """Starts a worker that outlives this process, and returns its pid.

    `worker` is the module to run. Raises JobCannotStart when a worker is alive or the job is
    completed or cancelled; OSError when the system starts no process (the state is then failed).
    """
    handle = locked(folder)
    try:
        state = startable(folder)
        folder.clear_stop()
        forget_attempt(folder)
        folder.write_state(
            JobState("starting", step=state.step, total=state.total, heartbeat=time.time())
        )
        return _start(folder, worker, handle)
    finally:
        os.close(handle)


def _start(folder: JobFolder, worker: str, handle: int) -> int:
    # -P: the job folder, which is the working directory, must not be searched for modules.
    command = [sys.executable, "-P", "-m", worker, str(folder.path), "--lock-fd", str(handle)]
    try:
        with folder.log_file.open("ab") as log:
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder.path,
                env=environment_of(str(folder.spec().get("kind"))),
                start_new_session=True,
                pass_fds=(handle,),
            )
    except OSError as error:
        fault = JobFault("cannot_start", f"The worker could not be started: {error.strerror}.")
        folder.write_state(JobState("failed", heartbeat=time.time(), error=fault))
        raise
    threading.Thread(target=_reap, args=[process], name=f"reap-{folder.id}", daemon=True).start()
    return process.pid


def _reap(process: subprocess.Popen[bytes]) -> None:
    process.wait()
    CHANGES.tell()


def environment_of(kind: str) -> dict[str, str]:
    """What a worker of this kind gets of the server's environment, and what all get."""
    known = KINDS.get(kind)
    names = (*KEPT, *(known.variables if known else ()))
    prefixes = (*KEPT_PREFIXES, *(name for name in names if name.endswith("_")))
    kept = {k: v for k, v in os.environ.items() if k in names or k.startswith(prefixes)}
    return {**UNLESS_KEPT, **kept, **({} if known and known.online else OFFLINE), **SET}


def locked(folder: JobFolder) -> int:
    """The job's lock, as an open file. Raises JobCannotStart when a worker has it."""
    folder.spec()
    handle = lock.take(folder.lock_file)
    if handle is None:
        raise JobCannotStart(f"Job {folder.id} has a worker already. Wait, or stop it first.")
    return handle


def startable(folder: JobFolder) -> JobState:
    """The state of a job that may start. Raises JobCannotStart when it is over for good."""
    state = folder.read_state()
    if folder.cancel_flag.exists() or state.status in ("completed", "cancelled"):
        over = "cancelled" if folder.cancel_flag.exists() else state.status
        raise JobCannotStart(f"Job {folder.id} is {over}. Make a new one with the same settings.")
    return state


def status_of(folder: JobFolder) -> JobState:
    """The true state: what the worker last said, unless it is gone or was asked to stop."""
    for _ in range(2):
        # First the lock, then the file: a worker writes its end before it lets go.
        alive = lock.is_held(folder.lock_file)
        state = folder.read_state()
        if state.status not in ACTIVE:
            return state
        if alive or _process(state) is not None or _lives_elsewhere(state):
            asked = folder.stop_flag.exists() or folder.cancel_flag.exists()
            return replace(state, status="stopping") if asked else state
    return replace(state, **_ended(folder))


def _ended(folder: JobFolder) -> dict[str, Any]:
    """How a job stands whose worker is gone without a word: as somebody wished it, or lost."""
    if folder.cancel_flag.exists():
        return {"status": "cancelled", "error": None}
    if folder.stop_flag.exists():
        return {"status": "stopped", "error": None}
    return {"status": "lost", "error": LOST}


def _lives_elsewhere(state: JobState) -> bool:
    # A workspace on a shared disk: neither lock nor pid of another machine can be asked.
    return state.host not in ("", socket.gethostname()) and holds_lease(state, time.time())


def request_stop(folder: JobFolder) -> JobState:
    """Asks the worker to end soon, so that it can go on later; a waiting job is cancelled."""
    state = status_of(folder)
    if state.status in UNSTARTED:
        return request_cancel(folder)
    if state.status in ACTIVE:
        folder.stop_flag.touch()
    return status_of(folder)


def request_cancel(folder: JobFolder, *, even_completed: bool = False) -> JobState:
    """Asks the worker to end for good; a job without a worker is cancelled at once.

    `even_completed` is for a completed job whose result could not be taken in.
    """
    handle = lock.take(folder.lock_file, patience=0.2)
    if handle is None:
        folder.cancel_flag.touch()
        return status_of(folder)
    try:
        state = folder.read_state()
        over = state.status == "cancelled" or (state.status == "completed" and not even_completed)
        if not over:
            folder.cancel_flag.touch()
            state = replace(state, status="cancelled", heartbeat=time.time())
            folder.write_state(state)
    finally:
        os.close(handle)
    return state


def end(folder: JobFolder) -> JobState:
    """Kills the worker of a job that was asked to end; of another one, asks it to stop first."""
    if status_of(folder).status in ACTIVE:
        folder.stop_flag.touch()
        kill(folder)
    return status_of(folder)


def kill(folder: JobFolder) -> bool:
    """Kills the worker and its children, now; True when it was there.

    Only a process with the pid *and* the start time that the worker wrote is touched.
    """
    process = _process(folder.read_state())
    if process is None:
        return False
    try:
        family = [*process.children(recursive=True), process]
        for member in family:
            member.kill()
    except psutil.NoSuchProcess:
        return False
    psutil.wait_procs(family, timeout=5)
    return True


def _process(state: JobState) -> psutil.Process | None:
    if state.pid is None or state.create_time is None or state.host != socket.gethostname():
        return None
    try:
        process = psutil.Process(state.pid)
        same = abs(process.create_time() - state.create_time) < 1.0
        return process if same and process.status() != psutil.STATUS_ZOMBIE else None
    except psutil.Error:
        return None


@dataclass(frozen=True)
class LocalLauncher:
    """The Launcher of this machine: a lock and a pid say whether a worker lives."""

    worker: str = "core.worker"
    name: str = "local"

    def queue(self, folder: JobFolder) -> JobState:
        """See `enqueue`."""
        return enqueue(folder)

    def submit(self, folder: JobFolder) -> None:
        """See `launch`."""
        launch(folder, self.worker)

    def status(self, folder: JobFolder) -> JobState:
        """See `status_of`."""
        return status_of(folder)

    def stop(self, folder: JobFolder) -> JobState:
        """See `request_stop`."""
        return request_stop(folder)

    def cancel(self, folder: JobFolder, *, even_completed: bool = False) -> JobState:
        """See `request_cancel`."""
        return request_cancel(folder, even_completed=even_completed)

    def end(self, folder: JobFolder) -> JobState:
        """See `end`."""
        return end(folder)

    def fetch(self, folder: JobFolder) -> None:
        """Nothing: a worker on this machine writes where it is read."""

    def place(self, folder: JobFolder) -> str:
        """Nothing to say of this machine."""
        return ""
