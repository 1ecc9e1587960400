"""Near-duplicate texts, grouped as stars round a representative, never as chains.

    words -> min-hash over word bigrams, 12 bands of 2 -> candidate pairs, capped per bucket
          -> word-level similarity and agreeing values -> stars

100,000 short texts take a few seconds: `python -m tests.benchmarks.duplicates_speed`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from core.errors import InvalidInput
from core.examples.particular import particular
from core.examples.words import Flags, Hashes, Ints, Words, mixed, words_of

BANDS, ROWS = 12, 2
VALUES_AGREE = 0.6
_WIDEST_WINDOW = 256
_PAIRS_AT_LEAST, _PAIRS_PER_TEXT = 3_000_000, 2
_PAIRS_AT_ONCE = 500_000


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
class _Candidates:
    left: Ints
    right: Ints
    capped_buckets: int
    largest_bucket: int


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
    is at least `threshold` and they are not template siblings: their *values* (numbers, names, and
    what fills the slots of a template) must have a Jaccard overlap of 0.6 or more; two without
    values agree. An instruction that examples with different inputs have word for word does not
    count. Raises InvalidInput unless 0 < threshold <= 1.
    """
    if not 0 < threshold <= 1:
        raise InvalidInput(f"A threshold of {threshold} cannot be. Give one above 0, at most 1.")
    first: dict[tuple[str, str], int] = {}
    folded = [
        (" ".join(instruction.casefold().split()), " ".join(text.casefold().split()))
        for instruction, text in zip(instructions, inputs, strict=True)
    ]
    same_as = [first.setdefault(prompt, index) for index, prompt in enumerate(folded)]
    distinct = np.fromiter(first.values(), np.int64, len(first))
    users = Counter(instruction for instruction, text in first if text)
    words = particular(
        words_of([(instructions[index], inputs[index]) for index in distinct]),
        repeated=[bool(text) and users[instruction] > 1 for instruction, text in first],
    )
    candidates = _candidates(words, np.random.default_rng(seed))
    left, right, similarity = _alike(words, candidates, threshold)
    agree = _agree(words, words.is_value | words.is_slot, left, right)
    fills = np.flatnonzero(~agree)
    fills = fills[_agree(words, words.is_value, left[fills], right[fills])]
    return NearDuplicates(
        np.array(same_as, np.int64),
        distinct[left[agree]],
        distinct[right[agree]],
        similarity[agree],
        candidates.capped_buckets,
        candidates.largest_bucket,
        distinct[np.unique(np.append(left[fills], right[fills]))],
    )


def _candidates(words: Words, rng: np.random.Generator) -> _Candidates:
    """Pairs (left < right) of texts that share a band, in each bucket only so many."""
    owners = np.flatnonzero(words.lengths)
    if len(owners) < 2:
        return _Candidates(owners[:0], owners[:0], 0, 0)
    bands = _bands(words, owners, rng)
    # In a bucket too large to compare all, texts that share the next band too are neighbours.
    orders = [np.lexsort((bands[(b + 1) % BANDS], bands[b])) for b in range(BANDS)]
    runs = [_runs(bands[b][order]) for b, order in enumerate(orders)]
    window = _window(runs, len(owners))
    keys = [
        _pairs(owners[order], starts, sizes, window)
        for order, (starts, sizes) in zip(orders, runs, strict=True)
    ]
    pairs = np.sort(np.concatenate(keys))  # np.unique hashes, and takes twenty times as long here
    pairs = pairs[np.append(True, pairs[1:] != pairs[:-1])[: len(pairs)]]
    sizes = np.concatenate([sizes for _, sizes in runs])
    capped = int((sizes > window + 1).sum())
    return _Candidates(pairs >> 32, pairs & 0xFFFFFFFF, capped, int(sizes.max()) if capped else 0)


