"""Base models from the hub: the real client against a small hub on this machine, real workers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actor import Actor
from core.errors import Conflict, NotAllowed, TouchstoneError
from core.jobs.context import JobContext
from core.jobs.job import Job
from core.jobs.local import kill, status_of
from core.tuning import hub_job
from core.tuning.base_models import base_model, base_models
from core.tuning.hub import HubModel, InvalidHubModel
from core.tuning.origin import origin_of
from core.workflows.jobs import control
from core.workflows.jobs.job_view import live_view
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import supervise_once, wait_for
from core.workflows.tuning import downloading, training
from storage.store import Store
from tests.builders import a_project, an_actor
from tests.hub_server import COMMIT, Hub, a_hub
from tests.odd_jobs import wait_for as wait_until
from tests.serving import touchstone_here
from tests.tiny_model import make_tiny_model
from tests.tuning.test_training_workflow import SHORT, a_version

ID = "org/tiny-hub"
OTHER = "f" * 40


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a repository holds: a model, and what nobody here wants of it."""
    folder = make_tiny_model(tmp_path_factory.mktemp("hub") / "tiny", seed=7, max_positions=512)
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    (folder / "modeling_tiny.py").write_text("raise SystemExit('code of the repository ran')")
    (folder / "onnx").mkdir()
    (folder / "onnx" / "model.onnx").write_bytes(b"another form")
    return folder


