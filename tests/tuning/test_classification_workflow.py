"""A classification from the app's side: what is refused, and a run whose answers are scored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.errors import InvalidInput
from core.jobs.folder import read_json
from core.jobs.local import kill
from core.tuning.base_models import base_models
from core.tuning.labels import UnfitLabels
from core.tuning.settings import InvalidRunSpec
from core.workflows.commands import command
from core.workflows.evaluation import answer_reports, generating
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team.projects import change_project, get_project
from core.workflows.tuning import merging, training
from core.workflows.tuning.specs import planned_spec
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project, a_store, accepted_examples, an_actor
from tests.label_builders import LABELS, leads, make_tiny_encoder
from tests.tiny_model import make_tiny_model
from tests.version_builders import add_version

SETTINGS: dict[str, Any] = {
    "head": "classification",
    "method": "full",
    "learning_rate": 0.003,
    "num_train_epochs": 12.0,
    "per_device_train_batch_size": 16,
    "early_stopping_patience": 0,
}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    make_tiny_model(folder / "tiny")
    make_tiny_encoder(folder / "encoder")
    return folder


@pytest.fixture
def store(tmp_path: Path, models: Path) -> Iterator[Store]:
    opened = a_store(tmp_path)
    for folder in models.iterdir():
        (tmp_path / "models" / folder.name).symlink_to(folder)
    yield opened
    for job in opened.jobs.unsettled():
        kill(folder_of(opened, job))
    opened.close()


def a_version_of_leads(store: Store, *, label_field: str = "", **settings: Any) -> tuple[str, str]:
    """Project and version: 120 leads to learn from, 20 for validation and 20 for the test."""
    own = {"template": "{instruction} {input}", "task_kind": "classification", **settings}
    project = a_project(store, "Leads", **own)
    rows = [
        (f"Lead {n}.", row["input"], row["output"])
        for n, row in enumerate(leads(160, label_field=label_field))
    ]
    accepted_examples(store, project.project_id, rows)
    splits = ["train"] * 120 + ["validation"] * 20 + ["test"] * 20
    return project.project_id, add_version(
        store, project.project_id, splits, ratios=(0.6, 0.2, 0.2)
    )


def test_an_encoders_run_is_trained_and_its_labels_are_scored(store: Store) -> None:
    project_id, version_id = a_version_of_leads(store)
    lead = an_actor(project_id, "lead")
    writes = {model.id: model.writes for model in base_models(store.workspace)}
    assert (writes["tiny"], writes["encoder"], writes["demo"]) == (True, False, True)
    with pytest.raises(InvalidRunSpec, match="encoder is an encoder, which reads"):
        training.start_run(store, lead, version_id, model_id="encoder")
    spec = {"version": version_id, "base_model": "encoder", **SETTINGS}
    arguments: dict[str, Any] = {"spec": spec}
    told = command("train")(store, Workspace(store.workspace), arguments)
    assert isinstance(told, dict)
    assert told["labels"] == sorted(LABELS)
    assert told["classification"]["accuracy"] > told["classification"]["majority"] + 0.2
    run = training.get_run(store, lead, told["run"])
    assert run.metrics is not None
    assert run.metrics.classification is not None
    assert run.metrics.labels is not None
    assert not merging.may_merge(lead, run)
    assert generating.kinds_of(run) == ("tuned",)
    with pytest.raises(InvalidInput, match="writes no answers: only the tuned model can answer"):
        generating.start_generation(store, lead, run.run_id)
    (system_id,) = generating.start_generation(store, lead, run.run_id, kinds=["tuned"]).values()
    _finish(store, project_id)
    report = answer_reports.label_report(store, lead, version_id, "test", system_id)
    if report.content is None:
        wait_for(store, report.job_id)
        report = answer_reports.label_report(store, lead, version_id, "test", system_id)
    assert report.content is not None
    assert report.content.labels is not None
    own = report.content.labels[system_id]
    assert (own.scores.accuracy.value or 0) > 0.8
    assert own.parsed.value == 1.0


def _finish(store: Store, project_id: str) -> None:
    """Wait for the answers, and then for their scores."""
    for kind in ("generate", "score"):
        for job in store.jobs.of_project(project_id, [kind]):
            wait_for(store, job.job_id)


def test_the_label_field_is_the_projects_and_texts_are_refused_before_a_worker_starts(
    store: Store,
) -> None:
    project_id, version_id = a_version_of_leads(
        store,
        label_field="status",
        task_kind="extraction",
        record_fields=("name", "status"),
    )
    lead = an_actor(project_id, "lead")
    asked: dict[str, Any] = {"model_id": "tiny", "settings": {"head": "classification"}}
    assert planned_spec(store, lead, version_id, **asked).data.label_field == ""
    with pytest.raises(UnfitLabels, match="texts rather than labels"):
        training.start_run(store, lead, version_id, **asked)
    assert store.jobs.unsettled() == []
    project = get_project(store, lead, project_id)
    change_project(store, lead, project_id, replace(project.settings, label_field="status"))
    assert planned_spec(store, lead, version_id, **asked).data.label_field == "status"
    run_id = training.start_run(store, lead, version_id, **asked)
    job = store.jobs.by_id(training.get_run(store, lead, run_id).job_id)
    assert job is not None
    spec = read_json(folder_of(store, job).spec_file) or {}
    assert spec["data"]["label_field"] == "status"
