"""Generate, import answers, score: the real worker on real files, and the real data where it is."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound, TouchstoneError
from core.importing.answers_job import Report
from core.jobs.job import Job
from core.jobs.local import kill
from core.study.system import SystemKind
from core.tuning.generation_config import GenerationConfig
from core.tuning.run_spec import RunSpec
from core.workflows.curation import bulk_accepting, freezing, importing
from core.workflows.evaluation import (
    answers,
    generating,
    rating,
    results,
    score_report,
    studies,
    systems,
)
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import supervise_once, wait_for
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.study_builders import a_judgement, a_version, example_ids, rate_all

SHARED = Path(__file__).parents[3] / "shared" / "data" / "self-instruct"
RECORDS = [
    ("Write the record.", f"Person {k} of team {k % 3}.", f"name: P{k}\nteam: {'ABC'[k % 3]}")
    for k in range(12)
]


# What the worker measures, as far as a generation asks for it.
METRICS: dict[str, Any] = {
    "steps": 1,
    "total_steps": 1,
    "seconds": 1.0,
    "trainable_parameters": 1,
    "total_parameters": 2,
    "precision": "fp32",
    "base_model_hash": "",
    "adapter_hash": "",
}


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    opened = a_store(tmp_path)
    yield opened
    for job in opened.jobs.unsettled():
        kill(folder_of(opened, job))
    opened.close()


@pytest.fixture
def lead(store: Store) -> Actor:
    settings: dict[str, Any] = {
        "task_kind": "extraction",
        "record_fields": ("name", "team"),
        "label_field": "team",
    }
    return an_actor(a_project(store, **settings).project_id, "lead")


def project_of(actor: Actor) -> str:
    return next(iter(actor.roles))


def settle(store: Store) -> None:
    """Run everything that waits, whatever it leads to."""
    while waiting := store.jobs.unsettled():
        wait_for(store, waiting[0].job_id)


def written(store: Store, rows: list[dict[str, Any]], name: str = "answers.jsonl") -> Path:
    path = store.workspace / "inbox" / name
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def imported(
    store: Store, lead: Actor, version_id: str, name: str, path: Path
) -> tuple[str, Report]:
    """A system whose answers a worker joined, and the report; its scoring still waits."""
    system_id = answers.start_import(store, lead, version_id, name=name, path=path)
    job = store.jobs.of_subject(system_id)
    assert job is not None
    wait_for(store, job.job_id)
    return system_id, answers.report_of(store, lead, system_id)


def a_run(store: Store, lead: Actor, version_id: str, status: str) -> str:
    """A run of the model folder `tiny`, whose job stands at `status`."""
    run_id, job_id = new_id("run"), new_id("job")
    given = {"run_id": run_id, "name": "Short", "version_id": version_id, "model_id": "tiny"}
    spec = RunSpec.from_settings({**given, "base_model": "models/tiny"})
    store.jobs.add(
        Job(
            job_id=job_id,
            kind="train",
            project_id=project_of(lead),
            subject_id=run_id,
            title="Train",
            folder=f"runs/{run_id}",
            device="accelerator",
            created_by=lead.person_id,
            created_at=now(),
        )
    )
    store.jobs.observe(job_id, status=status, step=1, total=1, error=None)
    store.jobs.set_taken_in(job_id)
    store.runs.add(spec, project_id=project_of(lead), job_id=job_id, actor_id=lead.person_id)
    if status == "completed":
        store.runs.set_metrics(run_id, METRICS)
    return run_id


# Answers of other systems ----------------------------------------------------------------------


def test_imported_answers_join_by_text_and_are_scored_by_the_worker(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, project_of(lead), RECORDS)
    right = [{"instruction": i, "input": t, "response": o} for i, t, o in RECORDS[:9]]
    strange = [{"instruction": "Who?", "input": "", "response": "Nobody."}, {"response": "Alone."}]
    _, report = imported(store, lead, version_id, "Expert", written(store, right + strange))
    assert (report.joined, report.examples, len(report.missing)) == (9, 12, 3)
    assert [line for line, _ in report.unmatched] == [10, 11]
    assert all(isinstance(reason, str) and reason for _, reason in report.unmatched)
    settle(store)
    (system,) = systems.systems_of(store, lead, version_id)
    assert (system.answers, system.scored, system.kind) == (9, True, "imported")
    assert system.summary["field_accuracy"] == {"name": 1.0, "team": 1.0}
    assert system.summary["label_report"]["macro_f1"] == 1.0
    assert system.speed is None
    scored = score_report.score_report(store, lead, version_id).content
    assert scored is not None
    mean = scored.systems[0].means["token_f1"].mean
    assert (mean.value, mean.n) == (1.0, 9)


def test_answers_join_by_the_examples_id(store: Store, lead: Actor) -> None:
    version_id = a_version(store, project_of(lead), RECORDS)
    ids = example_ids(store, version_id)
    rows = [{"id": example_id, "answer": f"name: {k}"} for k, example_id in enumerate(ids)]
    _, report = imported(store, lead, version_id, "By id", written(store, rows))
    assert (report.joined, report.unmatched, report.missing) == (12, [], [])


def test_answers_that_fit_nothing_are_refused_and_nothing_is_saved(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, project_of(lead), RECORDS)
    rows = [{"instruction": "Something else", "answer": "x"}]
    with pytest.raises(TouchstoneError, match="None of the 1 answers belongs"):
        imported(store, lead, version_id, "X", written(store, rows))
    with pytest.raises(TouchstoneError, match="No column is named like an answer"):
        imported(store, lead, version_id, "X", written(store, [{"instruction": "Something"}]))
    with pytest.raises(InvalidInput, match="name"):
        imported(store, lead, version_id, " ", written(store, rows))
    assert systems.systems_of(store, lead, version_id) == []


def test_the_same_answers_submitted_twice_are_one_system(store: Store, lead: Actor) -> None:
    version_id = a_version(store, project_of(lead), RECORDS)
    rows = [{"instruction": i, "input": t, "answer": o} for i, t, o in RECORDS]
    for _ in range(2):
        path = written(store, rows)
        answers.start_import(store, lead, version_id, name="E", path=path, system_id="sys_once")
    settle(store)
    (system,) = systems.systems_of(store, lead, version_id)
    assert (system.system_id, system.answers, system.scored) == ("sys_once", 12, True)


def test_a_report_that_is_gone_says_so_and_is_for_leads_only(store: Store, lead: Actor) -> None:
    version_id = a_version(store, project_of(lead), RECORDS)
    rows = [{"instruction": i, "input": t, "answer": o} for i, t, o in RECORDS]
    system_id, _ = imported(store, lead, version_id, "E", written(store, rows))
    with pytest.raises(NotAllowed):
        answers.report_of(store, an_actor(project_of(lead), "reviewer"), system_id)
    job = store.jobs.of_subject(system_id)
    assert job is not None
    shutil.rmtree(folder_of(store, job).final)
    with pytest.raises(NotFound, match="not in the workspace any more"):
        answers.report_of(store, lead, system_id)


def test_answers_are_read_side_by_side_a_page_at_a_time_and_by_leads_only(
    store: Store, lead: Actor
) -> None:
    version_id = a_version(store, project_of(lead), RECORDS)
    names = {}
    for name in ("One", "Two"):
        rows = [{"instruction": i, "input": t, "answer": f"{name} {t}"} for i, t, _ in RECORDS]
        names[imported(store, lead, version_id, name, written(store, rows))[0]] = name
    page = generating.answers_page(store, lead, version_id, list(names), limit=5, offset=10)
    assert [example.input for example in page] == [text for _, text, _ in RECORDS[10:]]
    for example in page:
        assert {names[system]: answer.text for system, answer in example.answers.items()} == {
            name: f"{name} {example.input}" for name in ("One", "Two")
        }
    reviewer = an_actor(project_of(lead), "reviewer", name="eve")
    for question in (
        lambda: generating.answers_page(store, reviewer, version_id, list(names)),
        lambda: systems.systems_of(store, reviewer, version_id),
        lambda: answers.start_import(store, reviewer, version_id, name="E", path=Path("x")),
    ):
        with pytest.raises(NotAllowed):
            question()


# Answers of a run ------------------------------------------------------------------------------


def test_a_run_that_has_not_completed_generates_nothing(store: Store, lead: Actor) -> None:
    version_id = a_version(store, project_of(lead), RECORDS)
    run_id = a_run(store, lead, version_id, "stopped")
    with pytest.raises(Conflict, match="is stopped"):
        generating.start_generation(store, lead, run_id)
    with pytest.raises(NotAllowed):
        generating.start_generation(store, an_actor(project_of(lead), "reviewer"), run_id)
    assert store.jobs.unsettled() == []


def test_a_split_that_is_empty_and_a_kind_that_is_unknown_are_refused(
    store: Store, lead: Actor
) -> None:
    run_id = a_run(store, lead, a_version(store, project_of(lead), RECORDS), "completed")
    with pytest.raises(InvalidInput, match="validation of this version is empty"):
        generating.start_generation(store, lead, run_id, split="validation")
    with pytest.raises(InvalidInput, match="at least one"):
        generating.start_generation(store, lead, run_id, kinds=["gpt"])  # type: ignore[list-item]


def test_a_sample_of_none_and_a_prompted_base_without_shots_are_refused(
    store: Store, lead: Actor
) -> None:
    run_id = a_run(
        store, lead, a_version(store, project_of(lead), RECORDS, split="train"), "completed"
    )
    for limit in (-1, 0):
        with pytest.raises(InvalidInput, match="one example or more"):
            generating.start_generation(store, lead, run_id, split="train", limit=limit)
    with pytest.raises(InvalidInput, match="one worked example or more"):
        generating.start_generation(
            store, lead, run_id, split="train", config=GenerationConfig(shots=0)
        )
    asked: tuple[SystemKind, ...] = ("base", "base")
    made = generating.start_generation(store, lead, run_id, split="train", kinds=asked)
    (job,) = (one for one in store.jobs.unsettled() if one.kind == "generate")
    assert [one["kind"] for one in folder_of(store, job).spec()["systems"]] == ["base"]
    assert list(made) == ["base"]


def test_base_and_prompted_base_answer_a_sample_and_both_are_scored(
    store: Store, lead: Actor
) -> None:
    from tests.tiny_model import make_tiny_model

    make_tiny_model(store.workspace / "models" / "tiny", max_positions=512)
    version_id = a_version(store, project_of(lead), RECORDS, split="train")
    run_id = a_run(store, lead, version_id, "completed")
    asked: dict[str, Any] = {
        "kinds": ["base", "prompted"],
        "split": "train",
        "limit": 4,
        "config": GenerationConfig(max_new_tokens=8, shots=1),
        "submission_id": "gen_once",
        "reference_perplexity": True,
    }
    made = generating.start_generation(store, lead, run_id, **asked)
    assert generating.start_generation(store, lead, run_id, **asked) == made
    settle(store)
    assert supervise_once(store) == 0
    found = {s.kind: s for s in systems.systems_of(store, lead, version_id)}
    assert {kind: (s.answers, s.scored) for kind, s in found.items()} == {
        "base": (4, True),
        "prompted": (4, True),
    }
    assert found["prompted"].name == "tiny + 1 example"
    texts = {kind: store.answers.texts(system_id, version_id) for kind, system_id in made.items()}
    assert texts["base"].keys() == texts["prompted"].keys()
    assert all(s.summary["n"] == 4 for s in found.values())
    assert all(s.speed for s in found.values())
    for system in found.values():
        measured = system.summary["metrics"]
        assert measured["confidence"] < 0 < measured["reference_loss"]
        # How a system answers has nothing to do with what is measured beside it.
        assert "reference_perplexity" not in json.dumps(dict(system.system.spec))


# Real data -------------------------------------------------------------------------------------


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the real data is not beside the checkout")
def test_self_instruct_goes_from_import_to_a_withheld_verdict(store: Store) -> None:
    lead = an_actor(a_project(store, "Self-instruct").project_id, "lead")
    tasks = store.workspace / "inbox" / "tasks.jsonl"
    shutil.copy(SHARED / "user_oriented_instructions.jsonl", tasks)
    importing.start_import(store, lead, project_of(lead), tasks, "user_oriented_instructions.jsonl")
    settle(store)
    assert bulk_accepting.accept_all(store, lead, project_of(lead), untouched=True) == 252
    version_id = freezing.start_freeze(store, lead, project_of(lead), evaluation_only=True)
    settle(store)
    made = {}
    for name in ("base_davinci", "tuned_davinci-self-instruct"):
        path = store.workspace / "inbox" / f"{name}.jsonl"
        shutil.copy(SHARED / f"{name}_predictions.jsonl", path)
        made[name], report = imported(store, lead, version_id, name, path)
        assert (report.joined, report.examples, report.unmatched) == (252, 252, [])
    settle(store)
    base, tuned = made.values()
    score_report.compare_all_the_same(
        store, lead, version_id, base, tuned, "Both answers were published side by side."
    )
    scored = score_report.score_report(store, lead, version_id, baseline_id=base).content
    assert scored is not None
    assert [s.means["rougeL"].mean.n for s in scored.systems] == [252, 252]
    assert scored.systems[1].against["rougeL"].says == "better"
    study_id = studies.open_study(
        store, lead, project_of(lead), version_id=version_id, name="", baseline_id=base,
        candidate_ids=[tuned], reason="Both answers were published side by side.",
    )  # fmt: skip
    settle(store)
    study = studies.get_study(store, lead, study_id)
    assert (study.plan.pairs, study.plan.outputs, study.blind) == (26, 252, False)
    assert study.leaks.measures[0].share == pytest.approx(0.968, abs=0.001)
    rater = an_actor(project_of(lead), "reviewer", name="bea")
    assert rate_all(store, rater, study_id, a_judgement, most=10) == 10
    assert rating.progress(store, rater, study_id).judged == 10
    result = results.study_report(store, lead, study_id).content
    assert result is not None
    assert "not blind" in result.withheld
    assert (result.found.judged, result.coverage.n) == (10, 252)
