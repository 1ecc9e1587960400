"""Candidate pairs of near-duplicates: min-hash over word bigrams, 12 bands of 2 (Broder 1997).

Two texts whose bigrams have a Jaccard overlap of J share a band with a chance of 1 - (1 - J²)¹²:
0.99 at J = 0.56, which is two changed words in fifteen.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from core.cores import cores
from core.examples.tokens import GOLDEN, Hashes, Ints, mixed
from core.examples.words import Words

BANDS, ROWS = 12, 2
_WIDEST_WINDOW = 256
_PAIRS_AT_LEAST, _PAIRS_PER_TEXT = 3_000_000, 2
_TEXTS_AT_ONCE = 5_000


@dataclass(frozen=True)
class Candidates:
    """Pairs (left < right) of texts, and in how many bands they were found together.

    In `capped_buckets` buckets, the largest of `largest_bucket` texts, not all pairs are there.
    """

    left: Ints
    right: Ints
    bands: Ints
    capped_buckets: int
    largest_bucket: int


def candidate_pairs(words: Words, rng: np.random.Generator) -> Candidates:
    """Pairs (left < right) of texts that share a band, in each bucket only so many."""
    owners = np.flatnonzero(words.lengths)
    if len(owners) < 2:
        return Candidates(owners[:0], owners[:0], owners[:0], 0, 0)
    bands = _bands(words, owners, rng)
    with ThreadPoolExecutor(cores()) as pool:
        ordered = list(pool.map(lambda b: _ordered(bands[b], bands[(b + 1) % BANDS]), range(BANDS)))

    runs = [_runs(band) for band, _ in ordered]
    window = _window(runs, len(owners))
    keys = [
        _pairs(owners[order], starts, sizes, window)
        for (_, order), (starts, sizes) in zip(ordered, runs, strict=True)
    ]
    pairs = np.sort(np.concatenate(keys))  # np.unique hashes, and takes twenty times as long here
    edges = np.flatnonzero(np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)])
    shared = np.diff(np.append(edges, len(pairs)))
    pairs = pairs[edges]
    sizes = np.concatenate([sizes for _, sizes in runs])
    capped = int((sizes > window + 1).sum())
    largest = int(sizes.max()) if capped else 0
    return Candidates(pairs >> 32, pairs & 0xFFFFFFFF, shared, capped, largest)


def _bands(words: Words, owners: Ints, rng: np.random.Generator) -> Hashes:
    """Keys of the texts `owners`, which have words: shape (bands, texts)."""
    number = rng.integers(1 << 63, size=int(words.ids.max()) + 1, dtype=np.uint64)
    odd = rng.integers(1 << 63, size=BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offset = rng.integers(1 << 63, size=BANDS * ROWS, dtype=np.uint64)
    keys = np.zeros((BANDS, len(owners)), np.uint64)

    def fill(first: int) -> None:
        mine = owners[first : first + _TEXTS_AT_ONCE]
        begin, end = words.starts[mine[0]], words.starts[mine[-1] + 1]
        ids = number[words.ids[begin:end]]
        following = np.append(ids[1:], np.uint64(0))
        following[words.starts[mine + 1] - 1 - begin] = np.uint64(0x5851F42D4C957F2D)
        bigrams = mixed(ids * GOLDEN + following)
        starts, hashes = words.starts[mine] - begin, following  # memory to use again
        for row in range(BANDS * ROWS):
            key = keys[row // ROWS, first : first + len(mine)]
            np.multiply(bigrams, odd[row], out=hashes)
            hashes += offset[row]
            lowest = np.minimum.reduceat(hashes, starts)
            key[:] = mixed(key * GOLDEN + lowest)

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(fill, range(0, len(owners), _TEXTS_AT_ONCE)))
    return keys


def _ordered(band: Hashes, following: Hashes) -> tuple[Hashes, Ints]:
    """The band's keys in order, shortened, and whose they are.

    In a bucket too large to compare all, texts that share the next band too are neighbours. Keys,
    a piece of the next band's and the index go into one number each, which sorts ten times as fast
    as two arrays; two keys that differ only in the part that is cut off cost a comparison.
    """
    index_bits = np.uint64(len(band).bit_length())
    low = index_bits + np.uint64(16)
    key = band >> low << low
    key |= following >> np.uint64(48) << index_bits
    key |= np.arange(len(band), dtype=np.uint64)
    key.sort()
    order = (key & ((np.uint64(1) << index_bits) - np.uint64(1))).astype(np.int64)
    return key >> low, order


def _runs(ordered: Hashes) -> tuple[Ints, Ints]:
    """Where each run of two or more equal keys starts, and how long it is."""
    edges = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    sizes = np.diff(np.append(edges, len(ordered)))
    return edges[sizes > 1], sizes[sizes > 1]


def _window(runs: Sequence[tuple[Ints, Ints]], texts: int) -> int:
    """How many following texts of its bucket each text is compared with, within the budget."""
    sizes = np.concatenate([sizes for _, sizes in runs])
    budget, spent = max(_PAIRS_AT_LEAST, _PAIRS_PER_TEXT * texts), 0
    for step in range(1, _WIDEST_WINDOW + 1):
        spent += int(np.maximum(sizes - step, 0).sum())
        if spent > budget:
            return max(1, step - 1)
    return _WIDEST_WINDOW


def _pairs(ordered: Ints, starts: Ints, sizes: Ints, window: int) -> Ints:
    """Pairs of a bucket as one number each: neighbours, and all with the bucket's first text."""
    inside = np.repeat(starts + sizes, sizes)
    position = np.arange(len(inside)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    position += np.repeat(starts, sizes)
    found = []
    for step in range(1, window + 1):
        near = position + step < inside
        if not near.all():  # what has no such neighbour has no farther one
            position, inside = position[near], inside[near]
        if not len(position):
            break
        found.append((ordered[position], ordered[position + step]))
    for start, size in zip(starts[sizes > window + 1], sizes[sizes > window + 1], strict=True):
        members = ordered[start : start + size]
        found.append((np.full(size, members.min()), members))
    keys = [(np.minimum(a, b) << 32 | np.maximum(a, b))[a != b] for a, b in found]
    return np.concatenate([*keys, np.zeros(0, np.int64)])
