"""Jobs: asked for, queued, watched, stopped, taken in — with the real worker on real files."""

from __future__ import annotations

import json
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from core import clock
from core.actor import Actor
from core.errors import Conflict, DiskFull, NotAllowed, NotFound, TouchstoneError
from core.jobs.eta import seconds_left
from core.jobs.job import Job, JobEvent
from core.jobs.local import kill, status_of
from core.workflows.commands import command
from core.workflows.curation import importing
from core.workflows.jobs import control, job_view, jobs, supervisor
from core.workflows.jobs.job_view import live_view
from core.workflows.jobs.jobs import QueueFull, folder_of
from core.workflows.jobs.supervisor import start, supervise_once, wait_for
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.odd_jobs import wait_for_end

EPOCH = datetime(2030, 1, 1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path)
    yield opened
    for job in opened.jobs.unsettled():
        kill(folder_of(opened, job))
    opened.close()


@pytest.fixture
def lead(store: Store) -> Actor:
    return an_actor(a_project(store).project_id, "lead")


def an_import(store: Store, actor: Actor, lines: int = 20, *, broken: bool = False) -> str:
    """Queue the import of a JSONL file; the job's id."""
    project_id = next(iter(actor.roles))
    path = store.workspace / "inbox" / f"{time.monotonic_ns()}.jsonl"
    rows = ({"instruction": f"Say {k}.", "output": f"It is {k}."} for k in range(lines))
    text = "".join(json.dumps(row) + "\n" for row in rows)
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00" if broken else text.encode())
    import_id = importing.start_import(store, actor, project_id, path, "notes.jsonl")
    job = store.jobs.of_subject(import_id)
    assert job is not None
    return str(job.job_id)


def job_of(store: Store, job_id: str) -> Job:
    job = store.jobs.by_id(job_id)
    assert job is not None
    return job


def told(job: Job) -> str:
    """What a job says of its failure."""
    assert job.error is not None
    return job.error.message


def look_until(store: Store, job_id: str, *statuses: str, seconds: float = 120) -> Job:
    end = time.monotonic() + seconds
    while (job := job_of(store, job_id)).status not in statuses:
        assert time.monotonic() < end, f"still {job.status}"
        supervise_once(store)
        time.sleep(0.05)
    return job


def test_a_job_is_run_taken_in_and_remembered(store: Store, lead: Actor) -> None:
    job_id = an_import(store, lead)
    assert live_view(store, lead, job_id).job.status == "queued"
    job = wait_for(store, job_id)
    assert job.detail["accepted"] == 20
    assert store.examples.counts(job.project_id)["total"] == 20
    assert job.seconds is not None
    assert job.seconds >= 0
    view = live_view(store, lead, job_id)
    assert not view.moves
    assert (view.may_stop, view.may_cancel, view.may_resume) == (False, False, False)
    states = [e.payload["status"] for e in jobs.events_of(store, lead, job_id, "state")]
    assert states == ["starting", "running", "completed"]


