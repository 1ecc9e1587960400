"""Killed at each point × each kind of job: what is there afterwards, and that it can go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from core.actor import Actor
from core.jobs.folder import JobFolder
from core.jobs.kinds import KINDS
from core.jobs.launchers import LAUNCHERS
from core.jobs.local import ROOT, LocalLauncher, launch, status_of
from core.jobs.state import JobState
from core.workflows.jobs import control
from core.workflows.jobs.folders import sweep
from core.workflows.jobs.job_view import live_view
from core.workflows.jobs.jobs import folder_of, submit
from core.workflows.jobs.supervisor import supervise_once, wait_for
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.odd_jobs import MODULE, wait_for_end, wait_for_steps

APP = f"""
import sys
from pathlib import Path
from core.jobs.launchers import LAUNCHERS
from core.jobs.local import LocalLauncher
from core.workflows.jobs.supervisor import supervise_once
from storage.store import Store
import {MODULE}
LAUNCHERS["local"] = LocalLauncher({MODULE!r})
store = Store(Path(sys.argv[1]))
while True:
    supervise_once(store)
"""
REAL = [name for name, kind in KINDS.items() if kind.run.startswith("core.")]


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def lead(store: Store) -> Actor:
    return an_actor(a_project(store).project_id, "lead")


def a_job(store: Store, lead: Actor, kind: str, **spec: int) -> str:
    return submit(
        store,
        lead,
        kind=kind,
        project_id=next(iter(lead.roles)),
        subject_id="sub_1",
        title="Work",
        spec=spec,
    )


def starting(path: Path) -> None:
    folder = JobFolder(path)
    os.kill(launch(folder), signal.SIGKILL)
    wait_for_end(folder)


def running(path: Path) -> None:
    JobFolder(path).write_state(JobState("running", pid=1, create_time=1.0, step=2, total=9))


def with_half_a_result(path: Path) -> None:
    running(path)
    JobFolder(path).final_part.mkdir()


def with_a_result_not_yet_said(path: Path) -> None:
    running(path)
    JobFolder(path).final.mkdir()


WORKER_KILLED = [starting, running, with_half_a_result, with_a_result_not_yet_said]


@pytest.mark.parametrize("kill_it", WORKER_KILLED, ids=lambda one: one.__name__)
@pytest.mark.parametrize("kind", REAL)
def test_a_killed_worker_leaves_a_lost_job_that_waits_again_when_resumed(
    store: Store, lead: Actor, kind: str, kill_it: Callable[[Path], None]
) -> None:
    job_id = a_job(store, lead, kind)
    job = store.jobs.by_id(job_id)
    assert job is not None
    kill_it(folder_of(store, job).path)
    assert supervise_once(store) == 0
    view = live_view(store, lead, job_id)
    assert (view.job.status, view.job.taken_in, view.may_resume) == ("lost", True, True)
    control.resume_job(store, lead, job_id)
    again = store.jobs.by_id(job_id)
    assert again is not None
    assert (again.status, again.taken_in) == ("queued", False)


@pytest.mark.parametrize("kind", REAL)
def test_killed_between_folder_and_row_nothing_is_in_the_way(
    store: Store, lead: Actor, kind: str
) -> None:
    a_job(store, lead, kind)
    store.database.execute("DELETE FROM jobs")  # as if the row had never been committed
    store.close()
    store.__init__(store.workspace)  # type: ignore[misc]
    job_id = a_job(store, lead, kind)
    job = store.jobs.by_id(job_id)
    assert job is not None
    assert folder_of(store, job).read_state().status == "queued"
    store.database.execute("DELETE FROM jobs")
    assert sweep(store) == 1
    assert not folder_of(store, job).path.exists()


@pytest.mark.parametrize("kind", REAL)
def test_killed_after_the_row_the_job_still_waits(store: Store, lead: Actor, kind: str) -> None:
    job_id = a_job(store, lead, kind)
    store.close()
    store.__init__(store.workspace)  # type: ignore[misc]
    assert sweep(store) == 0
    assert [job.job_id for job in store.jobs.unsettled()] == [job_id]


@pytest.mark.parametrize("worker_too", [False, True], ids=["the app", "the app and the worker"])
def test_a_killed_app_finds_its_job_again_running_or_lost_and_it_ends_once(
    store: Store, lead: Actor, monkeypatch: pytest.MonkeyPatch, *, worker_too: bool
) -> None:
    monkeypatch.setitem(LAUNCHERS, "local", LocalLauncher(MODULE))
    job_id = a_job(store, lead, "count", to=150)
    job = store.jobs.by_id(job_id)
    assert job is not None
    folder = folder_of(store, job)
    store.close()
    app = subprocess.Popen([sys.executable, "-c", APP, str(store.workspace)], cwd=ROOT)
    try:
        wait_for_steps(folder)
    finally:
        app.kill()
        app.wait()
    pid = status_of(folder).pid
    assert pid is not None
    if worker_too:
        os.kill(pid, signal.SIGKILL)
        assert wait_for_end(folder).status == "lost"
    store.__init__(store.workspace)  # type: ignore[misc]
    supervise_once(store)
    if worker_too:
        assert live_view(store, lead, job_id).job.status == "lost"
        control.resume_job(store, lead, job_id)
    else:
        assert status_of(folder).pid == pid
    assert wait_for(store, job_id).status == "completed"
    assert (int((folder.final / "first").read_text()) > 0) is worker_too
