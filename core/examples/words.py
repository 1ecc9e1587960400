"""Texts as numbers: one id per word, with lines, and words that are values (numbers, names)."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Hashes = NDArray[np.uint64]
Flags = NDArray[np.bool_]

# A Chinese, Japanese or Korean character is a word; + matters in "3 + 4"; "." ends a sentence.
_CJK = "\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_TOKEN = re.compile(rf"\d[\d.,]*\d(?!\w)|[{_CJK}]|[^\W{_CJK}]+|[-+*/=<>%$€£#&@^|~]|[.!?\n]")
_ENDS_SENTENCE = frozenset(".!?\n")


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

    @property
    def owner(self) -> Ints:
        """The text of each word."""
        return np.repeat(np.arange(len(self.starts) - 1), self.lengths)

    def only(self, kept: Flags) -> Words:
        """The same texts with the words that are `kept`."""
        counts = np.bincount(self.owner[kept], minlength=len(self.starts) - 1)
        return Words(
            self.ids[kept],
            np.append(0, np.cumsum(counts)),
            self.line[kept],
            self.is_opening[kept],
            self.is_value[kept],
            self.is_slot[kept],
        )


def words_of(texts: Sequence[Sequence[str]]) -> Words:
    """The words of texts that are given as parts (instruction, input); a part is a line or more.

    A part that many texts share is read once.
    """
    spelling: defaultdict[str, int] = defaultdict(count().__next__)
    number, new_line = spelling.__getitem__, spelling["\n"]
    uses = Counter(part for parts in texts for part in parts)
    known: dict[str, list[int]] = {}
    flat: list[int] = []
    lengths = np.zeros((len(texts), 2), np.int64)
    for index, parts in enumerate(texts):
        for place, part in enumerate(parts):
            before = len(flat)
            if part in known:
                flat.extend(known[part])
            else:
                flat.extend(map(number, _TOKEN.findall(part)))
                flat.append(new_line)
                if uses[part] > 1:
                    known[part] = flat[before:]
            lengths[index, min(place, 1)] += len(flat) - before
    return _folded(spelling, np.array(flat, np.int64), lengths)


def _folded(spelling: dict[str, int], tokens: Ints, lengths: Ints) -> Words:
    """Words without regard to letter case and without what ends sentences.

    `lengths` are tokens of each text's first part and of the others, shape (texts, 2).
    """
    word_of: defaultdict[str, int] = defaultdict(count().__next__)
    folded = np.array([word_of[word.casefold()] for word in spelling], np.int64)
    capital = np.array([word[0].isupper() for word in spelling], np.bool_)[tokens]
    digit = np.array([any(c.isdigit() for c in word) for word in word_of], np.bool_)
    ends = np.array([word in _ENDS_SENTENCE for word in spelling], np.bool_)[tokens]
    line = np.cumsum(tokens == spelling["\n"]) if len(tokens) else tokens
    opens = np.append(True, ends[:-1]) if len(tokens) else ends
    ids, kept = folded[tokens], ~ends
    capitals = np.bincount(ids[capital & ~opens], minlength=len(word_of))
    plain = np.bincount(ids[~capital], minlength=len(word_of))
    text, part = np.divmod(np.repeat(np.arange(lengths.size), lengths.ravel())[kept], 2)
    return Words(
        ids[kept],
        np.append(0, np.cumsum(np.bincount(text, minlength=len(lengths)))),
        line[kept],
        part == 0,
        (digit | (capitals > plain))[ids[kept]],
        np.zeros(int(kept.sum()), np.bool_),
    )


def mixed(x: Hashes) -> Hashes:
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))
