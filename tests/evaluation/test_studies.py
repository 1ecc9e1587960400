"""Planning, scanning, opening and closing studies, and withholding the verdict of some."""

from __future__ import annotations

import json

import pytest

from core.errors import Conflict, InvalidInput, NotFound
from core.study.sealing import check_opened
from core.workflows.evaluation import seals, studies
from core.workflows.evaluation.studies import Prospect
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.study_builders import a_system, a_version, answers_of

# A study that is not blind ---------------------------------------------------------------------


@pytest.fixture
def told_apart(place: Place) -> str:
    """A study whose tuned answers are all ten times as long."""
    long = {e: text * 10 for e, text in answers_of(place.store, place.version_id, 3).items()}
    place.tuned = a_system(place.store, place.project_id, place.version_id, "Long", long, "tuned")
    return place.study(size=8)


def test_a_study_that_length_gives_away_withholds_its_verdict(
    place: Place, told_apart: str
) -> None:
    study = studies.get_study(place.store, place.lead, told_apart)
    assert not study.blind
    assert study.leaks.measures[0].share == 1.0
    assert any("Length alone" in finding for finding in study.leaks.findings)
    place.vote_all(told_apart, ["tuned"] * 8)
    result = place.result(told_apart)
    assert "The verdict is withheld" in result.withheld
    seen = result.headline(place.compared(told_apart))
    assert seen.startswith("Long: 8 won, 0 lost, 0 tied of 8 judged pairs")
    assert "better" not in seen


def test_a_lead_may_let_it_count_with_a_reason(place: Place, told_apart: str) -> None:
    with pytest.raises(InvalidInput, match="Write in a sentence"):
        studies.let_count(place.store, place.lead, told_apart, "ok")
    studies.let_count(place.store, place.lead, told_apart, "Raters never saw either model before.")
    assert place.result(told_apart).withheld == ""
    assert "No pair is judged yet" in place.result(told_apart).headline(place.compared(told_apart))
    (note,) = studies.get_study(place.store, place.lead, told_apart).notes
    assert note.text.startswith("Raters never saw")


def test_letting_it_count_is_taken_back_and_the_reason_stays_in_the_notes(
    place: Place, told_apart: str
) -> None:
    store, lead = place.store, place.lead
    with pytest.raises(Conflict, match="withheld already"):
        studies.withhold_again(store, lead, told_apart)
    studies.let_count(store, lead, told_apart, "Raters never saw either model before.")
    studies.withhold_again(store, lead, told_apart)
    study = studies.get_study(store, lead, told_apart)
    assert studies.counts_because(study) is None
    assert study.notes[0].text.startswith("Raters never saw")
    assert place.result(told_apart).withheld
    studies.let_count(store, lead, told_apart, "The lead looked again, with reasons.")
    assert place.result(told_apart).withheld == ""


def test_a_blind_study_needs_no_reason(place: Place) -> None:
    assert place.result(place.study(size=5)).withheld == ""


# Planning --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("examples", "least"), [(252, 26), (40, 4), (5, 1), (1000, 100)])
def test_ten_per_cent_of_the_split_are_the_least_and_no_more_than_there_are_outputs(
    examples: int, least: int
) -> None:
    assert Prospect(examples, 0, examples).size() == least
    few = Prospect(10, 0, examples)
    assert (few.least, few.size(8)) == (least, min(10, max(8, least)))


def test_a_study_is_never_smaller_than_ten_per_cent_nor_larger_than_the_outputs(
    place: Place,
) -> None:
    small, large = place.study(size=1), place.study(size=999)
    assert place.result(small).pairs == 4
    assert place.result(large).pairs == 40


def test_opening_twice_with_one_id_opens_one_study(place: Place) -> None:
    assert place.study(study_id="stu_once") == place.study(study_id="stu_once") == "stu_once"
    assert len(studies.studies_of(place.store, place.lead, place.project_id)) == 1


def test_systems_that_cannot_be_compared_are_refused(place: Place) -> None:
    other_version = a_version(place.store, place.project_id, [("Say hi.", "now", "hi")])
    other = a_system(place.store, place.project_id, other_version, "Other", {"ex_x": "hi"})
    silent = a_system(place.store, place.project_id, place.version_id, "Silent", {})
    for candidate, error, why in (
        (place.base, InvalidInput, "two different systems"),
        (other, NotFound, "not answered this version"),
        ("sys_none", NotFound, "not answered this version"),
        (silent, InvalidInput, "share no answered example"),
    ):
        with pytest.raises(error, match=why):
            studies.open_study(
                place.store, place.lead, place.project_id, version_id=place.version_id,
                name="", baseline_id=place.base, candidate_ids=[candidate],
            )  # fmt: skip


def test_closing_a_closed_study_says_so(place: Place) -> None:
    study_id = place.study(size=5)
    studies.set_closed(place.store, place.lead, study_id, True, "enough")
    with pytest.raises(Conflict, match="closed already"):
        studies.set_closed(place.store, place.lead, study_id, True)
    studies.set_closed(place.store, place.lead, study_id, False)
    notes = studies.get_study(place.store, place.lead, study_id).notes
    assert [note.kind for note in notes] == ["closed", "reopened"]


def test_a_closed_study_opens_its_seal_and_every_change_breaks_it(place: Place) -> None:
    study_id = place.study(size=8, seed=None)
    study = studies.get_study(place.store, place.lead, study_id)
    assert study.plan.seed > 1000
    with pytest.raises(Conflict, match="when the study is closed"):
        seals.opened_seal(place.store, place.lead, study_id)
    studies.set_closed(place.store, place.lead, study_id, True)
    opened = seals.opened_seal(place.store, place.lead, study_id)
    assert opened["seal"] == study.seal
    content = check_opened(json.loads(json.dumps(opened)), study.seal[:12])
    assert (content["seed"], len(content["pairs"])) == (str(study.plan.seed), 8)
    place.store.database.execute(
        "UPDATE pairs SET answer_a = answer_a || '.' WHERE study_id = $id AND number = 1",
        {"id": study_id},
    )
    with pytest.raises(Conflict, match="were changed since"):
        seals.opened_seal(place.store, place.lead, study_id)
