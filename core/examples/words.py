"""Texts as numbers: one id per word, with lines, and words that are values (numbers, names)."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from itertools import count

import numpy as np
from numpy.typing import NDArray

from core.cores import cores
from core.examples.tokens import (
    DIGIT,
    GOLDEN,
    OPENS_LINE,
    OPENS_SENTENCE,
    UPPER,
    Flags,
    Hashes,
    Ints,
    Kinds,
    Tokens,
    mixed,
    tokens_of,
)

_CHARACTERS_AT_ONCE = 200_000


@dataclass(frozen=True)
class Words:
    """Texts as word ids one behind the other: text t owns `ids[starts[t]:starts[t + 1]]`.

    `line[i]` is the number of word i's line, over all texts; `is_opening[i]`: word i stands in the
    first part of its text. `is_value[i]`: word i has a digit, or is a name, that is a word that
    these texts mostly capitalise where no sentence starts. `is_slot[i]`: another word, but one that
    fills a slot of a template; `core.examples.particular` finds them.
    """

    ids: Ints
    starts: Ints
    line: Ints
    is_opening: Flags
    is_value: Flags
    is_slot: Flags

    @property
    def lengths(self) -> Ints:
        """Words of each text."""
        return np.diff(self.starts)

    @cached_property
    def owner(self) -> Ints:
        """The text of each word."""
        return np.repeat(np.arange(len(self.starts) - 1, dtype=np.int32), self.lengths)

    def part(self, first: int, until: int) -> Words:
        """The texts `first` to `until - 1`."""
        mine = slice(self.starts[first], self.starts[until])
        return Words(
            self.ids[mine],
            self.starts[first : until + 1] - mine.start,
            self.line[mine],
            self.is_opening[mine],
            self.is_value[mine],
            self.is_slot[mine],
        )

    def only(self, kept: Flags) -> Words:
        """The same texts with the words that are `kept`."""
        if kept.all():
            return self
        counts = np.bincount(self.owner[kept], minlength=len(self.starts) - 1)
        return Words(
            self.ids[kept],
            np.append(0, np.cumsum(counts)),
            self.line[kept],
            self.is_opening[kept],
            self.is_value[kept],
            self.is_slot[kept],
        )


@dataclass(frozen=True)
class Prompts:
    """Texts of two parts (instruction, input), read: `parts[t]` are the numbers of text t's.

    A part that many texts share is read once.
    """

    parts: Ints
    hash: Hashes
    kind: Kinds
    counts: Ints
    whole: Hashes

    @property
    def same(self) -> Hashes:
        """A number for each text, shared by texts that equal but for case and white space."""
        of = self.whole[self.parts]
        found: Hashes = mixed(of[:, 0] * GOLDEN + of[:, 1])
        return found

    @property
    def has_input(self) -> Flags:
        """Which texts have anything in their second part."""
        found: Flags = self.whole[self.parts[:, 1]] != 0
        return found

    def words(self, texts: Ints) -> Words:
        """The words of the texts of these numbers."""
        part_of = self.parts[texts].ravel()
        counts = self.counts[part_of]
        kind, hashes = self.kind, self.hash
        if not np.array_equal(part_of[counts > 0], np.flatnonzero(self.counts)):
            place = _places(self.counts, part_of)
            kind, hashes = kind[place], hashes[place]
        ids = numbered(hashes)
        size = int(ids.max(initial=-1)) + 1
        capital = kind & UPPER != 0
        inside = capital & (kind & OPENS_SENTENCE == 0)
        is_name = np.bincount(ids[inside], minlength=size) > np.bincount(
            ids[~capital], minlength=size
        )
        opens_line = kind & OPENS_LINE != 0
        opens_line[(np.cumsum(counts) - counts)[counts > 0]] = True
        return Words(
            ids,
            np.append(0, np.cumsum(counts.reshape(-1, 2).sum(axis=1))),
            np.cumsum(opens_line, dtype=np.int32),
            np.repeat(np.tile([True, False], len(texts)), counts),
            (kind & DIGIT != 0) | is_name[ids],
            np.zeros(len(ids), np.bool_),
        )


def numbered(values: Hashes) -> NDArray[np.int32]:
    """A number for each distinct value, in the order in which they are first met."""
    import pyarrow as pa

    # By a hash table, as pandas.factorize does, which workers leave out.
    found: NDArray[np.int32] = pa.array(values).dictionary_encode().indices.to_numpy()
    return found


def read_prompts(instructions: Sequence[str], inputs: Sequence[str]) -> Prompts:
    """The words of prompts; numpy works on some of them on each core."""
    texts = [*instructions, *inputs]
    seen: dict[str, int] = {}
    first = np.fromiter(map(seen.setdefault, texts, count()), np.int64, len(texts))
    is_first = first == np.arange(len(texts))
    distinct = [texts[place] for place in np.flatnonzero(is_first).tolist()]
    parts = (np.cumsum(is_first) - 1)[first].reshape(2, -1).T
    del texts, seen
    with ThreadPoolExecutor(cores()) as pool:
        found: list[Tokens] = list(pool.map(tokens_of, _chunks(distinct))) or [tokens_of([])]
    return Prompts(
        parts,
        np.concatenate([one.hash for one in found]),
        np.concatenate([one.kind for one in found]),
        np.concatenate([one.counts for one in found]),
        np.concatenate([one.whole for one in found]),
    )


def _chunks(parts: list[str]) -> list[list[str]]:
    found, start, size = [], 0, 0
    for index, part in enumerate(parts):
        size += len(part) + 1
        if size >= _CHARACTERS_AT_ONCE:
            found.append(parts[start : index + 1])
            start, size = index + 1, 0
    return [*found, parts[start:]] if start < len(parts) else found


def _places(counts: Ints, part_of: Ints) -> Ints:
    """Where the words of each of the parts `part_of` stand, among those of all parts."""
    starts = np.cumsum(counts) - counts
    sizes = counts[part_of]
    found = np.arange(int(sizes.sum()), dtype=np.int64)
    found += np.repeat(starts[part_of] - (np.cumsum(sizes) - sizes), sizes)
    return found
