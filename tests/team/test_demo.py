"""The embedded demo: there at the first start, and the whole loop from the terminal."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.actor import system_actor
from core.demo.notes import COPIED_FIELDS, make_examples
from core.workflows.curation.importing import imports_of, rejects_of
from core.workflows.demo import GENERATION, ensure_demo, run_demo
from core.workflows.team.projects import delete_project
from storage.store import Store


def test_the_demo_is_there_at_the_first_start_with_work_for_every_queue(store: Store) -> None:
    project = ensure_demo(store)
    assert project is not None
    counts = store.examples.counts(project.project_id)
    assert counts["accepted"] >= 1000
    assert counts["new"] >= 40


def test_the_demos_flawed_examples_are_rejected_or_wait_for_people(store: Store) -> None:
    project = ensure_demo(store)
    assert project is not None
    actor = system_actor()
    (imported,) = imports_of(store, actor, project.project_id)
    rejected = rejects_of(store, actor, project.project_id, imported.import_id)
    flaws = [example.flaw for example in make_examples()]
    assert len(rejected) == flaws.count("empty_output") > 0
    assert all("empty" in row.reason for row in rejected)
    assert imported.duplicates == flaws.count("duplicate") > 0
    accepted = {
        row["external_id"] for row in store.examples.accepted(project.project_id).to_pylist()
    }
    flawed = {f"note-{i:04}" for i, flaw in enumerate(flaws, 1) if flaw}
    assert not accepted & flawed


def test_a_second_start_adds_nothing(store: Store) -> None:
    first = ensure_demo(store)
    second = ensure_demo(store)
    assert first is not None
    assert second is not None
    assert first.project_id == second.project_id
    assert len(store.projects.all()) == 1


def test_a_demo_that_a_lead_deleted_does_not_come_back(store: Store) -> None:
    project = ensure_demo(store)
    assert project is not None
    delete_project(store, system_actor(), project.project_id)
    assert ensure_demo(store) is None
    assert store.projects.all() == []


@pytest.mark.timeout(600)
def test_the_loop_runs_to_a_queue_of_pairs_whatever_the_runs_learn(store: Store) -> None:
    found = run_demo(
        store,
        system_actor(),
        trainings=({"max_steps": 2}, {"max_steps": 6}),
        generation=replace(GENERATION, max_new_tokens=8),
    )
    assert found["run"]["status"] == "completed"
    assert 0 < found["run"]["trainable_parameters"] < found["run"]["total_parameters"]
    splits = found["splits"]
    assert sum(splits.values()) == found["examples"]["accepted"]
    assert {name: scores["n"] for name, scores in found["scores"].items()} == dict.fromkeys(
        ("base", "prompted", "tuned"), splits["test"]
    )
    assert found["study"]["pairs"] >= splits["test"] * 0.1


@pytest.fixture(scope="module")
def loop(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What `touchstone demo --json` prints, run once for the tests below."""
    home = tmp_path_factory.mktemp("demo")
    done = subprocess.run(
        [sys.executable, "cli.py", "demo", "--home", str(home), "--json"],
        capture_output=True,
        text=True,
        timeout=1500,
        check=False,
        cwd=Path(__file__).parents[2],
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


@pytest.mark.slow
@pytest.mark.timeout(1600)
def test_the_demo_leaves_a_queue_of_blind_pairs(loop: dict[str, Any]) -> None:
    assert loop["run"]["status"] == "completed"
    assert loop["study"]["pairs"] >= loop["splits"]["test"] * 0.1
    assert loop["study"]["blind"]


@pytest.mark.slow
@pytest.mark.timeout(1600)
def test_the_lora_run_teaches_the_task(loop: dict[str, Any]) -> None:
    scores = loop["scores"]
    assert scores["tuned"]["token_f1"] >= 0.85
    untuned = max(scores["base"]["token_f1"], scores["prompted"]["token_f1"])
    assert scores["tuned"]["token_f1"] >= untuned + 0.3


@pytest.mark.slow
@pytest.mark.timeout(1600)
def test_the_tuned_model_copies_names_and_values_it_never_saw(loop: dict[str, Any]) -> None:
    accuracy = loop["scores"]["tuned"]["field_accuracy"]
    assert {field: accuracy[field] for field in COPIED_FIELDS if accuracy[field] < 0.85} == {}
