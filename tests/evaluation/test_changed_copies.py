"""A copy of a study that is not blind: what raters see is changed on both sides, nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.decision.verification import verify_report
from core.errors import Conflict, InvalidInput
from core.study.pairs import BlindJudgement, BlindPair
from core.workflows.evaluation import rating, reporting, results, seals, studies, unblinding
from core.workflows.evaluation.copies import open_changed_copy
from core.workflows.evaluation.extending import add_pairs
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.job_builders import run_here
from tests.study_builders import (
    a_judgement,
    a_study,
    a_system,
    a_version,
    answers_of,
    example_ids,
    rate_all,
)


def a_told_study(store: Store, **plan: Any) -> tuple[str, str, dict[str, str]]:
    """(project, a study whose candidate begins with “Sure! Here is …”, the candidate's answers)."""
    project_id = a_project(store).project_id
    version_id = a_version(store, project_id, 24)
    plain = {
        example_id: text.replace(" the ", ' "the" ')
        for example_id, text in answers_of(store, version_id, 0).items()
    }
    chatty = {
        example_id: f"Sure! Here is my answer: {text.replace(' the ', ' “the” ')}"
        for example_id, text in answers_of(store, version_id, 5).items()
    }
    chatty[example_ids(store, version_id)[3]] = "Sure!"
    base = a_system(store, project_id, version_id, "Model one", plain, "base")
    tuned = a_system(store, project_id, version_id, "Run two", chatty, "tuned")
    return project_id, a_study(store, an_actor(project_id), project_id, base, tuned, **plan), chatty


def test_a_copy_shows_changed_answers_says_so_and_holds_its_seal(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    project_id, study_id, chatty = a_told_study(store)
    lead = an_actor(project_id)
    first = studies.get_study(store, lead, study_id)
    assert not first.blind
    assert {"openings", "quotes"} <= set(first.leaks.remedies)
    before = store.studies.sealed_pairs(study_id)
    unblinding.note_seen(store, an_actor(project_id, "lead", name="lou"), first, "results")

    copy_id = open_changed_copy(store, lead, study_id, ["quotes", "openings"])
    assert open_changed_copy(store, lead, study_id, ["quotes"], copy_id=copy_id) == copy_id
    run_here(store, copy_id)
    copy = studies.get_study(store, lead, copy_id)
    drawn = {row["example_id"] for row in store.studies.sealed_pairs(copy_id)}
    lost = next(i for i, text in chatty.items() if text == "Sure!")
    assert drawn == {row["example_id"] for row in before} - {lost}
    assert (copy.plan.pairs, copy.plan.changes) == (23, ("quotes", "openings"))
    assert copy.plan.changed is not None
    assert (copy.plan.changed.answers, copy.plan.changed.of) == (46, 46)
    assert copy.plan.changed.left_out == 1
    assert copy.seal != first.seal
    assert copy.plan.seed != first.plan.seed
    assert not [one for one in copy.leaks.findings if "opens" in one or "uotes" in one]

    # The first study and what the systems wrote are as they were.
    assert store.studies.sealed_pairs(study_id) == before
    assert studies.get_study(store, lead, study_id) == first
    tuned_id = copy.candidate.system_id
    assert store.answers.texts(tuned_id, copy.version_id) == chatty

    seen: list[str] = []

    def vote(pair: BlindPair) -> BlindJudgement:
        seen.extend((pair.left, pair.right))
        return a_judgement(pair, "left", left=4, right=3)

    rate_all(store, an_actor(project_id, "reviewer", name="bea"), copy_id, vote)
    assert len(seen) == 46
    assert not any("Sure" in text or "“" in text for text in seen)
    # Who saw what the first study found knows too much for its copy.
    assert not unblinding.is_blind(store, an_actor(project_id, "lead", name="lou"), copy_id)

    studies.let_count(store, lead, copy_id, "Only the wording is left.") if not copy.blind else None
    studies.set_closed(store, lead, copy_id, True)
    assert seals.seal_if_open(store, studies.get_study(store, lead, copy_id)) is not None
    files = reporting.report_files(store, lead, copy_id)
    assert verify_report(files["json"], seal=copy.seal)["sealed_pairs"] == 23
    assert "opening phrases taken off" in files["html"]
    assert "46 of 46 answers" in files["html"]
    store.close()


def test_a_blind_study_is_not_copied_nor_is_one_without_a_change(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    project_id, study_id, _ = a_told_study(store)
    lead = an_actor(project_id)
    with pytest.raises(InvalidInput, match="at least one change"):
        open_changed_copy(store, lead, study_id, [])
    with pytest.raises(InvalidInput, match="no change"):
        open_changed_copy(store, lead, study_id, ["translate"])
    copy_id = open_changed_copy(store, lead, study_id, ["quotes", "openings"])
    run_here(store, copy_id)
    assert studies.get_study(store, lead, copy_id).blind
    with pytest.raises(Conflict, match="found nothing"):
        open_changed_copy(store, lead, copy_id, ["quotes"])
    store.close()


def test_a_copy_has_the_examples_of_a_sample_with_its_probabilities_and_risk_stratum(
    tmp_path: Path,
) -> None:
    store = a_store(tmp_path)
    project_id, study_id, _ = a_told_study(store, size=8, risk=5)
    lead = an_actor(project_id)
    copy_id = open_changed_copy(store, lead, study_id, ["quotes"])
    run_here(store, copy_id)

    def drawn(one: str) -> set[tuple[str, str, float]]:
        names = ("example_id", "stratum", "inclusion_probability")
        return {tuple(row[n] for n in names) for row in store.studies.sealed_pairs(one)}

    assert drawn(copy_id) == drawn(study_id)
    with pytest.raises(Conflict, match="examples of another study"):
        add_pairs(store, lead, copy_id, 2)
    studies.set_closed(store, lead, copy_id, True)
    copy = studies.get_study(store, lead, copy_id)
    assert copy.plan.risk_pairs == studies.get_study(store, lead, study_id).plan.risk_pairs > 0
    rated = rating.progress(store, lead, copy_id)
    assert rated.pairs == copy.plan.pairs
    assert results.reviewed_of(store, lead, copy, rated.reviewed) == 0
    content = reporting.report_files(store, lead, copy_id)["json"]
    assert verify_report(content)["sealed_pairs"] == copy.plan.pairs
    store.close()


def test_a_copy_has_the_sample_that_a_study_has_grown_to(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    project_id, study_id, _ = a_told_study(store, size=4, risk=8)
    lead = an_actor(project_id)
    run_here(store, add_pairs(store, lead, study_id, 14))
    first = studies.get_study(store, lead, study_id)
    assert first.extensions[0].moved
    copy_id = open_changed_copy(store, lead, study_id, ["quotes"])
    run_here(store, copy_id)
    copy = studies.get_study(store, lead, copy_id)
    assert (copy.pairs_each, copy.plan.risk_pairs) == (first.pairs_each, first.plan.risk_pairs)
    kept = [
        {row["example_id"]: tuple(row.values()) for row in store.extensions.drawn(one)}
        for one in (study_id, copy_id)
    ]
    assert kept[0] == kept[1]
    store.close()
