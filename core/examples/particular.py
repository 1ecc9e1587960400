"""What is particular to a text: its words without those that many other texts share.

A phrase (three words, or a shorter line) is shared when ten texts and more than one in twenty have
it; 500 are enough in any case. What fewer share may as well be a text and its augmented copies, and
to keep so few in one split costs nothing. A whole line or six words on end of shared phrases are
boilerplate: the long instruction of all examples, one of several templates, a document that many
questions are about. A text that has as much of its own, which far fewer texts have, is compared
without them. Where texts share everything but single words, those decide whether they are copies
with edits or siblings of one template: a place that is filled differently in many texts is a slot,
and what stands in it, where far fewer texts have that, a value, as numbers and names are.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from core.examples.words import Flags, Hashes, Ints, Words, mixed

PHRASE, LONG = 3, 6
SHARED_BY_AT_LEAST, SHARED_BY_ONE_IN = 10, 20
ALWAYS_SHARED_BY, ALWAYS_SHARED_BY_ONE_IN = 500, 1000
FAR_FEWER = 3
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
    many = shared_from(len(words.starts) - 1)
    is_repeated = np.array(repeated, np.bool_)[words.owner] & words.is_opening
    texts_with = _texts_with(words)
    shared = texts_with >= many
    is_own = _long_runs(~(shared | is_repeated), words)
    has_own = _any_of(is_own, words)
    common = _far_more_shared(texts_with, is_own, words, many)
    common = np.where(
        has_own[words.owner], is_repeated | common, _boilerplate(words, shared | is_repeated)
    )
    is_slot = _slots(words, texts_with, many)
    return replace(words, is_slot=is_slot & ~words.is_value).only(~common)


def shared_from(texts: int) -> int:
    """How many of so many texts must have a phrase for it to be shared."""
    always = max(ALWAYS_SHARED_BY, texts // ALWAYS_SHARED_BY_ONE_IN)
    return max(SHARED_BY_AT_LEAST, min(texts // SHARED_BY_ONE_IN + 1, always))


def _far_more_shared(texts_with: Ints, is_own: Flags, words: Words, many: int) -> Flags:
    """The lines and long runs that three times as many texts share as a text's own words.

    In a family of about `many` edited copies some phrases are in just enough of them and others
    in too few: there no text has anything of its own.
    """
    size = len(words.starts) - 1
    total = np.bincount(words.owner[is_own], texts_with[is_own], size)
    own = np.bincount(words.owner[is_own], minlength=size)
    level = np.maximum(many, FAR_FEWER * total / np.maximum(own, 1))
    return _long_runs(texts_with >= level[words.owner], words)


def _any_of(chosen: Flags, words: Words) -> Flags:
    """Which texts have a chosen word."""
    found = np.zeros(len(words.starts) - 1, np.bool_)
    found[words.owner[chosen]] = True
    return found


def _long_runs(chosen: Flags, words: Words) -> Flags:
    """The chosen words that are a line, or so many on end that they are no mere turn of phrase."""
    starts, ends = _runs_of(chosen, words.line)
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


def _texts_with(words: Words) -> Ints:
    """For each word how many texts have a phrase that it stands in, the most frequent one."""
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
    here = np.zeros(len(words.ids), np.int64)
    here[begins] = _owners_of(hashes[begins], words.owner[begins])
    most = here.copy()
    for step in range(1, PHRASE):
        reaches = left[:-step] > step
        most[step:] = np.maximum(most[step:], here[:-step] * reaches)
    return most


def _owners_of(hashes: Hashes, owner: Ints) -> Ints:
    """In how many different texts each of the hashes occurs."""
    bits = np.uint64(max(1, int(owner.max(initial=0)).bit_length()))
    short = hashes >> bits
    keys = np.sort(short << bits | owner.astype(np.uint64))
    keys = keys[np.append(True, keys[1:] != keys[:-1])[: len(keys)]] >> bits
    edges = np.flatnonzero(np.append(True, keys[1:] != keys[:-1])[: len(keys)])
    sizes = np.diff(np.append(edges, len(keys)))
    # Only the few that more than one text has are looked up.
    common, found = keys[edges[sizes > 1]], np.ones(len(hashes), np.int64)
    if len(common):
        place = np.minimum(np.searchsorted(common, short), len(common) - 1)
        found = np.where(common[place] == short, sizes[sizes > 1][place], 1)
    return found


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


def _slots(words: Words, texts_with: Ints, many: int) -> Flags:
    """Which of the short runs stand where most texts have something of their own.

    Such a place has two words before it, or after it where it opens a line, that are followed by a
    run that far fewer texts have, in `many` of the places where they occur and in 30 % of them.
    """
    starts, ends = _runs_of(texts_with < many, words.line)
    before, after = _pairs_of_words(words)
    short = ends - starts <= WIDEST_SLOT
    starts, ends = starts[short], ends[short]
    opens = np.append(True, words.line[1:] != words.line[:-1])[starts]
    following = np.minimum(ends, len(words.ids) - 1)
    goes_on = words.line[following] == words.line[starts]
    found = np.zeros(len(words.ids), np.bool_)
    for places, all_places, chosen in (
        (starts, before, ~opens),
        (following, after, opens & goes_on),
    ):
        runs = np.flatnonzero(chosen)
        fills = runs[_fills(all_places[places[runs]], all_places, texts_with[starts[runs]], many)]
        for first, last in zip(starts[fills], ends[fills], strict=True):
            found[first:last] = True
    return found


def _fills(key: Hashes, all_keys: Hashes, texts_with: Ints, many: int) -> Flags:
    """Which runs fill a slot: the `key` of each is its place, `texts_with` how many texts have it.

    `all_keys` are those of all places, whatever stands there.
    """
    names, number = np.unique(key, return_counts=True)
    often = names[number >= many]
    if not len(often):
        return np.zeros(len(key), np.bool_)
    total = np.bincount(
        np.searchsorted(often, all_keys[_among(all_keys, often)]), minlength=len(often)
    )
    place = np.minimum(np.searchsorted(often, key), len(often) - 1)
    own = (often[place] == key) & (FAR_FEWER * texts_with <= total[place])
    filled = np.bincount(place[own], minlength=len(often))
    is_slot = (filled >= many) & (filled >= SLOT_SHARE * total)
    found: Flags = own & is_slot[place]
    return found


def _pairs_of_words(words: Words) -> tuple[Hashes, Hashes]:
    """For each word a hash of the two before it, and of it and the next, within its line."""
    number = mixed(words.ids.astype(np.uint64) + np.uint64(1))

    def at(shift: int) -> Hashes:
        moved, line = np.roll(number, -shift), np.roll(words.line, -shift)
        return np.where(line == words.line, moved, _LINE_END)

    before = mixed(at(-2) * _GOLDEN + at(-1))
    return before, mixed(number * _GOLDEN + at(1))
