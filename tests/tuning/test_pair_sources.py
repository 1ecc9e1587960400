"""A run chooses where its preference pairs come from: ratings, confirmed negatives, or both."""

from __future__ import annotations

from typing import Any

import pytest

from core.actor import Actor
from core.tuning.run_spec import RunSpec
from core.tuning.settings import InvalidRunSpec
from core.workflows.commands import command
from core.workflows.evaluation import studies
from core.workflows.tuning import training
from core.workflows.tuning.preferences import frozen_pairs, preferences_by_choice, preferences_of
from core.workflows.tuning.specs import planned_spec
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project, accepted_examples, an_actor
from tests.tiny_model import a_run
from tests.tuning.test_preference_workflow import (
    SPLITS,
    a_rated_study,
    a_version,
    twenty_confirmed,
    two_answering,
)


@pytest.fixture
def lead(store: Store) -> Actor:
    project_id = a_project(store, "Fruit", template="{instruction} {input}").project_id
    accepted_examples(store, project_id, len(SPLITS))
    return an_actor(project_id, "lead")


def test_a_run_on_negatives_alone_takes_no_rating_and_no_later_rating_changes_its_pairs(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, lead)
    twenty_confirmed(store, lead)
    systems = two_answering(store, lead, version_id)
    study_id = a_rated_study(store, lead, version_id, systems, "train", close=False, size=10)
    there = len(preferences_of(store, lead, version_id, "negatives").pairs)
    settings: dict[str, Any] = {
        "objective": "dpo", "pair_sources": "negatives", "max_steps": 2, "eval_samples": 0,
    }  # fmt: skip
    with pytest.raises(InvalidRunSpec, match="both, ratings or negatives"):
        planned_spec(
            store, lead, version_id, model_id="tiny",
            settings={**settings, "pair_sources": "hunches"},
        )  # fmt: skip
    spec = planned_spec(store, lead, version_id, model_id="tiny", settings=settings)
    studies.set_closed(store, lead, study_id, closed=True)
    each = preferences_by_choice(store, lead, version_id)
    assert {one: len(each[one].pairs) for one in each} == {
        "both": 10 + there, "ratings": 10, "negatives": there,
    }  # fmt: skip
    assert frozen_pairs(store, lead, spec)[1]["sources"] == {"negative": there}
    asked = {"version": version_id, "base_model": "tiny", **settings}
    told = command("train")(store, Workspace(store.workspace), {"spec": asked})
    assert isinstance(told, dict)
    assert (told["status"], told["steps"]) == ("completed", 2)
    found = told["preferences"]
    assert (found["sources"], found["studies"]) == ({"negative": there}, {})
    assert found["hash"] == spec.objective.pairs_hash
    assert found["left_out"] == each["negatives"].left_out
    run = training.get_run(store, lead, told["run"])
    assert run.spec.objective.pair_sources == "negatives"
    card = (store.workspace / run.folder / "final" / "README.md").read_text()
    assert "| pair_sources | negatives |" in card


def test_the_spec_of_a_run_from_before_the_choice_means_both() -> None:
    spec = RunSpec.from_settings({**a_run("models/tiny").settings(), "objective": "dpo"})
    kept = spec.to_json()
    del kept["objective"]["pair_sources"]
    assert RunSpec.from_json(kept).objective.pair_sources == "both"
