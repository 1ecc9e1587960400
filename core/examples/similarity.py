"""How alike pairs of texts are, in the order of their words and in the sets of some of them."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.cores import cores
from core.examples.tokens import Flags, Ints, mixed
from core.examples.words import Words

_PAIRS_AT_ONCE = 500_000
_TEXTS_AT_ONCE = 8_000


def in_order(words: Words, left: Ints, right: Ints) -> NDArray[np.float64]:
    """1 - Indel distance / words of both, for each pair of texts."""
    wanted, ids, counts = _only(words, left, right)
    strings = _as_strings(ids, np.append(0, np.cumsum(counts)))
    return _similarity(strings, np.searchsorted(wanted, left), np.searchsorted(wanted, right))


def words_apart(words: Words, left: Ints, right: Ints) -> Ints:
    """At most the Indel distance of each pair of texts, in a hundredth of its time.

    Each word sets one of 64 bits of its text, so that each word of one text alone can make one bit
    differ.
    """
    bits = np.zeros(len(words.lengths), np.uint64)
    filled = np.flatnonzero(words.lengths)

    def fill(first: int) -> None:
        mine = filled[first : first + _TEXTS_AT_ONCE]
        begin, end = words.starts[mine[0]], words.starts[mine[-1] + 1]
        number = mixed(words.ids[begin:end].astype(np.uint64) + np.uint64(1))
        flags = np.uint64(1) << (number & np.uint64(63))
        bits[mine] = np.bitwise_or.reduceat(flags, words.starts[mine] - begin)

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(fill, range(0, len(filled), _TEXTS_AT_ONCE)))
    found: Ints = np.bitwise_count(bits[left] ^ bits[right]).astype(np.int64)
    return found


def overlap(words: Words, chosen: Flags, left: Ints, right: Ints) -> NDArray[np.float64]:
    """The Jaccard overlap of the sets of chosen words, for each pair of texts; 1 for empty ones."""
    keys = words.owner[chosen].astype(np.int64) << 32 | words.ids[chosen]
    return _jaccard(_sets(keys, len(words.lengths)), left, right)


def bigram_overlap(words: Words, left: Ints, right: Ints) -> NDArray[np.float64]:
    """The Jaccard overlap of the sets of word bigrams, for each pair of texts."""
    wanted, ids, counts = _only(words, left, right)
    owner = np.repeat(np.arange(len(wanted)), counts)
    number = mixed(ids.astype(np.uint64) + np.uint64(1))
    pairs = mixed(number[:-1] * np.uint64(0x9E3779B97F4A7C15) + number[1:])
    inside = owner[1:] == owner[:-1]
    low = (pairs[inside] & np.uint64(0xFFFFFFFF)).astype(np.int64)
    sets = _sets(owner[:-1][inside] << 32 | low, len(wanted))
    return _jaccard(sets, np.searchsorted(wanted, left), np.searchsorted(wanted, right))


def _only(words: Words, left: Ints, right: Ints) -> tuple[Ints, Ints, Ints]:
    """The texts of the pairs, in order, their words one behind the other, and how many each has."""
    wanted = np.unique(np.append(left, right))
    counts = words.lengths[wanted]
    place = np.repeat(words.starts[wanted] - (np.cumsum(counts) - counts), counts)
    place += np.arange(len(place))
    return wanted, words.ids[place], counts


def _jaccard(sets: NDArray[np.object_], left: Ints, right: Ints) -> NDArray[np.float64]:
    # Of two sorted sets the Indel similarity s is 2 J / (1 + J), J being their Jaccard overlap.
    found = _similarity(sets, left, right)
    return found / (2 - found)


def _sets(keys: Ints, texts: int) -> NDArray[np.object_]:
    """The sets of numbers of texts, `owner << 32 | number`, as strings of sorted characters."""
    keys = np.sort(keys)
    keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
    counts = np.bincount(keys >> 32, minlength=texts)
    return _as_strings(keys & 0xFFFFFFFF, np.append(0, np.cumsum(counts)))


def _similarity(strings: NDArray[np.object_], left: Ints, right: Ints) -> NDArray[np.float64]:
    """1 - Indel distance / both lengths, for each pair; 1 for two empty ones."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cpdist

    scores = np.ones(len(left))
    for start in range(0, len(left), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        ours, theirs = strings[left[part]].tolist(), strings[right[part]].tolist()
        scores[part] = cpdist(
            ours, theirs, scorer=Indel.normalized_similarity, dtype=np.float64, workers=cores()
        )
    return scores


def _as_strings(ids: Ints, starts: Ints) -> NDArray[np.object_]:
    """Each text as a string of one character per word: what rapidfuzz compares fastest."""
    codes = ids % (0x10FFFF - 0x801) + 1
    codes += (codes >= 0xD800) * 0x800  # over the surrogates, which no encoding lets through
    everything = codes.astype("<u4").tobytes().decode("utf-32-le")
    strings = np.empty(len(starts) - 1, np.object_)
    strings[:] = [everything[a:b] for a, b in pairwise(starts.tolist())]
    return strings
