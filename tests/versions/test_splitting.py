"""Splits: exact counts, whole groups, determinism; and the content hash."""

from __future__ import annotations

import random
from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidInput
from core.versions.splitting import (
    Split,
    content_hash,
    split,
    split_by_time,
    split_stratified,
)


def counts(splits: list[Split]) -> tuple[int, int, int]:
    found = Counter(splits)
    return found["train"], found["validation"], found["test"]


@pytest.mark.parametrize(
    ("n", "expected"),
    [(1000, (800, 100, 100)), (940, (752, 94, 94)), (10, (8, 1, 1)), (0, (0, 0, 0))],
)
def test_single_examples_are_split_exactly(n: int, expected: tuple[int, int, int]) -> None:
    assert counts(split(range(n), seed=7)) == expected


def test_counts_that_do_not_divide_are_one_off_at_most() -> None:
    for n in range(10, 60):
        assert counts(split(range(n), seed=1)) == pytest.approx((0.8 * n, 0.1 * n, 0.1 * n), abs=1)


def test_a_group_is_never_torn_and_counts_stay_near_the_ratios() -> None:
    rng = random.Random(3)
    groups = [f"g{int(rng.paretovariate(1))}" for _ in range(600)] + [f"s{k}" for k in range(400)]
    splits = split(groups, seed=2)
    home: dict[str, set[Split]] = {}
    for group, place in zip(groups, splits, strict=True):
        home.setdefault(group, set()).add(place)
    assert all(len(places) == 1 for places in home.values())
    assert counts(splits) == pytest.approx((800, 100, 100), abs=2)


def test_groups_of_two_are_found_in_every_split() -> None:
    groups = [k // 2 for k in range(400)] + list(range(1000, 1600))
    splits = split(groups, seed=4)
    assert min(Counter(splits[:400]).values()) >= 20
    assert counts(splits) == (800, 100, 100)


def test_the_same_seed_gives_the_same_split_in_any_order_of_examples() -> None:
    groups = [f"g{k // 3}" for k in range(300)]
    placed = dict(zip(groups, split(groups, seed=5), strict=True))
    shuffled = random.Random(0).sample(groups, len(groups))
    assert dict(zip(shuffled, split(shuffled, seed=5), strict=True)) == placed
    assert dict(zip(groups, split(groups, seed=6), strict=True)) != placed


@pytest.mark.parametrize("giant", [1, 5, 50, 1000])
@pytest.mark.parametrize("others", [9, 12, 40])
def test_ten_groups_fill_every_split_however_uneven(giant: int, others: int) -> None:
    for second in (1, giant // 2 + 1):
        groups = ["giant"] * giant + ["second"] * second + [f"s{k}" for k in range(others)]
        assert min(counts(split(groups, seed=9))) >= 1


def test_few_groups_of_many_fill_every_split_too() -> None:
    assert min(counts(split(["a"] * 90 + ["b"] * 5 + ["c"] * 5, seed=1))) >= 1
    assert min(counts(split([k // 100 for k in range(1000)], seed=1))) == 100
    assert counts(split(["a", "a"], seed=1)) == (2, 0, 0)


def test_a_ratio_of_zero_leaves_its_split_empty() -> None:
    assert counts(split(range(100), seed=1, ratios=(0.9, 0.0, 0.1))) == (90, 0, 10)


def test_ratios_that_are_no_shares_are_refused() -> None:
    with pytest.raises(InvalidInput, match="sum to 1"):
        split([1, 2], seed=1, ratios=(0.8, 0.1, 0.2))
    with pytest.raises(InvalidInput, match="sum to 1"):
        split([1, 2], seed=1, ratios=(1.2, -0.1, -0.1))


def test_the_content_hash_knows_every_field_and_no_order() -> None:
    examples = [(f"e{k}", "Do", "in", "out \ud83d", "train") for k in range(5)]
    known = content_hash(examples)
    assert known == content_hash(reversed(examples))
    assert len(known) == 64
    for place in range(5):
        changed = list(examples[0])
        changed[place] += "!"
        assert content_hash([tuple(changed), *examples[1:]]) != known  # type: ignore[list-item]


def test_moving_text_between_fields_changes_the_content_hash() -> None:
    one, other = ("e", "ab", "", "c", "train"), ("e", "a", "b", "c", "train")
    assert content_hash([one]) != content_hash([other])
    assert content_hash([]) != content_hash([one])


# By time, and in equal shares of strata ---------------------------------------------------------

GROUPS = st.lists(st.tuples(st.integers(0, 12), st.floats(0, 9), st.integers(0, 3)), max_size=120)


@given(GROUPS, st.tuples(*[st.integers(0, 40)] * 3))
def test_by_time_nothing_in_train_is_newer_than_validation_and_that_than_test(
    rows: list[tuple[int, float, int]], already: tuple[int, int, int]
) -> None:
    groups, moments = [row[0] for row in rows], [row[1] for row in rows]
    places = split_by_time(groups, moments, ratios=(0.8, 0.1, 0.1), already=already)
    latest = {g: max(m for h, m in zip(groups, moments, strict=True) if h == g) for g in groups}
    ages = [
        [latest[g] for g, place in zip(groups, places, strict=True) if place == name]
        for name in ("train", "validation", "test")
    ]
    for older, newer in pairwise(sorted_ages for sorted_ages in ages if sorted_ages):
        assert max(older) < min(newer)
    assert len({(g, place) for g, place in zip(groups, places, strict=True)}) == len(set(groups))


def test_by_time_the_counts_are_those_of_the_ratios_with_what_is_there_already() -> None:
    moments = [float(k) for k in range(100)]
    assert counts(split_by_time(range(100), moments, ratios=(0.8, 0.1, 0.1))) == (80, 10, 10)
    later = split_by_time(range(100), moments, ratios=(0.8, 0.1, 0.1), already=(80, 10, 10))
    assert counts(later) == (80, 10, 10)
    full = split_by_time(range(10), moments[:10], ratios=(0.8, 0.1, 0.1), already=(100, 0, 0))
    assert counts(full) == (0, 5, 5)
    lumps = [0.0] * 60 + [1.0] * 30 + [2.0] * 10
    assert counts(split_by_time(range(100), lumps, ratios=(0.8, 0.1, 0.1))) == (60, 30, 10)


@given(GROUPS)
def test_stratified_groups_stay_whole(rows: list[tuple[int, float, int]]) -> None:
    groups, strata = [row[0] for row in rows], [row[2] for row in rows]
    places = split_stratified(groups, strata, seed=1, ratios=(0.8, 0.1, 0.1), already={})
    assert len(set(zip(groups, places, strict=True))) == len(set(groups))


def test_each_stratum_has_its_share_of_each_split_and_small_ones_share_theirs() -> None:
    strata = [0] * 700 + [1] * 200 + [2] * 90 + [k for k in range(3, 13)]
    places = split_stratified(
        range(1000), strata, seed=3, ratios=(0.8, 0.1, 0.1), already={}
    )  # fmt: skip
    for stratum, expected in ((0, (560, 70, 70)), (1, (160, 20, 20)), (2, (72, 9, 9))):
        own = [place for place, one in zip(places, strata, strict=True) if one == stratum]
        assert counts(own) == expected
    assert counts(places[990:]) == (8, 1, 1)
    more = split_stratified(
        range(100), [0] * 100, seed=3, ratios=(0.8, 0.1, 0.1), already={0: (100, 0, 0)}
    )
    assert counts(more) == (60, 20, 20)
