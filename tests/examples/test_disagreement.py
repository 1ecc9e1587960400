"""Disagreement of an example's annotators: a number in 0..1 with known values."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.examples.disagreement import disagreement
from core.examples.overlap import PersonAnnotation


def written(output: str, person: str = "ada", **labels: Any) -> PersonAnnotation:
    moment = datetime(2026, 11, 27)
    return PersonAnnotation(
        f"a_{person}", "ex", "prj", 1, person, "rev", "Say it.", "", output, labels, None, "", None,
        moment,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("annotations", "questions", "expected"),
    [
        ([written("One.")], [], 0.0),
        ([written(" One  word."), written("One word. ")], [], 0.0),
        ([written("abcd"), written("abxy")], [], 0.5),  # Indel: 4 of 8 characters
        ([written("abc"), written("xyz")], [], 1.0),
        # Three people, one of them apart: two of three pairs differ wholly.
        ([written("abc"), written("abc"), written("xyz")], [], 2 / 3),
        # One of two questions, the text alike: half of the labels' half.
        ([written("a", t="x", u=["p", "q"]), written("a", t="y", u=["q", "p"])], ["t", "u"], 0.25),
        ([written("a", t="x"), written("a")], ["t"], 0.5),
        ([written("abc", t="x"), written("xyz", t="y")], ["t"], 1.0),
        # What the schema does not ask any more is not compared.
        ([written("a", old="x"), written("a", old="y")], ["t"], 0.0),
    ],
)
def test_it_is_the_mean_over_pairs_of_people_of_unequal_labels_and_distant_texts(
    annotations: list[PersonAnnotation], questions: list[str], expected: float
) -> None:
    assert disagreement(annotations, questions) == pytest.approx(expected)


TEXTS = st.text("ab \n", max_size=8)


@given(st.lists(st.tuples(TEXTS, st.sampled_from("xyz")), min_size=2, max_size=4), st.randoms())
def test_it_is_none_exactly_where_all_say_the_same_and_blind_to_the_order_of_people(
    said: list[tuple[str, str]], chance: Any
) -> None:
    people = [written(text, f"p{k}", t=label) for k, (text, label) in enumerate(said)]
    found = disagreement(people, ["t"])
    same = len({replace(one, annotation_id="", person_id="").content for one in people}) == 1
    assert (found == 0) == same
    assert 0 <= found <= 1
    chance.shuffle(people)
    assert disagreement(people, ["t"]) == pytest.approx(found)
