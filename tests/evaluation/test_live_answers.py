"""Live traffic without references: a version to evaluate on, no scores, a study like any other."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.decision.verification import verify_report
from core.errors import InvalidInput
from core.importing.columns import InvalidMapping, UnknownColumn
from core.importing.live_job import live_columns
from core.study.pairs import BlindJudgement, BlindPair
from core.workflows.curation import freezing
from core.workflows.evaluation import (
    live_answers,
    reporting,
    results,
    score_report,
    scoring,
    studies,
    systems,
)
from tests.builders import a_project, a_store, an_actor
from tests.job_builders import run_here
from tests.study_builders import FRUITS, a_judgement, a_study, rate_all

RECORDS = [
    {
        "id": f"q{k}",
        "question": f"Which fruit would you take on day {k}?",
        "model_a": f"I would take the {FRUITS[k % 10]}, number {k:03d}.",
        "model_b": f"I would take the {FRUITS[(k + 5) % 10]}, number {k:03d}.",
    }
    for k in range(24)
]


def put(folder: Path, records: list[dict[str, str]]) -> Path:
    path = folder / "traffic.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in records), encoding="utf-8")
    return path


def test_a_batch_without_references_is_versioned_rated_and_reported_and_not_scored(
    tmp_path: Path,
) -> None:
    store = a_store(tmp_path / "workspace")
    project_id = a_project(store).project_id
    lead = an_actor(project_id)
    repeated = {**RECORDS[0], "id": "again", "model_a": "Another answer to the same question."}
    path = put(tmp_path, [*RECORDS, repeated, {"question": "Nobody answered this?"}])
    version_id = live_answers.start_import(store, lead, project_id, path=path, name="Week 47")
    run_here(store, version_id)

    version = freezing.get_version(store, lead, version_id)
    assert (version.name, version.evaluation_only, version.total) == ("Week 47", True, 24)
    there = systems.systems_of(store, lead, version_id)
    assert {(s.name, s.answers) for s in there} == {("model_a", 24), ("model_b", 24)}
    a, b = (next(s.system_id for s in there if s.name == name) for name in ("model_a", "model_b"))
    said = store.answers.texts(a, version_id)
    assert sorted(said.values()) == sorted(one["model_a"] for one in RECORDS)
    # The questions are examples like others, to be annotated if somebody wants references.
    assert store.examples.counts(project_id)["new"] == 25

    assert not [job for job in store.jobs.unsettled() if job.kind == "score"]
    assert not scoring.has_references(store, lead, version_id)
    with pytest.raises(InvalidInput, match="no references"):
        scoring.score_again(store, lead, version_id)

    with pytest.raises(InvalidInput, match="not stated for either"):
        a_study(store, lead, project_id, a, b, size=20)
    study_id = a_study(
        store, lead, project_id, a, b, size=20, show_reference=True,
        reason="Both run behind the same service.",
    )  # fmt: skip
    study = studies.get_study(store, lead, study_id)
    assert study.blind
    assert not study.plan.show_reference

    def vote(pair: BlindPair) -> BlindJudgement:
        assert pair.reference is None
        prefers = "left" if pair.left in said.values() else "right"
        return a_judgement(pair, prefers)

    assert rate_all(store, an_actor(project_id, "reviewer", name="bea"), study_id, vote) == 20
    result = results.study_report(store, lead, study_id).content
    assert result is not None
    (found,) = result.found.comparisons
    assert (found.judged, found.count("baseline")) == (20, 20)
    assert score_report.score_report(store, lead, version_id).content is not None
    studies.set_closed(store, lead, study_id, True)
    files = reporting.report_files(store, lead, study_id)
    assert verify_report(files["json"], seal=study.seal)["judgements"] == 20
    assert "the version has no references" in files["html"]

    # A second batch may bring a question again: it stands in both versions.
    path = put(tmp_path, [{**one, "model_c": one["model_a"]} for one in RECORDS[:12]])
    second = live_answers.start_import(
        store, lead, project_id, path=path, columns=["model_b", "model_c"], name="week 47"
    )
    run_here(store, second)
    assert freezing.get_version(store, lead, second).total == 12
    names = {s.name for s in systems.systems_of(store, lead, second) if s.answers}
    assert {"model_b (2)", "model_c"} <= names
    store.close()


def test_a_file_that_is_no_batch_is_refused_with_what_it_lacks(tmp_path: Path) -> None:
    path = put(tmp_path, [{"question": "Why?", "model_a": "So."}])
    with pytest.raises(InvalidMapping, match="two systems or more"):
        live_columns(path, [])
    with pytest.raises(UnknownColumn, match="no column model_z"):
        live_columns(path, ["model_a", "model_z"])
    with pytest.raises(InvalidMapping, match="named like a question"):
        live_columns(put(tmp_path, [{"model_a": "So.", "model_b": "Not so."}]), [])
