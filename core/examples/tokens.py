"""The words of many texts at once: their hashes and what kind they are, by arrays of characters.

A word is a run of letters, digits, marks and underscores, with the points and commas that stand
between two of its digits. A Chinese, Japanese or Korean character is a word; a Thai, Lao, Khmer or
Burmese letter is one, with its vowels and marks, as spaces divide sentences there; so is each of
the symbols that matter in "3 + 4". `.`, `!`, `?` and a line's end close a sentence. All else
divides.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Kinds = NDArray[np.uint8]
Ints = NDArray[np.signedinteger[Any]]
Flags = NDArray[np.bool_]

LETTER, DIGIT, UPPER, IDEOGRAPH, SYMBOL, ENDS, SPACE, IN_NUMBER = (1 << k for k in range(8))
OPENS_SENTENCE, OPENS_LINE = ENDS, SPACE
"""The same two bits, once they belong to a word."""
_SYMBOLS = frozenset("-+*/=<>%$€£#&@^|~")
_ENDS = frozenset(".!?\n")
_IN_NUMBERS = frozenset(".,")
_IDEOGRAPHS = ((0x3040, 0x30FF), (0x3400, 0x9FFF), (0xAC00, 0xD7AF), (0xF900, 0xFAFF))
_SYLLABLES = (
    (0x0E00, 0x0EFF),
    (0x1000, 0x109F),
    (0x1780, 0x17FF),
    (0xA9E0, 0xA9FF),
    (0xAA60, 0xAA7F),
)
# Vowels that stand before or behind their letter and are letters to Unicode, in Thai and in Lao.
_BEFORE = frozenset("\u0e40\u0e41\u0e42\u0e43\u0e44\u0ec0\u0ec1\u0ec2\u0ec3\u0ec4")
_BEHIND = frozenset("\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3\u0ebd")
# What begins a word; what does so, and the letter behind it goes on; what goes on with the word.
_BEGINS, _BEGINS_BEFORE, _GOES_ON = LETTER | IDEOGRAPH, LETTER | IDEOGRAPH | IN_NUMBER, IDEOGRAPH
_PLANE = 0x10000
# Odd, so that it has an inverse modulo 2 ** 64: the hash of a word must not know where it stands.
_BASE = 0x9E3779B97F4A7C15
GOLDEN = np.uint64(_BASE)
"""What a hash is multiplied with before the next one is added."""


@dataclass(frozen=True)
class Tokens:
    """The words of some parts in order, `counts[p]` of part p.

    `hash`: of the word without regard to letter case; two different words share one with a chance
    of about 2 ** -60. `kind`: bits, UPPER where it starts with a capital, DIGIT where it has one,
    OPENS_SENTENCE, OPENS_LINE, SYMBOL. `whole[p]`: a hash of part p without regard to letter case
    and to how much white space stands where; 0 for one that has nothing else.
    """

    hash: Hashes
    kind: Kinds
    counts: Ints
    whole: Hashes


def tokens_of(parts: Sequence[str]) -> Tokens:
    """The words of the parts, each of which is a line or more. Lone surrogates are letters."""
    text = "\n".join([*parts, ""])
    kind, number = _characters(text)
    powers, inverses = _powers(len(kind))
    starts, ends = _runs(kind)
    first = kind[starts]
    ends_sentence = first & ENDS != 0
    at = np.append(0, np.cumsum(np.fromiter(map(len, parts), np.int64, len(parts)) + 1))
    words = np.flatnonzero(~ends_sentence)
    lines = np.cumsum(first & SPACE != 0, dtype=np.int32)[words]
    starts, ends = starts[words], ends[words]
    found: Kinds = first[words] & np.uint8(UPPER | SYMBOL)
    # Each digit stands in a word, and most texts have few.
    found[np.searchsorted(starts, np.flatnonzero(kind & DIGIT != 0), "right") - 1] |= DIGIT
    found |= np.append(True, ends_sentence)[words] * np.uint8(OPENS_SENTENCE)
    found |= (np.diff(lines, prepend=-1) != 0) * np.uint8(OPENS_LINE)
    number *= powers
    sums = np.cumsum(number, out=number)
    return Tokens(
        _hashes(sums, starts, ends, inverses),
        found,
        np.diff(np.searchsorted(starts, at)),
        _wholes(parts, kind, sums, at, inverses),
    )


def mixed(x: Hashes) -> Hashes:
    """The finalizer of splitmix64 (Steele, Lea and Flood 2014)."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x ^= x >> np.uint64(27)
    x *= np.uint64(0x94D049BB133111EB)
    x ^= x >> np.uint64(31)
    return x


