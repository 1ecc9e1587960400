"""Taking a judgement back: one's own, while the study is open, and nothing of it is forgotten."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.actor import Actor
from core.errors import NotFound
from core.workflows.evaluation import rating, results, studies
from core.workflows.evaluation.rating import StudyClosed
from tests.evaluation.test_rating import Place
from tests.study_builders import a_judgement


@pytest.fixture
def place(tmp_path: Path) -> Any:
    made = Place(tmp_path)
    yield made
    made.store.close()


def judged(place: Place, rater: Actor, number: str, choice: Any = "left") -> tuple[str, str]:
    """This rater's next pair, judged: the judgement's id and the presentation's."""
    pair = rating.next_pairs(place.store, rater, place.study_id)[0]
    judgement = a_judgement(pair, choice=choice, judgement_id=f"jud_{number}")
    rating.judge(place.store, rater, place.study_id, judgement)
    return judgement.judgement_id, pair.presentation_id


def test_a_judgement_taken_back_counts_no_more_and_its_pair_comes_first_again(
    place: Place,
) -> None:
    bea = place.rater()
    judged(place, bea, "one")
    name, shown = judged(place, bea, "two")
    before = results.study_stamp(place.store, place.lead, place.study_id)
    again = rating.take_back(place.store, bea, place.study_id, name)
    assert again != shown
    assert sides(place, again) == sides(place, shown)
    assert results.study_stamp(place.store, place.lead, place.study_id) != before
    assert rating.progress(place.store, bea, place.study_id).judged == 1
    assert len(place.rows("judgements")) == 1
    assert {row["judgement_id"] for row in place.rows("ratings")} == {"jud_one"}
    pairs = rating.next_pairs(place.store, bea, place.study_id, first=again)
    assert pairs[0].presentation_id == again
    rating.judge(
        place.store, bea, place.study_id, a_judgement(again, "right", judgement_id="jud_three")
    )
    assert rating.progress(place.store, bea, place.study_id).judged == 2


def sides(place: Place, presentation_id: str) -> tuple[str, str, str]:
    """The pair that was shown, and which system stood on which side."""
    shown = place.store.presentations.by_id(presentation_id)
    assert shown is not None
    return shown.pair_id, shown.system_on("left"), shown.system_on("right")


def test_what_was_taken_back_stays_in_the_log_whole(place: Place) -> None:
    bea = place.rater()
    name, shown = judged(place, bea, "one")
    (before,) = place.rows("judgements")
    rating.take_back(place.store, bea, place.study_id, name)
    (kept,) = place.store.database.rows("SELECT * FROM withdrawn_judgements")
    told = (kept["judgement_id"], kept["presentation_id"], kept["rater_id"])
    assert told == (name, shown, bea.person_id)
    assert json.loads(kept["judgement"])["choice"] == before["choice"]
    assert len(json.loads(kept["ratings"])) == 8


def test_a_late_copy_of_what_was_taken_back_does_not_bring_it_back(place: Place) -> None:
    bea = place.rater()
    pair = rating.next_pairs(place.store, bea, place.study_id)[0]
    judgement = a_judgement(pair, choice="left", judgement_id="jud_one")
    rating.judge(place.store, bea, place.study_id, judgement)
    rating.take_back(place.store, bea, place.study_id, "jud_one")
    rating.judge(place.store, bea, place.study_id, judgement)
    assert place.rows("judgements") == []


def test_nobody_takes_back_what_another_said_or_what_is_not_there(place: Place) -> None:
    bea, carl = place.rater(), place.rater("carl")
    name, _ = judged(place, bea, "one")
    for rater, wished in ((carl, name), (bea, "jud_none")):
        with pytest.raises(NotFound, match="no judgement of yours"):
            rating.take_back(place.store, rater, place.study_id, wished)
    rating.take_back(place.store, bea, place.study_id, name)
    with pytest.raises(NotFound):
        rating.take_back(place.store, bea, place.study_id, name)


def test_in_a_closed_study_a_judgement_stays(place: Place) -> None:
    bea = place.rater()
    name, _ = judged(place, bea, "one")
    studies.set_closed(place.store, place.lead, place.study_id, True)
    with pytest.raises(StudyClosed, match="stay as they are"):
        rating.take_back(place.store, bea, place.study_id, name)
    assert len(place.rows("judgements")) == 1
