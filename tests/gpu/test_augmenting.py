"""The "paraphrase" job with a tiny model: seeded, resumed behind what was answered, cancelled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.augmentation.plan import AugmentationPlan
from core.errors import NotFound
from core.examples.listing import ExampleFilter
from core.jobs.context import JobContext, JobStopped
from core.jobs.folder import read_json
from core.jobs.kinds import function_of, kind_of
from core.tuning.base_models import UnknownBaseModel
from core.workflows.curation import augmenting
from core.workflows.jobs.jobs import folder_of
from storage.store import Store
from tests.builders import a_project, a_store, accepted_examples, an_actor
from tests.job_builders import run_here
from tests.tiny_model import make_tiny_model

PLAN = AugmentationPlan("model", per_example=2, most=8, seed=1)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = a_store(tmp_path)
    make_tiny_model(tmp_path / "models" / "tiny")
    yield store
    store.close()


def started(store: Store, project_id: str, model: str = "tiny") -> str:
    lead = an_actor(project_id)
    return augmenting.start(store, lead, project_id, ExampleFilter(), PLAN, model=model)


def proposed(store: Store, project_id: str) -> list[str]:
    rows = store.database.rows(
        "SELECT instruction FROM example_current WHERE project_id = $project AND author_id = "
        "'system' AND state = 'annotated' ORDER BY position",
        {"project": project_id},
    )
    return [row["instruction"] for row in rows]


def test_a_model_proposes_from_its_seed_and_what_it_dropped_is_counted(store: Store) -> None:
    project_id = a_project(store).project_id
    texts = [(f"Tell me about {name}.", "", f"{name} is.") for name in ("Oslo", "Lima", "Perth")]
    accepted_examples(store, project_id, texts)
    first = started(store, project_id)
    run_here(store, first)
    (done,) = augmenting.augmentations(store, an_actor(project_id), project_id)
    assert (done.model, done.sources) == ("tiny", 3)
    assert done.added + sum(done.dropped.values()) == 3 * 2
    found = proposed(store, project_id)
    assert len(found) == done.added
    augmenting.undo(store, an_actor(project_id), project_id, first)
    again = started(store, project_id)
    job = store.jobs.of_subject(again)
    assert job is not None
    folder = folder_of(store, job)

    class Stops(JobContext):
        def should_stop(self) -> bool:
            return self.folder.checkpoints.exists() and any(self.folder.checkpoints.iterdir())

    with pytest.raises(JobStopped):
        function_of(kind_of("paraphrase").run)(Stops(folder))
    assert not folder.final.exists()
    run_here(store, again)  # a later start goes on behind what was answered
    assert proposed(store, project_id) == found
    report = read_json(folder.final / "report.json")
    assert report is not None
    assert report["dropped"] == dict(done.dropped)


def test_a_model_that_is_not_here_is_refused_before_anything_is_queued(store: Store) -> None:
    project_id = a_project(store).project_id
    accepted_examples(store, project_id, 1)
    with pytest.raises(UnknownBaseModel):
        started(store, project_id, "someone/else")
    with pytest.raises(NotFound):
        started(store, project_id, "run:none")
    assert store.jobs.unsettled() == []
    titles = [one.title for one in augmenting.models(store, an_actor(project_id), project_id)]
    assert "tiny" in titles


def test_a_model_answers_the_questions_themselves_for_negatives_and_the_cut_ones_say_so(
    store: Store,
) -> None:
    project_id = a_project(store).project_id
    texts = [(f"Tell me about {name}.", "", f"{name} is.") for name in ("Oslo", "Lima", "Perth")]
    accepted_examples(store, project_id, texts)
    plan = AugmentationPlan("model", per_example=2, most=8, seed=1, makes="negatives")
    lead = an_actor(project_id)
    run_here(store, augmenting.start(store, lead, project_id, ExampleFilter(), plan, model="tiny"))
    (done,) = augmenting.augmentations(store, lead, project_id)
    rows = store.database.rows("SELECT rule, model, cut, output, state FROM negatives")
    assert done.added == len(rows) > 0
    assert done.added + done.known + sum(done.dropped.values()) == 3 * 2
    assert {(row["rule"], row["model"], row["state"]) for row in rows} == {
        ("model", "tiny", "waiting")
    }
    assert {row["output"] for row in rows}.isdisjoint(text[2] for text in texts)
