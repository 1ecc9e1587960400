"""Job folders, events, and starting, stopping and judging workers, with real processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from core.jobs import lock
from core.jobs.events import EventLog, read_events
from core.jobs.folder import JobExists, JobFolder, MissingJob, UnreadableJob, read_json, write_json
from core.jobs.launcher import JobCannotStart
from core.jobs.local import (
    ROOT,
    end,
    enqueue,
    kill,
    launch,
    request_cancel,
    request_stop,
    status_of,
)
from core.jobs.state import InvalidJobState, JobFault, JobState
from core.worker import NICENESS
from tests.odd_jobs import MODULE, wait_for_end, wait_for_steps


def a_count(home: Path, to: int) -> JobFolder:
    return JobFolder.create(home / "jobs" / "j1", {"kind": "count", "to": to})


def test_a_spec_comes_back_as_it_was_and_is_never_overwritten(tmp_path: Path) -> None:
    folder = JobFolder.create(tmp_path / "runs" / "r1", {"kind": "train", "name": "é “1”"})
    assert folder.spec() == {"kind": "train", "name": "é “1”"}
    assert folder.workspace() == tmp_path
    assert status_of(folder) == JobState("draft")
    with pytest.raises(JobExists, match="its own id"):
        JobFolder.create(folder.path, {"kind": "train"})


def test_a_folder_without_spec_and_a_damaged_one_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(MissingJob, match="no job"):
        JobFolder(tmp_path).spec()
    (tmp_path / "spec.json").write_text('{"kind": ')
    with pytest.raises(UnreadableJob, match="Restore"):
        JobFolder(tmp_path).spec()


def test_a_state_comes_back_as_it_was_and_an_unknown_status_is_refused(tmp_path: Path) -> None:
    state = JobState("failed", 7, 1.5, "host", 3, 9, 2.5, JobFault("c", "m", "h"), "said")
    assert JobState.from_json(json.loads(json.dumps(state.to_json()))) == state
    with pytest.raises(InvalidJobState, match="asleep"):
        JobState.from_json({"status": "asleep"})


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    path, done = tmp_path / "state.json", threading.Event()
    write_json(path, {"text": ""})

    def write() -> None:
        for size in range(300):
            write_json(path, {"text": "x" * size * 100}, durable=False)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not done.is_set():
        assert "text" in (read_json(path) or {})
    writer.join()
    assert [file.name for file in tmp_path.iterdir()] == ["state.json"]


def test_a_torn_last_event_is_left_and_read_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    log = EventLog(path)
    log.append("log", step=1)
    whole = path.stat().st_size
    with path.open("a") as file:
        file.write('{"seq": 1, "time": 0, "kind": "lo')
    events, offset = read_events(path)
    assert ([event["step"] for event in events], offset) == ([1], whole)
    assert read_events(path, offset) == ([], whole)
    with path.open("a") as file:
        file.write('g", "step": 2}\n')
    events, offset = read_events(path, offset)
    assert [event["step"] for event in events] == [2]
    assert offset == path.stat().st_size


def test_a_new_start_cuts_a_torn_event_off_and_counts_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    EventLog(path).append("log", text="a\u2028b")
    with path.open("a") as file:
        file.write("no json\n" + '{"seq": 1, "ti')
    EventLog(path).append("log", text="c")
    events, _ = read_events(path)
    assert [(event["seq"], event["text"]) for event in events] == [(0, "a\u2028b"), (1, "c")]


def test_events_are_read_in_pieces_without_loss(tmp_path: Path) -> None:
    log = EventLog(tmp_path / "events.jsonl")
    for step in range(50):
        log.append("log", step=step, pad="x" * step)
    steps, offset = [], 0
    while True:
        events, end = read_events(tmp_path / "events.jsonl", offset, at_most=100)
        if end == offset:
            break
        steps += [event["step"] for event in events]
        offset = end
    assert steps == list(range(50))


def test_a_waiting_job_is_cancelled_without_a_worker_and_cannot_start(tmp_path: Path) -> None:
    folder = a_count(tmp_path, to=1)
    assert enqueue(folder).status == "queued"
    assert status_of(folder).status == "queued"
    assert request_stop(folder).status == "cancelled"
    assert status_of(folder).status == "cancelled"
    with pytest.raises(JobCannotStart, match="cancelled"):
        launch(folder, MODULE)
    assert not folder.log_file.exists()


def test_a_job_runs_stops_and_goes_on_where_it_was(tmp_path: Path) -> None:
    folder = a_count(tmp_path, to=60)
    enqueue(folder)
    launch(folder, MODULE)
    assert status_of(folder).status in ("starting", "running")
    with pytest.raises(JobCannotStart, match="a worker already"):
        launch(folder, MODULE)
    wait_for_steps(folder)
    assert request_stop(folder).status in ("stopping", "stopped")
    stopped = wait_for_end(folder)
    assert (stopped.status, stopped.total) == ("stopped", 60)
    assert not folder.final.exists()

    launch(folder, MODULE)
    assert wait_for_end(folder).status == "completed"
    assert 0 < int((folder.final / "first").read_text()) < 60
    events, _ = read_events(folder.events_file)
    assert [event["seq"] for event in events] == list(range(len(events)))
    said = [event["status"] for event in events if event["kind"] == "state"]
    assert said == ["starting", "running", "stopped", "starting", "running", "completed"]
    with pytest.raises(JobCannotStart, match="completed"):
        launch(folder, MODULE)


def test_a_killed_worker_leaves_a_lost_job_that_can_start_again(tmp_path: Path) -> None:
    folder = a_count(tmp_path, to=100)
    pid = launch(folder, MODULE)
    wait_for_steps(folder)
    assert lock.is_held(folder.lock_file)
    os.kill(pid, signal.SIGKILL)
    lost = wait_for_end(folder)
    assert lost.status == "lost"
    assert lost.error is not None
    assert "Start the job again" in lost.error.hint
    assert not lock.is_held(folder.lock_file)
    assert folder.read_state().status == "running"
    launch(folder, MODULE)
    assert wait_for_end(folder).status == "completed"


def test_a_running_job_is_cancelled_for_good(tmp_path: Path) -> None:
    folder = a_count(tmp_path, to=500)
    launch(folder, MODULE)
    wait_for_steps(folder)
    assert request_cancel(folder).status in ("stopping", "cancelled")
    assert wait_for_end(folder).status == "cancelled"
    with pytest.raises(JobCannotStart, match="cancelled"):
        enqueue(folder)


def test_a_terminated_worker_stops_as_if_asked_to(tmp_path: Path) -> None:
    folder = a_count(tmp_path, to=500)
    pid = launch(folder, MODULE)
    wait_for_steps(folder)
    os.kill(pid, signal.SIGTERM)
    assert wait_for_end(folder).status == "stopped"


@pytest.mark.parametrize(("kind", "steps_back"), [("count", NICENESS), ("count_far", 0)])
def test_a_worker_on_data_steps_back_for_the_server_and_a_training_does_not(
    tmp_path: Path, kind: str, steps_back: int
) -> None:
    folder = JobFolder.create(tmp_path / "jobs" / "j1", {"kind": kind, "to": 500})
    pid = launch(folder, MODULE)
    wait_for_steps(folder)
    assert psutil.Process(pid).nice() - psutil.Process().nice() == steps_back
    os.kill(pid, signal.SIGTERM)
    assert wait_for_end(folder).status == "stopped"


def test_only_the_very_process_that_wrote_the_state_is_killed(tmp_path: Path) -> None:
    folder = a_count(tmp_path, to=500)
    pid = launch(folder, MODULE)
    wait_for_steps(folder)
    # The same pid, but as if another process had had it when the state was written.
    other = JobFolder.create(tmp_path / "jobs" / "j2", {"kind": "count"})
    state = folder.read_state()
    assert state.create_time is not None
    other.write_state(replace(state, create_time=state.create_time - 60))
    assert status_of(other).status == "lost"
    assert not kill(other)
    assert psutil.pid_exists(pid)
    assert kill(folder)
    assert wait_for_end(folder).status == "lost"
    assert not kill(folder)


@pytest.mark.parametrize(
    ("ask", "status"), [(request_stop, "stopped"), (request_cancel, "cancelled")]
)
def test_a_worker_that_hangs_and_heeds_nothing_is_ended_by_force(
    tmp_path: Path, ask: Callable[[JobFolder], JobState], status: str
) -> None:
    folder = a_count(tmp_path, to=50)
    pid = launch(folder, MODULE)
    wait_for_steps(folder)
    os.kill(pid, signal.SIGSTOP)
    assert ask(folder).status == "stopping"
    assert end(folder).status == status
    assert not lock.is_held(folder.lock_file)
    if status == "stopped":
        launch(folder, MODULE)
        assert wait_for_end(folder).status == "completed"


def test_a_worker_outlives_the_program_that_started_it(tmp_path: Path) -> None:
    folder = a_count(tmp_path, to=50)
    start = f"""
from pathlib import Path
from core.jobs.folder import JobFolder
from core.jobs.local import launch
print(launch(JobFolder(Path({str(folder.path)!r})), {MODULE!r}))
"""
    parent = subprocess.run(
        [sys.executable, "-c", start], cwd=ROOT, capture_output=True, text=True, check=True
    )
    worker = psutil.Process(int(parent.stdout))
    assert worker.is_running()
    assert os.getsid(worker.pid) == worker.pid
    assert wait_for_end(folder).status == "completed"


def test_a_worker_that_dies_before_it_says_anything_is_lost_not_starting(tmp_path: Path) -> None:
    folder = a_count(tmp_path, to=1)
    launch(folder, "no_such_module")
    assert wait_for_end(folder).status == "lost"
    assert "no_such_module" in folder.log_file.read_text()
