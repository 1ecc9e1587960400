"""Jobs on a real Ray cluster on this machine, started here: `make test-all`, with the extra `ray`.

Ray asks for a token on every port, because it listens on more than 127.0.0.1.
"""

from __future__ import annotations

import importlib.util
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import psutil
import pyarrow.parquet as pq
import pytest

from core.actor import Actor
from core.jobs.attempt import Attempt, read_attempt, write_attempt
from core.jobs.events import read_events
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.jobs.kinds import KINDS
from core.jobs.launchers import LAUNCHERS, launcher_for, places
from core.jobs.local import ROOT, LocalLauncher, status_of
from core.jobs.ray.cluster import Cluster
from core.jobs.ray.launcher import RayLauncher
from core.jobs.ray.settings import ADDRESS, usable_settings
from core.jobs.state import JobState
from core.tuning.generation_config import GenerationConfig
from core.tuning.weights import weights_hash
from core.workflows.evaluation import generating
from core.workflows.jobs import control
from core.workflows.jobs.job_view import live_view
from core.workflows.jobs.jobs import folder_of, submit
from core.workflows.jobs.supervisor import supervise_once, wait_for
from core.workflows.tuning.training import start_run
from storage.store import Store
from tests.builders import a_project, an_actor
from tests.odd_jobs import MODULE
from tests.odd_jobs import wait_for as wait_patiently
from tests.serving import free_port
from tests.tiny_model import make_tiny_model
from tests.tuning.test_training_workflow import SHORT, a_version

if importlib.util.find_spec("ray") is None:
    pytest.skip("the extra ray is missing: make test-all installs it", allow_module_level=True)
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
TOKEN = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(24)}
# On a machine that does much else, Ray's own parts are slow to find each other.
PATIENT = {
    "RAY_agent_register_timeout_ms": "300000",
    "RAY_worker_register_timeout_seconds": "300",
}
PORTS = (
    "port",
    "dashboard-agent-listen-port",
    "dashboard-agent-grpc-port",
    "metrics-export-port",
    "runtime-env-agent-port",
    "ray-client-server-port",
)
APP = f"""
import sys
from pathlib import Path
from core.jobs.launchers import LAUNCHERS
from core.jobs.ray.launcher import RayLauncher
from core.workflows.jobs.supervisor import supervise_once
from storage.store import Store
import {MODULE}
LAUNCHERS["ray"] = RayLauncher({MODULE!r}, every=0.2)
store = Store(Path(sys.argv[1]))
while True:
    supervise_once(store)
"""


@dataclass
class LocalRay:
    """A cluster of two cores and no GPU; `start` and `stop` touch its own processes only."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it takes jobs; on a busy machine Ray gives up its first tries."""
        for _ in range(5):
            self._begin()
            wait_until(lambda: self._has_ended or self._is_up())
            if not self._has_ended:
                return
            self.kill()
        raise AssertionError((self.folder / "log").read_text())

    def _begin(self) -> None:
        # For a port that it is to find by itself, Ray waits 15 seconds and then gives up.
        options = [f"--{name}={free_port()}" for name in PORTS]
        options.append(f"--dashboard-port={self.port}")
        log = (self.folder / "log").open("wb")
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "ray.scripts.scripts", "start", "--head", "--block"),
                *("--node-ip-address=127.0.0.1", "--dashboard-host=127.0.0.1", *options),
                *("--num-cpus=2", "--num-gpus=0", "--object-store-memory=80000000"),
                *("--disable-usage-stats", f"--temp-dir={self.folder}"),
            ],
            cwd=self.folder,
            env={**os.environ, **TOKEN, **PATIENT, "RAY_USAGE_STATS_ENABLED": "0"},
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        log.close()

    @property
    def _has_ended(self) -> bool:
        assert self.process is not None
        return self.process.poll() is not None

    def _is_up(self) -> bool:
        if "Ray runtime started" not in (self.folder / "log").read_text():
            return False
        return self.get("/api/jobs/").is_success

    def get(self, path: str) -> httpx.Response:
        """The cluster's own word."""
        header = {"Authorization": f"Bearer {TOKEN['RAY_AUTH_TOKEN']}"}
        return httpx.get(self.address + path, headers=header, timeout=30, trust_env=False)

    def says(self, folder: JobFolder) -> str:
        """Ray's status of the newest start of a job."""
        attempt = read_attempt(folder)
        assert attempt is not None
        return str(self.get(f"/api/jobs/{attempt.name}").json()["status"])

    def names(self) -> list[str]:
        """Every job that Ray was ever given."""
        return [str(job["submission_id"]) for job in self.get("/api/jobs/").json()]

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(60)
            self.kill()

    def kill(self) -> None:
        """End every process that works in its folder, at once, as a power cut would."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()
        left = [one for one in psutil.process_iter() if self._is_mine(one)]
        for one in left:
            one.kill()
        psutil.wait_procs(left, timeout=10)
        self.process = None

    def _is_mine(self, process: psutil.Process) -> bool:
        try:
            # some change their command line, none its folder
            return process.cwd().startswith(str(self.folder))
        except psutil.Error:
            return False


@pytest.fixture(scope="module", autouse=True)
def _token() -> Iterator[None]:
    # Ray reads them once, when it is imported: which the first job does.
    with pytest.MonkeyPatch.context() as environment:
        for name, value in TOKEN.items():
            environment.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def ray(_token: None) -> Iterator[LocalRay]:
    # a path that is short enough for the sockets in it
    cluster = LocalRay(Path(tempfile.mkdtemp(prefix="ray-", dir="/tmp")), free_port())
    try:
        cluster.start()
        yield cluster
    finally:
        cluster.stop()
        shutil.rmtree(cluster.folder, ignore_errors=True)


@pytest.fixture
def environment(ray: LocalRay, monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """The app's environment: this cluster, this Python, no GPU."""
    monkeypatch.setenv(ADDRESS, ray.address)
    monkeypatch.setenv("TOUCHSTONE_RAY_PYTHON", sys.executable)
    monkeypatch.setenv("TOUCHSTONE_RAY_GPUS", "0")
    return monkeypatch


