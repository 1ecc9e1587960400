"""Which systems meet in the pairs of one example, and which judgements are of two of them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

from core.study.pairs import Judgement


def meetings(systems: int, among: bool) -> list[tuple[int, int]]:
    """The places of both systems of each pair of an example, the baseline's being 0: it meets each
    candidate, and with `among` the candidates meet each other too."""
    found = [(0, candidate) for candidate in range(1, systems)]
    return found + list(combinations(range(1, systems), 2)) if among else found


def of_both(judgements: Sequence[Judgement], first: str, second: str) -> list[Judgement]:
    """The judgements of pairs of these two systems."""
    both = {first, second}
    return [judgement for judgement in judgements if set(judgement.system_ids) == both]
