"""Which split each example goes to, whole groups together, and the hash of what was frozen."""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

from core.errors import InvalidInput

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Group = str | int
LEAST_STRATUM = 10


def split(
    groups: Sequence[Group],
    *,
    seed: int,
    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1),
    already: Sequence[int] = (0, 0, 0),
) -> list[Split]:
    """The split of each example, given the group of each: examples of one group stay together.

    Counts are as near `ratios` (they sum to 1) as whole groups allow, exact where all groups are
    of one example. With at least as many groups as splits none is left empty, unless its ratio
    is 0. `already` are examples that each split has, and counts towards the ratios. The same
    groups and seed give the same split, whatever the order of the examples.
    Raises InvalidInput when the ratios are no shares.
    """
    if min(ratios) < 0 or abs(sum(ratios) - 1) > 1e-9:
        raise InvalidInput(f"The ratios {ratios} do not sum to 1. Give three shares that do.")
    sizes = Counter(groups)
    order = sorted(sizes, key=lambda group: (-sizes[group], _draw(seed, group)))
    targets = _targets(len(groups) + sum(already), ratios)
    room = [float(target - there) for target, there in zip(targets, already, strict=True)]
    chosen: dict[Group, int] = {}
    for group in order:
        place = _best_place(sizes[group], room, ratios)
        chosen[group] = place
        room[place] -= sizes[group]
    _fill_empty(chosen, order, ratios, already)
    return [SPLITS[chosen[group]] for group in groups]


def split_stratified(
    groups: Sequence[Group],
    strata: Sequence[int],
    *,
    seed: int,
    ratios: tuple[float, float, float],
    already: Mapping[int, Sequence[int]],
) -> list[Split]:
    """As `split`, but each stratum by itself, so that the splits have its examples in equal shares.

    A group goes with the stratum that most of its examples have, the lowest of equals. Strata of
    fewer than `LEAST_STRATUM` examples are drawn together. `already`: stratum -> examples that
    each split has of it.
    """
    counted: dict[Group, Counter[int]] = defaultdict(Counter)
    for group, stratum in zip(groups, strata, strict=True):
        counted[group][stratum] += 1
    own = {group: min(found, key=lambda s: (-found[s], s)) for group, found in counted.items()}
    there = {stratum: sum(counts) for stratum, counts in already.items()}
    sizes = Counter(own[group] for group in groups) + Counter(there)
    small = {stratum for stratum, size in sizes.items() if size < LEAST_STRATUM}
    pool = min(small, default=0)
    members: dict[int, list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        members[pool if own[group] in small else own[group]].append(index)
    drawn: list[Split] = ["train"] * len(groups)
    for stratum, indexes in sorted(members.items()):
        wanted = small if stratum == pool and small else {stratum}
        before = [sum(already.get(one, (0, 0, 0))[k] for one in wanted) for k in range(3)]
        own_groups = [groups[index] for index in indexes]
        for index, place in zip(
            indexes, split(own_groups, seed=seed, ratios=ratios, already=before), strict=True
        ):
            drawn[index] = place
    return drawn


def split_by_time(
    groups: Sequence[Group],
    moments: Sequence[float],
    *,
    ratios: tuple[float, float, float],
    already: Sequence[int] = (0, 0, 0),
) -> list[Split]:
    """The oldest to train, the newest to test: the split of each example, whole groups together.

    A group is as old as its newest example, and groups of one moment stay together. Counts are as
    near `ratios` as that allows, with what each split has `already`; with three moments or more
    none is left empty, unless it has enough already.
    """
    latest: dict[Group, float] = {}
    for group, moment in zip(groups, moments, strict=True):
        latest[group] = max(moment, latest.get(group, moment))
    sizes = Counter(latest[group] for group in groups)
    targets = _targets(len(groups) + sum(already), ratios)
    lacking = [max(0, target - there) for target, there in zip(targets, already, strict=True)]
    room = [n * len(groups) / max(1, sum(lacking)) for n in lacking]
    places: dict[float, int] = {}
    place, filled, moments_left = 0, 0, len(sizes)
    for moment in sorted(sizes):
        while place < 2 and _is_full(place, room, filled, sizes[moment], moments_left):
            place, filled = place + 1, 0
        places[moment] = place
        filled, moments_left = filled + sizes[moment], moments_left - 1
    return [SPLITS[places[latest[group]]] for group in groups]


def _is_full(place: int, room: Sequence[float], filled: int, size: int, moments: int) -> bool:
    """Whether the next `size` examples, of one moment, begin the next split: this one is nearer to
    its share without them, or the `moments` that are left are needed by those that come after."""
    if not room[place] or not filled:
        return not room[place]
    later = sum(one > 0 for one in room[place + 1 :])
    return 2 * (room[place] - filled) < size or moments <= later


def content_hash(examples: Iterable[tuple[str, str, str, str, str]]) -> str:
    """SHA-256 (64 hex digits) of (example_id, instruction, input, output, split) tuples.

    Each becomes one line of canonical JSON, sorted by id, so order does not matter.
    """
    digest = hashlib.sha256()
    for example in sorted(examples):
        digest.update(json.dumps(example, separators=(",", ":")).encode() + b"\n")
    return digest.hexdigest()


def _draw(seed: int, group: Group) -> bytes:
    # A hash and no shuffle: neither the order of the examples nor a library's version may matter.
    return hashlib.sha256(f"{seed}/{group!r}".encode("utf-8", "surrogatepass")).digest()


def _targets(n: int, ratios: Sequence[float]) -> list[int]:
    """Whole numbers that sum to n, by largest remainder."""
    exact = [n * ratio for ratio in ratios]
    counts = [int(share + 1e-9) for share in exact]
    by_rest = sorted(range(len(ratios)), key=lambda place: counts[place] - exact[place])
    for place in by_rest[: n - sum(counts)]:
        counts[place] += 1
    return counts


def _best_place(size: int, room: Sequence[float], ratios: Sequence[float]) -> int:
    """Where `size` more examples add least to the sum of (count - target)^2 / ratio."""
    places = [place for place, ratio in enumerate(ratios) if ratio > 0]
    return min(places, key=lambda place: (size - 2 * room[place]) / ratios[place])


def _fill_empty(
    chosen: dict[Group, int],
    order: Sequence[Group],
    ratios: Sequence[float],
    already: Sequence[int],
) -> None:
    """Gives a split that got nothing the smallest group of the one that has most groups."""
    wanted = [place for place, ratio in enumerate(ratios) if ratio > 0 and not already[place]]
    if len(chosen) < len(wanted):
        return
    for place in wanted:
        groups = Counter(chosen.values())
        if not groups[place]:
            richest = groups.most_common(1)[0][0]
            chosen[next(g for g in reversed(order) if chosen[g] == richest)] = place
