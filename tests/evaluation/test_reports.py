"""Reports by a worker: the same numbers as the server's, kept until something changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.workflows.evaluation import reports, results, score_report
from tests.evaluation.test_comparable import Place as ScorePlace
from tests.evaluation.test_results import Place as StudyPlace
from tests.job_builders import run_here


def test_a_worker_computes_the_score_table_that_the_server_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ScorePlace(tmp_path)
    place.score(place.system("One", 0), place.system("Other", 5))
    at_once = place.table()
    monkeypatch.setattr(score_report, "MANY_ANSWERS", 0)
    asked = score_report.score_report(place.store, place.lead, place.version_id)
    assert asked.content is None
    again = score_report.score_report(place.store, place.lead, place.version_id)
    assert again.job_id == asked.job_id
    job = place.store.jobs.by_id(asked.job_id)
    assert job is not None
    run_here(place.store, job.subject_id)
    assert place.table() == at_once
    place.score(place.system("Third", 2))
    newer = score_report.score_report(place.store, place.lead, place.version_id)
    assert newer.job_id not in ("", asked.job_id)
    place.store.close()


def test_a_worker_computes_the_findings_of_a_study_that_the_server_would(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = StudyPlace(tmp_path)
    study_id = place.study(size=8, overlap=0.5)
    place.vote_all(study_id, ["tuned"] * 6, flags={"tuned": ("unsafe",)})
    place.vote_all(study_id, ["base"] * 3, "cem")
    at_once = place.result(study_id)
    monkeypatch.setattr(results, "MANY_JUDGEMENTS", 0)
    asked: reports.Report[results.StudyResult] = results.study_report(
        place.store, place.lead, study_id
    )
    job = place.store.jobs.by_id(asked.job_id)
    assert (asked.content, job is None) == (None, False)
    assert job is not None
    run_here(place.store, job.subject_id)
    assert place.result(study_id) == at_once
    place.store.close()
