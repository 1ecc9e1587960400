"""What a worker leaves behind, however its job ends."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from core.jobs import lock
from core.jobs.context import JobContext
from core.jobs.faults import fault_of
from core.jobs.folder import JobFolder
from core.jobs.kinds import KINDS
from core.jobs.local import ROOT, environment_of, launch, status_of
from core.jobs.state import JobState
from core.worker import main
from tests.odd_jobs import MODULE, wait_for_end, wait_for_steps


def run_here(folder: JobFolder, module: str = MODULE) -> subprocess.CompletedProcess[str]:
    """Runs a worker to its end, in a process of its own."""
    command = [sys.executable, "-m", module, str(folder.path)]
    return subprocess.run(
        command, check=False, cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def a_job(home: Path, **spec: object) -> JobFolder:
    return JobFolder.create(home / "jobs" / "j1", spec)


@pytest.mark.parametrize(
    ("how", "code", "sentence"),
    [
        ("refused", "odd_job_refused", "The sky is green. Paint it blue."),
        ("memory", "out_of_memory", "ran out of memory"),
        ("full disk", "no_disk_space", "no space left"),
        ("exit", "unexpected", "SystemExit"),
        ("half a result", "unexpected", "nobody foresaw (ValueError)"),
    ],
)
def test_a_failing_job_leaves_a_sentence_and_its_traceback_only_in_the_log(
    tmp_path: Path, how: str, code: str, sentence: str
) -> None:
    folder = a_job(tmp_path, kind="fail", how=how)
    ended = run_here(folder)
    state = status_of(folder)
    assert (ended.returncode, state.status) == (1, "failed")
    assert state.error is not None
    assert state.error.code == code
    assert sentence in state.error.message
    assert "Traceback" in ended.stderr
    for file in (folder.state_file, folder.events_file):
        assert "Traceback" not in file.read_text()
        assert "secret detail" not in file.read_text()
    assert not folder.final.exists()
    assert not folder.final_part.exists()


def test_a_disk_too_full_for_events_still_gets_its_failed_state(tmp_path: Path) -> None:
    folder = a_job(tmp_path, kind="no_events")
    assert run_here(folder).returncode == 1
    state = folder.read_state()
    assert state.error is not None
    assert (state.status, state.error.code) == ("failed", "no_disk_space")
    assert folder.lock_file.stat().st_size == 0, "the reserve was given back"


def test_an_unknown_kind_fails_with_the_known_ones_named(tmp_path: Path) -> None:
    folder = a_job(tmp_path, kind="juggle")
    assert run_here(folder, "core.worker").returncode == 1
    state = status_of(folder)
    assert state.error is not None
    assert "train" in state.error.message


def test_a_damaged_state_ends_as_failed_not_in_silence(tmp_path: Path) -> None:
    folder = a_job(tmp_path, kind="count", to=1)
    folder.state_file.write_text("{")
    assert run_here(folder).returncode == 1
    assert folder.read_state().status == "failed"


def test_a_folder_that_holds_no_job_is_said_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(tmp_path)]) == 2
    assert "no job" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_a_second_worker_on_one_folder_leaves_and_touches_nothing(tmp_path: Path) -> None:
    folder = a_job(tmp_path, kind="count", to=150)
    pid = launch(folder, MODULE)
    wait_for_steps(folder)
    second = run_here(folder)
    assert second.returncode == 3
    assert "a worker already" in second.stderr
    state = status_of(folder)
    assert (state.status, state.pid) == ("running", pid)
    assert wait_for_end(folder).status == "completed"


def test_a_worker_sees_no_secrets_loads_nothing_heavy_and_works_in_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "secret")
    monkeypatch.setenv("TOUCHSTONE_SECRET", "secret")
    # A file in the job's folder must not be taken for a module.
    folder = a_job(tmp_path, kind="look")
    (folder.path / "json.py").write_text("raise SystemExit('taken for the module')")
    launch(folder, MODULE)
    assert wait_for_end(folder).status == "completed", folder.log_file.read_text()
    names = (folder.final / "environment").read_text().split("\n")
    assert {"HF_HUB_OFFLINE", "GOMP_SPINCOUNT"} <= set(names)
    assert not {"HF_TOKEN", "TOUCHSTONE_SECRET"} & set(names)
    assert (folder.final / "heavy").read_text() == ""
    assert Path((folder.final / "cwd").read_text()) == folder.path


def test_only_the_download_of_a_model_may_ask_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    hub = {"HF_TOKEN": "secret", "HF_ENDPOINT": "http://127.0.0.1:9"}
    for name, value in hub.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("HF_HUB_OFFLINE", raising=False)
    environments = {kind: environment_of(kind) for kind in [*KINDS, "unknown"]}
    online = {kind for kind, env in environments.items() if env.get("HF_HUB_OFFLINE") != "1"}
    assert online == {kind for kind, env in environments.items() if hub.keys() & env.keys()}
    assert online == {"download_model"}
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert environment_of("download_model")["HF_HUB_OFFLINE"] == "1"


def test_a_job_reports_while_it_runs_in_this_process_too(tmp_path: Path) -> None:
    folder = a_job(tmp_path, kind="count", to=3)
    job = JobContext(folder)
    assert job.resolve("models/tiny") == tmp_path / "models" / "tiny"
    assert job.resolve("/models/tiny") == Path("/models/tiny")
    assert not job.should_stop()
    job.progress(1, 3)
    job.progress(2, 3)
    assert folder.read_state().step == 1, "the second report came too soon after the first"
    job.progress(3, 3)
    assert folder.read_state().step == 3
    folder.stop_flag.touch()
    assert job.should_stop()


def test_a_new_result_replaces_the_old_one_whole(tmp_path: Path) -> None:
    job = JobContext(a_job(tmp_path, kind="count", to=1))
    for name in ("old", "new"):
        with job.final() as folder:
            (folder / name).write_text(name)
    assert [file.name for file in job.folder.final.iterdir()] == ["new"]


def test_a_heartbeat_never_brings_an_old_status_back(tmp_path: Path) -> None:
    job = JobContext(a_job(tmp_path, kind="count", to=1))
    with job.heart():
        for _ in range(50):
            job.enter("running")
    job.enter("completed")
    assert job.folder.read_state().status == "completed"
    assert job.folder.read_state().heartbeat > 0


def test_the_lock_tells_holders_from_lookers(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    assert not lock.is_held(path)
    handle = lock.take(path)
    assert handle is not None
    assert lock.is_held(path)
    assert lock.take(path, patience=0.05) is None
    os.close(handle)
    assert not lock.is_held(path)


def test_running_out_of_gpu_memory_is_told_from_other_errors() -> None:
    full = type("OutOfMemoryError", (RuntimeError,), {})("CUDA out of memory. Tried to allocate")
    assert fault_of(full).code == "out_of_memory"
    assert fault_of(RuntimeError("shapes do not match")).code == "unexpected"
    missing = FileNotFoundError(2, "No such file", "/data/x.parquet")
    assert "/data/x.parquet" in fault_of(missing).message
    assert fault_of(ImportError("No module named 'bitsandbytes'")).code == "missing_module"


def test_a_state_that_was_never_written_is_a_draft(tmp_path: Path) -> None:
    assert JobFolder(tmp_path).read_state() == JobState("draft")
