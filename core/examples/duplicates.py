"""Near-duplicate texts, grouped as stars round a representative, never as chains.

    words -> candidate pairs (core.examples.min_hash) -> similarity of words and of word bigrams
          -> agreeing values -> stars

A million short texts take some twenty seconds: `python -m tests.benchmarks.duplicates_speed`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.examples.min_hash import Candidates, candidate_pairs
from core.examples.particular import particular
from core.examples.similarity import bigram_overlap, in_order, overlap, words_apart
from core.examples.tokens import Flags, Ints
from core.examples.words import Prompts, Words, numbered, read_prompts

VALUES_AGREE = 0.6
BIGRAMS_ALIKE = 0.7
"""Texts whose sentences stand in another order share their bigrams, and not their order."""


@dataclass(frozen=True)
class Groups:
    """`group[i]` is the index of the representative of text i, its own where nothing is near.

    Every text is near its representative. In `capped_buckets` buckets of candidates, the largest
    of `largest_bucket` texts, not all pairs were compared: there some pairs may have been missed.
    """

    group: list[int]
    capped_buckets: int = 0
    largest_bucket: int = 0

    @property
    def count(self) -> int:
        """How many groups there are, those of one text included."""
        return len(set(self.group))

    @property
    def largest(self) -> int:
        """Texts in the largest group; 0 without texts."""
        return int(np.bincount(self.group).max()) if self.group else 0

    @property
    def largest_share(self) -> float:
        """The largest group's share of all texts, 0..1."""
        return self.largest / len(self.group) if self.group else 0.0


@dataclass(frozen=True)
class NearDuplicates:
    """Which of n texts are near-duplicates.

    `same_as[i]` is the first text that equals text i but for letter case and whitespace (the
    instruction counts too). `left[k]` and `right[k]` are near by `similarity[k]` (0..1); they are
    first texts. See Groups for `capped_buckets` and `largest_bucket`. `siblings` are first texts
    that would be near others, were it not for words that fill a slot of a template.
    """

    same_as: Ints
    left: Ints
    right: Ints
    similarity: NDArray[np.float64]
    capped_buckets: int
    largest_bucket: int
    siblings: Ints

    def groups(self) -> Groups:
        """Groups around representatives: the texts with most neighbours first, then the first.

        Each takes those that nobody took, so a chain a-b-c of which a and c differ never becomes
        one group.
        """
        star = groups_around(self.left, self.right, len(self.same_as))
        return Groups(star[self.same_as].tolist(), self.capped_buckets, self.largest_bucket)


@dataclass(frozen=True)
class Comparison:
    """n prompts compared: `same_as[i]` as in NearDuplicates; the rest is about distinct prompts.

    `distinct[k]` is the first text of distinct prompt k, `words` its words with slots marked.
    `left`, `right` and `similarity` are pairs of distinct prompts that are alike; `agree`: their
    values do, too; `slots_only`: they do but for words that fill a slot.
    """

    same_as: Ints
    distinct: Ints
    words: Words
    left: Ints
    right: Ints
    similarity: NDArray[np.float64]
    agree: Flags
    slots_only: Flags
    capped_buckets: int
    largest_bucket: int

    def near(self) -> NearDuplicates:
        """The pairs whose values agree, as pairs of texts."""
        slots = self.slots_only
        return NearDuplicates(
            self.same_as,
            self.distinct[self.left[self.agree]],
            self.distinct[self.right[self.agree]],
            self.similarity[self.agree],
            self.capped_buckets,
            self.largest_bucket,
            self.distinct[np.unique(np.append(self.left[slots], self.right[slots]))],
        )


def near_duplicate_groups(
    texts: Sequence[str], *, threshold: float = 0.85, seed: int = 0
) -> Groups:
    """Groups of texts that are the same but for a few words: see `near_duplicates`."""
    return near_duplicates(texts, [""] * len(texts), threshold=threshold, seed=seed).groups()


def near_duplicates(
    instructions: Sequence[str],
    inputs: Sequence[str],
    *,
    threshold: float = 0.85,
    seed: int = 0,
) -> NearDuplicates:
    """Pairs of prompts that are the same but for a few words in what is particular to them.

    Prompts equal but for letter case and whitespace are always together. Two others are near when
    their similarity over the words that `particular` leaves (1 - Indel distance / words of both)
    is at least `threshold`, or they share 70 % of their word bigrams, and they are not template
    siblings: their *values* (numbers, names, and what fills the slots of a template) must have a
    Jaccard overlap of 0.6 or more; two without values agree. An instruction that examples with
    different inputs have word for word does not
    count. Raises InvalidInput unless 0 < threshold <= 1.
    """
    return compare(instructions, inputs, threshold=threshold, seed=seed).near()


