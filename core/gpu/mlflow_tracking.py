"""MLflow tracking of a training: parameters, numbers and hashes, on the server that is set.

MLFLOW_TRACKING_URI (where the Touchstone server was started) names a tracking server, or a folder
to write to without one; MLFLOW_EXPERIMENT_NAME, the experiment. A thread of its own speaks to it:
the training only leaves numbers in a queue, so that a server that is slow or gone costs it nothing.
"""

from __future__ import annotations

import hashlib
import math
import os
import threading
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import urlsplit

from core.jobs.context import JobContext
from core.jobs.folder import UnreadableJob, read_json, write_json
from core.tuning.run_spec import RunSpec

if TYPE_CHECKING:
    from mlflow import MlflowClient

RunStatus = Literal["FINISHED", "FAILED", "KILLED"]
URI, EXPERIMENT = "MLFLOW_TRACKING_URI", "MLFLOW_EXPERIMENT_NAME"
# Beside the job: which MLflow run it is, and up to which step each number was sent.
KEPT = "mlflow.json"
SEND_SECONDS, LONGEST_PAUSE, CLOSING_SECONDS = 2.0, 300.0, 10.0
MOST_WAITING = 100_000  # numbers; the oldest are let go of
AT_ONCE = 500  # what MLflow takes in one request
LONGEST_PARAMETER = 500
NOT_PARAMETERS = ("run_id", "name", "template", "library_versions")
# The library's own patience is minutes long, it counts its users, and it looks for git.
QUIET = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "5",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "GIT_PYTHON_REFRESH": "quiet",
}


def tracking_uri(workspace: Path) -> str:
    """Where MLflow keeps its runs, "" where it is not used; a plain path is meant from the
    workspace."""
    wanted = os.environ.get(URI, "").strip()
    return wanted if "://" in wanted or not wanted else (workspace / wanted).resolve().as_uri()


class MlflowTracking:
    """Sends what a run reports to MLflow; see the module's text. Never raises: what goes wrong is
    one note in the job's log."""

    def __init__(self, job: JobContext, uri: str, spec: RunSpec, base_hash: str) -> None:
        self._job, self._uri, self._spec, self._base_hash = job, uri, spec, base_hash
        self._waiting: deque[tuple[str, float, int, int]] = deque(maxlen=MOST_WAITING)
        self._ended, self._told, self._quiet = threading.Event(), False, False
        self._status: RunStatus = "FINISHED"
        self._run_id = ""
        self._sent: dict[str, int] = {}
        self._thread = threading.Thread(target=self._follow, name="mlflow", daemon=True)
        self._thread.start()

    def write(self, numbers: Mapping[str, float], step: int) -> None:
        """Leave numbers to be sent; those that are none (nan, inf) are left out."""
        now = int(time.time() * 1000)
        for name, value in numbers.items():
            if math.isfinite(value):
                self._waiting.append((name, value, now, step))

    def close(self, status: RunStatus) -> None:
        """Send what is left and say how the run ended; at most CLOSING_SECONDS."""
        self._status = status
        self._ended.set()
        self._thread.join(CLOSING_SECONDS)
        if self._thread.is_alive():
            self._tell("does not take the run's last numbers in time")
        self._quiet = True

    def _follow(self) -> None:
        for name, value in QUIET.items():
            os.environ.setdefault(name, value)
        if urlsplit(self._uri).scheme == "file":
            os.environ.setdefault("MLFLOW_ALLOW_FILE_STORE", "true")  # no server: as was asked for
        try:
            from mlflow import MlflowClient
        except ImportError:
            self._note(
                f"MLflow is not installed, so the run is not tracked at {self._place}. Install it "
                "(`pip install touchstone[tracking]`), or unset MLFLOW_TRACKING_URI."
            )
            return
        pause, ended = SEND_SECONDS, False
        while not ended:
            ended = self._ended.wait(pause)
            try:
                self._send(MlflowClient(self._uri), ended=ended)
                pause = SEND_SECONDS
            except Exception as error:  # whatever the library raises, the training goes on
                # The library quotes the address, in which a password may stand.
                said = str(error).replace(urlsplit(self._uri).netloc or self._uri, self._place)
                print(f"MLflow: {type(error).__name__}: {said}", flush=True)
                self._tell(f"takes no numbers now ({type(error).__name__})")
                pause = min(2 * pause, LONGEST_PAUSE)

    def _send(self, client: MlflowClient, *, ended: bool) -> None:
        from mlflow.entities import Metric

        if not self._run_id:
            self._begin(client)
        while self._waiting:
            batch = [self._waiting[n] for n in range(min(AT_ONCE, len(self._waiting)))]
            # A start that goes on from a checkpoint reports the same numbers once more.
            fresh = [Metric(*one) for one in batch if one[3] > self._sent.get(one[0], -1)]
            if fresh:
                client.log_batch(self._run_id, metrics=fresh)
            for name, _, _, step in batch:
                self._sent[name] = max(step, self._sent.get(name, -1))
                self._waiting.popleft()
            self._keep()
        if ended:
            client.set_terminated(self._run_id, self._status)

    def _begin(self, client: MlflowClient) -> None:
        """Go on with the MLflow run that an earlier start of this job made, else make one."""
        from mlflow.entities import Param

        kept = self._kept()
        if kept.get("place") == self._hash:
            client.update_run(kept["run_id"], status="RUNNING")
            self._run_id, self._sent = kept["run_id"], kept["sent"]
            return
        name = os.environ.get(EXPERIMENT) or "touchstone"
        known = client.get_experiment_by_name(name)
        experiment = known.experiment_id if known else client.create_experiment(name)
        run = client.create_run(experiment, run_name=self._spec.name, tags=self._tags())
        settings = self._spec.settings()
        client.log_batch(
            run.info.run_id,
            params=[
                Param(name, str(value)[:LONGEST_PARAMETER])
                for name, value in settings.items()
                if name not in NOT_PARAMETERS
            ],
        )
        self._run_id = run.info.run_id
        self._keep()

    def _tags(self) -> dict[str, str]:
        spec = self._spec
        tags = {
            "run_id": spec.run_id,
            "version_id": spec.data.version_id,
            "version_hash": spec.data.version_hash,
            "base_model_hash": self._base_hash,
            "base_commit": spec.base.commit,
            **{f"library.{name}": one for name, one in spec.library_versions.items()},
        }
        return {f"touchstone.{name}": value for name, value in tags.items() if value}

    def _kept(self) -> dict[str, Any]:
        try:
            return read_json(self._job.folder.path / KEPT) or {}
        except UnreadableJob:
            return {}

    def _keep(self) -> None:
        kept = {"place": self._hash, "run_id": self._run_id, "sent": self._sent}
        write_json(self._job.folder.path / KEPT, kept, durable=False)

    @property
    def _hash(self) -> str:
        """The server, for telling it from another one; the address itself may hold a password."""
        return hashlib.sha256(self._uri.encode()).hexdigest()

    @property
    def _place(self) -> str:
        """The server without what may be secret in its address."""
        parts = urlsplit(self._uri)
        port = f":{parts.port}" if parts.port else ""
        return f"{parts.scheme}://{parts.hostname}{port}" if parts.hostname else parts.path

    def _tell(self, what: str) -> None:
        """One warning a run: the rest is in worker.log."""
        if not self._told:
            self._told = True
            self._note(
                f"MLflow at {self._place} {what}. The training goes on; its numbers are kept here "
                "and in tensorboard/."
            )

    def _note(self, text: str) -> None:
        if not self._quiet:
            self._job.note(text)
