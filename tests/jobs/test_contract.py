"""The contract of a job: one per subject, whole or not there, cancelled for good, seen alone."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.actor import Actor
from core.errors import Conflict, InvalidInput, TouchstoneError
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.jobs.kinds import KINDS, JobKind
from core.jobs.launcher import LEASE_SECONDS, holds_lease
from core.jobs.launchers import LAUNCHERS
from core.jobs.local import LocalLauncher, kill, status_of
from core.jobs.state import JobState
from core.query import Query
from core.workflows.jobs import control
from core.workflows.jobs.folders import UNFINISHED, sweep
from core.workflows.jobs.job_view import live_view
from core.workflows.jobs.jobs import folder_of, submit
from core.workflows.jobs.supervisor import supervise_once, wait_for
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.odd_jobs import MODULE, wait_for_steps


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    monkeypatch.setitem(LAUNCHERS, "local", LocalLauncher(MODULE))
    opened = a_store(tmp_path)
    yield opened
    for job in opened.jobs.unsettled():
        try:
            kill(folder_of(opened, job))
        except TouchstoneError:
            continue
    opened.close()


@pytest.fixture
def lead(store: Store) -> Actor:
    return an_actor(a_project(store).project_id, "lead")


def a_count(store: Store, lead: Actor, subject: str = "cnt_1", to: int = 1, **more: object) -> Job:
    """A queued job that counts."""
    job_id = submit(
        store,
        lead,
        kind="count",
        project_id=next(iter(lead.roles)),
        subject_id=subject,
        title="Count",
        spec={"to": to},
        **more,  # type: ignore[arg-type]
    )
    return job_of(store, job_id)


def job_of(store: Store, job_id: str) -> Job:
    job = store.jobs.by_id(job_id)
    assert job is not None
    return job


def settled(store: Store, job: Job) -> Job:
    """The job once nothing of it is left to do, however it ended."""
    try:
        return wait_for(store, job.job_id)
    except TouchstoneError:
        return job_of(store, job.job_id)


def folders(store: Store) -> list[str]:
    return sorted(path.name for path in (store.workspace / "jobs").iterdir())


# Submitting --------------------------------------------------------------------------------------


def test_a_subject_submitted_twice_is_one_job(store: Store, lead: Actor) -> None:
    saved: list[str] = []
    first = a_count(store, lead, also=saved.append)
    assert a_count(store, lead, also=saved.append) == first
    assert saved == [first.job_id]
    assert folders(store) == ["cnt_1"]


def test_rows_reach_the_worker_without_the_server_holding_them(store: Store, lead: Actor) -> None:
    rows = Query("SELECT i, 'x' || i AS text FROM range($n) t(i)", {"n": 5})
    folder = folder_of(
        store,
        a_count(store, lead, tables={"rows.parquet": rows, "few.parquet": pa.table({"a": [1]})}),
    )
    assert pq.read_table(folder.data / "rows.parquet").column("text").to_pylist() == [
        *("x0", "x1", "x2", "x3", "x4")
    ]
    assert pq.read_table(folder.data / "few.parquet").num_rows == 1


def test_a_submission_whose_transaction_fails_leaves_nothing_and_can_be_tried_again(
    store: Store, lead: Actor
) -> None:
    upload = store.workspace / "inbox" / "upload"
    upload.write_text("kept")

    def refuse(_job_id: str) -> None:
        raise RuntimeError

    with pytest.raises(RuntimeError):
        a_count(store, lead, also=refuse, files={"upload": upload})
    assert folders(store) == []
    assert store.jobs.unsettled() == []
    assert upload.read_text() == "kept"
    job = a_count(store, lead, files={"upload": upload})
    assert (folder_of(store, job).data / "upload").read_text() == "kept"
    assert not upload.exists()


def test_a_table_that_cannot_be_written_leaves_nothing(store: Store, lead: Actor) -> None:
    with pytest.raises(Exception, match="no such row"):
        a_count(store, lead, tables={"rows.parquet": Query("SELECT error('no such row')")})
    assert folders(store) == []


def test_what_a_cut_off_submission_left_is_replaced_by_the_next_try(
    store: Store, lead: Actor
) -> None:
    left = store.workspace / "jobs" / "cnt_1"
    (left / "data").mkdir(parents=True)
    (left / "data" / "half").write_text("half")
    (left / "spec.json").write_text('{"kind": "count", "to": 99}')
    job = a_count(store, lead)
    assert folder_of(store, job).spec()["to"] == 1
    assert not (left / "data" / "half").exists()


def test_a_starting_server_sweeps_what_no_job_knows_and_nothing_else(
    store: Store, lead: Actor
) -> None:
    job = a_count(store, lead)
    shutil.copytree(folder_of(store, job).path, store.workspace / "jobs" / "orphan")
    (store.workspace / "jobs" / f"{UNFINISHED}12").mkdir()
    begun = store.workspace / "runs" / "begun"
    shutil.copytree(folder_of(store, job).path, begun)
    (begun / "worker.log").touch()
    assert sweep(store) == 2
    assert folders(store) == ["cnt_1"]
    assert begun.is_dir()


def test_a_starting_server_removes_what_a_killed_one_was_writing_in_the_inbox(store: Store) -> None:
    inbox = store.workspace / "inbox"
    (inbox / "backup-1").mkdir()
    (inbox / "backup-1" / "touchstone.duckdb").write_text("half a copy")
    for name in ("tab_1.parquet", "up_1.csv"):
        (inbox / name).write_text("x")
    sweep(store)
    assert [path.name for path in inbox.iterdir()] == ["up_1.csv"]


@pytest.mark.parametrize("subject", ["../../outside", ".new-x", "a/b", "", "x" * 200])
def test_a_subject_that_is_no_folder_name_is_refused(
    store: Store, lead: Actor, subject: str
) -> None:
    with pytest.raises(InvalidInput, match="Reload the page"):
        a_count(store, lead, subject)


def test_every_change_of_a_job_is_in_the_audit(store: Store, lead: Actor) -> None:
    job = a_count(store, lead, to=500)
    supervise_once(store)
    wait_for_steps(folder_of(store, job))
    control.stop_job(store, lead, job.job_id)
    settled(store, job)
    control.resume_job(store, lead, job.job_id)
    control.cancel_job(store, lead, job.job_id)
    said = [event.action for event in store.audit.of_subject("job", job.job_id)]
    assert sorted(said) == ["cancelled", "resumed", "stopped", "submitted"]


# Cancelling --------------------------------------------------------------------------------------


def stopped(store: Store, lead: Actor, job: Job) -> None:
    control.stop_job(store, lead, job.job_id)


def killed(store: Store, _lead: Actor, job: Job) -> None:
    assert kill(folder_of(store, job))


def damaged(store: Store, lead: Actor, job: Job) -> None:
    killed(store, lead, job)
    folder_of(store, job).spec_file.write_text("{")


@pytest.mark.parametrize(
    ("end", "status"), [(stopped, "stopped"), (killed, "lost"), (damaged, "failed")]
)
def test_cancelling_what_broke_off_is_final_everywhere(
    store: Store, lead: Actor, end: Callable[[Store, Actor, Job], None], status: str
) -> None:
    job = a_count(store, lead, to=500)
    supervise_once(store)
    wait_for_steps(folder_of(store, job))
    end(store, lead, job)
    assert settled(store, job).status == status
    assert live_view(store, lead, job.job_id).may_resume
    control.cancel_job(store, lead, job.job_id)

    store.close()
    store.__init__(store.workspace)  # type: ignore[misc]
    supervise_once(store)
    view = live_view(store, lead, job.job_id)
    assert (view.job.status, view.may_resume, view.may_cancel) == ("cancelled", False, False)
    with pytest.raises(Conflict):
        control.resume_job(store, lead, job.job_id)
    if end is not damaged:
        assert status_of(folder_of(store, job)).status == "cancelled"


def test_a_cancel_that_the_server_did_not_survive_is_still_final(store: Store, lead: Actor) -> None:
    job = a_count(store, lead, to=500)
    supervise_once(store)
    wait_for_steps(folder_of(store, job))
    killed(store, lead, job)
    settled(store, job)
    LAUNCHERS["local"].cancel(folder_of(store, job))  # and here the server ends, before the row
    with pytest.raises(Conflict, match="was cancelled"):
        control.resume_job(store, lead, job.job_id)
    assert job_of(store, job.job_id).status == "cancelled"


def test_a_completed_job_cannot_be_cancelled(store: Store, lead: Actor) -> None:
    job = settled(store, a_count(store, lead))
    with pytest.raises(Conflict, match="nothing left to cancel"):
        control.cancel_job(store, lead, job.job_id)
    assert job_of(store, job.job_id).status == "completed"


# Looking -----------------------------------------------------------------------------------------


def as_directory(path: Path) -> None:
    path.unlink(missing_ok=True)
    path.mkdir()


def as_file(path: Path) -> None:
    shutil.rmtree(path)
    path.touch()


DAMAGES: dict[str, Callable[[JobFolder], object]] = {
    "no folder": lambda f: shutil.rmtree(f.path),
    "no spec": lambda f: f.spec_file.unlink(),
    "spec no json": lambda f: f.spec_file.write_bytes(b"\xff\xfe{"),
    "spec a list": lambda f: f.spec_file.write_text("[]"),
    "spec a directory": lambda f: as_directory(f.spec_file),
    "state no json": lambda f: f.state_file.write_text("{"),
    "state unknown": lambda f: f.state_file.write_text('{"status": "asleep"}'),
    "state of odd types": lambda f: f.state_file.write_text('{"status": ["x"], "step": {}}'),
    "state with odd numbers": lambda f: f.state_file.write_text(
        '{"status": "completed", "step": 1e300, "heartbeat": "now"}'
    ),
    "state with an odd error": lambda f: f.state_file.write_text(
        '{"status": "failed", "error": "bad"}'
    ),
    "state a directory": lambda f: as_directory(f.state_file),
    "events a directory": lambda f: as_directory(f.events_file),
    "lock a directory": lambda f: as_directory(f.lock_file),
    "log a directory": lambda f: as_directory(f.log_file),
    "data a file": lambda f: as_file(f.data),
    "deep json": lambda f: f.state_file.write_text("[" * 100_000),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_malformed_folder_fails_with_a_sentence_and_stops_nobody(
    store: Store, lead: Actor, damage: Callable[[JobFolder], object]
) -> None:
    bad = a_count(store, lead, "bad")
    damage(folder_of(store, bad))
    good = a_count(store, lead, "good")
    assert wait_for(store, good.job_id).status == "completed"
    ended = settled(store, bad)
    if ended.status != "completed":  # a count needs neither its data nor its log
        assert ended.status == "failed"
        assert ended.error is not None
        assert ended.error.message.endswith(".")
        assert str(store.workspace) not in ended.error.sentence
    assert store.jobs.unsettled() == []


def test_garbage_among_the_events_is_passed_over(store: Store, lead: Actor) -> None:
    job = a_count(store, lead)
    folder_of(store, job).events_file.write_bytes(
        b'\xff\xfe\n{"seq": "x"}\n{"seq": 1}\n[]\n{"seq": 1e400, "time": 1, "kind": "note"}\n'
        b'{"seq": 99999999999999999999, "time": 1, "kind": "note"}\n'
        b'{"seq": 7, "time": 1e300, "kind": "note"}\n{"seq": 8, "time": 1, "kind": ["n"]}\n'
    )
    assert wait_for(store, job.job_id).status == "completed"


def test_a_kind_or_a_launcher_that_this_version_does_not_know_fails_alone(
    store: Store, lead: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(KINDS, "odd", JobKind("odd", "odd", "no.such:module"))
    for subject, kind, launcher in (("a", "odd", "local"), ("b", "count", "moon")):
        job = replace(
            a_count(store, lead, subject), job_id=f"job_{subject}", subject_id=f"{subject}2",
            kind=kind, launcher=launcher,
        )  # fmt: skip
        store.jobs.add(job)
    monkeypatch.delitem(KINDS, "odd")
    for job_id in ("job_a", "job_b"):
        assert settled(store, job_of(store, job_id)).job_id == job_id
    assert job_of(store, "job_b").status == "failed"


# Elsewhere ---------------------------------------------------------------------------------------


def test_a_worker_on_another_machine_counts_as_alive_for_the_time_of_its_lease(
    tmp_path: Path,
) -> None:
    state = JobState("running", pid=1, create_time=1.0, host="elsewhere", heartbeat=1000.0)
    assert holds_lease(state, 1000.0 + LEASE_SECONDS - 1)
    assert not holds_lease(state, 1000.0 + LEASE_SECONDS)
    folder = JobFolder.create(tmp_path / "jobs" / "j", {"kind": "count"})
    folder.write_state(state)
    assert status_of(folder).status == "lost"
    folder.write_state(replace(state, heartbeat=4e9))
    assert status_of(folder).status == "running"
