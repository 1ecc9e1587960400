"""Labels of a file: published values, intervals by group, the confusion matrix."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest

from core.errors import InvalidInput
from core.scoring import label_scores as module
from core.scoring.label_scores import LabelScores, label_scores, look_like_labels
from core.scoring.prediction_file import read_predictions
from core.scoring.score_file import chosen_metrics, score_file
from core.scoring.score_json import scores_json
from core.statistics.estimates import Estimate, proportion
from terminal.scoring import _score_lines


def alone(expected: list[str], answered: list[str]) -> LabelScores:
    return label_scores(expected, answered, range(len(expected)))


def test_classes_are_as_in_the_example_of_scikit_learns_classification_report() -> None:
    # y_true = [0, 1, 2, 2, 2], y_pred = [0, 0, 2, 2, 1]; the page rounds to two places.
    found = alone(["0", "1", "2", "2", "2"], ["0", "0", "2", "2", "1"])
    rounded = [
        (round(one.precision.value or 0, 2), round(one.recall.value or 0, 2),
         round(one.f1.value or 0, 2), one.support)
        for one in found.classes
    ]  # fmt: skip
    assert rounded == [(0.5, 1, 0.67, 1), (0, 0, 0, 1), (1, 0.67, 0.8, 3)]
    assert found.accuracy.value == pytest.approx(0.6)
    assert round(found.macro_f1.value or 0, 2) == 0.49


def test_the_matrix_is_that_of_scikit_learns_confusion_matrix_and_what_is_no_label() -> None:
    expected = ["cat", "ant", "cat", "cat", "ant", "bird", "cat"]
    found = alone(expected, ["ant", "ant", "cat", "cat", "ant", "cat", "a dog"])
    assert list(found.names) == ["ant", "bird", "cat"]
    assert found.columns == ["ant", "bird", "cat", "(none)"]
    assert found.matrix == [[2, 0, 0, 0], [0, 0, 1, 0], [1, 0, 2, 1]]
    bird = found.classes[1]
    assert (bird.precision.value, bird.f1.value) == (None, 0)
    assert "No prediction gives this label" in bird.precision.reason


def test_intervals_of_a_class_are_exact_and_f1_follows_from_the_share_of_hits() -> None:
    expected, answered = ["a"] * 20 + ["b"] * 20, ["a"] * 15 + ["b"] * 25
    found = alone(expected, answered).classes[0]
    for one, (hits, n) in ((found.recall, (15, 20)), (found.precision, (15, 15))):
        wanted = proportion(hits, n)
        assert (one.low, one.high, one.kind) == (wanted.low, wanted.high, "exact")
    jaccard = proportion(15, 20)
    assert jaccard.low is not None
    assert found.f1.value == pytest.approx(30 / 35)
    assert found.f1.low == pytest.approx(2 * jaccard.low / (1 + jaccard.low))


def test_copies_make_no_interval_narrower() -> None:
    rng = random.Random(2)
    expected = [rng.choice("abc") for _ in range(60)]
    answered = [one if rng.random() < 0.8 else rng.choice("abc") for one in expected]
    once = alone(expected, answered)
    four = [one for one in expected for _ in range(4)], [a for a in answered for _ in range(4)]
    copied = label_scores(*four, [k // 4 for k in range(240)])
    assert copied.macro_f1.value == pytest.approx(once.macro_f1.value)
    assert width(copied.macro_f1) == pytest.approx(width(once.macro_f1), rel=0.1)
    assert width(copied.classes[0].recall) == pytest.approx(width(once.classes[0].recall), rel=0.15)
    assert width(alone(*four).macro_f1) < 0.6 * width(once.macro_f1)


def width(one: Estimate) -> float:
    assert one.low is not None
    assert one.high is not None
    return one.high - one.low


def test_macro_f1_covers_also_where_a_class_is_rare_and_all_are_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "RESAMPLES", 300)
    rng = np.random.default_rng(3)
    share, right = np.array([0.7, 0.2, 0.1]), np.array([0.9, 0.8, 0.7])
    matrix = np.diag(share * right) + np.outer(share * (1 - right), [1, 1, 1]) / 3
    truth = float(np.mean(2 * np.diag(matrix) / (matrix.sum(0) + matrix.sum(1))))
    covered = 0
    for _study in range(120):
        cells = rng.choice(9, size=100, p=matrix.ravel())
        found = alone([str(c // 3) for c in cells], [str(c % 3) for c in cells]).macro_f1
        assert found.low is not None
        assert found.high is not None
        covered += found.low <= truth <= found.high
    assert covered >= 0.9 * 120
    perfect = alone(["a"] * 30 + ["b"] * 3, ["a"] * 30 + ["b"] * 3).macro_f1
    assert perfect.value == perfect.high == 1
    assert perfect.low is not None
    assert perfect.low < 0.9


def test_lines_that_do_not_fit_are_refused() -> None:
    with pytest.raises(InvalidInput, match="differ in number"):
        label_scores(["a"], [], [])
    with pytest.raises(InvalidInput, match="no label"):
        alone([" "], ["a"])


def test_short_references_that_come_again_and_again_look_like_labels() -> None:
    assert look_like_labels(["yes", "No "] * 10)
    assert not look_like_labels(["yes", "no"] * 9 + ["maybe"])
    assert not look_like_labels(["yes"] * 30)
    assert not look_like_labels(["so it is", "this is not a label"] * 20)


def test_references_that_look_like_labels_are_counted_as_such_and_it_is_said(
    tmp_path: Path,
) -> None:
    path = tmp_path / "p.jsonl"
    said = [("yes", "Yes."), ("no", "no"), ("no", "yes"), ("yes", "perhaps")] * 6
    path.write_text("".join(json.dumps({"reference": r, "prediction": p}) + "\n" for r, p in said))
    found = scores_json(score_file(read_predictions(path), chosen_metrics(["exact_match"])))
    assert found["metrics"]["label_accuracy"]["all"]["mean"] == 0.5
    assert "all references are one of 2 short texts" in found["warnings"][0]
    lines = _score_lines(found)
    assert "“no” taken by all: 6 as “yes”" in lines
    assert "“yes” taken by all: 6 as “(none)”" in lines
    assert any(line.startswith("Labels of all: macro F1 0.5") for line in lines)
