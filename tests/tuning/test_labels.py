"""Which labels a run learns, and what came of choosing them."""

from __future__ import annotations

import json

import pytest

from core.tuning.classification import Classification, classification
from core.tuning.labels import MOST_LABELS, Labels, UnfitLabels, label_in, labels_of


def test_labels_are_those_of_training_in_their_commonest_spelling() -> None:
    found = labels_of(["Hot", "hot", "Hot ", "cold", "COLD", "  ", "very  warm", "very warm"], "")
    assert found.names == ("COLD", "Hot", "very warm")
    assert [found.place(text) for text in ("hot", " cold\n", "Very Warm", "lost", "")] == [
        1, 0, 2, None, None
    ]  # fmt: skip
    assert found.answer(1) == "Hot"
    assert Labels.from_json(json.loads(json.dumps(found.to_json()))) == found


def test_a_label_field_is_read_out_of_records_and_answered_as_one() -> None:
    outputs = ["name: A\nstatus: hot", '{"status": "cold", "name": "B"}', "name: C", "status: hot"]
    found = labels_of(outputs, "status")
    assert found.names == ("cold", "hot")
    assert [found.place(one) for one in outputs] == [1, 0, None, 1]
    assert label_in(found.answer(1), "status") == "hot"


@pytest.mark.parametrize(
    ("outputs", "sentence"),
    [
        ([" ", ""], "No training example has a label: the whole output is empty"),
        (["yes", "Yes "], "Every training example has the label “Yes”|“yes”"),
        ([f"a note {n}" for n in range(30)], "30 different ones among 30 examples"),
        (["no", "yes", "name: A\nno"], "1 have several lines"),
        (["no", "yes", "x" * 101], "1 have several lines or more than 100 letters"),
        ([f"l{n}" for n in range(MOST_LABELS + 1)] * 3, "201 labels, and at most 200"),
    ],
)
def test_what_is_no_set_of_labels_is_refused(outputs: list[str], sentence: str) -> None:
    with pytest.raises(UnfitLabels, match=sentence):
        labels_of(outputs, "")


def test_the_report_counts_what_was_taken_for_what() -> None:
    wanted = ["hot", "hot", "hot", "cold", "lost", "Hot"]
    given = ["hot", "cold", "hot", "cold", "cold", "hot"]
    found = classification(wanted, given, ("cold", "hot", "warm"), "hot")
    assert found is not None
    assert found.rows == ("cold", "hot", "warm", "lost")
    assert found.matrix == ((1, 0, 0), (1, 3, 0), (0, 0, 0), (1, 0, 0))
    assert (found.n, found.accuracy, found.majority) == (6, 4 / 6, 4 / 6)
    cold, hot, warm, lost = found.classes
    assert (cold.precision, cold.recall, cold.f1) == (1 / 3, 1.0, 0.5)
    assert (hot.precision, hot.recall, hot.support, hot.predicted) == (1.0, 0.75, 4, 3)
    assert (warm.support, warm.predicted, warm.f1) == (0, 0, 0.0)
    assert (lost.support, lost.recall) == (1, 0.0)
    assert found.macro_recall == pytest.approx((1 + 0.75 + 0) / 3)
    assert found.macro_f1 == pytest.approx((0.5 + 6 / 7 + 0) / 3)
    assert Classification.from_json(json.loads(json.dumps(found.to_json()))) == found
    assert classification([], [], ("a", "b"), "a") is None
