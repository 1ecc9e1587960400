"""Template siblings: texts that differ in what fills a template only, that is in their values.

Two questions with other numbers are not one question; that a set holds hundreds of them is worth
knowing all the same. Texts belong to one template when they are equal but for numbers, names and
words that fill slots, or alike with other values.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.cores import cores
from core.examples.duplicates import BIGRAMS_ALIKE, Comparison
from core.examples.similarity import bigram_overlap
from core.examples.tokens import Flags, Hashes, Ints, mixed
from core.examples.words import Words

FAMILY = 4
"""So many texts with other values show that there is a template. Fewer that are nearly equal, such
as a question of GSM8K and its copy with other numbers, count as near-duplicates."""
_PLAIN_AT_LEAST = 4
_TEXTS_AT_ONCE = 8_000
_VALUE = np.uint64(0x5851F42D4C957F2D)


@dataclass(frozen=True)
class Siblings:
    """`group[k]`: the first distinct prompt of the template of distinct prompt k, -1 without.

    `few`: pairs of a Comparison whose values differ, but which nearly equal each other and few
    others. No template is to be seen there: they count as near-duplicates.
    """

    group: Ints
    few: Flags


def template_siblings(found: Comparison) -> Siblings:
    """The templates among compared prompts."""
    first, last = _equal_pairs(skeletons(found.words))
    few = _few(found, first, last)
    near = found.agree | few
    kept = ~np.isin(first << 32 | last, found.left[near].astype(np.int64) << 32 | found.right[near])
    left = np.append(first[kept], found.left[~near])
    right = np.append(last[kept], found.right[~near])
    number, sizes = _components(left, right, len(found.distinct))
    opens = np.full(len(number), len(number))
    np.minimum.at(opens, number, np.arange(len(number)))
    return Siblings(np.where(sizes[number] > 1, opens[number], -1), few)


def _components(left: Ints, right: Ints, n: int) -> tuple[Ints, Ints]:
    """The number of the component that each of n nodes is in, and the nodes of each."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    graph = coo_array((np.ones(len(left), np.bool_), (left, right)), shape=(n, n))
    number = connected_components(graph, directed=False)[1].astype(np.int64)
    return number, np.bincount(number, minlength=n)


def _few(found: Comparison, first: Ints, last: Ints) -> Flags:
    """See Siblings; `first` and `last` are neighbouring texts of one skeleton."""
    few = ~found.agree
    number, sizes = _components(
        np.append(first, found.left[few]), np.append(last, found.right[few]), len(found.distinct)
    )
    few &= sizes[number[found.left]] < FAMILY
    places = np.flatnonzero(few)
    near = bigram_overlap(found.words, found.left[places], found.right[places])
    few[places] = near > BIGRAMS_ALIKE
    return few


def skeletons(words: Words) -> Hashes:
    """A hash of each text with its values and slots left open; 0 without any, or with little else.

    Values that stand side by side are one gap: "Ada Vale" and "Bo" fill the same.
    """
    texts = len(words.starts) - 1
    found = np.zeros(texts, np.uint64)

    def fill(first: int) -> None:
        until = min(first + _TEXTS_AT_ONCE, texts)
        found[first:until] = _skeletons(words, first, until)

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(fill, range(0, texts, _TEXTS_AT_ONCE)))
    return found


def _skeletons(words: Words, first: int, until: int) -> Hashes:
    part = slice(words.starts[first], words.starts[until])
    is_open = words.is_value[part] | words.is_slot[part]
    owner = words.owner[part] - first
    goes_on = np.append(False, is_open[:-1] & (owner[1:] == owner[:-1]))[: len(owner)]
    kept = ~(is_open & goes_on)
    owner, gaps = owner[kept], is_open[kept]
    number = np.where(gaps, _VALUE, words.ids[part][kept].astype(np.uint64))
    counts = np.bincount(owner, minlength=until - first)
    place = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    number = mixed(mixed(number + np.uint64(1)) + place.astype(np.uint64))
    found = np.zeros(until - first, np.uint64)
    filled = counts > 0
    if filled.any():
        found[filled] = np.add.reduceat(number, (np.cumsum(counts) - counts)[filled])
    open_count = np.bincount(owner[gaps], minlength=until - first)
    plain = counts - open_count
    found[(open_count == 0) | (plain < np.maximum(_PLAIN_AT_LEAST, open_count))] = 0
    return found


def _equal_pairs(skeleton: Hashes) -> tuple[Ints, Ints]:
    """Neighbouring members of each set of texts with one skeleton, in order."""
    order = np.argsort(skeleton, kind="stable")
    same = (skeleton[order][1:] == skeleton[order][:-1]) & (skeleton[order][1:] != 0)
    return np.minimum(order[:-1], order[1:])[same], np.maximum(order[:-1], order[1:])[same]
