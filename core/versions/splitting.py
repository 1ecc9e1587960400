"""Which split each example goes to, whole groups together, and the hash of what was frozen."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from core.errors import InvalidInput

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Group = str | int


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
