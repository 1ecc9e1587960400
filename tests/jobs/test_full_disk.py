"""A full disk around jobs: folders, workers, checkpoints, backups. Nothing half, and it says so."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.actor import Actor, system_actor
from core.errors import DiskFull
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.jobs.kinds import KINDS
from core.jobs.launchers import LAUNCHERS
from core.jobs.local import LocalLauncher, status_of
from core.query import Query
from core.workflows.jobs import jobs
from core.workflows.jobs.job_view import live_view
from core.workflows.jobs.jobs import submit
from core.workflows.jobs.supervisor import observe_all, supervise_once, wait_for
from core.workflows.team.backup import back_up
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.disks import a_small_disk, filled
from tests.odd_jobs import MODULE, wait_for_end

NO_SPACE = "There is no space left"
MUCH = Query("SELECT hash(i) AS a, hash(i + 1) AS b FROM range(200_000) t(i)")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setitem(LAUNCHERS, "local", LocalLauncher(MODULE))
    monkeypatch.setattr(jobs, "NEEDED_BYTES", 0)  # else refused before anything is written
    with a_small_disk(tmp_path / "disk", 48_000_000) as disk:
        opened = a_store(disk)
        yield opened
        opened.close()


@pytest.fixture
def lead(store: Store) -> Actor:
    return an_actor(a_project(store).project_id, "lead")


def a_fill(store: Store, lead: Actor, **more: object) -> str:
    return submit(
        store,
        lead,
        kind="fill",
        project_id=next(iter(lead.roles)),
        subject_id="fill_1",
        title="Fill",
        spec={"bytes": 1_000_000},
        **more,  # type: ignore[arg-type]
    )


def test_a_job_folder_that_finds_no_space_leaves_neither_folder_nor_row(
    store: Store, lead: Actor
) -> None:
    upload = store.workspace / "inbox" / "upload"
    upload.write_bytes(os.urandom(1000))
    with filled(store.workspace, leaving=500_000), pytest.raises(DiskFull, match=NO_SPACE):
        a_fill(store, lead, tables={"rows.parquet": MUCH}, files={"upload": upload})
    assert list((store.workspace / "jobs").iterdir()) == []
    assert store.jobs.unsettled() == []
    assert upload.is_file()
    job_id = a_fill(store, lead, tables={"rows.parquet": MUCH}, files={"upload": upload})
    assert wait_for(store, job_id).status == "completed"


def test_a_row_that_finds_no_space_takes_its_folder_back(store: Store, lead: Actor) -> None:
    def too_much(_job_id: str) -> None:
        store.database.execute(
            "INSERT INTO job_events SELECT 'x', i, now()::TIMESTAMP, 'note', "
            "to_json(repeat(md5(i::VARCHAR), 30)) FROM range(4_000) t(i)"
        )

    with filled(store.workspace, leaving=500_000), pytest.raises(DiskFull, match=NO_SPACE):
        a_fill(store, lead, also=too_much)
    assert list((store.workspace / "jobs").iterdir()) == []
    assert store.jobs.unsettled() == []


def take_much_in(store: Store, job: Job, _folder: JobFolder) -> None:
    store.database.execute(
        "INSERT INTO job_events SELECT ?, 1000 + i, now()::TIMESTAMP, 'much', "
        "to_json(repeat(md5(i::VARCHAR), 30)) FROM range(4_000) t(i)",
        [job.job_id],
    )


def test_a_result_that_finds_no_space_says_so_at_once_and_comes_in_when_there_is_some(
    store: Store, lead: Actor, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    taken_in = replace(KINDS["fill"], take_in=f"{__name__}:take_much_in")
    monkeypatch.setitem(KINDS, "fill", taken_in)
    job_id = a_fill(store, lead)
    supervise_once(store)
    wait_for_end(JobFolder(store.workspace / "jobs" / "fill_1"))
    with filled(store.workspace, leaving=500_000):
        for _ in range(2):
            with pytest.raises(DiskFull, match=f"{NO_SPACE}.*“Fill” waits.*Nothing is lost"):
                wait_for(store, job_id)
        view = live_view(store, lead, job_id)
        assert view.waits_for_space
        assert view.moves
    assert caplog.text.count("until there is space") == 1
    observe_all(store)
    view = live_view(store, lead, job_id)
    assert (view.job.status, view.job.taken_in, view.waits_for_space) == ("completed", True, False)
    assert wait_for(store, job_id).status == "completed"


def test_a_worker_that_finds_no_space_fails_with_what_to_do_and_resumes(
    store: Store, lead: Actor
) -> None:
    job_id = a_fill(store, lead)
    folder = JobFolder(store.workspace / "jobs" / "fill_1")
    with filled(store.workspace, leaving=600_000):
        supervise_once(store)
        state = wait_for_end(folder)
        supervise_once(store)  # the row cannot be written perhaps, and nothing breaks
    assert state.status == "failed"
    assert state.error is not None
    assert NO_SPACE in state.error.message
    assert "Free some space" in state.error.hint
    assert not folder.final.exists()
    assert not folder.final_part.exists()
    supervise_once(store)
    job = store.jobs.by_id(job_id)
    assert job is not None
    assert (job.status, job.taken_in) == ("failed", True)
    LAUNCHERS["local"].queue(folder)
    LAUNCHERS["local"].submit(folder)
    assert wait_for_end(folder).status == "completed"
    assert status_of(folder).error is None


def test_a_backup_that_finds_no_space_leaves_nothing_and_the_database_goes_on(
    store: Store, lead: Actor
) -> None:
    job_id = a_fill(store, lead)
    wait_for(store, job_id)
    workspace = Workspace(store.workspace)
    target = workspace.backups / "b.tar.gz"
    for leaving in (100_000, 3_000_000):  # for the copy of the database, and for the archive
        with filled(store.workspace, leaving=leaving), pytest.raises(DiskFull, match=NO_SPACE):
            back_up(store, system_actor(), workspace, target)
        assert list(workspace.backups.iterdir()) == []
        assert list(workspace.inbox.iterdir()) == []
    assert back_up(store, system_actor(), workspace, target)["files"] > 1
    assert store.jobs.by_id(job_id)