@pytest.fixture
def lead(store: Store, monkeypatch: pytest.MonkeyPatch) -> Actor:
    """A lead, and launchers that know the odd kinds and wait for less long than real ones."""
    monkeypatch.setitem(LAUNCHERS, "ray", RayLauncher(MODULE, grace=1, lease=4, every=0.2))
    monkeypatch.setitem(LAUNCHERS, "local", LocalLauncher(MODULE))
    return an_actor(a_project(store).project_id, "lead")


def wait_until(what: Callable[[], bool]) -> None:
    """Wait; a cluster takes half a minute to begin anything, and more on a busy machine."""
    wait_patiently(what, seconds=400)


def a_job(store: Store, lead: Actor, to: int = 60, subject: str = "sub_1") -> str:
    return submit(
        store,
        lead,
        kind="count_far",
        project_id=next(iter(lead.roles)),
        subject_id=subject,
        title="Count",
        spec={"to": to},
    )


def job_of(store: Store, job_id: str) -> Job:
    job = store.jobs.by_id(job_id)
    assert job is not None
    return job


def look_until(store: Store, job_id: str, fits: Callable[[Job], bool]) -> Job:
    def found() -> bool:
        supervise_once(store)
        return fits(job_of(store, job_id))

    wait_until(found)
    return job_of(store, job_id)


def is_at_work(job: Job) -> bool:
    assert not job.is_terminal, job.error
    return job.status == "running" and job.step > 0


def stands(*statuses: str) -> Callable[[Job], bool]:
    return lambda job: job.status in statuses and (job.taken_in or not job.is_terminal)


