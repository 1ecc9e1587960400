"""Trying a model: a real worker answers questions as they come, and a proposal joins the queue."""

from __future__ import annotations

import time

import pytest

from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotAllowed
from core.gpu import trying as worker
from core.tuning.generation_config import GenerationConfig
from core.workflows.curation.browsing import ContentKnown
from core.workflows.jobs import control
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import supervise_once, wait_for
from core.workflows.tuning import training, trying
from storage.store import Store
from tests.builders import an_actor
from tests.tuning.test_training_workflow import SHORT, a_version

ASKED = GenerationConfig(max_new_tokens=8)


@pytest.fixture
def max_positions() -> int:
    return 256


def answered(store: Store, lead: Actor, job_id: str, count: int) -> list[trying.Asked]:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        supervise_once(store)
        known = trying.conversation(store, lead, job_id)
        if sum(one.tuned is not None for one in known) == count:
            return known
        time.sleep(0.05)
    raise AssertionError(folder_of(store, store.jobs.unsettled()[0]).log_file.read_text())


def test_the_app_and_the_worker_mean_the_same_file() -> None:
    assert worker.QUESTIONS == trying.QUESTIONS


def test_both_models_answer_what_is_asked_and_an_answer_becomes_a_proposal(
    store: Store, lead: Actor
) -> None:
    project_id = next(iter(lead.roles))
    version_id = a_version(store, project_id)
    settings = {**SHORT, "max_steps": 12, "eval_samples": 0, "learning_rate": 0.05}
    run_id = training.start_run(store, lead, version_id, model_id="tiny", settings=settings)
    with pytest.raises(InvalidInput, match="Only a completed run"):
        trying.start_trying(store, lead, run_id)
    wait_for(store, training.get_run(store, lead, run_id).job_id)
    with pytest.raises(NotAllowed):
        trying.start_trying(store, an_actor(project_id, "annotator", name="Ann"), run_id)

    job_id = trying.start_trying(store, lead, run_id)
    assert trying.start_trying(store, lead, run_id) == job_id
    with pytest.raises(InvalidInput, match="needs an instruction"):
        trying.ask(store, lead, job_id, "  ")
    # Asked before the worker is up: nothing is lost.
    first = trying.ask(store, lead, job_id, "Write the record.", "Ada lives in Oslo.", ASKED)
    (one,) = answered(store, lead, job_id, 1)
    assert one.question_id == first
    assert one.base != one.tuned
    # Longer than the model's context: an answer that says nothing, and the worker lives.
    trying.ask(store, lead, job_id, "Write " * 400, "", ASKED)
    trying.ask(store, lead, job_id, "Write the record.", "Alan lives in Lima.", ASKED)
    known = answered(store, lead, job_id, 3)
    assert (known[1].base, known[1].tuned) == ("", "")
    assert known[2].seconds

    with pytest.raises(InvalidInput, match="no answer to propose"):
        trying.propose(store, lead, job_id, known[1].question_id, "tuned", good=True)
    added = trying.propose(store, lead, job_id, first, "tuned", good=False)
    again = trying.propose(store, lead, job_id, first, "tuned", good=False)
    assert added.example_id == again.example_id
    assert (added.state, added.output, added.input) == ("new", one.tuned, "Ada lives in Oslo.")
    revision = store.examples.history(added)[0]
    assert "an answer of the tuned model, to be corrected" in revision.text
    second = trying.ask(store, lead, job_id, "Write the record.", "Ada lives in Oslo.", ASKED)
    answered(store, lead, job_id, 4)
    with pytest.raises(ContentKnown):
        trying.propose(store, lead, job_id, second, "tuned", good=True)

    control.stop_job(store, lead, job_id)
    job = wait_for(store, job_id)
    assert job.status == "completed"
    with pytest.raises(Conflict, match="was unloaded"):
        trying.ask(store, lead, job_id, "Write the record.")
    assert len(trying.conversation(store, lead, job_id)) == 4
