"""Slots of templates: places that many texts fill with something of their own."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np

from core.cores import cores
from core.examples.tokens import GOLDEN, Flags, Hashes, Ints, mixed
from core.examples.words import Words

FAR_FEWER = 3
WIDEST_SLOT = 3
SLOT_SHARE = 0.3
_NEAR = 2
COARSE_BITS = 22
WORDS_AT_ONCE = 200_000
LINE_END = np.uint64(0x5851F42D4C957F2D)


def slots(words: Words, texts_with: Ints, many: int) -> Flags:
    """Which of the short runs stand where most texts have something of their own.

    Such a place has two words before it, or after it where it opens a line, that are followed by a
    run that far fewer texts have, in `many` of the places where they occur and in 30 % of them.
    """
    starts, ends = runs_of(texts_with < many, words.line)
    short = ends - starts <= WIDEST_SLOT
    starts, ends = starts[short], ends[short]
    opens = (starts == 0) | (words.line[starts] != words.line[np.maximum(starts - 1, 0)])
    following = np.minimum(ends, len(words.ids) - 1)
    goes_on = words.line[following] == words.line[starts]
    found = np.zeros(len(words.ids), np.bool_)
    for places, steps, chosen in (
        (starts, (-2, -1), ~opens),
        (following, (0, 1), opens & goes_on),
    ):
        runs = np.flatnonzero(chosen)
        if len(runs) < many:
            continue
        key = _pairs_of_words(words, places[runs], steps)
        often = _at_least(many, key)
        if not len(often):
            continue
        total = _how_often(words, often, steps)
        fills = runs[_fills(key, often, total, texts_with[starts[runs]], many)]
        for first, last in zip(starts[fills], ends[fills], strict=True):
            found[first:last] = True
    return found


def _at_least(many: int, key: Hashes) -> Hashes:
    """Those of the keys that occur so often, in order."""
    ordered = np.sort(key)
    edges = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1])[: len(ordered)])
    sizes = np.diff(np.append(edges, len(ordered)))
    return ordered[edges[sizes >= many]]


def _fills(key: Hashes, often: Hashes, total: Ints, texts_with: Ints, many: int) -> Flags:
    """Which runs fill a slot: the `key` of each is its place, `texts_with` how many texts have it.

    `often` are the keys of many runs, `total` in how many places each is, whatever stands there.
    """
    place = np.minimum(np.searchsorted(often, key), len(often) - 1)
    own = (often[place] == key) & (FAR_FEWER * texts_with <= total[place])
    filled = np.bincount(place[own], minlength=len(often))
    is_slot = (filled >= many) & (filled >= SLOT_SHARE * total)
    found: Flags = own & is_slot[place]
    return found


def _how_often(words: Words, often: Hashes, steps: tuple[int, int]) -> Ints:
    """In how many places each of the keys is; keys are in order."""
    coarse = np.zeros(1 << COARSE_BITS, np.bool_)
    shift = np.uint64(64 - COARSE_BITS)
    coarse[(often >> shift).astype(np.int64)] = True

    def count(start: int) -> Ints:
        keys = _pairs_from(words, start, steps)
        keys = keys[coarse[(keys >> shift).astype(np.int64)]]
        place = np.minimum(np.searchsorted(often, keys), len(often) - 1)
        return np.bincount(place[often[place] == keys], minlength=len(often))

    total = np.zeros(len(often), np.int64)
    with ThreadPoolExecutor(cores()) as pool:
        for counts in pool.map(count, range(0, len(words.ids), WORDS_AT_ONCE)):
            total += counts
    return total


def _pairs_from(words: Words, start: int, steps: tuple[int, int]) -> Hashes:
    """`_pairs_of_words` for `WORDS_AT_ONCE` places on end, in half the time."""
    low, end = max(start - _NEAR, 0), min(start + WORDS_AT_ONCE, len(words.ids))
    around = slice(low, end + _NEAR)
    beyond = (_NEAR - (start - low), _NEAR)
    number = np.pad(mixed(words.ids[around].astype(np.uint64) + np.uint64(1)), beyond)
    line = np.pad(words.line[around], beyond, constant_values=-1)
    here = line[_NEAR : _NEAR + end - start]

    def at(step: int) -> Hashes:
        there = slice(_NEAR + step, _NEAR + step + end - start)
        return np.where(line[there] == here, number[there], LINE_END)

    return mixed(at(steps[0]) * GOLDEN + at(steps[1]))


def _pairs_of_words(words: Words, places: Ints, steps: tuple[int, int]) -> Hashes:
    """For each of the places a hash of the two words at these distances from it, in its line."""
    line = words.line[places]

    def at(step: int) -> Hashes:
        there = np.clip(places + step, 0, len(words.ids) - 1)
        number = mixed(words.ids[there].astype(np.uint64) + np.uint64(1))
        inside = (there == places + step) & (words.line[there] == line)
        return np.where(inside, number, LINE_END)

    return mixed(at(steps[0]) * GOLDEN + at(steps[1]))


def runs_of(chosen: Flags, line: Ints) -> tuple[Ints, Ints]:
    """Where each run of chosen words within a line starts, and where it ends (exclusive)."""
    begins = chosen & np.append(True, ~chosen[:-1] | (line[1:] != line[:-1]))
    ends = chosen & np.append(~chosen[1:] | (line[1:] != line[:-1]), True)
    return np.flatnonzero(begins), np.flatnonzero(ends) + 1
