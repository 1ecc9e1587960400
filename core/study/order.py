"""In which order a rater sees the pairs, and on which side the baseline stands.

All of it follows from the seed by SHA-256, so that it is the same on every machine and version,
can be stored and hashed when the study starts, and is never tossed when a page opens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from core.errors import InvalidInput

BLOCK = 4
_BLOCKS = tuple(combinations(range(BLOCK), BLOCK // 2))


@dataclass(frozen=True)
class Side:
    """Where the baseline of one pair is shown to one rater. Never leaves the server."""

    baseline_left: bool


def order(n: int, slot: int, seed: int) -> list[int]:
    """A permutation of range(n): the pairs as the rater in `slot` (0, 1, ...) sees them."""
    if n < 0:
        raise InvalidInput(f"{n} pairs cannot be put in order. Give 0 or more.")
    return sorted(range(n), key=lambda pair: _draw(seed, slot, "order", pair))


def sides(pair_strata: Sequence[str], *, slot: int, seed: int) -> list[Side]:
    """The side for each pair (by index, not by position) for the rater in `slot`.

    Permuted blocks of four in each stratum, along the order in which this rater sees the pairs: of
    every four pairs of a stratum two have the baseline left, so however early a rater stops, in
    each stratum left and right differ by two at most.
    """
    seen: dict[str, int] = {}
    found: dict[int, Side] = {}
    for pair in order(len(pair_strata), slot, seed):
        stratum = pair_strata[pair]
        place = seen.get(stratum, 0)
        seen[stratum] = place + 1
        drawn = _draw(seed, slot, f"sides of {stratum}", place // BLOCK)
        left = _BLOCKS[int.from_bytes(drawn, "big") % len(_BLOCKS)]
        found[pair] = Side(baseline_left=place % BLOCK in left)
    return [found[pair] for pair in range(len(pair_strata))]


def order_hash(pair_ids: Sequence[str], pair_strata: Sequence[str], *, slot: int, seed: int) -> str:
    """SHA-256 (64 hex digits) of what the rater in `slot` will see: pairs in order, with sides.

    Stored when the study starts; computed again later it proves that nothing was moved.
    """
    placed = sides(pair_strata, slot=slot, seed=seed)
    shown = [
        (pair_ids[pair], placed[pair].baseline_left) for pair in order(len(pair_ids), slot, seed)
    ]
    return hashlib.sha256(json.dumps([seed, slot, shown]).encode()).hexdigest()


def _draw(seed: int, slot: int, purpose: str, number: int) -> bytes:
    return hashlib.sha256(json.dumps([seed, slot, purpose, number]).encode()).digest()
