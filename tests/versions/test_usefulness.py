"""core.versions.usefulness: which splits are refused, and how a group is shown."""

from __future__ import annotations

import pytest

from core.versions.splitting import Split
from core.versions.usefulness import (
    UselessSplit,
    large_group,
    refuse_useless,
    shared_words,
    warnings,
)
from core.versions.version import LargeGroup

COPIES = ["write a poem about the sea in may", "write a poem about the sun in may"]


def counts(train: int, validation: int, test: int) -> dict[Split, int]:
    return {"train": train, "validation": validation, "test": test}


def check(
    of: dict[Split, int], groups: int, largest: list[LargeGroup], kept: int = 0, left_out: int = 0
) -> None:
    refuse_useless(of, groups, largest, kept=kept, left_out=left_out)


def test_what_texts_share_is_said_once_and_left_out_of_each() -> None:
    group = large_group("ex", 2, "train", COPIES)
    assert group.shared == "write a poem about the"
    assert group.texts == ("… sea in may", "… sun in may")


def test_equal_texts_are_shown_whole() -> None:
    assert large_group("ex", 2, "train", COPIES[:1] * 2).texts == (COPIES[0], COPIES[0])


def test_texts_that_share_less_than_three_words_share_nothing() -> None:
    assert shared_words(["a b c d", "a b x d"]) == ""
    assert shared_words([]) == ""


@pytest.mark.parametrize(
    ("of", "groups", "size", "said"),
    [
        (counts(60, 20, 20), 41, 60, "60 of 100 examples are one group"),
        (counts(30, 5, 5), 6, 12, "in only 6 groups"),
        (counts(36, 0, 4), 40, 1, "validation split would be empty"),
        (counts(4, 0, 0), 4, 1, "at least 10"),
    ],
)
def test_a_split_of_no_use_is_refused_with_its_group(
    of: dict[Split, int], groups: int, size: int, said: str
) -> None:
    with pytest.raises(UselessSplit, match=said):
        check(of, groups, [large_group("ex", size, "train", COPIES)])


def test_below_thirty_examples_whatever_is_possible_is_taken_and_said() -> None:
    check(counts(12, 0, 0), 1, [large_group("ex", 12, "train", COPIES)])
    (large, empty) = warnings(
        counts(12, 0, 0), [large_group("ex", 12, "train", COPIES)], evaluation_only=False
    )
    assert "12 of 12 examples (100\u202f%)" in large
    assert "validation and test split is empty" in empty


def test_a_usual_split_is_neither_refused_nor_warned_about() -> None:
    check(counts(80, 10, 10), 100, [])
    assert warnings(counts(80, 10, 10), [], evaluation_only=False) == []
    assert warnings(counts(0, 0, 10), [], evaluation_only=True) == []