def _bands(words: Words, owners: Ints, rng: np.random.Generator) -> list[Hashes]:
    """Per band a key for each of the texts `owners`, which have words."""
    number = rng.integers(1 << 63, size=int(words.ids.max()) + 1, dtype=np.uint64)[words.ids]
    following = np.append(number[1:], np.uint64(0))
    following[words.starts[owners + 1] - 1] = np.uint64(0x5851F42D4C957F2D)
    bigrams = mixed(number * np.uint64(0x9E3779B97F4A7C15) + following)
    odd = rng.integers(1 << 63, size=BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offset = rng.integers(1 << 63, size=BANDS * ROWS, dtype=np.uint64)
    keys = []
    for band in range(BANDS):
        key = np.zeros(len(owners), np.uint64)
        for row in range(band * ROWS, (band + 1) * ROWS):
            lowest = np.minimum.reduceat(bigrams * odd[row] + offset[row], words.starts[owners])
            key = mixed(key * np.uint64(0x9E3779B97F4A7C15) + lowest)
        keys.append(key)
    return keys


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
        near = position[position + step < inside]
        if not len(near):
            break
        found.append((ordered[near], ordered[near + step]))
    for start, size in zip(starts[sizes > window + 1], sizes[sizes > window + 1], strict=True):
        members = ordered[start : start + size]
        found.append((np.full(size, members.min()), members))
    keys = [(np.minimum(a, b) << 32 | np.maximum(a, b))[a != b] for a, b in found]
    return np.concatenate([*keys, np.zeros(0, np.int64)])


def _alike(
    words: Words, candidates: _Candidates, threshold: float
) -> tuple[Ints, Ints, NDArray[np.float64]]:
    """The candidate pairs that are alike in length and in words, and how near they are."""
    left, right, lengths = candidates.left, candidates.right, words.lengths
    a, b = lengths[left], lengths[right]
    possible = np.abs(a - b) <= (1 - threshold) * (a + b) + 1e-9
    left, right = left[possible], right[possible]
    similarity = _similarity(_as_strings(words.ids, words.starts), left, right)
    alike = similarity >= threshold - 1e-9
    return left[alike], right[alike], similarity[alike]


def _agree(words: Words, chosen: Flags, left: Ints, right: Ints) -> Flags:
    """Which pairs have much the same set of the chosen words."""
    # Of two sorted sets the Indel similarity is 2 J / (1 + J), J being their Jaccard overlap.
    enough = 2 * VALUES_AGREE / (1 + VALUES_AGREE)
    found: Flags = _similarity(_sets(words, chosen), left, right) >= enough - 1e-9
    return found


def _similarity(strings: NDArray[np.object_], left: Ints, right: Ints) -> NDArray[np.float64]:
    """1 - Indel distance / both lengths, for each pair; 1 for two empty ones."""
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cpdist

    scores = np.ones(len(left))
    for start in range(0, len(left), _PAIRS_AT_ONCE):
        part = slice(start, start + _PAIRS_AT_ONCE)
        ours, theirs = strings[left[part]].tolist(), strings[right[part]].tolist()
        scores[part] = cpdist(ours, theirs, scorer=Indel.normalized_similarity, dtype=np.float64)
    return scores


def _sets(words: Words, chosen: Flags) -> NDArray[np.object_]:
    """The set of chosen words of each text, as a string of sorted characters."""
    keys = np.sort(words.owner[chosen] << 32 | words.ids[chosen])
    keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]]
    counts = np.bincount(keys >> 32, minlength=len(words.lengths))
    return _as_strings(keys & 0xFFFFFFFF, np.append(0, np.cumsum(counts)))


def _as_strings(ids: Ints, starts: Ints) -> NDArray[np.object_]:
    """Each text as a string of one character per word: what rapidfuzz compares fastest."""
    codes = ids % (0x10FFFF - 0x801) + 1
    codes += (codes >= 0xD800) * 0x800  # over the surrogates, which no encoding lets through
    everything = codes.astype("<u4").tobytes().decode("utf-32-le")
    strings = np.empty(len(starts) - 1, np.object_)
    strings[:] = [everything[a:b] for a, b in pairwise(starts.tolist())]
    return strings


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
