"""The job folder: the one place that spells its file names, and writes them whole.

A job is a folder, `<workspace>/runs/<id>/` or `<workspace>/jobs/<id>/`:
spec.json, data/*.parquet, state.json, events.jsonl, STOP, CANCEL, END, worker.lock, worker.log,
checkpoints/, final/, and attempt.json if it was started on a cluster. A relative path in a spec is
meant from the workspace, which is the folder two above the job unless the spec names another one
under "workspace": so a workspace can move.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.errors import Conflict, NotFound
from core.jobs.state import JobState


class MissingJob(NotFound):
    """The folder holds no job."""

    title = "There is no such job"


class UnreadableJob(NotFound):
    """A file of the job folder is there and cannot be understood."""

    title = "The job folder is damaged"


class JobExists(Conflict):
    """A new job was to be made where one is."""

    title = "This job exists already"


@dataclass(frozen=True)
class JobFolder:
    """Where one job lives. Two values of one path are equal."""

    path: Path

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.path.name

    @property
    def spec_file(self) -> Path:
        """What to do: frozen JSON."""
        return self.path / "spec.json"

    @property
    def data(self) -> Path:
        """The parquet files that the worker reads."""
        return self.path / "data"

    @property
    def state_file(self) -> Path:
        """The JobState, written beside and renamed."""
        return self.path / "state.json"

    @property
    def events_file(self) -> Path:
        """One JSON object per line, append-only."""
        return self.path / "events.jsonl"

    @property
    def stop_flag(self) -> Path:
        """Exists: the worker should come to an end and may be started again."""
        return self.path / "STOP"

    @property
    def end_flag(self) -> Path:
        """Exists beside one of the two others: a worker elsewhere is to be ended by force."""
        return self.path / "END"

    def clear_stop(self) -> None:
        """A new start begins: what was asked of the last one is over, but for CANCEL."""
        self.stop_flag.unlink(missing_ok=True)
        self.end_flag.unlink(missing_ok=True)

    @property
    def cancel_flag(self) -> Path:
        """Exists: the worker should come to an end for good."""
        return self.path / "CANCEL"

    @property
    def lock_file(self) -> Path:
        """Locked while a worker lives."""
        return self.path / "worker.lock"

    @property
    def attempt_file(self) -> Path:
        """Which start may work, where a launcher gives starts names: core.jobs.attempt."""
        return self.path / "attempt.json"

    @property
    def log_file(self) -> Path:
        """Standard output and error of the worker, tracebacks included."""
        return self.path / "worker.log"

    @property
    def checkpoints(self) -> Path:
        """What a second start goes on from."""
        return self.path / "checkpoints"

    @property
    def final(self) -> Path:
        """The result: there when the job completed, and then whole."""
        return self.path / "final"

    @property
    def final_part(self) -> Path:
        """The result while it is being written."""
        return self.path / "final.part"

    @classmethod
    def create(cls, path: Path, spec: Mapping[str, Any]) -> JobFolder:
        """A new draft at `path` with an empty data/; spec needs a "kind". Raises JobExists."""
        folder = cls(path.resolve())
        if folder.spec_file.exists():
            raise JobExists(f"The folder {path} already holds a job. Give the new one its own id.")
        folder.data.mkdir(parents=True, exist_ok=True)
        write_json(folder.spec_file, spec)
        folder.write_state(JobState())
        return folder

    def spec(self) -> dict[str, Any]:
        """The content of spec.json. Raises MissingJob, UnreadableJob."""
        values = read_json(self.spec_file)
        if values is None:
            raise MissingJob(f"{self.path} holds no spec.json, so it is no job. Check the path.")
        return values

    def workspace(self, spec: Mapping[str, Any] | None = None) -> Path:
        """The folder that relative paths of the spec are meant from."""
        named = (self.spec() if spec is None else spec).get("workspace")
        return Path(named) if named else self.path.resolve().parent.parent

    def read_state(self) -> JobState:
        """What state.json says; the truth needs the lock too: core.jobs.local.status_of."""
        values = read_json(self.state_file)
        return JobState() if values is None else JobState.from_json(values)

    def write_state(self, state: JobState) -> None:
        """Replaces state.json; a terminal state is on the disk when this returns."""
        write_json(self.state_file, state.to_json(), durable=state.is_terminal)


def write_json(path: Path, values: Mapping[str, Any], *, durable: bool = True) -> None:
    """Writes beside `path`, then renames: a reader sees the old file or the new one, whole."""
    beside = path.with_name(f".{path.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        with beside.open("w", encoding="utf-8") as file:
            json.dump(values, file, ensure_ascii=False, indent=1)
            if durable:
                file.flush()
                os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def read_json(path: Path) -> dict[str, Any] | None:
    """The object in `path`, None when there is no such file. Raises UnreadableJob."""
    try:
        values = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (ValueError, OSError) as error:
        raise UnreadableJob(
            f"{path} cannot be read ({error}). Restore it or delete the job."
        ) from error
    if not isinstance(values, dict):
        raise UnreadableJob(f"{path} does not hold a JSON object. Restore it or delete the job.")
    return values
