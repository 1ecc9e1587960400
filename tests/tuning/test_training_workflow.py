"""Training from the app's side: a frozen spec, the queue, curves, stop, kill, resume, metrics.

One tiny model and one workspace serve the slow part: loading torch is most of its time.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from core.actor import Actor
from core.errors import NotAllowed
from core.jobs.local import kill, status_of
from core.tuning.base_models import UnknownBaseModel
from core.tuning.run import Run
from core.tuning.run_spec import RunSpec
from core.tuning.settings import InvalidRunSpec
from core.workflows.jobs import control, jobs
from core.workflows.jobs.job_view import live_view
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import supervise_once
from core.workflows.tuning import training
from core.workflows.tuning.specs import NothingToTrainOn, default_settings
from core.workflows.tuning.training import curves_of, start_run
from storage.store import Store
from tests.builders import a_store, accepted_examples, an_actor
from tests.tiny_model import make_tiny_model, some_rows
from tests.version_builders import add_version

SHORT: dict[str, Any] = {
    "lora_r": 4,
    "learning_rate": 0.01,
    "per_device_train_batch_size": 2,
    "eval_steps": 10,
    "logging_steps": 2,
    "max_length": 200,
    "early_stopping_patience": 0,
}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("model") / "tiny")


@pytest.fixture
def store(tmp_path: Path, model: Path) -> Iterator[Store]:
    opened = a_store(tmp_path)
    (tmp_path / "models" / "tiny").symlink_to(model)
    yield opened
    for job in opened.jobs.unsettled():
        kill(folder_of(opened, job))
    opened.close()


def a_version(store: Store, project_id: str, *, validation: int = 4) -> str:
    """A frozen version of 20 examples, `validation` of them for validation and four for test."""
    rows = [
        (f"{r['instruction']} {n}", r["input"], r["output"]) for n, r in enumerate(some_rows(20))
    ]
    ids = accepted_examples(store, project_id, rows)
    splits = ["validation"] * validation + ["test"] * 4
    splits += ["train"] * (len(ids) - len(splits))
    return add_version(store, project_id, splits, ratios=(0.6, 0.2, 0.2))


def run_of(store: Store, run_id: str) -> Run:
    run = store.runs.by_id(run_id)
    assert run is not None
    return run


def look_until(store: Store, run_id: str, fits: Callable[[Run], bool], seconds: float = 90) -> Run:
    end = time.monotonic() + seconds
    while not fits(run := run_of(store, run_id)):
        assert time.monotonic() < end, f"still {run.status} at step {run.step}: {run.error}"
        supervise_once(store)
        time.sleep(0.05)
    return run


def test_two_runs_share_the_device_and_one_survives_restart_kill_and_stop(
    store: Store, lead: Actor, model: Path
) -> None:
    project_id = next(iter(lead.roles))
    version_id = a_version(store, project_id)
    long = {**SHORT, "max_steps": 150}
    first = start_run(store, lead, version_id, model_id="tiny", name="First", settings=long)
    second = start_run(store, lead, version_id, model_id="tiny", settings=long)
    look_until(store, first, lambda run: run.step >= 12)
    waits = run_of(store, second)
    assert waits.status == "queued"
    assert waits.name == "Notes v1"
    assert live_view(store, lead, waits.job_id).ahead == 1
    control.cancel_job(store, lead, waits.job_id)

    # The server restarts: the worker goes on, and the new server finds it.
    job_id = run_of(store, first).job_id
    folder = folder_of(store, jobs.get_job(store, lead, job_id))
    pid = status_of(folder).pid
    store.close()
    store.__init__(store.workspace)  # type: ignore[misc]
    supervise_once(store)
    assert status_of(folder).pid == pid
    assert run_of(store, second).status == "cancelled"

    assert kill(folder)
    lost = look_until(store, first, lambda run: run.status == "lost")
    assert lost.error
    assert "killed" in lost.error.message
    assert "last checkpoint" in lost.error.hint
    control.resume_job(store, lead, job_id)
    look_until(store, first, lambda run: run.status == "running" and run.step > lost.step)
    control.stop_job(store, lead, job_id)
    stopped = look_until(store, first, lambda run: run.status == "stopped")
    assert stopped.metrics is None

    control.resume_job(store, lead, job_id)
    done = look_until(store, first, lambda run: run.metrics is not None)
    assert done.metrics
    assert (done.status, done.metrics.steps) == ("completed", 150)
    assert 0 < done.metrics.trainable_parameters < done.metrics.total_parameters
    assert all(done.metrics.checks[name]["ok"] for name in CHECKS)
    assert (folder.final / "adapter_model.safetensors").is_file()
    curves = curves_of(store, lead, first)
    steps = [step for step, _ in curves.loss]
    assert steps == sorted(set(steps))
    assert curves.loss[0][1] > curves.loss[-1][1]
    assert curves.best
    assert curves.best[1] == pytest.approx(done.metrics.best_validation_loss)
    assert curves.speed
    assert curves.speed > 0


CHECKS = ("base_equals_fresh_base", "tuned_differs_from_base", "reloaded_equals_trained")


def test_the_spec_is_frozen_with_all_that_a_repetition_needs(store: Store, lead: Actor) -> None:
    version_id = a_version(store, next(iter(lead.roles)))
    run_id = start_run(store, lead, version_id, model_id="tiny", settings=SHORT)
    folder = folder_of(store, jobs.get_job(store, lead, run_of(store, run_id).job_id))
    spec = RunSpec.from_json(json.loads(folder.spec_file.read_text()))
    assert spec.base.location == "models/tiny"
    assert spec.base.hash == "", "the worker reads the weights, not the server"
    assert spec.data.version_id == version_id
    assert spec.library_versions["torch"]
    assert SHORT.items() <= spec.settings().items()
    assert sorted(p.name for p in folder.data.iterdir()) == [
        "test.parquet",
        "train.parquet",
        "validation.parquet",
    ]


def test_a_wrong_setting_is_refused_with_its_name_and_nothing_is_queued(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, next(iter(lead.roles)))
    with pytest.raises(InvalidRunSpec, match=r"LoRA rank .* must be a whole number from 1 to 1024"):
        start_run(store, lead, version_id, model_id="tiny", settings={"lora_r": 0})
    with pytest.raises(UnknownBaseModel, match="not among the base models"):
        start_run(store, lead, version_id, model_id="../../etc")
    assert training.runs_of(store, lead, next(iter(lead.roles))) == []
    assert store.jobs.unsettled() == []


def test_a_version_for_evaluation_only_cannot_be_trained_on(store: Store, lead: Actor) -> None:
    version_id = a_version(store, next(iter(lead.roles)), validation=0)
    with pytest.raises(NothingToTrainOn, match="16 training and 0 validation"):
        start_run(store, lead, version_id, model_id="tiny")


def test_only_a_lead_starts_runs_and_strangers_do_not_see_them(store: Store, lead: Actor) -> None:
    project_id = next(iter(lead.roles))
    version_id = a_version(store, project_id)
    annotator = an_actor(project_id, "annotator", name="bob")
    with pytest.raises(NotAllowed):
        start_run(store, annotator, version_id, model_id="tiny")
    run_id = start_run(store, lead, version_id, model_id="tiny")
    assert training.get_run(store, annotator, run_id).status == "queued"
    with pytest.raises(NotAllowed):
        training.get_run(store, an_actor("prj_other"), run_id)


def test_the_form_is_filled_with_every_setting_that_a_spec_has() -> None:
    settings = default_settings("tiny")
    given = {"run_id": "r", "name": "n", "base_model": "m", "version_id": "v"}
    RunSpec.from_settings({**given, **settings})
    assert {"lora_r", "learning_rate", "overlong", "precision", "seed"} <= set(settings)
