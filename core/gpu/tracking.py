"""Tracking of a training: TensorBoard files always, and MLflow where its server is set.

tensorboard --logdir runs/RUN_ID/tensorboard
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from core.gpu.mlflow_tracking import MlflowTracking, RunStatus, tracking_uri
from core.jobs.context import JobContext, JobStopped
from core.tuning.run_spec import RunSpec

FOLDER = "tensorboard"
# What the chart of a run would show under the same heading.
_GROUPS = {"log": "train", "eval": "validation", "memory": "memory", "samples": "validation"}


@contextmanager
def tracked(job: JobContext, spec: RunSpec, base_hash: str, step: int) -> Iterator[None]:
    """Everything that the job reports is tracked; `step` is the one that a start goes on from."""
    with ExitStack() as ends:
        files = TensorBoardFiles(job.folder.path, step)
        ends.callback(files.close)
        job.watchers.append(files.write)
        if uri := tracking_uri(job.workspace):
            server = MlflowTracking(job, uri, spec, base_hash)
            ends.push(lambda kind, error, _: server.close(_status(error)))
            job.watchers.append(
                lambda kind, values: server.write(scalars(kind, values), int(values.get("step", 0)))
            )
        yield


def _status(error: BaseException | None) -> RunStatus:
    if error is None:
        return "FINISHED"
    return "KILLED" if isinstance(error, JobStopped) else "FAILED"


def scalars(kind: str, values: Mapping[str, Any]) -> dict[str, float]:
    """The numbers among the values of an event of this kind, by the names they are tracked under;
    {} for events that are not tracked."""
    group = _GROUPS.get(kind)
    return {
        f"{group}/{name}": float(value)
        for name, value in values.items()
        if group and name not in ("step", "total") and isinstance(value, float | int)
    }


class TensorBoardFiles:
    """Writes scalars beside a job's folder; a start after `step` hides what it does again."""

    def __init__(self, folder: Path, step: int) -> None:
        # Here, because it takes a second to import and a test of the loop alone needs none of it.
        from tensorboardX import SummaryWriter

        self._writer = SummaryWriter(str(folder / FOLDER), purge_step=step + 1 if step else None)

    def write(self, kind: str, values: Mapping[str, Any]) -> None:
        """The numbers of an event, at its step."""
        for name, value in scalars(kind, values).items():
            self._writer.add_scalar(name, value, values["step"])

    def close(self) -> None:
        """Leaves nothing in memory."""
        self._writer.close()
