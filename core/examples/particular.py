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

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np

from core.cores import cores
from core.examples.slots import (
    COARSE_BITS,
    FAR_FEWER,
    LINE_END,
    WORDS_AT_ONCE,
    runs_of,
    slots,
)
from core.examples.tokens import GOLDEN, Flags, Hashes, Ints, Kinds, mixed
from core.examples.words import Words

PHRASE, LONG = 3, 6
SHARED_BY_AT_LEAST, SHARED_BY_ONE_IN = 10, 20
ALWAYS_SHARED_BY, ALWAYS_SHARED_BY_ONE_IN = 500, 1000
MOSTLY = 0.8
_TEXTS_AT_ONCE = 8_000


def particular(words: Words, repeated: Flags) -> tuple[Words, Flags]:
    """The words with those marked that fill slots, and which to compare distinct texts by.

    `repeated[t]`: the first line or lines of text t, its instruction, stand before another input
    too, word for word, and count as shared.
    """
    if not len(words.ids):
        return words, words.is_slot
    texts = len(words.starts) - 1
    many = shared_from(texts)
    texts_with = _texts_with(words, many)
    kept = np.zeros(len(words.ids), np.bool_)

    def fill(first: int) -> None:
        until = min(first + _TEXTS_AT_ONCE, texts)
        mine = slice(words.starts[first], words.starts[until])
        part = words.part(first, until)
        kept[mine] = ~_common(part, repeated[first:until], texts_with[mine], many)

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(fill, range(0, texts, _TEXTS_AT_ONCE)))
    is_slot = slots(words, texts_with, many)
    return replace(words, is_slot=is_slot & ~words.is_value), kept


def shared_from(texts: int) -> int:
    """How many of so many texts must have a phrase for it to be shared."""
    always = max(ALWAYS_SHARED_BY, texts // ALWAYS_SHARED_BY_ONE_IN)
    return max(SHARED_BY_AT_LEAST, min(texts // SHARED_BY_ONE_IN + 1, always))


def _common(words: Words, repeated: Flags, texts_with: Ints, many: int) -> Flags:
    """The words that texts are compared without; `many` of the texts share what is shared."""
    is_repeated = repeated[words.owner] & words.is_opening
    shared = (texts_with >= many) | is_repeated
    is_own = _long_runs(~shared, words)
    has_own = _any_of(is_own, words)
    far_more = _far_more_shared(texts_with, is_own, words, many)
    found: Flags = np.where(
        has_own[words.owner], is_repeated | far_more, _boilerplate(words, shared)
    )
    return found


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
    starts, ends = runs_of(chosen, words.line)
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


def _texts_with(words: Words, many: int) -> Ints:
    """For each word how many texts have a phrase that it stands in, the most frequent one.

    1 where it is less than many / 10.
    """
    hashes, begins, left = _phrases(words)
    here = _owners_of(hashes, begins, words.owner, many)
    most = here.copy()
    for step in range(1, PHRASE):
        reaches = left[:-step] > step
        most[step:] = np.maximum(most[step:], here[:-step] * reaches)
    return most


def _phrases(words: Words) -> tuple[Hashes, Flags, Kinds]:
    """A hash of the phrase that each word starts, which words start one, and words left in line.

    Of these three are counted at most.
    """
    opens = np.append(True, words.line[1:] != words.line[:-1])
    left = np.ones(len(words.ids), np.uint8)
    for step in range(1, PHRASE):
        left[:-step] += words.line[step:] == words.line[:-step]
    hashes = np.zeros(len(words.ids), np.uint64)

    def fill(start: int) -> None:
        mine = slice(start, start + WORDS_AT_ONCE)
        ids = words.ids[start : start + WORDS_AT_ONCE + PHRASE].astype(np.uint64)
        number, here = mixed(ids + np.uint64(1)), left[mine]
        number = np.append(number, np.zeros(PHRASE, np.uint64))
        key = np.zeros(len(here), np.uint64)
        for step in range(PHRASE):
            following = number[step : step + len(here)]
            key = mixed(key * GOLDEN + np.where(here > step, following, LINE_END))
        hashes[mine] = key

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(fill, range(0, len(hashes), WORDS_AT_ONCE)))
    return hashes, (left >= PHRASE) | opens, left


def _owners_of(hashes: Hashes, chosen: Flags, owner: Ints, many: int) -> Ints:
    """In how many different texts each chosen hash occurs; 1 where it is less than many / 10.

    Nobody asks how many have what so few have, and nearly all phrases are like that: a count by
    a few bits of the hash, which is never too low, finds them in a tenth of the time. 0 of hashes
    that are not chosen.
    """
    heavy = _perhaps_frequent(hashes, chosen, many)
    found = chosen.astype(np.int32)
    if heavy.any():
        found[heavy] = _owners_exactly(hashes[heavy], owner[heavy])
    return found


def _perhaps_frequent(hashes: Hashes, chosen: Flags, many: int) -> Flags:
    """The chosen hashes of which there are many / 10 that share their first bits."""
    shift = np.uint64(64 - COARSE_BITS)
    few = hashes[chosen]
    few >>= shift
    often = np.bincount(few.view(np.int64), minlength=1 << COARSE_BITS) * 10 >= many
    del few
    found = np.zeros(len(hashes), np.bool_)

    def look_up(start: int) -> None:
        mine = slice(start, start + WORDS_AT_ONCE)
        found[mine] = often[(hashes[mine] >> shift).view(np.int64)] & chosen[mine]

    with ThreadPoolExecutor(cores()) as pool:
        list(pool.map(look_up, range(0, len(hashes), WORDS_AT_ONCE)))
    return found


def _owners_exactly(hashes: Hashes, owner: Ints) -> Ints:
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
