"""Hours, money and corrections: each number against one counted by hand."""

from __future__ import annotations

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.stats import sem, ttest_ind

from core.clock import new_id, now
from core.errors import InvalidInput, NotAllowed
from core.evidence.costs import (
    Costs,
    Effort,
    Rates,
    answers_to_earn_back,
    corrections,
    corrections_words,
    extra_seconds,
    money_words,
)
from core.statistics.estimates import Estimate, undefined
from core.study.system import Speed
from core.workflows.evaluation import reporting, slice_work, spending
from tests.builders import an_actor
from tests.evaluation.test_results import Place
from tests.study_builders import a_study, time_answers

NO_CORRECTIONS = corrections([], 10)


def test_an_hour_costs_what_its_kind_costs() -> None:
    costs = Costs(
        (Effort("Rating", "people", 40, 2.0), Effort("Training", "machine", 1, 0.5)),
        NO_CORRECTIONS,
        (None, None),
    )
    assert costs.total(Rates(person_hour=60.0, machine_hour=4.0)) == 122.0
    assert (costs.hours("people"), costs.hours("machine")) == (2.0, 0.5)


def test_a_correction_is_measured_against_both_answers() -> None:
    found = corrections(
        [
            {"correction": "abcd", "baseline": "abcd", "candidate": "abxx"},
            {"correction": "ab", "baseline": "", "candidate": "ab"},
        ],
        8,
    )
    assert (found.baseline.value, found.candidate.value) == (0.5, 0.25)
    assert (found.share.value, found.share.n) == (0.25, 8)


@pytest.mark.parametrize(
    ("net", "answers"),
    [
        (Estimate(0.5, 0.25, 0.7, 40, "t"), (400, 800)),
        (Estimate(0.5, -0.1, 0.7, 40, "t"), (400, None)),
        (Estimate(-0.5, -0.7, -0.1, 40, "t"), None),
        (undefined(0, "t", "Nothing yet."), None),
    ],
)
def test_the_cost_is_earned_back_by_better_answers(net: Estimate, answers: Any) -> None:
    assert answers_to_earn_back(net, 100.0, Rates(better_answer=0.5)) == answers
    assert answers_to_earn_back(net, 100.0, Rates()) is None


def test_while_the_verdict_is_withheld_nothing_is_said_to_be_earned_back() -> None:
    costs = Costs((Effort("Rating", "people", 40, 2.0),), NO_CORRECTIONS, (None, None))
    rates = Rates(person_hour=50.0, better_answer=0.5)
    ahead = Estimate(0.5, 0.25, 0.7, 40, "t")
    assert money_words(costs, rates, ahead) == (
        "In all 100.00 EUR. Earned back after 400 answers at the net preference that was seen; at "
        "the lower end of its interval: 800 answers."
    )
    withheld = money_words(costs, rates, None)
    assert withheld.startswith("In all 100.00 EUR.")
    assert "answers" not in withheld
    assert money_words(costs, Rates(better_answer=0.5), ahead) == ""


def test_what_cost_nothing_is_not_said_to_be_never_earned_back() -> None:
    costs = Costs((Effort("Rating", "people", 40, 2.0),), NO_CORRECTIONS, (None, None))
    rates = Rates(machine_hour=4.0, better_answer=0.5)
    assert money_words(costs, rates, Estimate(0.5, 0.25, 0.7, 40, "t")) == "In all 0.00 EUR."


def test_the_report_says_what_it_cost_and_how_much_was_corrected(tmp_path: Path) -> None:
    place = Place(tmp_path)
    study_id = place.study(size=8, overlap=0.5)
    place.vote_all(study_id, ["tuned"] * 8, seconds=90.0, correction="Quite another text.")
    place.vote_all(study_id, ["tuned"] * 4, "cem", seconds=90.0)
    without = reporting.report_files(place.store, place.lead, study_id)["html"]
    assert "In all" not in without
    spending.set_rates(place.store, place.lead, place.project_id, Rates(person_hour=40.0))
    page = reporting.report_files(place.store, place.lead, study_id)["html"]
    assert "<td>12</td><td>0.30</td><td>12.00</td>" in page
    assert "In all 12.00 EUR." in page
    assert "better answer in 67\u202f% (35\u202f%–90\u202f%, n = 12) of the judgements" in page
    assert corrections_words(NO_CORRECTIONS) == ""
    place.store.close()


def test_a_rate_below_nothing_and_a_nameless_currency_are_refused() -> None:
    for wrong in ({"person_hour": -1.0}, {"machine_hour": float("nan")}, {"currency": " "}):
        with pytest.raises(InvalidInput):
            Rates(**wrong)


