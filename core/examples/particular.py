"""What is particular to a text: its words without those that many other texts share.

A phrase (three words, or a shorter line) is shared when ten texts or one in a thousand have it. A
whole line or six words on end of shared phrases are boilerplate: the long instruction of all
examples, one of several templates, a document that many questions are about. A text that has as
much of its own is compared without them. Where texts share everything but single words, those
decide whether they are copies with edits or siblings of one template: a place that is filled
differently in many texts is a slot, and what stands in it a value, as numbers and names are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.examples.words import Flags, Hashes, Ints, Words, mixed

PHRASE, LONG = 3, 6
SHARED_BY_AT_LEAST, SHARED_BY_ONE_IN = 10, 1000
WIDEST_SLOT = 3
SLOT_SHARE = 0.3
MOSTLY = 0.8
_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_LINE_END = np.uint64(0x5851F42D4C957F2D)


def particular(words: Words, repeated: Sequence[bool]) -> Words:
    """The words to compare distinct texts by: see above.

    `repeated[t]`: the first line or lines of text t, its instruction, stand before another input
    too, word for word, and count as shared.
    """
    if not len(words.ids):
        return words
    many = max(SHARED_BY_AT_LEAST, (len(words.starts) - 1) // SHARED_BY_ONE_IN)
    is_repeated = np.array(repeated, np.bool_)[words.owner] & words.is_opening
    shared = _shared(words, many)
    starts, ends = _runs_of(~(shared | is_repeated), words.line)
    block = _whole_lines(words, starts, ends) | (ends - starts >= LONG)
    has_own = np.zeros(len(words.starts) - 1, np.bool_)
    has_own[words.owner[starts[block]]] = True
    is_slot = _slots(words, *_runs_of(~shared, words.line), many)
    common = np.where(
        has_own[words.owner],
        is_repeated | _long_runs(shared, words),
        _boilerplate(words, shared | is_repeated),
    )
    return replace(words, is_value=words.is_value | is_slot).only(~common)


def _long_runs(shared: Flags, words: Words) -> Flags:
    """The shared words that are a line, or so many on end that they are no mere turn of phrase."""
    starts, ends = _runs_of(shared, words.line)
    long = _whole_lines(words, starts, ends) | (ends - starts >= LONG)
    edges = np.zeros(len(words.ids) + 1, np.int64)
    edges[starts[long]] += 1
    edges[ends[long]] -= 1
    found: Flags = np.cumsum(edges)[:-1] > 0
    return found


def _boilerplate(words: Words, shared: Flags) -> Flags:
    """The words of instructions that are nearly all shared, where there is an input beside them."""
    texts = len(words.starts) - 1
    opening = np.bincount(words.owner[words.is_opening], minlength=texts)
    common = np.bincount(words.owner[words.is_opening & shared], minlength=texts)
    quiet = (common >= MOSTLY * opening) & (words.lengths > opening)
    found: Flags = words.is_opening & quiet[words.owner]
    return found


def _whole_lines(words: Words, starts: Ints, ends: Ints) -> Flags:
    """Which runs are a line from end to end."""
    opens = np.append(True, words.line[1:] != words.line[:-1])
    closes = np.append(opens[1:], True)
    found: Flags = opens[starts] & closes[ends - 1]
    return found


def _shared(words: Words, many: int) -> Flags:
    """Which words stand in a phrase that at least `many` texts have."""
    opens = np.append(True, words.line[1:] != words.line[:-1])
    sizes = np.diff(np.append(np.flatnonzero(opens), len(words.ids)))
    left = np.repeat(np.cumsum(sizes), sizes) - np.arange(len(words.ids))
    starts_phrase = (left >= PHRASE) | opens
    hashes = np.zeros(len(words.ids), np.uint64)
    number = mixed(words.ids.astype(np.uint64) + np.uint64(1))
    for step in range(PHRASE):
        following = np.append(number[step:], number[:step])
        hashes = mixed(hashes * _GOLDEN + np.where(left > step, following, _LINE_END))
    begins = np.flatnonzero(starts_phrase)
    common = _in_many(hashes[begins], words.owner[begins], many)
    size, begins = len(words.ids) + 1, begins[common]
    opened = np.bincount(begins, minlength=size)
    closed = np.bincount(begins + np.minimum(left[begins], PHRASE), minlength=size)
    covered: Flags = np.cumsum(opened - closed)[:-1] > 0
    return covered


def _in_many(hashes: Hashes, owner: Ints, many: int) -> Flags:
    """Which hashes occur in at least `many` different texts."""
    bits = np.uint64(max(1, int(owner.max(initial=0)).bit_length()))
    short = hashes >> bits
    keys = np.sort(short << bits | owner.astype(np.uint64))
    keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]] >> bits
    edges = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    sizes = np.diff(np.append(edges, len(keys)))
    return _among(short, keys[edges[sizes >= many]])


def _among(values: Hashes, wanted: Hashes) -> Flags:
    """Which values are in `wanted`, which is sorted."""
    if not len(wanted):
        return np.zeros(len(values), np.bool_)
    place = np.minimum(np.searchsorted(wanted, values), len(wanted) - 1)
    found: Flags = wanted[place] == values
    return found


def _runs_of(chosen: Flags, line: Ints) -> tuple[Ints, Ints]:
    """Where each run of chosen words within a line starts, and where it ends (exclusive)."""
    begins = chosen & np.append(True, ~chosen[:-1] | (line[1:] != line[:-1]))
    ends = chosen & np.append(~chosen[1:] | (line[1:] != line[:-1]), True)
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1


def _slots(words: Words, starts: Ints, ends: Ints, many: int) -> Flags:
    """Which of the short runs stand where most texts have something of their own.

    Such a place has two words before it, or after it where it opens a line, that `many` texts have
    and that are followed by a run of their own in 30 % of the places where they occur.
    """
    before, after = _pairs_of_words(words)
    found = np.zeros(len(words.ids), np.bool_)
    short = ends - starts <= WIDEST_SLOT
    starts, ends = starts[short], ends[short]
    opens = np.append(True, words.line[1:] != words.line[:-1])[starts]
    following = np.minimum(ends, len(words.ids) - 1)
    for places, all_places, chosen in (
        (starts, before, ~opens),
        (following, after, opens),
    ):
        key = all_places[places[chosen]]
        names, number = np.unique(key, return_counts=True)
        often = names[number >= many]
        total = np.bincount(
            np.searchsorted(often, all_places[_among(all_places, often)]), minlength=len(often)
        )
        slots = often[number[number >= many] >= SLOT_SHARE * total]
        is_slot = _among(key, slots)
        for first, last in zip(starts[chosen][is_slot], ends[chosen][is_slot], strict=True):
            found[first:last] = True
    return found


def _pairs_of_words(words: Words) -> tuple[Hashes, Hashes]:
    """For each word a hash of the two before it, and of it and the next, within its line."""
    number = mixed(words.ids.astype(np.uint64) + np.uint64(1))

    def at(shift: int) -> Hashes:
        moved, line = np.roll(number, -shift), np.roll(words.line, -shift)
        return np.where(line == words.line, moved, _LINE_END)

    before = mixed(at(-2) * _GOLDEN + at(-1))
    return before, mixed(number * _GOLDEN + at(1))