def _characters(text: str) -> tuple[Kinds, Hashes]:
    """The kind of each character, and a number for each, the same for both letter cases."""
    if text.isascii():
        raw = text.encode("ascii")
        kinds, numbers = _tables(1)
        kind = np.frombuffer(raw.translate(kinds[:256].tobytes()), np.uint8)
        return kind, numbers[np.frombuffer(raw, np.uint8)]
    codes = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)
    kinds, numbers = _tables(int(codes.max()) // _PLANE + 1)
    return kinds[codes], numbers[codes]


def _runs(kind: Kinds) -> tuple[Ints, Ints]:
    """Where each word, symbol or end of a sentence starts, and where it ends (exclusive)."""
    script = kind & _BEGINS
    inside, alone = script == LETTER, (script == _BEGINS) | (kind & (SYMBOL | ENDS) != 0)
    marks = np.flatnonzero(kind[1:-1] & IN_NUMBER) + 1
    marks = marks[(kind[marks - 1] & kind[marks + 1] & DIGIT) != 0]
    marks = marks[script[marks] == 0]
    inside[marks], alone[marks] = True, False
    starts, ends = inside | alone, inside | alone
    starts[1:] &= ~inside[:-1] | alone[1:]
    ends[:-1] &= ~inside[1:] | alone[:-1]
    goes_on = script == _GOES_ON
    before = kind & _BEGINS_BEFORE == _BEGINS_BEFORE
    if goes_on.any() or before.any():
        joined = (goes_on[1:] & (script[:-1] != 0)) | (before[:-1] & (script[1:] == _BEGINS))
        starts, ends = starts | goes_on, ends | goes_on
        starts[1:] &= ~joined
        ends[:-1] &= ~joined
    return np.flatnonzero(starts), np.flatnonzero(ends) + 1


def _hashes(sums: Hashes, starts: Ints, ends: Ints, inverses: Hashes) -> Hashes:
    """A hash of each stretch of characters, wherever it stands: see `_BASE`."""
    found: Hashes = sums[ends - 1]
    found -= np.where(starts > 0, sums[starts - 1], np.uint64(0))
    found *= inverses[starts]
    return mixed(found)


def _wholes(parts: Sequence[str], kind: Kinds, sums: Hashes, at: Ints, inverses: Hashes) -> Hashes:
    """A hash of each part, `at[p]:at[p + 1] - 1` of the characters, all white space being one."""
    found = np.zeros(len(parts), np.uint64)
    filled = np.flatnonzero(np.diff(at) > 1)
    found[filled] = _hashes(sums, at[:-1][filled], at[1:][filled] - 1, inverses)
    is_space = kind & SPACE != 0
    double = np.flatnonzero(is_space[1:] & is_space[:-1])
    uneven = np.searchsorted(at, np.append(double, double + 1), "right") - 1
    for part in np.unique(np.append(uneven, np.flatnonzero(is_space[at[:-1]]))).tolist():
        found[part] = _whole(" ".join(parts[part].split()))
    return found


def _whole(text: str) -> np.uint64:
    if not text:
        return np.uint64(0)
    number = _characters(text)[1]
    powers, inverses = _powers(len(number))
    first, last = np.zeros(1, np.int64), np.full(1, len(number))
    return np.uint64(_hashes(np.cumsum(number * powers), first, last, inverses)[0])


@cache
def _tables(planes: int) -> tuple[Kinds, Hashes]:
    """Kind and number of the characters of the first so many planes of Unicode."""
    kinds, numbers = zip(*map(_plane, range(planes)), strict=True)
    return np.concatenate(kinds), np.concatenate(numbers)


@cache
def _plane(plane: int) -> tuple[Kinds, Hashes]:
    first = plane * _PLANE
    kinds = np.zeros(_PLANE, np.uint8)
    folded = np.arange(first, first + _PLANE, dtype=np.uint64)
    for place in range(_PLANE):
        character = chr(first + place)
        category = unicodedata.category(character)
        if character in _SYMBOLS:
            kinds[place] = SYMBOL
        elif character in _ENDS:
            kinds[place] = ENDS
        elif category[0] in "LNM" or character == "_" or category == "Cs":
            kinds[place] = LETTER
        if category[0] == "L" and len(lower := character.casefold()) == 1:
            folded[place] = ord(lower)
        if character.isspace():
            folded[place] = ord(" ")
        for bit, has in (
            (DIGIT, category == "Nd"),
            (UPPER, category == "Lu"),
            (IN_NUMBER, character in _IN_NUMBERS),
            (SPACE, character.isspace()),
        ):
            kinds[place] |= bit * has
    if plane == 0:
        for low, high in _IDEOGRAPHS:
            ideographs = kinds[low : high + 1]
            ideographs |= (ideographs & LETTER != 0) * np.uint8(IDEOGRAPH)
        _mark_syllables(kinds)
    return kinds, mixed(folded + np.uint64(1))


def _mark_syllables(kinds: Kinds) -> None:
    for low, high in _SYLLABLES:
        for place in range(low, high + 1):
            character = chr(place)
            if kinds[place] & (LETTER | DIGIT) != LETTER:
                continue
            if unicodedata.category(character)[0] == "M" or character in _BEHIND:
                kinds[place] = _GOES_ON
            else:
                kinds[place] = _BEGINS_BEFORE if character in _BEFORE else _BEGINS


@cache
def _all_powers(size: int) -> tuple[Hashes, Hashes]:
    steps = [np.full(size, one, np.uint64) for one in (_BASE, pow(_BASE, -1, 1 << 64))]
    for one in steps:
        one[0] = 1
    return np.cumprod(steps[0]), np.cumprod(steps[1])


def _powers(size: int) -> tuple[Hashes, Hashes]:
    """The powers 0 … size - 1 of the base and of its inverse, modulo 2 ** 64."""
    powers, inverses = _all_powers(1 << max(16, (size - 1).bit_length()))
    return powers[:size], inverses[:size]
