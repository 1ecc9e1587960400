"""Preference tuning from the app's side: real studies, what of them is learned, and a real run."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.actor import Actor
from core.augmentation.plan import AugmentationPlan
from core.errors import InvalidInput
from core.examples.listing import ExampleFilter
from core.jobs.local import kill
from core.study.pairs import BlindJudgement, BlindPair
from core.study.verdicts import FOR_TUNING
from core.tuning.preferences import TooFewPairs
from core.tuning.run_spec import RunSpec
from core.workflows.commands import command
from core.workflows.curation import augmenting, negatives
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation import results, studies
from core.workflows.jobs.jobs import folder_of
from core.workflows.tuning import techniques, training
from core.workflows.tuning.preferences import PairsChanged, frozen_pairs, preferences_of
from core.workflows.tuning.specs import learned_from, planned_spec
from core.workflows.tuning.techniques import Technique
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project, a_store, accepted_examples, an_actor
from tests.job_builders import run_here
from tests.study_builders import FRUITS, a_judgement, a_system, answers_of, rate_all
from tests.tiny_model import a_run, make_tiny_model
from tests.version_builders import add_version

SPLITS = ["train"] * 40 + ["validation"] * 10 + ["test"] * 20


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny", max_positions=512)


@pytest.fixture
def store(tmp_path: Path, models: Path) -> Iterator[Store]:
    opened = a_store(tmp_path)
    (tmp_path / "models" / "tiny").symlink_to(models)
    yield opened
    for job in opened.jobs.unsettled():
        kill(folder_of(opened, job))
    opened.close()


@pytest.fixture
def lead(store: Store) -> Actor:
    project = a_project(store, "Fruit", template="{instruction} {input}")
    accepted_examples(store, project.project_id, len(SPLITS))
    return an_actor(project.project_id, "lead")


def a_version(store: Store, lead: Actor, groups: list[str] | None = None) -> str:
    ratios = (0.57, 0.14, 0.29)
    return add_version(store, project_of(lead), SPLITS, ratios=ratios, groups=groups or ())


def project_of(actor: Actor) -> str:
    (project_id,) = actor.roles
    return project_id


def two_answering(store: Store, lead: Actor, version_id: str) -> tuple[str, str]:
    project_id = project_of(lead)
    one, other = (
        a_system(store, project_id, version_id, name, answers_of(store, version_id, shift))
        for name, shift in (("Model one", 0), ("Model two", 5))
    )
    return one, other


def early_fruit(pair: BlindPair) -> BlindJudgement:
    """Prefers a fruit of the first half of the list, whoever names it."""
    early = any(fruit in pair.left for fruit in FRUITS[:5])
    return a_judgement(pair, "left" if early else "right")


def a_rated_study(
    store: Store,
    lead: Actor,
    version_id: str,
    systems: tuple[str, str],
    split: str,
    *,
    close: bool = True,
    prefers: Callable[[BlindPair], BlindJudgement] = early_fruit,
    **plan: Any,
) -> str:
    project_id = project_of(lead)
    asked = {"overlap": 0.0, "seed": 42, "repeats": 0.0, "size": 100, "name": f"On {split}", **plan}
    study_id = studies.open_study(
        store, lead, project_id, version_id=version_id, baseline_id=systems[0],
        candidate_ids=[systems[1]], split=split, **asked,
    )  # fmt: skip
    run_here(store, study_id)
    rate_all(store, an_actor(project_id, "reviewer", name="bea"), study_id, prefers)
    if close:
        studies.set_closed(store, lead, study_id, closed=True)
    return study_id


def test_a_study_of_the_test_split_gives_nothing_and_says_so(store: Store, lead: Actor) -> None:
    version_id = a_version(store, lead)
    a_rated_study(store, lead, version_id, two_answering(store, lead, version_id), "test")
    found = preferences_of(store, lead, version_id)
    assert (found.pairs, found.left_out) == ((), {"test": 20})
    asked: dict[str, Any] = {"model_id": "tiny", "settings": {"objective": "dpo"}}
    with pytest.raises(TooFewPairs, match=r"Left out: 20 \(20 of test examples\)"):
        training.start_run(store, lead, version_id, **asked)
    assert store.jobs.unsettled() == []


def test_only_closed_studies_give_pairs_and_near_duplicates_of_test_examples_none(
    store: Store, lead: Actor
) -> None:
    # The first three training examples are near-duplicates of test examples.
    groups = [f"group_{k}" if k > 2 else f"group_{50 + k}" for k in range(len(SPLITS))]
    version_id = a_version(store, lead, groups)
    systems = two_answering(store, lead, version_id)
    study_id = a_rated_study(store, lead, version_id, systems, "train", close=False)
    assert preferences_of(store, lead, version_id).left_out == {"near_test": 3, "open": 37}
    studies.set_closed(store, lead, study_id, closed=True)
    found = preferences_of(store, lead, version_id)
    assert (len(found.pairs), found.left_out) == (37, {"near_test": 3})
    table = store.versions.examples(version_id, "train")
    asked = dict(zip(table["example_id"].to_pylist(), table["input"].to_pylist(), strict=True))
    for pair in found.pairs:
        assert (pair.split, pair.study_id) == ("train", study_id)
        assert pair.input == asked[pair.example_id]
        assert any(fruit in pair.output for fruit in FRUITS[:5])
        assert any(fruit in pair.rejected for fruit in FRUITS[5:])


def test_an_example_that_a_later_version_tests_with_is_no_pair_of_an_earlier_one_either(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, lead)
    a_rated_study(store, lead, version_id, two_answering(store, lead, version_id), "train")
    assert len(preferences_of(store, lead, version_id).pairs) == 40
    # Versions of before splits were sticky may say so.
    given = {"version": version_id}
    store.database.execute(
        """
        INSERT INTO dataset_versions
        SELECT * REPLACE ('ver_other' AS version_id, 99 AS number) FROM dataset_versions
        WHERE version_id = $version
        """,
        given,
    )
    store.database.execute(
        """
        INSERT INTO version_examples
        SELECT * REPLACE ('ver_other' AS version_id, 'test' AS split) FROM version_examples
        WHERE version_id = $version AND position < 4
        """,
        given,
    )
    found = preferences_of(store, lead, version_id)
    assert (len(found.pairs), found.left_out) == (36, {"test": 4})
    tested = store.versions.examples("ver_other", "test")["example_id"].to_pylist()
    assert {pair.example_id for pair in found.pairs}.isdisjoint(tested)


def test_the_answers_are_those_that_were_written_and_a_cut_one_is_not_preferred(
    store: Store, lead: Actor
) -> None:
    version_id, project_id = a_version(store, lead), project_of(lead)
    written = {k: f"  {text}\n" for k, text in answers_of(store, version_id, 0).items()}
    one = a_system(store, project_id, version_id, "One", written, finish="length")
    other = a_system(store, project_id, version_id, "Two", answers_of(store, version_id, 5))
    a_rated_study(store, lead, version_id, (one, other), "train")
    found = preferences_of(store, lead, version_id)
    assert found.left_out == {"cut": 20}
    assert len(found.pairs) == 20
    assert all(pair.rejected_cut for pair in found.pairs)
    assert all(pair.rejected == pair.rejected.strip() for pair in found.pairs)


def test_a_tuned_systems_training_examples_can_be_rated_for_tuning_and_give_no_verdict(
    store: Store, lead: Actor
) -> None:
    version_id, project_id = a_version(store, lead), project_of(lead)
    run_id = "run_tuned"
    spec = RunSpec.from_settings({**a_run("models/tiny").settings(), "version_id": version_id})
    store.runs.add(spec, project_id=project_id, job_id="job_1", actor_id=lead.person_id)
    run_id = spec.run_id
    base = a_system(store, project_id, version_id, "Base", answers_of(store, version_id, 0), "base")
    tuned = a_system(
        store, project_id, version_id, "Tuned", answers_of(store, version_id, 5), "tuned",
        run_id=run_id,
    )  # fmt: skip
    with pytest.raises(InvalidInput, match="or open a study for preference tuning"):
        a_rated_study(store, lead, version_id, (base, tuned), "train")
    for split in ("test", "all"):
        with pytest.raises(InvalidInput, match="Choose the train or the validation split"):
            a_rated_study(store, lead, version_id, (base, tuned), split, for_tuning=True)
    study_id = a_rated_study(store, lead, version_id, (base, tuned), "train", for_tuning=True)
    assert len(preferences_of(store, lead, version_id).pairs) == 40
    report = results.study_report(store, lead, study_id)
    assert report.content is not None
    assert report.content.withheld == FOR_TUNING
    assert "preferred" not in report.content.headline(report.content.found.comparisons[0])


def test_a_judgement_that_comes_in_between_plan_and_start_is_refused(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, lead)
    systems = two_answering(store, lead, version_id)
    a_rated_study(store, lead, version_id, systems, "train")
    asked: dict[str, Any] = {"model_id": "tiny", "settings": {"objective": "dpo"}}
    spec = planned_spec(store, lead, version_id, **asked)
    tables, told = frozen_pairs(store, lead, spec)
    assert (told["train"], told["validation"], told["hash"]) == (32, 8, spec.objective.pairs_hash)
    assert tables["train.parquet"].num_rows == 32
    a_rated_study(store, lead, version_id, systems, "validation")
    with pytest.raises(PairsChanged, match="Start it again"):
        frozen_pairs(store, lead, spec)


def twenty_confirmed(store: Store, lead: Actor) -> None:
    project_id = project_of(lead)
    plan = AugmentationPlan(rules=("number",), makes="negatives")
    run_here(store, augmenting.start(store, lead, project_id, ExampleFilter(), plan))
    for _ in range(20):
        task = negatives.next_negative(store, lead, project_id)
        assert task
        negatives.decide(store, lead, project_id, task.negative_id, "confirmed")


def test_confirmed_negatives_alone_are_frozen_with_the_run_and_a_later_one_changes_the_pairs(
    store: Store, lead: Actor
) -> None:
    version_id, project_id = a_version(store, lead), project_of(lead)
    twenty_confirmed(store, lead)
    spec = planned_spec(store, lead, version_id, model_id="tiny", settings={"objective": "dpo"})
    tables, told = frozen_pairs(store, lead, spec)
    found = preferences_of(store, lead, version_id)
    assert told["sources"] == {"negative": len(found.pairs)}
    assert (told["studies"], told["train"] + told["validation"]) == ({}, len(found.pairs))
    assert len(found.pairs) + found.left_out.get("test", 0) == 20
    assert set(tables["train.parquet"]["study_id"].to_pylist()) == {""}
    negatives.undo(store, lead, project_id, next(p.pair_id for p in found.pairs))
    with pytest.raises(PairsChanged, match="negative"):
        frozen_pairs(store, lead, spec)


def test_a_comparison_by_dpo_plans_its_evaluations_from_the_pairs(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, lead)
    twenty_confirmed(store, lead)
    contenders = [Technique(f"{n}", {"learning_rate": n * 1e-4}) for n in (1, 2, 3)]
    small = {"per_device_train_batch_size": 4, "gradient_accumulation_steps": 1}
    settings = {"objective": "dpo", "num_train_epochs": 10.0, **small}
    techniques.start_comparison(
        store, lead, version_id, model_id="tiny", contenders=contenders, minutes=3,
        settings=settings,
    )  # fmt: skip
    for run in store.runs.of_project(project_of(lead)):
        train = learned_from(store, lead, get_version(store, lead, version_id), run.spec)["train"]
        steps = 10 * math.ceil(train / 4)
        assert run.spec.budget.eval_steps == steps // techniques.EVALUATIONS < 20


def test_a_run_learns_from_a_real_studys_judgements_and_names_them(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, lead)
    systems = two_answering(store, lead, version_id)

    def with_corrections(pair: BlindPair) -> BlindJudgement:
        correction = "I would take the apple, and no other." if pair.number % 5 == 0 else ""
        said = early_fruit(pair)
        return a_judgement(pair, said.choice, correction=correction)

    study_id = a_rated_study(
        store, lead, version_id, systems, "train", prefers=with_corrections, name="Early fruit"
    )
    a_rated_study(store, lead, version_id, systems, "test", name="The verdict")
    spec = {
        "version": version_id, "base_model": "tiny", "objective": "dpo", "method": "lora",
        "learning_rate": 0.003, "num_train_epochs": 4.0, "logging_steps": 2, "eval_samples": 1,
        "early_stopping_patience": 0,
    }  # fmt: skip
    workspace = Workspace(store.workspace)
    checked = command("train")(store, workspace, {"spec": dict(spec), "check": True})
    assert isinstance(checked, dict)
    assert checked["ok"], checked["lines"]
    assert checked["learns"] == "preferences"
    pairs_line = next(line for line in checked["lines"] if line["name"] == "pairs")
    assert "Left out: 20 (20 of test examples)." in pairs_line["text"]

    told = command("train")(store, workspace, {"spec": dict(spec)})
    assert isinstance(told, dict)
    found = told["preferences"]
    assert (found["pairs"], found["sources"]) == (48, {"verdict": 40, "correction": 8})
    assert found["studies"] == {study_id: {"name": "Early fruit", "pairs": 48}}
    assert found["left_out"] == {"test": 20}
    assert told["examples"]["train"] == found["train"] == 48 - found["validation"]
    assert found["validation_preference_accuracy"] > 0.8
    assert found["validation_reward_margin"] > 0.1
    assert (
        told["best_validation_loss"]
        < told["initial_validation_loss"]
        == pytest.approx(0.6931, abs=1e-3)
    )

    run = training.get_run(store, lead, told["run"])
    assert (
        run.spec.objective.pairs_hash == found["hash"] == checked["spec"]["objective"]["pairs_hash"]
    )
    curves = training.curves_of(store, lead, run.run_id)
    assert curves.validation_accuracy[-1][1] > 0.8
    assert curves.margin[-1][1] > curves.margin[0][1]
    assert len(curves.validation_margin) == len(curves.validation)
    folder = store.workspace / run.folder
    rows = [
        row
        for name in ("train", "validation")
        for row in pq.read_table(folder / "data" / f"{name}.parquet").to_pylist()
    ]
    tested = set(store.versions.examples(version_id, "test")["example_id"].to_pylist())
    assert {row["example_id"] for row in rows}.isdisjoint(tested)
    assert "rater" not in json.dumps(rows)
    card = (folder / "final" / "README.md").read_text()
    assert "48 preference pairs" not in card
    assert "40 preferred answers and 8 corrections by raters of the studies Early fruit" in card
    assert "no test example is among them. Left out: 20 (20 of test examples)." in card
