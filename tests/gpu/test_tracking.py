"""MLflow tracking of real trainings in real workers: without a server, with one that is gone."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from core.errors import TouchstoneError
from core.gpu import training
from core.jobs.context import JobContext
from core.jobs.events import read_events
from core.jobs.folder import JobFolder
from core.jobs.local import launch, request_stop, status_of
from tests.odd_jobs import wait_for, wait_for_end
from tests.tiny_model import a_run, a_training, make_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def events(folder: JobFolder, kind: str) -> list[dict[str, Any]]:
    return [event for event in read_events(folder.events_file)[0] if event["kind"] == kind]


def told(folder: JobFolder) -> list[str]:
    """What the log says about MLflow."""
    return [e["text"] for e in events(folder, "note") if "MLflow" in e["text"]]


def losses(folder: JobFolder) -> dict[int, float]:
    return {event["step"]: event["loss"] for event in events(folder, "log")}


def finished(folder: JobFolder) -> JobFolder:
    launch(folder)
    assert wait_for_end(folder).status == "completed", folder.log_file.read_text()
    return folder


@pytest.fixture
def kept_in_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """MLflow without a server: a folder of the workspace."""
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "mlruns")
    monkeypatch.setenv("MLFLOW_EXPERIMENT_NAME", "Notes")
    return tmp_path / "mlruns"


def numbers(folder: Path, name: str) -> list[tuple[float, int]]:
    """What MLflow's file store has of a number: (value, step) as written."""
    (file,) = folder.glob(f"*/*/metrics/{name}")
    lines = [line.split() for line in file.read_text().splitlines()]
    return [(float(value), int(step)) for _, value, step in lines]


def one(folder: Path, pattern: str) -> str:
    (file,) = folder.glob(f"*/*/{pattern}")
    return file.read_text()


def test_a_run_is_tracked_by_mlflow_without_a_server(
    tiny: Path, tmp_path: Path, kept_in_files: Path
) -> None:
    spec = a_run(tiny, max_steps=4, eval_steps=2, version_hash="abc123")
    folder = finished(a_training(tmp_path / "runs" / "r1", spec))
    assert told(folder) == []
    assert {step: value for value, step in numbers(kept_in_files, "train/loss")} == pytest.approx(
        losses(folder)
    )
    assert [step for _, step in numbers(kept_in_files, "validation/loss")] == [0, 2, 4]
    assert one(kept_in_files, "params/learning_rate") == "0.01"
    assert one(kept_in_files, "params/method") == "lora"
    metrics = json.loads((folder.final / "metrics.json").read_text())
    tags = {name: one(kept_in_files, f"tags/touchstone.{name}") for name in (
        "run_id", "version_id", "version_hash", "base_model_hash",
    )}  # fmt: skip
    assert tags == {
        "run_id": "run-1",
        "version_id": "v1",
        "version_hash": "abc123",
        "base_model_hash": metrics["base_model_hash"],
    }
    (experiment,) = (path for path in kept_in_files.glob("*/meta.yaml") if path.parent.name != "0")
    assert "name: Notes" in experiment.read_text()
    assert "status: 3" in one(kept_in_files, "meta.yaml")  # finished


def test_a_run_whose_proof_fails_has_failed_in_mlflow_too(
    tiny: Path, tmp_path: Path, kept_in_files: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unproven(*what: object) -> None:
        raise TouchstoneError("The adapter that was read back answers otherwise.")

    monkeypatch.setattr(training, "_reload", unproven)
    folder = a_training(tmp_path / "runs" / "r1", a_run(tiny, max_steps=2))
    with pytest.raises(TouchstoneError, match="answers otherwise"):
        training.run(JobContext(folder))
    assert len(numbers(kept_in_files, "train/loss")) == 2
    assert "status: 4" in one(kept_in_files, "meta.yaml")  # failed


def test_a_run_that_goes_on_is_one_run_in_mlflow_with_each_step_once(
    tiny: Path, tmp_path: Path, kept_in_files: Path
) -> None:
    folder = a_training(tmp_path / "runs" / "r1", a_run(tiny, max_steps=60, eval_steps=10))
    launch(folder)
    wait_for(lambda: bool(events(folder, "log")) and events(folder, "log")[-1]["step"] >= 12)
    request_stop(folder)
    assert wait_for_end(folder).status == "stopped"
    assert "status: 5" in one(kept_in_files, "meta.yaml")  # killed
    finished(folder)
    steps = [step for _, step in numbers(kept_in_files, "train/loss")]
    assert steps == list(range(1, 61))
    assert "status: 3" in one(kept_in_files, "meta.yaml")


@contextmanager
def a_server_that_never_answers() -> Iterator[int]:
    """The port of a socket that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


def test_a_server_that_is_gone_or_never_answers_neither_stops_nor_changes_a_training(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    plain = finished(a_training(tmp_path / "runs" / "r0", a_run(tiny, max_steps=8)))
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_TIMEOUT", "1")
    with a_server_that_never_answers() as port:
        for number, where in ((1, port), (2, 9)):
            uri = f"http://ann:geheim@127.0.0.1:{where}"
            monkeypatch.setenv("MLFLOW_TRACKING_URI", uri)
            folder = a_training(tmp_path / "runs" / f"r{number}", a_run(tiny, max_steps=8))
            finished(folder)
            assert losses(folder) == losses(plain)
            (note,) = told(folder)
            assert note.startswith(f"MLflow at http://127.0.0.1:{where} ")
            assert "The training goes on" in note
            files = [path for path in folder.path.rglob("*") if path.suffix in (".json", ".jsonl")]
            if where == 9:  # an answer at once, which the log has in full
                assert "MLflow: MlflowException: " in folder.log_file.read_text()
            for file in (folder.log_file, *files):
                assert "geheim" not in file.read_text()


def test_without_the_package_the_log_says_so_and_the_training_goes_on(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in os.environ if name.startswith(("MLFLOW_", "GIT_PYTHON"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    monkeypatch.setitem(sys.modules, "mlflow", None)
    folder = a_training(tmp_path / "runs" / "r1", a_run(tiny, max_steps=2))
    training.run(JobContext(folder))
    (note,) = told(folder)
    assert "MLflow is not installed" in note
    assert "pip install touchstone[tracking]" in note
    assert status_of(folder).status == "draft"  # no worker: the run itself reached its end
    assert (folder.final / "adapter_model.safetensors").is_file()