def compare(
    instructions: Sequence[str],
    inputs: Sequence[str],
    *,
    threshold: float = 0.85,
    seed: int = 0,
) -> Comparison:
    """Every prompt compared with those that might be near: see `near_duplicates`."""
    if not 0 < threshold <= 1:
        raise InvalidInput(f"A threshold of {threshold} cannot be. Give one above 0, at most 1.")
    prompts = read_prompts(instructions, inputs)
    same_as, distinct, is_repeated = _equal_prompts(prompts)
    marked, kept = particular(prompts.words(distinct), is_repeated[distinct])
    del prompts
    words = marked.only(kept)
    candidates = candidate_pairs(words, np.random.default_rng(seed))
    left, right, similarity = _alike(words, candidates, threshold)
    agree = overlap(words, words.is_value | words.is_slot, left, right) >= VALUES_AGREE - 1e-9
    slots_only = ~agree
    rest = np.flatnonzero(slots_only)
    slots_only[rest] = (
        overlap(words, words.is_value, left[rest], right[rest]) >= VALUES_AGREE - 1e-9
    )
    return Comparison(
        same_as,
        distinct,
        marked,
        left,
        right,
        similarity,
        agree,
        slots_only,
        candidates.capped_buckets,
        candidates.largest_bucket,
    )


def _equal_prompts(prompts: Prompts) -> tuple[Ints, Ints, Flags]:
    """The first text that equals each text but for case and whitespace, and those first texts.

    And which texts have an instruction that stands before another input too.
    """
    _, first, number = np.unique(prompts.same, return_index=True, return_inverse=True)
    same_as, distinct = first[number], np.sort(first)
    has_input = prompts.has_input
    shared = np.zeros(len(number), np.bool_)
    if has_input.any():
        instruction = numbered(prompts.whole[prompts.parts[:, 0]])
        filled = distinct[has_input[distinct]]
        users = np.bincount(instruction[filled], minlength=len(number))
        shared = has_input & (users[instruction] > 1)
    return same_as, distinct, shared


def _alike(
    words: Words, candidates: Candidates, threshold: float
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """The candidate pairs that are alike in length and in words or bigrams, and how near."""
    a, b = words.lengths[candidates.left], words.lengths[candidates.right]
    # What 70 % of equal bigrams let differ is a little more than what most thresholds do.
    most = max(1 - threshold, (1 - BIGRAMS_ALIKE) / (1 + BIGRAMS_ALIKE)) * (a + b) + 1e-9
    possible = np.flatnonzero(np.abs(a - b) <= most)
    left, right = candidates.left[possible], candidates.right[possible]
    close = words_apart(words, left, right) <= most[possible]
    possible, left, right = possible[close], left[close], right[close]
    similarity = in_order(words, left, right)
    # Texts that share 70 % of their bigrams share half of the bands; one band is chance.
    other = np.flatnonzero((similarity < threshold) & (candidates.bands[possible] > 1))
    shared = bigram_overlap(words, left[other], right[other])
    # What (1 - threshold) changed words leave of the bigrams, where that is more than 70 %.
    enough = max(BIGRAMS_ALIKE, (2 * threshold - 1) / (3 - 2 * threshold))
    similarity[other] = np.where(shared >= enough, np.maximum(shared, threshold), 0)
    alike = similarity >= threshold - 1e-9
    return left[alike], right[alike], similarity[alike]


def groups_around(left: Ints, right: Ints, n: int) -> Ints:
    """The representative of each of n texts (star clustering): most neighbours, then first."""
    ends, others = np.append(left, right), np.append(right, left)
    by_end = np.argsort(ends, kind="stable")
    others, degree = others[by_end], np.bincount(ends, minlength=n)
    starts = np.append(0, np.cumsum(degree))
    star = np.arange(n)
    taken = np.zeros(n, np.bool_)
    for hub in np.argsort(-degree, kind="stable")[: int((degree > 0).sum())]:
        if taken[hub]:
            continue
        mine = others[starts[hub] : starts[hub + 1]]
        mine = mine[~taken[mine]]
        star[mine] = hub
        taken[mine] = taken[hub] = True
    return star
