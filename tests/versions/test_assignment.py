"""core.versions.assignment: nothing leaks, and the order of the examples does not matter."""

from __future__ import annotations

import random
from collections.abc import Callable

import numpy as np
import pytest

from core.examples.duplicates import near_duplicates
from core.versions.assignment import UNDECIDED, Assignment, Candidates, assign
from tests.examples.test_particular import LONG, a_word, edited, reviews

RATIOS = (0.8, 0.1, 0.1)


def assigned(texts: list[str], decided: list[int], seed: int = 1) -> Assignment:
    near = near_duplicates([LONG] * len(texts), texts)
    candidates = Candidates(sorted(texts), np.array(decided), len(texts))
    return assign(candidates, near, seed=seed, ratios=RATIOS)


def chains(n: int, rng: random.Random) -> list[str]:
    """Texts each of which is a copy of the one before with two words changed."""
    texts = reviews(1, 20, rng)
    for _ in range(n - 1):
        texts.append(edited(texts[-1], rng, 2))
    return texts


def test_no_two_near_duplicates_are_in_different_splits_even_in_chains() -> None:
    rng = random.Random(1)
    texts = sorted(chains(150, rng) + reviews(150, 20, rng))
    found = assigned(texts, [UNDECIDED] * 300)
    near = near_duplicates([LONG] * 300, texts)
    left, right = found.split[near.left], found.split[near.right]
    both = (left >= 0) & (right >= 0)
    assert both.any()
    assert (left[both] == right[both]).all()
    assert len(found.left_out) < 30


SUMMARISE = "Summarise the note for a doctor."
VARIANTS: dict[str, Callable[[str, random.Random], str]] = {
    "a word": edited,
    "two words": lambda text, rng: edited(text, rng, 2),
    "the last word": lambda text, rng: f"{text} {a_word(rng)}",
    "a last line": lambda text, rng: f"{text}\n{a_word(rng)}",
}


@pytest.mark.parametrize("copies", [2, 5, 8, 9, 10, 12, 20, 50, 200])
@pytest.mark.parametrize("kind", list(VARIANTS))
def test_augmented_copies_of_one_note_stay_in_one_split(kind: str, copies: int) -> None:
    rng = random.Random(4)
    source = {
        VARIANTS[kind](note, rng): number
        for number, note in enumerate(reviews(30, 30, rng))
        for _ in range(copies)
    }
    texts = sorted(source)
    near = near_duplicates([SUMMARISE] * len(texts), texts)
    candidates = Candidates(texts, np.full(len(texts), UNDECIDED), len(texts))
    found = assign(candidates, near, seed=1, ratios=RATIOS)
    splits = {(source[text], int(split)) for text, split in zip(texts, found.split, strict=True)}
    assert len(splits) == 30
    assert not found.left_out
    assert not len(near.siblings)


def test_groups_that_were_decided_stay_whatever_the_seed() -> None:
    rng = random.Random(2)
    texts = sorted(reviews(100, 15, rng))
    first = assigned(texts, [UNDECIDED] * 100, seed=1)
    other = assigned(texts, [UNDECIDED] * 100, seed=2)
    assert first.split.tolist() != other.split.tolist()
    again = assigned(texts, first.split.tolist(), seed=2)
    assert again.split.tolist() == first.split.tolist()


def test_new_examples_bring_a_skewed_project_back_to_its_ratios() -> None:
    texts = sorted(reviews(200, 15, random.Random(3)))
    found = assigned(texts, [0] * 100 + [UNDECIDED] * 100)
    assert np.bincount(found.split).tolist() == [160, 20, 20]
