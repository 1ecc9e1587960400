"""The 10 % rule: substantive judgements of the frozen split, which nothing cheaper can meet."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from core.errors import NotAllowed
from core.study.study import StudyPlan, ten_percent_rule
from core.workflows.evaluation import forecasting, rating, results, studies
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.study_builders import a_judgement, a_study, a_system, answers_of, rate_all


def test_generating_three_answers_of_a_split_of_forty_does_not_make_the_rule_easy(
    place: Place,
) -> None:
    few = [
        dict(list(answers_of(place.store, place.version_id, shift).items())[:3]) for shift in (0, 5)
    ]
    base, tuned = (
        a_system(place.store, place.project_id, place.version_id, name, answers)
        for name, answers in zip(("A few", "The same"), few, strict=True)
    )
    study_id = a_study(place.store, place.lead, place.project_id, base, tuned, split="test")
    plan = studies.get_study(place.store, place.lead, study_id).plan
    assert (plan.split_size, plan.outputs, plan.least, plan.pairs) == (40, 3, 4, 3)
    rate_all(place.store, place.rater(), study_id, a_judgement)
    result = place.result(study_id)
    assert (result.reviewed, result.coverage.n) == (3, 40)
    assert result.rule_counts == ("10 % rule out of reach: 4 of the split's 40 examples needed")


def test_cannot_judge_is_no_review_on_the_rating_page_either(place: Place) -> None:
    study_id = place.study(size=10)
    place.vote_all(study_id, ["cannot_judge"] * 4 + ["tuned"] * 3)
    at = rating.progress(place.store, place.lead, study_id)
    assert (at.judged, at.reviewed, at.least) == (7, 3, 4)
    result = place.result(study_id)
    assert (result.reviewed, result.ten_percent_rule) == (3, "10 % rule not met yet")
    place.vote_all(study_id, ["tie_bad"])
    assert rating.progress(place.store, place.lead, study_id).reviewed == 4
    assert place.result(study_id).ten_percent_rule == "10 % rule met"


def test_an_example_counts_when_it_was_reviewed_for_every_candidate(place: Place) -> None:
    other = place.third()
    study_id = a_study(
        place.store, place.lead, place.project_id, place.base, place.tuned, other, size=8
    )
    thirds = set(place.store.answers.texts(other, place.version_id).values())

    def only_the_second(pair):  # type: ignore[no-untyped-def]
        told = {pair.left, pair.right} & thirds
        return a_judgement(pair, "left" if told else "cannot_judge")

    rate_all(place.store, place.rater(), study_id, only_the_second)
    at = rating.progress(place.store, place.lead, study_id)
    assert (at.judged, at.reviewed, at.least) == (16, 8, 8)
    study = studies.get_study(place.store, place.lead, study_id)
    assert results.reviewed_of(place.store, place.lead, study, at.reviewed) == 0
    assert place.result(study_id).reviewed == 0


def test_an_older_study_keeps_its_rule_and_its_seal(place: Place) -> None:
    sealed: dict[str, Any] = {
        "outputs": 40, "pairs": 4, "least": 4, "fraction": 0.1, "overlap": 0.0,
        "show_reference": False, "seed": 42, "left_out": 0, "split": "all",
    }  # fmt: skip
    older = StudyPlan.from_json(json.loads(json.dumps(sealed)))
    assert older.counted_from == 40
    assert older.to_json() == sealed
    assert replace(older, split_size=252).counted_from == 252


def test_the_rule_is_told_by_what_is_reviewed_needed_and_drawn() -> None:
    assert ten_percent_rule(4, 4, 4) == "10 % rule met"
    assert ten_percent_rule(3, 4, 4) == "10 % rule not met yet"
    assert ten_percent_rule(3, 4, 3) == "10 % rule out of reach"


def test_a_study_knows_how_many_there_are_of_its_systems(place: Place) -> None:
    def prospect() -> studies.Prospect:
        return studies.prospect(
            place.store, place.lead, place.project_id, place.version_id, place.base, [place.tuned]
        )

    assert (prospect().claims, prospect().least) == (1, 4)
    place.study(size=5)
    assert prospect().claims == 2


def test_a_forecast_takes_the_projects_own_pace_once_there_are_judgements(place: Place) -> None:
    study_id = place.study(size=40)
    place.vote_all(study_id, ["tuned"] * 10)
    assumed = forecasting.pace_of(place.store, place.lead, place.project_id)
    assert (assumed.judgements, assumed.ties, assumed.seconds) == (0, 0.2, 60.0)
    assert "assumed" in assumed.source
    place.vote_all(study_id, ["tie_good"] * 5 + ["tie_bad"] * 5 + ["cannot_judge"] * 5)
    measured = forecasting.pace_of(place.store, place.lead, place.project_id)
    assert (measured.judgements, measured.ties, measured.seconds) == (25, 0.5, 20.0)
    assert measured.source == "measured on this project's 25 judgements"
    with pytest.raises(NotAllowed):
        forecasting.pace_of(place.store, place.rater(), place.project_id)
