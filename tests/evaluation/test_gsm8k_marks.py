"""Published solutions of GSM8K, marked right or wrong: imported, scored, judged by the marks."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from core.decision.verification import verify_report
from core.study.pairs import BlindJudgement, BlindPair
from core.workflows.commands import evaluation
from core.workflows.curation import freezing, importing
from core.workflows.evaluation import answer_reports, answers, results, studies
from core.workspace import Workspace
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.job_builders import run_here
from tests.study_builders import a_judgement, a_study, rate_all

SOLUTIONS = (
    Path(__file__).parents[3] / "shared" / "data" / "gsm8k" / "example_model_solutions.jsonl"
)
SMALL, LARGE = "6b_finetuning", "175b_verification"
LINES = 120


@pytest.mark.shared
def test_marked_solutions_give_the_verdict_and_the_scores_of_their_marks(tmp_path: Path) -> None:
    if not SOLUTIONS.exists():
        pytest.skip("the real data is not beside the checkout")
    lines = SOLUTIONS.read_text(encoding="utf-8").splitlines()[:LINES]
    marked = [json.loads(line) for line in lines]
    right = {
        one[name]["solution"].strip(): one[name]["is_correct"]
        for one in marked
        for name in (SMALL, LARGE)
    }
    store = a_store(tmp_path / "workspace")
    project_id = a_project(store, "GSM8K").project_id
    lead = an_actor(project_id)
    version_id = frozen(store, project_id, tmp_path, marked)
    small, large = (imported(store, version_id, tmp_path, lines, name) for name in (SMALL, LARGE))

    # The last number of a solution is right where the publishers marked it so.
    asked = answer_reports.metrics_on_request(
        store, lead, version_id, "test", small, ["number_accuracy"], compute=True
    )
    job = store.jobs.by_id(asked.job_id)
    assert job is not None
    run_here(store, job.subject_id)
    scored = answer_reports.metrics_on_request(
        store, lead, version_id, "test", small, ["number_accuracy"]
    ).content
    assert scored is not None
    assert scored.means is not None
    for system_id, name in ((small, SMALL), (large, LARGE)):
        told = scored.means["number_accuracy"][system_id]
        marks = sum(one[name]["is_correct"] for one in marked) / LINES
        assert told.n == LINES
        assert told.value == pytest.approx(marks, abs=0.02)

    study_id = a_study(
        store, lead, project_id, small, large, overlap=0.0, name="Marked solutions",
        reason="Published together by the makers of GSM8K.",
    )  # fmt: skip

    def by_the_marks(pair: BlindPair) -> BlindJudgement:
        left, there = right[pair.left], right[pair.right]
        if left == there:
            return a_judgement(pair, "tie_good" if left else "tie_bad")
        return a_judgement(pair, "left" if left else "right")

    rate_all(store, an_actor(project_id, "reviewer", name="bea"), study_id, by_the_marks)
    won = sum(one[LARGE]["is_correct"] > one[SMALL]["is_correct"] for one in marked)
    lost = sum(one[LARGE]["is_correct"] < one[SMALL]["is_correct"] for one in marked)
    result = results.study_report(store, lead, study_id).content
    assert result is not None
    (found,) = result.found.comparisons
    assert (found.count("candidate"), found.count("baseline"), found.judged) == (won, lost, LINES)
    assert found.net.value == pytest.approx((won - lost) / LINES)
    study = studies.get_study(store, lead, study_id)
    if not study.blind:
        assert "is preferred" not in result.headline(found)
        studies.let_count(store, lead, study_id, "Judged by the marks, not by people.")
    studies.set_closed(store, lead, study_id, True)
    workspace = Workspace(store.workspace)
    files = evaluation.report(store, workspace, {"study": study_id})
    assert isinstance(files, dict)
    checked = verify_report(files["json"], seal=study.seal)
    assert (checked["judgements"], checked["sealed_pairs"]) == (LINES, LINES)
    assert f"{LARGE} is preferred to {SMALL}" in files["html"]
    assert f"{won} won, {lost} lost" in files["html"]
    # What would mislead whoever reads it: scores that look as if they failed, units behind n.
    assert "exact match says nothing here" in files["html"]
    assert "No difference is shown: the systems are not known to be asked alike" in files["html"]
    assert "Asked differently" not in files["html"]
    assert "no pair was rated by two people" in files["html"]
    assert re.search(r"\d\u202f% \(\d+ to \d+\), n = \d+", files["html"])
    assert not re.search(r"n = \d+ %", files["html"])
    store.close()


def frozen(store: Store, project_id: str, folder: Path, marked: list[dict[str, str]]) -> str:
    """An evaluation-only version of the questions with their references."""
    lead = an_actor(project_id)
    path = folder / "questions.jsonl"
    path.write_text(
        "\n".join(
            json.dumps({"question": one["question"], "answer": one["ground_truth"]})
            for one in marked
        ),
        encoding="utf-8",
    )
    import_id = importing.start_import(
        store, lead, project_id, path, path.name, entered_as="accepted"
    )
    run_here(store, import_id)
    version_id = freezing.start_freeze(store, lead, project_id, evaluation_only=True)
    run_here(store, version_id)
    return version_id


def imported(store: Store, version_id: str, folder: Path, lines: list[str], name: str) -> str:
    """A system of the solutions in the published file, scored."""
    path = folder / f"{name}.jsonl"
    path.write_text("\n".join(lines), encoding="utf-8")
    version = store.versions.by_id(version_id)
    assert version is not None
    lead = an_actor(version.project_id)
    system_id = answers.start_import(
        store, lead, version_id, name=name, path=path, answer_column=f"{name}.solution"
    )
    run_here(store, system_id)
    job = store.jobs.of_subject(system_id)
    assert job is not None
    run_here(store, f"sco_{job.job_id}")
    return system_id
