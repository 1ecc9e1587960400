"""Agreement between annotators: known values, people and weeks, and too few for an interval."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from core.examples.annotator_agreement import AnnotatorAgreement, agreement_of
from core.examples.overlap import PersonAnnotation, label_values

BEGUN = datetime(2026, 11, 23, 9)  # a Monday
NAMES = {"ann": "Ann", "bea": "Bea"}


def written(
    example: int, person: str, output: str, labels: dict[str, Any] | None = None
) -> PersonAnnotation:
    return PersonAnnotation(
        f"rev_{example}_{person}",
        f"ex_{example}",
        "prj",
        example,
        person,
        "rev_0",
        "Do it.",
        "",
        output,
        labels or {},
        None,
        "",
        30.0,
        BEGUN + timedelta(days=example),
    )


def agreement(examples: int, differing: int) -> AnnotatorAgreement:
    """Two people; in the first `differing` examples Bea labels and writes something else."""
    annotations = []
    for n in range(examples):
        topic = "sums" if n % 2 else "products"
        other = {"sums": "products", "products": "sums"}[topic]
        odd = n < differing
        annotations.append(written(n, "ann", "abcd", {"topic": topic}))
        annotations.append(
            written(n, "bea", "abxy" if odd else " abcd ", {"topic": other if odd else topic})
        )
    accepted = {f"ex_{n}": ("abcd", {"topic": "sums"}) for n in range(4)}
    return agreement_of(annotations, fields=("topic",), accepted=accepted, names=NAMES)


def test_coefficients_come_with_n_and_with_an_interval_from_fifteen_examples_on() -> None:
    found = agreement(40, 12)
    (topic,) = found.fields
    assert (found.examples, topic.raw.n, topic.alpha.n) == (40, 40, 40)
    assert topic.raw.value == pytest.approx(28 / 40)
    # Krippendorff for two coders: 1 - (1 - 1/80) * observed / expected disagreement, both 40 + 40.
    assert topic.alpha.value == pytest.approx(1 - (24 / 80) / (2 * 40 * 40 / (80 * 79)))
    assert topic.ac.value == pytest.approx(2 * 28 / 40 - 1)
    assert topic.alpha.low is not None
    assert found.equal_outputs.value == pytest.approx(28 / 40)
    assert found.similarity.value == pytest.approx((28 + 12 * 0.5) / 40)
    few = agreement(14, 4).fields[0]
    assert (few.alpha.low, few.ac.low) == (None, None)
    assert "15" in few.ac.reason


def test_weeks_pairs_and_people_against_the_accepted_text_are_told_with_n() -> None:
    found = agreement(14, 2)
    assert [(one.who, one.n) for one in found.weeks] == [("2026-11-23", 7), ("2026-11-30", 7)]
    assert [one.outputs.value for one in found.weeks] == [pytest.approx(5 / 7), 1.0]
    assert [(one.who, one.n) for one in found.pairs] == [("Ann and Bea", 14)]
    shares = {
        one.who: (one.n, one.outputs.value, one.labels.value)
        for one in found.accepted
        if one.labels
    }
    assert shares == {"Ann": (4, 1.0, 0.5), "Bea": (4, 0.5, 0.5)}


def test_an_example_of_one_person_says_nothing_about_agreement() -> None:
    alone = [written(1, "ann", "abcd")]
    found = agreement_of(alone, fields=("topic",), accepted={}, names=NAMES)
    assert (found.examples, found.pairs, found.similarity.value) == (0, (), None)


def test_the_order_of_several_options_and_empty_labels_make_no_difference() -> None:
    assert label_values({"t": ["b", "a"], "e": [], "n": None}) == label_values({"t": ["a", "b"]})


def test_ratings_that_lie_side_by_side_agree_more_than_ones_far_apart() -> None:
    def alpha(by: int) -> float | None:
        annotations = []
        for n in range(40):
            point = 1 + n % 3
            annotations += [
                written(n, "ann", "a", {"clarity": point}),
                written(n, "bea", "a", {"clarity": point + by if n % 4 == 0 else point}),
                written(n, "cid", "a"),  # gave none
            ]
        found = agreement_of(
            annotations, fields=["clarity"], accepted={}, names=NAMES, ratings={"clarity": 5}
        )
        (clarity,) = found.fields
        assert clarity.raw.n == 40
        assert clarity.raw.value == pytest.approx(30 / 40)
        assert "ordinal" in clarity.alpha.method
        assert "ordinal" in clarity.ac.method
        return clarity.alpha.value

    near, far = alpha(1), alpha(2)
    assert near is not None
    assert far is not None
    assert near > far
