"""In which order pairs are rated, and on which side each system stands.

All of it follows from the study's seed by SHA-256, so that it is the same on every machine and
version, is fixed and hashed before anyone rates, and is never tossed when a page opens.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from itertools import combinations

from core.errors import InvalidInput

BLOCK = 4
REPEAT_AFTER = 30
"""So many pairs a rater judges between a pair and its repeat."""
_BLOCKS = tuple(combinations(range(BLOCK), BLOCK // 2))


def pair_order(n: int, seed: int) -> list[int]:
    """A permutation of range(n): the order in which the pairs of a study wait to be rated."""
    if n < 0:
        raise InvalidInput(f"{n} pairs cannot be put in order. Give 0 or more.")
    return sorted(range(n), key=lambda pair: _draw(seed, "order", pair))


def first_is_left(seed: int, rater_id: str, stratum: str, shown: int) -> bool:
    """Whether a pair's first system stands on the left, the rater having seen `shown` of a stratum.

    Permuted blocks of four, drawn for each rater and stratum: of every four pairs two have it on
    the left, so however early a rater stops, left and right differ by two at most.
    """
    drawn = _draw(seed, f"sides of {stratum} for {rater_id}", shown // BLOCK)
    return shown % BLOCK in _BLOCKS[int.from_bytes(drawn, "big") % len(_BLOCKS)]


def repeat_due(seed: int, rater_id: str, share: float, judged: int) -> int | None:
    """Which of the pairs that a rater has judged comes back now, the first being 1; mostly None.

    `judged`: how many those are; `share` of them come back, one of each block, when 30 others have
    been judged since.
    """
    number = judged - REPEAT_AFTER
    if not share or number < 1:
        return None
    block, place = divmod(number - 1, round(1 / share))
    return number if place == _place_in_block(seed, rater_id, share, block) else None


def count_repeats(seed: int, rater_id: str, share: float, pairs: int) -> int:
    """How many pairs come back to a rater who judges so many."""
    size = round(1 / share) if share else 0
    return sum(
        size * block + _place_in_block(seed, rater_id, share, block) + 1 + REPEAT_AFTER <= pairs
        for block in range(pairs // size + 1 if size else 0)
    )


@lru_cache(maxsize=8192)
def _place_in_block(seed: int, rater_id: str, share: float, block: int) -> int:
    drawn = _draw(seed, f"repeat of {rater_id}", block)
    return int.from_bytes(drawn, "big") % round(1 / share)


def place_in_part(seed: int, part: int, size: int) -> int:
    """The place of a gold pair in a part of the order, 0 to `size` - 1."""
    return int.from_bytes(_draw(seed, "gold", part), "big") % size


def seed_of_extension(seed: int, number: int) -> int:
    """The seed of pairs that are added to a study, the first time being 1."""
    return int.from_bytes(_draw(seed, "extension", number)[:7], "big")


def asked_about(seed: int, rater_id: str, pairs: Iterable[int], most: int) -> list[int]:
    """Of the numbers of the pairs that a rater judged, those to ask about; at most so many."""
    return sorted(pairs, key=lambda pair: _draw(seed, f"guess of {rater_id}", pair))[:most]


def _draw(seed: int, purpose: str, number: int) -> bytes:
    return hashlib.sha256(json.dumps([seed, purpose, number]).encode()).digest()
