"""Train and generate from a terminal: a spec file, a check, a run, its systems' answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.actor import system_actor
from core.errors import InvalidInput, NotFound
from core.jobs.local import kill
from core.tuning.preflight import TITLES
from core.tuning.run_spec import RunSpec
from core.tuning.settings import InvalidRunSpec
from core.workflows.commands import command
from core.workflows.commands.command import project_named
from core.workflows.jobs.jobs import folder_of
from core.workflows.tuning import training
from core.workflows.tuning.preflight import RunRefused
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project, a_store
from tests.serving import touchstone_here
from tests.tiny_model import make_tiny_model
from tests.tuning.test_training_workflow import a_version
from tests.version_builders import add_version

SPEC: dict[str, Any] = {
    "project": "Notes",
    "version": "v1",
    "base_model": "tiny",
    "max_length": 200,
    "method": {"name": "qlora", "lora_r": 4},
    "budget": {"per_device_train_batch_size": 4, "num_train_epochs": 1.0},
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    make_tiny_model(tmp_path / "models" / "tiny", max_positions=512)
    opened = a_store(tmp_path)
    a_version(opened, a_project(opened).project_id)
    yield opened
    for job in opened.jobs.unsettled():
        kill(folder_of(opened, job))
    opened.close()


def ask(store: Store, name: str, **arguments: Any) -> dict[str, Any]:
    answer = command(name)(store, Workspace(store.workspace), arguments)
    assert isinstance(answer, dict)
    return answer


def test_a_check_makes_a_pre_flight_trains_nothing_and_what_it_refuses_does_not_start(
    store: Store,
) -> None:
    answer = ask(store, "train", spec=SPEC, check=True)
    assert (answer["ok"], answer["steps"], answer["effective_batch_size"]) == (True, 3, 4)
    assert RunSpec.from_json(answer["spec"]).method.name == "qlora"
    assert [line["name"] for line in answer["lines"]] == list(TITLES)
    assert answer["micro_batch"] == 4
    assert store.jobs.unsettled() == []
    assert store.runs.of_project(project_named(store, {"project": "Notes"}).project_id) == []
    short = {**answer["spec"], "library_versions": {}}
    short["data"] = {**short["data"], "max_length": 16}
    again = ask(store, "train", spec=short, check=True)
    assert again["spec"]["method"] == answer["spec"]["method"]
    assert not again["ok"]
    with pytest.raises(RunRefused, match=r"Tokens that are learned: .* Raise max_length"):
        ask(store, "train", spec=short)
    for changes, error, sentence in (
        ({"method": {"name": "qlora", "lora_r": 0}}, InvalidRunSpec, "LoRA rank"),
        ({"lora_rank": 8}, InvalidRunSpec, "Unknown settings: lora_rank"),
        ({"version": "v9"}, NotFound, "no dataset version “v9”"),
        ({"base_model": ""}, InvalidInput, "lacks “base_model”"),
        ({"train_split": "test"}, InvalidRunSpec, "Training split .* must be train"),
        ({"template": "{input}"}, InvalidRunSpec, "template is the project's"),
        ({"label_field": "mood"}, InvalidRunSpec, "label_field is the project's"),
    ):
        with pytest.raises(error, match=sentence):
            ask(store, "train", spec={**SPEC, **changes}, check=True)


def test_a_name_that_means_several_versions_or_runs_is_refused_with_their_ids(
    store: Store,
) -> None:
    project = store.projects.by_name("Notes")
    assert project is not None
    splits = [*["validation"] * 4, *["test"] * 4, *["train"] * 12]
    again = add_version(store, project.project_id, splits, ratios=(0.6, 0.2, 0.2))
    store.database.execute("UPDATE dataset_versions SET name = 'v1'")  # as older workspaces have it
    ids = [one.version_id for one in store.versions.of_project(project.project_id)]
    with pytest.raises(InvalidInput, match="2 versions are called “v1”") as refused:
        ask(store, "train", spec=SPEC, check=True)
    assert all(one in refused.value.message for one in ids)
    first = next(one for one in ids if one != again)
    assert ask(store, "train", spec={**SPEC, "version": first}, check=True)["ok"]

    runs = [
        training.start_run(store, system_actor(), first, model_id="tiny", name="same", settings={})
        for _ in range(2)
    ]
    with pytest.raises(InvalidInput, match="2 runs are called “same”") as refused:
        ask(store, "generate", run="same", systems=["base"], split="test")
    assert all(run in refused.value.message for run in runs)


def test_a_qlora_run_is_trained_and_answered_on_its_own_4_bit_base(store: Store) -> None:
    trained = ask(store, "train", spec=SPEC)
    assert (trained["status"], trained["precision"]) == ("completed", "4bit")
    assert len(trained["base_model_hash"]) == len(trained["prompt_hash"]) == 64
    answer = ask(
        store,
        "generate",
        run=trained["run"],
        systems=["base", "tuned"],
        split="test",
        max_new_tokens=6,
    )
    assert (answer["precision"], answer["prompt_hash"]) == ("4bit", trained["prompt_hash"])
    assert {kind: one["answers"] for kind, one in answer["systems"].items()} == {
        "base": 4,
        "tuned": 4,
    }
    actions = {event.action for event in store.audit.of_subject("run", trained["run"])}
    assert actions == {"run_started", "generation_started"}


def test_the_terminal_refuses_with_a_sentence_and_a_code(tmp_path: Path, store: Store) -> None:
    store.close()
    spec = tmp_path / "spec.json"
    spec.write_text(json.dumps({**SPEC, "lora_alpha": 0}))
    refused = touchstone_here(tmp_path, "train", "--spec", str(spec), "--check")
    assert refused.returncode == 1
    assert "LoRA alpha (lora_alpha) must be a whole number" in refused.stderr
    spec.write_text("{")
    told = touchstone_here(tmp_path, "train", "--spec", str(spec)).stderr
    assert "cannot be read as JSON" in told
    spec.write_text(json.dumps(SPEC))
    ready = touchstone_here(tmp_path, "train", "--spec", str(spec), "--check", "--json")
    assert json.loads(ready.stdout)["steps"] == 3
    assert ready.returncode == 0
    store.__init__(tmp_path)  # type: ignore[misc]