@pytest.fixture
def hub(model: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    with a_hub() as opened:
        opened.add(ID, model)
        monkeypatch.setenv("HF_ENDPOINT", opened.url)
        for name in ("HF_TOKEN", "HF_HUB_OFFLINE", "HTTP_PROXY", "http_proxy"):
            monkeypatch.delenv(name, raising=False)
        yield opened


def start(store: Store, lead: Actor, hub_id: str = ID, revision: str = "") -> str:
    return downloading.start_download(store, lead, next(iter(lead.roles)), hub_id, revision)


def job_of(store: Store, job_id: str) -> Job:
    job = store.jobs.by_id(job_id)
    assert job is not None
    return job


def refused(store: Store, lead: Actor, hub_id: str = ID, revision: str = "") -> str:
    """The sentence with which a download fails."""
    with pytest.raises(TouchstoneError) as error:
        wait_for(store, start(store, lead, hub_id, revision))
    return error.value.message


def test_a_model_is_downloaded_without_pickles_and_code_and_trained_on(
    store: Store, lead: Actor, hub: Hub, model: Path
) -> None:
    project_id = next(iter(lead.roles))
    with pytest.raises(NotAllowed):
        start(store, an_actor(project_id, "annotator", name="Ann"))
    job_id = start(store, lead)
    assert start(store, lead) == job_id
    wait_for(store, job_id)

    folder = store.workspace / "models" / "org--tiny-hub"
    weights = (folder / "model.safetensors").read_bytes()
    assert weights == (model / "model.safetensors").read_bytes()
    names = {path.name for path in folder.iterdir()}
    assert names == {
        "model.safetensors", "config.json", "generation_config.json", "tokenizer.json",
        "tokenizer_config.json", "hub.json",
    }  # fmt: skip
    origin = origin_of(folder)
    assert origin is not None
    assert (origin.hub_id, origin.commit) == (ID, COMMIT)
    found = base_model(store.workspace, ID)
    assert (found.id, found.title, found.problem) == ("org--tiny-hub", f"{ID} (0123456)", "")
    steps = [event.payload for event in store.jobs.events(job_id, ("progress",))]
    assert steps[-1]["step"] == steps[-1]["total"] > len(weights)
    assert [event.action for event in store.audit.of_subject("base_model", ID)] == ["allowed"]

    run_id = training.start_run(
        store, lead, a_version(store, project_id), model_id=ID, settings={**SHORT, "max_steps": 2}
    )
    run = training.get_run(store, lead, run_id)
    wait_for(store, run.job_id)
    assert (run.spec.base.hub_id, run.spec.base.commit) == (ID, COMMIT)
    final = folder_of(store, job_of(store, run.job_id)).final
    card = (final / "README.md").read_text()
    assert f'base_model: "{ID}"' in card
    assert f"commit `{COMMIT}`" in card
    adapter = json.loads((final / "adapter_config.json").read_text())
    assert (adapter["base_model_name_or_path"], adapter["revision"]) == (ID, COMMIT)


def test_a_download_that_is_killed_goes_on_at_its_byte_and_its_commit(
    store: Store, lead: Actor, hub: Hub, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.repositories[ID].files["model.safetensors"] += bytes(3_000_000)
    hub.delay = 0.01
    job_id = start(store, lead)
    supervise_once(store)
    folder = folder_of(store, job_of(store, job_id))
    wait_until(lambda: status_of(folder).step > 600_000)
    assert not (store.workspace / "models" / "org--tiny-hub").exists()
    assert kill(folder)
    with pytest.raises(TouchstoneError, match="ended without a word"):
        wait_for(store, job_id)
    hub.delay = 0
    moved = dict(hub.repositories[ID].files)
    hub.repositories[ID].commit = COMMIT
    assert start(store, lead) == job_id  # goes on
    wait_for(store, job_id)
    first, second = hub.ranges("model.safetensors")
    assert first == ""
    assert int(second.removeprefix("bytes=").removesuffix("-")) >= 500_000
    assert hub.ranges("config.json") == [""]
    there = store.workspace / "models" / "org--tiny-hub" / "model.safetensors"
    assert there.read_bytes() == moved["model.safetensors"]
    notes = [event.payload["text"] for event in store.jobs.events(job_id, ("note",))]
    assert any("of which" in note for note in notes)


def test_a_broken_connection_is_taken_up_again_and_a_stopped_download_too(
    store: Store, lead: Actor, hub: Hub
) -> None:
    hub.repositories[ID].files["model.safetensors"] += bytes(1_000_000)
    hub.cuts = 2
    wait_for(store, start(store, lead))
    assert [bool(one) for one in hub.ranges("model.safetensors")] == [False, True, True]

    hub.repositories[ID].commit = OTHER
    hub.delay = 0.02
    again = start(store, lead, revision="main")
    supervise_once(store)
    folder = folder_of(store, job_of(store, again))
    wait_until(lambda: status_of(folder).step > 300_000)
    control.stop_job(store, lead, again)
    with pytest.raises(TouchstoneError, match="stopped"):
        wait_for(store, again)
    assert live_view(store, lead, again).may_resume
    hub.delay = 0
    control.resume_job(store, lead, again)
    wait_for(store, again)
    # Another commit stands beside the first, which runs may rely on.
    ids = {one.id for one in base_models(store.workspace) if one.origin}
    assert ids == {"org--tiny-hub", "org--tiny-hub--ffffffffff"}


def test_a_cancelled_download_leaves_nothing_and_only_one_runs_at_a_time(
    store: Store, lead: Actor, hub: Hub
) -> None:
    hub.repositories[ID].files["model.safetensors"] += bytes(1_000_000)
    hub.delay = 0.05
    job_id = start(store, lead)
    supervise_once(store)
    folder = folder_of(store, job_of(store, job_id))
    wait_until(lambda: status_of(folder).step > 0)
    other = an_actor(a_project(store, "Other").project_id, "lead")
    with pytest.raises(Conflict, match="org/tiny-hub is being downloaded"):
        start(store, other)
    control.cancel_job(store, lead, job_id)
    with pytest.raises(TouchstoneError, match="cancelled"):
        wait_for(store, job_id)
    assert not folder.checkpoints.exists()
    assert [one.id for one in base_models(store.workspace) if one.origin] == []


def test_what_cannot_be_downloaded_is_refused_with_a_sentence(
    store: Store, lead: Actor, hub: Hub, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert f"{hub.url} shows no model “org/none”" in refused(store, lead, "org/none")
    assert "has no revision “v9”" in refused(store, lead, revision="v9")
    files = hub.repositories[ID].files
    hub.add("org/pickled", model).files = {k: v for k, v in files.items() if "safe" not in k}
    assert "only pickled weights (.bin, .pt), which can run code" in refused(
        store, lead, "org/pickled"
    )
    hub.add("org/evil", model, named=("../../outside.safetensors",))
    assert "lists a file outside of its own folder" in refused(store, lead, "org/evil")
    hub.add("org/gated", model, gated=True)
    assert "“org/gated” is gated" in refused(store, lead, "org/gated")
    monkeypatch.setenv("HF_TOKEN", hub.token)
    wait_for(store, start(store, lead, "org/gated"))
    monkeypatch.delenv("HF_TOKEN")
    hub.add("org/spoiled", model)
    hub.spoiled.add("model.safetensors")
    assert "model.safetensors did not arrive as the hub has it" in refused(
        store, lead, "org/spoiled"
    )
    hub.spoiled.clear()
    wait_for(store, start(store, lead, "org/spoiled"))
    hub.status = 500
    assert "answered with status 500" in refused(store, lead)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    assert "HF_HUB_OFFLINE is set where the server was started" in refused(store, lead, "org/b")
    monkeypatch.delenv("HF_HUB_OFFLINE")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    assert "http://127.0.0.1:9 does not answer (ConnectError)" in refused(store, lead, "org/c")
    there = {one.name for one in (store.workspace / "models").iterdir()}
    assert there - {".weights.json"} == {"tiny", "org--gated", "org--spoiled"}
    assert not list(store.workspace.parent.rglob("outside*"))


def test_a_disk_without_room_is_told_before_anything_is_fetched(
    store: Store, lead: Actor, hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = start(store, lead)
    monkeypatch.setattr(hub_job, "SPARE_BYTES", 10**18)
    with pytest.raises(TouchstoneError, match=r"are free where the workspace lies"):
        hub_job.run(JobContext(folder_of(store, job_of(store, job_id))))
    assert hub.ranges("model.safetensors") == []


@pytest.mark.parametrize(
    "wrong",
    [
        "tiny",
        "",
        "a/b/c",
        "../tiny",
        "org/..",
        "org/a--b",
        "http://h/x",
        "org/a b",
        "o/" + "n" * 99,
    ],
)
def test_what_is_no_id_of_a_model_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidHubModel, match="organisation, slash, name"):
        HubModel(wrong)


@pytest.mark.parametrize("wrong", ["../main", "a b", "", "main?x=1"])
def test_what_is_no_revision_is_refused(wrong: str) -> None:
    with pytest.raises(InvalidHubModel, match="Give a branch, a tag or a commit"):
        HubModel(ID, wrong)


def test_the_terminal_downloads_a_model_and_refuses_with_a_sentence(
    tmp_path: Path, store: Store, lead: Actor, hub: Hub
) -> None:
    store.close()
    done = touchstone_here(tmp_path, "model", ID, "--json")
    answer = json.loads(done.stdout)
    assert (answer["model"], answer["commit"]) == ("org--tiny-hub", COMMIT)
    again = touchstone_here(tmp_path, "model", ID, "--project", "Notes")
    assert "Train on it as “org--tiny-hub”." in again.stdout
    assert len(hub.ranges("model.safetensors")) == 1
    wrong = touchstone_here(tmp_path, "model", "tiny")
    assert (wrong.returncode, "Write it as the hub does" in wrong.stderr) == (1, True)
    missing = touchstone_here(tmp_path, "model", "org/none")
    assert (missing.returncode, "shows no model “org/none”" in missing.stderr) == (1, True)
    store.__init__(tmp_path)  # type: ignore[misc]