def test_who_waits_for_a_job_looks_when_its_worker_ends(
    store: Store, lead: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("FIRST_LOOK_SECONDS", "LONGEST_LOOK_SECONDS"):
        monkeypatch.setattr(supervisor, name, 600)
    assert wait_for(store, an_import(store, lead)).detail["accepted"] == 20


def test_the_supervisor_looks_when_a_job_is_queued_or_ends(store: Store, lead: Actor) -> None:
    stop = start(store, interval=600)
    try:
        assert wait_for(store, an_import(store, lead)).detail["accepted"] == 20
    finally:
        stop()


def test_a_job_that_fails_says_what_to_do_and_the_log_is_for_leads(
    store: Store, lead: Actor
) -> None:
    job_id = an_import(store, lead, broken=True)
    with pytest.raises(TouchstoneError):
        wait_for(store, job_id)
    job = job_of(store, job_id)
    assert job.status == "failed"
    assert told(job).endswith(".")
    assert "Traceback" in folder_of(store, job).log_file.read_text()
    text = jobs.worker_log(store, lead, job_id)
    assert text
    assert "Traceback" not in text
    assert "File " not in text
    assert str(store.workspace) not in text
    annotator = an_actor(job.project_id, "annotator", name="bob")
    with pytest.raises(NotAllowed):
        jobs.worker_log(store, annotator, job_id)
    assert not live_view(store, annotator, job_id).may_resume


def test_status_at_the_terminal_tells_of_jobs_as_they_are_now_and_starts_none(
    store: Store, lead: Actor
) -> None:
    workspace = Workspace(store.workspace)
    first = an_import(store, lead)
    supervise_once(store)
    second = an_import(store, lead)
    wait_for_end(folder_of(store, job_of(store, first)))
    told_now = command("status")(store, workspace, {})
    assert isinstance(told_now, dict)
    assert [(one["job_id"], one["status"]) for one in told_now["jobs"]] == [(second, "queued")]
    assert told_now["projects"][0]["examples"]["total"] == 20


def test_light_jobs_run_two_at_a_time_and_the_third_waits(store: Store, lead: Actor) -> None:
    ids = [an_import(store, lead) for _ in range(3)]
    supervise_once(store)
    supervise_once(store)
    statuses = [job_of(store, job_id).status for job_id in ids]
    assert statuses[2] == "queued"
    assert "queued" not in statuses[:2]
    view = live_view(store, lead, ids[2])
    assert view.ahead == 2
    assert view.may_cancel
    control.cancel_job(store, lead, ids[2])
    assert look_until(store, ids[2], "cancelled").taken_in
    for job_id in ids[:2]:
        wait_for(store, job_id)


def test_a_lead_moves_a_waiting_job_to_the_front_of_the_queue(store: Store, lead: Actor) -> None:
    first, second, third = (an_import(store, lead) for _ in range(3))
    annotator = an_actor(next(iter(lead.roles)), "annotator", name="Ann")
    with pytest.raises(NotAllowed):
        control.move_to_front(store, annotator, third)
    assert [live_view(store, lead, one).may_move for one in (first, second, third)] == [
        False, True, True,
    ]  # fmt: skip
    control.move_to_front(store, lead, third)
    control.move_to_front(store, lead, second)
    assert [job.job_id for job in store.jobs.unsettled()] == [second, third, first]
    assert [live_view(store, lead, one).ahead for one in (second, third, first)] == [0, 1, 2]
    actions = [event.action for event in store.audit.of_subject("job", third)]
    assert "moved_to_front" in actions
    control.cancel_job(store, lead, first)
    with pytest.raises(Conflict, match="does not wait any more"):
        control.move_to_front(store, lead, first)
    control.cancel_job(store, lead, second)
    control.cancel_job(store, lead, third)


def test_a_cancelled_job_is_never_started_nor_resumed(store: Store, lead: Actor) -> None:
    job_id = an_import(store, lead)
    control.stop_job(store, lead, job_id)  # what has not begun has nothing to go on from
    supervise_once(store)
    job = job_of(store, job_id)
    assert job.status == "cancelled"
    assert not folder_of(store, job).log_file.exists()
    with pytest.raises(Conflict, match="only one that broke off can be resumed"):
        control.resume_job(store, lead, job_id)


def test_a_killed_worker_leaves_a_lost_job_that_can_be_resumed(store: Store, lead: Actor) -> None:
    job_id = an_import(store, lead, lines=60_000)
    job = look_until(store, job_id, "running")
    assert kill(folder_of(store, job))
    job = look_until(store, job_id, "lost")
    supervise_once(store)
    assert told(job).startswith("The worker ended without a word")
    assert live_view(store, lead, job_id).may_resume
    control.resume_job(store, lead, job_id)
    assert wait_for(store, job_id).detail["accepted"] == 60_000


def test_a_stopped_job_says_so_and_can_be_resumed(store: Store, lead: Actor) -> None:
    job_id = an_import(store, lead, lines=60_000)
    look_until(store, job_id, "running")
    control.stop_job(store, lead, job_id)
    look_until(store, job_id, "stopped")
    supervise_once(store)
    assert store.examples.counts(job_of(store, job_id).project_id)["total"] == 0
    control.resume_job(store, lead, job_id)
    assert job_of(store, job_id).status == "queued"
    assert wait_for(store, job_id).detail["accepted"] == 60_000


def test_a_job_that_hangs_is_said_to_be_silent_and_ends_when_it_must(
    store: Store, lead: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = an_import(store, lead, lines=60_000)
    with pytest.raises(Conflict, match="Stop or cancel this job first"):
        control.end_job(store, lead, job_id)  # it only waits
    job = look_until(store, job_id, "running")
    pid = folder_of(store, job).read_state().pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert live_view(store, lead, job_id).silent < 60
    monkeypatch.setattr(job_view, "now", lambda: clock.now() + timedelta(minutes=10))
    view = live_view(store, lead, job_id)
    assert 600 <= view.silent < 660
    assert not view.may_end
    with pytest.raises(Conflict, match="Stop or cancel this job first"):
        control.end_job(store, lead, job_id)
    control.stop_job(store, lead, job_id)
    look_until(store, job_id, "stopping")
    assert live_view(store, lead, job_id).may_end
    control.end_job(store, lead, job_id)
    look_until(store, job_id, "stopped")
    supervise_once(store)
    control.resume_job(store, lead, job_id)
    assert wait_for(store, job_id).detail["accepted"] == 60_000


def test_only_its_owner_or_a_lead_stops_a_job(store: Store, lead: Actor) -> None:
    job_id = an_import(store, lead)
    stranger = an_actor(next(iter(lead.roles)), "reviewer", name="bob")
    for action in (control.stop_job, control.cancel_job, control.end_job, control.resume_job):
        with pytest.raises(NotAllowed):
            action(store, stranger, job_id)
    with pytest.raises(NotAllowed):
        live_view(store, an_actor("prj_other"), job_id)
    with pytest.raises(NotFound):
        live_view(store, lead, "job_unknown")


def test_a_full_queue_is_refused_before_anything_is_written(store: Store, lead: Actor) -> None:
    for _ in range(jobs.MAX_WAITING):
        an_import(store, lead, lines=1)
    before = sorted((store.workspace / "jobs").iterdir())
    with pytest.raises(QueueFull, match="50 jobs are waiting already"):
        an_import(store, lead)
    assert sorted((store.workspace / "jobs").iterdir()) == before
    for job in store.jobs.unsettled():
        control.cancel_job(store, lead, job.job_id)
    supervise_once(store)
    an_import(store, lead, lines=1)


def test_a_full_disk_is_refused_before_anything_is_written(
    store: Store, lead: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(store.workspace)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=150_000_000))
    with pytest.raises(DiskFull, match="no space left for a job: 150 MB"):
        an_import(store, lead)
    assert not list((store.workspace / "jobs").iterdir())


def test_a_result_that_could_not_be_taken_in_is_tried_again(store: Store, lead: Actor) -> None:
    job_id = an_import(store, lead)
    supervise_once(store)
    folder = folder_of(store, job_of(store, job_id))
    while status_of(folder).status != "completed":
        time.sleep(0.02)
    hidden = folder.path / "elsewhere"
    folder.final.rename(hidden)
    supervise_once(store)
    job = job_of(store, job_id)
    assert job.status == "failed"
    assert "could not be taken in" in told(job)
    hidden.rename(folder.final)
    control.resume_job(store, lead, job_id)
    assert wait_for(store, job_id).detail["accepted"] == 20


def test_a_job_whose_folder_is_gone_fails_with_a_sentence(store: Store, lead: Actor) -> None:
    job_id = an_import(store, lead)
    shutil.rmtree(folder_of(store, job_of(store, job_id)).path)
    supervise_once(store)
    job = job_of(store, job_id)
    assert (job.status, job.taken_in) == ("failed", True)
    assert "folder in the workspace is gone" in told(job)
    assert str(store.workspace) not in told(job)


def test_a_restarted_server_finds_its_running_jobs(tmp_path: Path) -> None:
    first = a_store(tmp_path)
    lead = an_actor(a_project(first).project_id, "lead")
    job_id = an_import(first, lead, lines=60_000)
    pid = status_of(folder_of(first, look_until(first, job_id, "running"))).pid
    first.close()
    second = a_store(tmp_path)
    supervise_once(second)
    folder = folder_of(second, job_of(second, job_id))
    assert status_of(folder).pid == pid
    assert wait_for(second, job_id).detail["accepted"] == 60_000
    states = [e.payload["status"] for e in jobs.events_of(second, lead, job_id, "state")]
    assert states == ["starting", "running", "completed"]
    second.close()


def test_the_supervisor_thread_works_beside_people_who_write(store: Store, lead: Actor) -> None:
    stop = start(store, interval=0.02)
    try:
        ids = [an_import(store, lead, lines=5) for _ in range(3)]
        end = time.monotonic() + 60
        while store.jobs.unsettled():
            assert time.monotonic() < end
            writer = threading.Thread(target=a_project, args=(store, f"p{time.monotonic_ns()}"))
            writer.start()
            writer.join()
            time.sleep(0.05)
    finally:
        stop()
    assert [job_of(store, job_id).status for job_id in ids] == ["completed"] * 3


def progress(second: float, step: int, total: int = 100) -> JobEvent:
    made = EPOCH + timedelta(seconds=second)
    return JobEvent(step, made, "progress", {"step": step, "total": total})


def test_the_notes_stay_in_sight_however_long_the_progress(store: Store, lead: Actor) -> None:
    job_id = an_import(store, lead)
    note = {"seq": 0, "time": 1.0, "kind": "note", "text": "Goes on."}
    steps = [{"seq": n, "time": 1.0, "kind": "progress", "step": n} for n in range(1, 900)]
    store.jobs.append_events(job_id, [note, *steps], 0)
    assert [text for _, text in live_view(store, lead, job_id).notes] == ["Goes on."]
    assert live_view(store, lead, job_id, notes=0).notes == []


def test_the_time_left_follows_the_pace_of_the_last_start() -> None:
    running = JobEvent(0, EPOCH, "state", {"status": "running"})
    slow = [running, progress(0, 0), progress(100, 10)]
    assert seconds_left(slow) == pytest.approx(900)
    assert seconds_left([*slow, running, progress(200, 10), progress(210, 20)]) == pytest.approx(80)


def test_nobody_knows_the_time_left_before_the_second_report() -> None:
    assert seconds_left([]) is None
    assert seconds_left([progress(0, 1)]) is None
    assert seconds_left([progress(0, 1), progress(5, 1)]) is None
