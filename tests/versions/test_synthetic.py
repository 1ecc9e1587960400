"""core.versions.synthetic: beside the source or nowhere, and never at another example's cost."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
import pytest

from core.examples.duplicates import near_duplicates
from core.versions.assignment import (
    NOT_SYNTHETIC,
    TEST,
    TRAIN,
    UNDECIDED,
    VALIDATION,
    WITHOUT_SOURCE,
    Assignment,
    Candidates,
    assign,
)
from tests.examples.test_particular import LONG, edited, reviews

TEXTS = reviews(20, 20, random.Random(1))
HALF = [TRAIN] * 10 + [VALIDATION] * 5 + [TEST] * 5


def assigned(
    children: Sequence[tuple[str, int]], decided: Sequence[int] = HALF, *, only_test: bool = False
) -> Assignment:
    """Twenty examples, and behind them children: a text and the index of the source."""
    texts = [*TEXTS, *(text for text, _ in children)]
    places = [*decided, *[UNDECIDED] * (len(texts) - len(decided))]
    source = np.array([NOT_SYNTHETIC] * 20 + [index for _, index in children])
    names = [f"{k:03}" for k in range(len(texts))]
    candidates = Candidates(names, np.array(places), len(texts), source=source)
    near = near_duplicates([LONG] * len(texts), texts)
    ratios = (0.0, 0.0, 1.0) if only_test else (0.8, 0.1, 0.1)
    return assign(candidates, near, seed=1, ratios=ratios, evaluation_only=only_test)


def a_child(index: int) -> tuple[str, int]:
    return edited(TEXTS[index], random.Random(index)), index


@pytest.mark.parametrize(
    ("child", "split", "why"),
    [
        (a_child(2), TRAIN, ""),
        (a_child(12), VALIDATION, ""),
        (a_child(17), UNDECIDED, "source_in_test"),
        ((TEXTS[1], WITHOUT_SOURCE), UNDECIDED, "source_left_out"),
        ((edited(TEXTS[17], random.Random(1)), 2), UNDECIDED, "source_elsewhere"),
        ((edited(TEXTS[12], random.Random(1)), 2), UNDECIDED, "source_elsewhere"),
        ((edited(TEXTS[2], random.Random(1)), 12), UNDECIDED, "source_elsewhere"),
    ],
)
def test_a_child_is_beside_its_source_or_left_out_and_all_others_stay_where_they_are(
    child: tuple[str, int], split: int, why: str
) -> None:
    found = assigned([child])
    assert found.split[:20].tolist() == HALF
    assert found.split[20] == split
    assert [reason for reason, _ in found.left_out.values()] == ([why] if why else [])
    if split != UNDECIDED:
        assert found.group[20] == found.group[child[1]]


def test_undecided_examples_are_drawn_as_if_there_were_no_children() -> None:
    nobody = [UNDECIDED] * 20
    without = assigned([], nobody).split.tolist()
    found = assigned([a_child(k) for k in range(20)], nobody)
    assert found.split[:20].tolist() == without
    expected = [UNDECIDED if split == TEST else split for split in without]
    assert found.split[20:].tolist() == expected


def test_of_two_children_that_are_alike_and_would_be_apart_neither_is_kept() -> None:
    text = reviews(21, 20, random.Random(9))[-1]
    found = assigned([(text, 2), (edited(text, random.Random(1)), 12)])
    assert found.split[20:].tolist() == [UNDECIDED, UNDECIDED]


def test_for_evaluation_only_a_child_is_in_test_unless_it_was_trained_on() -> None:
    found = assigned([a_child(0), a_child(1)], [UNDECIDED] * 20, only_test=True)
    assert set(found.split.tolist()) == {TEST}
    decided = [UNDECIDED] * 20 + [TRAIN]
    unlike = reviews(21, 20, random.Random(9))[-1]
    later = assigned([(unlike, 0)], decided, only_test=True)
    assert later.split[[0, 20]].tolist() == [TEST, UNDECIDED]
    assert later.left_out[20] == ("source_elsewhere", -1)