def test_hours_of_a_study_and_the_rates_of_its_project(tmp_path: Path) -> None:
    place = Place(tmp_path)
    study_id = place.study(size=8)
    place.vote_all(study_id, ["tuned"] * 4, seconds=90.0, correction="Quite another text.")
    found = spending.costs_of(place.store, place.lead, place.result(study_id), place.tuned)
    assert found.speeds == (None, None)
    time_answers(place.store, place.base)
    found = spending.costs_of(place.store, place.lead, place.result(study_id), place.tuned)
    assert found.speeds == (Speed(50.0, 0.25), None)
    rating = next(effort for effort in found.efforts if effort.station == "Rating")
    assert (rating.by, rating.times, rating.hours) == ("people", 4, 0.1)
    assert found.corrections.share.value == 1.0
    assert spending.rates_of(place.store, place.lead, place.project_id) == Rates()
    for person_hour in (60.0, 70.0):
        rates = Rates(person_hour=person_hour)
        spending.set_rates(place.store, place.lead, place.project_id, rates)
        assert spending.rates_of(place.store, place.lead, place.project_id) == rates
    viewer = an_actor(place.project_id, "viewer", name="vic")
    with pytest.raises(NotAllowed):
        spending.set_rates(place.store, viewer, place.project_id, Rates())
    place.store.close()


def test_a_system_that_answers_once_more_has_the_speed_of_the_answers_that_were_rated(
    tmp_path: Path,
) -> None:
    place = Place(tmp_path)
    study_id = place.study(size=8)
    time_answers(place.store, place.base)
    rated = place.store.systems.newest_generation(place.base)
    assert rated
    summary = {"answers": 8, "seconds": 80.0, "tokens_per_second": 1.0}
    later = replace(
        rated, generation_id=new_id("gen"), created_at=now(), summary=summary,
        spec={**rated.spec, "precision": "nf4"},
    )  # fmt: skip
    place.store.transact(lambda: place.store.systems.add_generation(later))
    found = spending.costs_of(place.store, place.lead, place.result(study_id), place.tuned)
    assert found.speeds == (Speed(50.0, 0.25), None)
    content = reporting.report_content(place.store, place.lead, place.result(study_id))
    base = next(one for one in content["systems"] if one["role"] == "baseline")
    assert base["speed"] == {**asdict(Speed(50.0, 0.25))}
    assert base["conditions"]["precision"] != "nf4"
    place.store.close()


def test_speeds_of_two_jobs_are_told_to_be_so(tmp_path: Path) -> None:
    place = Place(tmp_path)
    third = place.third(job_id="job_other")
    study_id = a_study(
        place.store,
        place.lead,
        place.project_id,
        place.base,
        place.tuned,
        third,
        reason="One prompt for all of them.",
    )
    told = [
        spending.costs_of(place.store, place.lead, place.result(study_id), one).one_job
        for one in (place.tuned, third)
    ]
    assert told == [True, False]
    place.store.close()


def test_what_is_annotated_after_a_study_opened_is_no_cost_of_it(tmp_path: Path) -> None:
    place = Place(tmp_path)
    study_id = place.study(size=8)
    for k, minutes in enumerate((-5, 5)):
        place.store.database.execute(
            "UPDATE revisions SET seconds = 36, created_at = (SELECT created_at FROM studies) "
            "+ to_minutes($minutes) WHERE revision_id = "
            "(SELECT revision_id FROM revisions ORDER BY revision_id LIMIT 1 OFFSET $k)",
            {"minutes": minutes, "k": k},
        )
    found = spending.costs_of(place.store, place.lead, place.result(study_id), place.tuned)
    told = [(one.times, one.hours) for one in found.efforts if one.station == "Annotating"]
    assert told == [(1, 0.01)]
    place.store.close()


def test_training_examples_near_lost_ones_go_back_to_annotation_once(tmp_path: Path) -> None:
    place = Place(tmp_path)
    study_id = place.study(size=8)
    with pytest.raises(InvalidInput, match="No run"):
        slice_work.nearest_training(place.store, place.lead, study_id, place.tuned, [])
    example_id = place.store.versions.examples(place.version_id).column("example_id")[0].as_py()
    send = (place.store, place.lead, study_id, [example_id], "reference length: long")
    assert slice_work.send_to_annotation(*send) == (1, 0)
    assert slice_work.send_to_annotation(*send) == (0, 1)  # it is open already
    current = place.store.examples.current(example_id)
    assert current is not None
    assert current.state == "sent_back"
    place.store.close()


def test_two_speeds_differ_with_welchs_interval_over_their_batches() -> None:
    slow, fast = [0.9, 1.4, 1.1, 1.6, 1.2], [0.31, 0.4, 0.35, 0.38, 0.33, 0.36, 0.41, 0.3]

    def speed(batches: list[float]) -> Speed:
        counted = {
            "value": float(np.mean(batches)),
            "standard_error": float(sem(batches)),
            "batches": len(batches),
        }
        made = {"tokens_per_second": 9, "answers": 9, "seconds": 9, "seconds_per_answer": counted}
        found = Speed.of(made)
        assert found
        return found

    found = extra_seconds(speed(fast), speed(slow))
    assert found
    test = ttest_ind(slow, fast, equal_var=False).confidence_interval()
    assert (found.low, found.high) == pytest.approx((test.low, test.high))
    assert found.value == pytest.approx(np.mean(slow) - np.mean(fast))
    assert found.n == 13
    assert extra_seconds(Speed(50.0, 0.25), speed(slow)) is None
    assert extra_seconds(None, speed(slow)) is None