def test_a_job_is_run_by_the_cluster_and_taken_in(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    job_id = a_job(store, lead)
    look_until(store, job_id, stands("starting"))
    assert "Ray job touchstone-sub_1-" in live_view(store, lead, job_id).place
    job = wait_for(store, job_id)
    folder = folder_of(store, job)
    assert (job.status, job.launcher, job.step) == ("completed", "ray", 60)
    assert (folder.final / "first").read_text() == "0"
    states = [event.payload["status"] for event in store.jobs.events(job_id, ("state",))]
    assert states == ["starting", "running", "completed"]
    wait_until(lambda: ray.says(folder) == "SUCCEEDED")
    attempt = read_attempt(folder)
    assert attempt is not None
    assert live_view(store, lead, job_id).place == f"Ray job {attempt.name}."


def test_stopped_and_resumed_a_job_goes_on_where_it_was(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    job_id = a_job(store, lead, to=200)
    folder = folder_of(store, look_until(store, job_id, is_at_work))
    first = read_attempt(folder)
    control.stop_job(store, lead, job_id)
    assert live_view(store, lead, job_id).job.status in ("running", "stopping")
    reached = look_until(store, job_id, stands("stopped")).step
    control.resume_job(store, lead, job_id)
    assert wait_for(store, job_id).status == "completed"
    assert read_attempt(folder) != first
    assert int((folder.final / "first").read_text()) >= reached > 0


def test_a_job_at_work_is_cancelled_and_one_that_waits_for_the_cluster_too(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("TOUCHSTONE_RAY_CPUS", "2")  # all there are
    environment.setenv("TOUCHSTONE_RAY_JOBS", "2")
    works = a_job(store, lead, to=100_000)
    look_until(store, works, is_at_work)
    waits, later = (a_job(store, lead, subject=name) for name in ("sub_2", "sub_3"))

    def is_pending() -> bool:
        supervise_once(store)
        return "Waits for a free place" in live_view(store, lead, waits).place

    wait_until(is_pending)
    assert job_of(store, later).status == "queued"  # no more than two are handed over
    control.cancel_job(store, lead, waits)
    assert look_until(store, waits, stands("cancelled")).taken_in
    control.cancel_job(store, lead, later)
    control.cancel_job(store, lead, works)
    look_until(store, works, stands("cancelled"))
    # Ray starts what waited before it stops it: its worker finds that it is not wanted.
    wait_until(lambda: ray.says(folder_of(store, job_of(store, waits))) in ("STOPPED", "FAILED"))
    for job_id in (works, waits):
        folder = folder_of(store, job_of(store, job_id))
        assert folder.read_state().status == "cancelled"
        assert not folder.final.exists()


def test_stopped_before_its_worker_came_a_job_can_be_resumed(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    job_id = a_job(store, lead)
    look_until(store, job_id, stands("starting"))
    control.stop_job(store, lead, job_id)
    look_until(store, job_id, stands("stopped"))
    control.resume_job(store, lead, job_id)
    assert wait_for(store, job_id).status == "completed"


def test_a_killed_worker_leaves_a_lost_job_that_goes_on_when_resumed(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    job_id = a_job(store, lead, to=200)
    folder = folder_of(store, look_until(store, job_id, is_at_work))
    pid = folder.read_state().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    lost = look_until(store, job_id, stands("lost"))
    assert lost.error
    assert "was killed" in lost.error.message
    assert live_view(store, lead, job_id).may_resume
    control.resume_job(store, lead, job_id)
    assert wait_for(store, job_id).status == "completed"
    assert int((folder.final / "first").read_text()) > 0


@pytest.mark.parametrize("handed_over", [True, False])
def test_a_killed_app_finds_its_job_again_and_it_is_run_once(
    store: Store,
    lead: Actor,
    ray: LocalRay,
    environment: pytest.MonkeyPatch,
    *,
    handed_over: bool,
) -> None:
    job_id = a_job(store, lead, to=300 if handed_over else 60)
    folder = folder_of(store, job_of(store, job_id))
    if handed_over:
        store.close()
        app = subprocess.Popen([sys.executable, "-c", APP, str(store.workspace)], cwd=ROOT)
        try:
            wait_until(lambda: status_of(folder).step > 0)
        finally:
            app.kill()
            app.wait()
        store.__init__(store.workspace)  # type: ignore[misc]
    else:  # killed between writing down what to hand over, and handing it over
        write_attempt(folder, Attempt("touchstone-sub_1-cut-off", ray.address))
        folder.write_state(JobState("starting", heartbeat=time.time()))
    pid = folder.read_state().pid
    before = read_attempt(folder)
    assert wait_for(store, job_id).status == "completed"
    assert read_attempt(folder) == before
    assert before
    assert ray.names().count(before.name) == 1
    assert (folder.final / "first").read_text() == "0"
    assert not handed_over or folder.read_state().pid == pid


def test_handed_over_twice_a_job_is_run_once(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    job_id = a_job(store, lead)
    folder = folder_of(store, job_of(store, job_id))
    launcher = LAUNCHERS["ray"]
    launcher.submit(folder)
    attempt = read_attempt(folder)
    assert attempt
    other = RayLauncher(MODULE, every=0.05)  # an app that does not know of the first
    another = RayLauncher(MODULE, every=0.05)

    def is_over() -> bool:
        return all(one.status(folder).is_terminal for one in (other, another, launcher))

    wait_until(is_over)
    assert launcher.status(folder).status == "completed"
    assert ray.names().count(attempt.name) == 1
    seen = [e["status"] for e in read_events(folder.events_file)[0] if e["kind"] == "state"]
    assert seen == ["starting", "running", "completed"]
    assert wait_for(store, job_id).status == "completed"


def test_a_workspace_that_lies_elsewhere_on_the_nodes_is_found_there(
    store: Store,
    lead: Actor,
    ray: LocalRay,
    environment: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    elsewhere = tmp_path_factory.mktemp("node") / "mounted here"
    elsewhere.symlink_to(store.workspace)
    environment.setenv("TOUCHSTONE_RAY_WORKSPACE", str(elsewhere))
    assert wait_for(store, a_job(store, lead)).status == "completed"


def test_nodes_that_do_not_see_the_workspace_are_told_as_the_reason(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    environment.setenv("TOUCHSTONE_RAY_WORKSPACE", "/nowhere")
    job_id = a_job(store, lead)
    failed = look_until(store, job_id, stands("failed"))
    assert failed.error
    assert "could not start the worker" in failed.error.message
    assert "/nowhere/jobs/sub_1/worker.log" in failed.error.message
    assert "Check that the nodes see the workspace" in failed.error.hint
    environment.delenv("TOUCHSTONE_RAY_WORKSPACE")
    control.resume_job(store, lead, job_id)
    assert wait_for(store, job_id).status == "completed"


# Training and generation -------------------------------------------------------------------------


def losses_of(folder: JobFolder) -> dict[tuple[str, int], float]:
    events = read_events(folder.events_file)[0]
    return {(e["kind"], e["step"]): e["loss"] for e in events if e["kind"] in ("log", "eval")}


def settle(store: Store) -> None:
    while waiting := store.jobs.unsettled():
        wait_for(store, waiting[0].job_id)


def trained(store: Store, lead: Actor, version_id: str, name: str) -> tuple[str, JobFolder]:
    settings: dict[str, Any] = {**SHORT, "max_steps": 60, "lora_dropout": 0.1}
    run_id = start_run(store, lead, version_id, model_id="tiny", name=name, settings=settings)
    job = store.jobs.of_subject(run_id)
    assert job
    return run_id, folder_of(store, job)


def answers_of(store: Store, lead: Actor, run_id: str) -> tuple[list[tuple[str, ...]], str]:
    """What base and tuned model of a run say, and which launcher made them."""
    config = GenerationConfig(max_new_tokens=12, batch_size=4)
    generating.start_generation(store, lead, run_id, kinds=["base", "tuned"], config=config)
    job = store.jobs.unsettled()[0]
    settle(store)
    assert job_of(store, job.job_id).status == "completed"
    rows = pq.read_table(folder_of(store, job).final / "answers.parquet").to_pylist()
    return [(row["example_id"], row["text"]) for row in rows], job.launcher


def test_training_and_answers_come_out_as_on_this_machine_also_when_killed_between(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    make_tiny_model(store.workspace / "models" / "tiny", max_positions=512)
    version_id = a_version(store, next(iter(lead.roles)))
    far_id, far = trained(store, lead, version_id, "Far")
    job = store.jobs.of_subject(far_id)
    assert job
    look_until(store, job.job_id, lambda one: one.step >= 12)
    pid = far.read_state().pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    look_until(store, job.job_id, stands("lost"))
    control.resume_job(store, lead, job.job_id)
    settle(store)
    far_answers, by = answers_of(store, lead, far_id)
    assert by == "ray"
    environment.delenv(ADDRESS)
    near_id, near = trained(store, lead, version_id, "Near")
    settle(store)
    near_answers, by = answers_of(store, lead, near_id)
    assert by == "local"
    assert losses_of(far) == losses_of(near) != {}
    assert weights_hash(far.final) == weights_hash(near.final)
    assert far_answers == near_answers
    assert len(far_answers) == 8
    runs = [store.runs.by_id(one) for one in (far_id, near_id)]
    assert [run.status for run in runs if run] == ["completed", "completed"]
    assert [
        json.loads((one.final / "metrics.json").read_text())["steps"] for one in (far, near)
    ] == [60, 60]


def test_what_needs_an_accelerator_goes_to_the_cluster_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv(ADDRESS, raising=False)
    assert usable_settings() is None
    assert launcher_for(KINDS["train"]) == "local"
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:8265/")
    monkeypatch.setenv("TOUCHSTONE_RAY_JOBS", "3")
    far = {name for name, kind in KINDS.items() if launcher_for(kind) == "ray"}
    assert {"train", "generate", "preflight", "merge"} <= far
    assert launcher_for(KINDS["import"]) == launcher_for(KINDS["score"]) == "local"
    assert (places("ray", "accelerator"), places("local", "accelerator")) == (3, 1)


# A cluster that does not answer ------------------------------------------------------------------


def test_a_job_for_a_cluster_that_is_away_waits_with_a_sentence_and_can_be_cancelled(
    store: Store, lead: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, f"http://127.0.0.1:{free_port()}")
    job_id = a_job(store, lead)

    def told() -> bool:
        supervise_once(store)
        return "cannot be asked" in live_view(store, lead, job_id).place

    wait_until(told)
    supervise_once(store)
    view = live_view(store, lead, job_id)
    assert (view.job.status, view.job.launcher, view.job.error) == ("starting", "ray", None)
    assert "no connection. The job stays as it is meanwhile" in view.place
    control.cancel_job(store, lead, job_id)
    supervise_once(store)
    view = live_view(store, lead, job_id)
    assert (view.job.status, view.job.taken_in) == ("cancelled", True)
    assert "cannot be asked" not in view.place


def test_a_job_that_was_meant_for_a_cluster_runs_here_when_none_is_named_any_more(
    store: Store, lead: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ADDRESS, "http://127.0.0.1:1")
    job_id = a_job(store, lead)
    monkeypatch.delenv(ADDRESS)
    supervise_once(store)
    job = live_view(store, lead, job_id).job
    assert job.status == "failed"
    assert job.error
    assert "resume the job: it then runs on this machine" in job.error.message
    control.resume_job(store, lead, job_id)
    supervise_once(store)
    again = store.jobs.by_id(job_id)
    assert again
    assert again.launcher == "local"
    assert wait_for(store, job_id).status == "completed"


def test_a_cluster_that_takes_a_question_and_never_answers_holds_up_nobody(tmp_path: Path) -> None:
    folder = JobFolder.create(tmp_path / "jobs" / "j1", {"kind": "count", "to": 3})
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        cluster = Cluster(address, lambda *_: {}, every=0.05, limits=(0.5, 0.5))
        assert cluster.answer("first", folder).said == "unknown"
        wait_until(lambda: cluster.answer("first", folder).said == "unreachable")


class NoAgent(BaseHTTPRequestHandler):
    """A head node whose agent has not come up: it knows no job and takes none."""

    def do_GET(self) -> None:
        known = self.path == "/api/version"
        self._say(200 if known else 404, json.dumps({"ray_version": "2.60.0"}))

    def do_POST(self) -> None:
        self._say(500, "No available agent to submit job, please try again later.")

    def _say(self, code: int, text: str) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_: object) -> None:
        pass


def test_a_cluster_that_takes_no_job_yet_is_asked_again_and_after_minutes_refuses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = JobFolder.create(tmp_path / "jobs" / "j1", {"kind": "count", "to": 3})
    with ThreadingHTTPServer(("127.0.0.1", 0), NoAgent) as head:
        threading.Thread(target=head.serve_forever, daemon=True).start()
        address = f"http://127.0.0.1:{head.server_port}"
        write_attempt(folder, Attempt("first", address))
        folder.write_state(JobState("starting", heartbeat=time.time()))
        asked = Cluster(address, lambda *_: {"entrypoint": "true"}, every=0.05)
        wait_until(lambda: asked.answer("first", folder).said == "unreachable")
        assert "try again later" in asked.answer("first", folder).message
        monkeypatch.setattr("core.jobs.ray.cluster.TROUBLE_SECONDS", 0.0)
        wait_until(lambda: asked.answer("first", folder).said == "refused")
        head.shutdown()
    folder.write_state(JobState("failed"))


def test_a_cluster_that_is_gone_loses_its_jobs_after_the_lease_and_they_go_on_on_a_new_one(
    store: Store, lead: Actor, ray: LocalRay, environment: pytest.MonkeyPatch
) -> None:
    job_id = a_job(store, lead, to=800)
    look_until(store, job_id, is_at_work)
    ray.kill()

    def told() -> bool:
        supervise_once(store)
        return "The cluster cannot be asked" in live_view(store, lead, job_id).place

    wait_until(told)
    assert job_of(store, job_id).status == "running"  # nobody knows yet that it died too
    lost = look_until(store, job_id, stands("lost"))
    assert lost.error
    assert "does not answer, and the worker has not written" in lost.error.message
    ray.start()
    control.resume_job(store, lead, job_id)
    job = wait_for(store, job_id)
    assert job.status == "completed"
    assert int((folder_of(store, job).final / "first").read_text()) > 0
