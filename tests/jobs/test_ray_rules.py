"""Jobs on a Ray cluster, without one: what is decided, what the environment says, who may work."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from core.jobs.attempt import Attempt, is_in_turn, read_attempt, wait_for_turn, write_attempt
from core.jobs.folder import JobFolder
from core.jobs.local import launch
from core.jobs.ray.launcher import command, new_name
from core.jobs.ray.rules import Answer, Look, Said, judge, next_step, reason_in, remark
from core.jobs.ray.settings import ADDRESS, RaySettings, RayUnusable
from core.jobs.state import JobState
from core.workflows.jobs.jobs import submit
from storage.store import Store
from tests.builders import a_project, an_actor
from tests.odd_jobs import MODULE, wait_for_end, wait_for_steps
from tests.serving import launch as launch_server

WAITS = JobState("starting", heartbeat=1.0)
WORKS = JobState("running", pid=7, create_time=1.0, host="node", step=3, total=9, heartbeat=1.0)


def seen(
    state: JobState, said: Said, message: str = "", *, silence: float = 0, **more: bool
) -> Look:
    return Look(state, Answer(said, message, seconds=silence), silence, **more)


@pytest.mark.parametrize(
    ("look", "status"),
    [
        (seen(JobState("completed"), "absent"), "completed"),
        (seen(JobState("queued"), "unknown"), "queued"),
        (seen(WAITS, "unknown"), "starting"),
        (seen(WAITS, "pending", silence=9000), "starting"),
        (seen(WAITS, "pending", stop=True), "stopping"),
        (seen(WAITS, "absent", silence=9000), "starting"),
        (seen(WAITS, "absent", cancel=True), "cancelled"),
        (seen(WAITS, "unreachable", silence=9000), "starting"),
        (seen(WAITS, "unreachable", stop=True), "stopped"),
        (seen(WAITS, "refused"), "failed"),
        (seen(WAITS, "ended", silence=5), "starting"),
        (seen(WAITS, "ended", silence=11), "failed"),
        (seen(WORKS, "running", silence=9000), "running"),
        (seen(WORKS, "running", cancel=True), "stopping"),
        (seen(WORKS, "unreachable", silence=59), "running"),
        (seen(WORKS, "unreachable", silence=61), "lost"),
        (seen(WORKS, "unreachable", silence=61, held=True), "running"),
        (seen(WORKS, "absent", silence=59), "running"),
        (seen(WORKS, "absent", silence=61), "lost"),
        (seen(WORKS, "ended", silence=5), "running"),
        (seen(WORKS, "ended", silence=11), "lost"),
        (seen(WORKS, "ended", silence=11, stop=True), "stopped"),
        (seen(WORKS, "ended", silence=11, stop=True, cancel=True), "cancelled"),
        (Look(WORKS, Answer("ended", seconds=900), silence=1), "running"),  # it still writes
    ],
)
def test_folder_cluster_lease_and_lock_together_say_how_a_job_stands(
    look: Look, status: str
) -> None:
    found = judge(look)
    assert found.status == status
    assert (found.step, found.total) == (look.state.step, look.state.total)
    if status in ("lost", "failed"):
        assert found.error
        assert found.error.message.endswith(".")
        assert "esume" in found.error.hint or "Start the job again" in found.error.hint
    elif status in ("stopped", "cancelled"):
        assert found.error is None


@pytest.mark.parametrize(
    ("look", "newest", "step"),
    [
        (seen(WAITS, "absent"), True, "submit"),
        (seen(WAITS, "absent"), False, None),
        (seen(WAITS, "absent", stop=True), True, None),
        (seen(WORKS, "absent"), True, None),
        (seen(JobState("cancelled"), "absent"), True, None),
        (seen(WAITS, "unreachable"), True, None),
        (seen(WAITS, "pending"), True, None),
        (seen(WAITS, "pending", stop=True), True, "stop"),
        (seen(WAITS, "running", stop=True), True, None),  # its worker will see the flag
        (seen(JobState("cancelled"), "pending"), True, "stop"),
        (seen(WORKS, "running", cancel=True), True, None),
        (seen(WORKS, "running"), False, "stop"),
        (seen(JobState("completed", pid=7), "running"), True, None),  # it is about to leave
        (seen(WAITS, "ended"), True, None),
        (seen(WAITS, "refused"), True, None),
    ],
)
def test_a_job_is_handed_over_once_and_what_nobody_wants_is_stopped(
    look: Look, step: str | None, *, newest: bool
) -> None:
    assert next_step(look, newest=newest) == step


def test_a_worker_that_does_not_heed_cancel_for_a_minute_is_stopped_by_force() -> None:
    look = seen(WORKS, "running", cancel=True)
    assert next_step(look, newest=True, cancelled_for=59) is None
    assert next_step(look, newest=True, cancelled_for=61) == "stop"
    assert next_step(seen(WORKS, "running", stop=True), newest=True, cancelled_for=61) is None


def test_a_worker_that_is_to_end_now_is_stopped_by_force_at_the_next_look() -> None:
    assert next_step(seen(WORKS, "running", stop=True, end=True), newest=True) == "stop"


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("", "it gave no reason."),
        ("Job supervisor actor\ndied: node gone", "Job supervisor actor died: node gone."),
        (
            "Traceback (most recent call last):\n  x\nValueError: no such env",
            "ValueError: no such env.",
        ),
        (
            "Job entrypoint command failed with exit code 2, last available logs:\n"
            "2026-11-26 20:21:58,032\tINFO job_manager.py:581 -- Runtime env is setting up.\n"
            "/bin/sh: 1: cannot create /x/worker.log: Directory nonexistent\n"
            "Running entrypoint for job a: exec python3\n",
            "/bin/sh: 1: cannot create /x/worker.log: Directory nonexistent.",
        ),
        (
            "Job entrypoint command failed with exit code 1, last available logs:\n"
            "Running entrypoint for job a: exec python3",
            "it ended at once; the worker's log may say why.",
        ),
    ],
)
def test_of_what_ray_says_the_reason_is_told(message: str, reason: str) -> None:
    assert reason_in(message) == reason
    assert len(reason_in(message + "x" * 900)) <= 301


def test_people_read_what_keeps_a_job_waiting_and_nothing_while_all_is_well() -> None:
    assert remark(Answer("pending"), WAITS) == "Waits for a free place on the cluster."
    assert remark(Answer("unreachable", "no connection"), WORKS).startswith(
        "The cluster cannot be asked: no connection."
    )
    assert remark(Answer("running"), WORKS) == ""
    assert remark(Answer("unreachable", "no connection"), JobState("completed")) == ""
    assert remark(None, WAITS) == ""


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({ADDRESS: "10.0.0.5:8265"}, "like http://10.0.0.5:8265"),
        ({ADDRESS: "http://a:1", "RAY_ADDRESS": "auto"}, "Unset RAY_ADDRESS"),
        ({ADDRESS: "http://a:1", "TOUCHSTONE_RAY_GPUS": "two"}, "GPUS is “two”. Write a number."),
        ({ADDRESS: "http://a:1", "TOUCHSTONE_RAY_GPUS": "-1"}, "Write a number"),
        ({ADDRESS: "http://a:1", "TOUCHSTONE_RAY_CPUS": "0"}, "must be over 0"),
        ({ADDRESS: "http://a:1", "TOUCHSTONE_RAY_JOBS": "nan"}, "Write a number"),
        ({ADDRESS: "http://a:1", "TOUCHSTONE_RAY_WORKSPACE": "shared"}, "a path from the root"),
    ],
)
def test_a_setting_that_cannot_work_is_refused_with_a_sentence(
    values: dict[str, str], sentence: str
) -> None:
    with pytest.raises(RayUnusable, match=sentence):
        RaySettings.from_environment(values)


def test_without_the_extra_a_job_for_the_cluster_is_refused_with_a_sentence(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:8265")
    monkeypatch.setitem(sys.modules, "ray", None)
    lead = an_actor(a_project(store).project_id, "lead")
    with pytest.raises(RayUnusable, match=r"pip install 'touchstone\[ray\]'"):
        submit(
            store,
            lead,
            kind="count_far",
            project_id=next(iter(lead.roles)),
            subject_id="sub_1",
            title="Count",
            spec={"to": 6},
        )
    assert store.jobs.unsettled() == []


def test_a_server_with_an_address_that_cannot_work_does_not_start_and_says_why(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, "10.0.0.5:8265")
    server = launch_server(tmp_path / "workspace", tmp_path / "log")
    try:
        assert server.process.wait(100) != 0
    finally:
        server.stop()
    said = server.log.read_text()
    assert "The Ray cluster cannot be used. TOUCHSTONE_RAY_ADDRESS is “10.0.0.5:8265”." in said
    assert "Traceback" not in said


def test_the_command_runs_the_worker_on_the_folder_as_the_nodes_see_it() -> None:
    folder = JobFolder(Path("/srv/touch stone/runs/run_1#again_2"))
    here = RaySettings("http://a:1")
    there = RaySettings("http://a:1", workspace="/mnt/w", python="/opt/py/bin/python")
    assert command(here, folder, "n1", "core.worker") == (
        "exec python3 -P -m core.worker '/srv/touch stone/runs/run_1#again_2' --attempt n1 "
        ">> '/srv/touch stone/runs/run_1#again_2/worker.log' 2>&1"
    )
    assert "exec /opt/py/bin/python -P -m core.worker '/mnt/w/runs/run_1#again_2'" in command(
        there, folder, "n1", "core.worker"
    )
    first, second = new_name(folder), new_name(folder)
    assert first != second
    assert first.startswith("touchstone-run_1-again_2-")


# Who may work ------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> JobFolder:
    return JobFolder.create(tmp_path / "jobs" / "j1", {"kind": "count", "to": 300})


def started(folder: JobFolder, name: str) -> None:
    """As the launcher leaves a folder that it hands over."""
    write_attempt(folder, Attempt(name, "http://127.0.0.1:1"))
    folder.write_state(JobState("starting", heartbeat=time.time()))


def worker(folder: JobFolder, name: str) -> int:
    """A worker in a process of its own; its exit code."""
    import subprocess

    command = [sys.executable, "-m", MODULE, str(folder.path), "--attempt", name, "--patience=0.1"]
    return subprocess.run(command, check=False, capture_output=True, timeout=100).returncode


def test_only_the_newest_start_of_a_job_that_still_waits_for_it_works(folder: JobFolder) -> None:
    started(folder, "first")
    assert is_in_turn(folder, "first")
    started(folder, "second")
    assert not wait_for_turn(folder, "first", patience=0.1)
    assert worker(folder, "first") == 3
    assert folder.read_state().status == "starting"
    folder.write_state(JobState("cancelled"))
    assert worker(folder, "second") == 3
    assert folder.read_state().status == "cancelled"


def test_a_worker_that_was_overtaken_leaves_without_another_word(folder: JobFolder) -> None:
    import subprocess

    started(folder, "first")
    command = [sys.executable, "-m", MODULE, str(folder.path), "--attempt", "first"]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        wait_for_steps(folder)
        write_attempt(folder, Attempt("second", "http://127.0.0.1:1"))
        assert process.wait(60) == 3
    finally:
        process.kill()
        process.wait()
    assert folder.read_state().status == "running"
    assert not folder.final.exists()


def test_a_start_on_this_machine_puts_an_end_to_those_of_a_cluster(folder: JobFolder) -> None:
    started(folder, "first")
    launch(folder, MODULE)
    assert read_attempt(folder) is None
    assert worker(folder, "first") == 3
    folder.stop_flag.touch()
    assert wait_for_end(folder).status == "stopped"
