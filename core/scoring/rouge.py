"""ROUGE-1, -2 and -L of one answer against one reference, equal to the package rouge_score.

The tokens are those of rouge_score and the longest common subsequence comes from rapidfuzz, which
is what makes it fast: `python -m tests.benchmarks.rouge_speed` measures both beside each other.
"""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache
from itertools import pairwise
from typing import NamedTuple

from rapidfuzz.distance import LCSseq

WORD = re.compile(r"[a-z0-9]+")


class RougeScores(NamedTuple):
    """F-measures in 0..1, as `RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)`."""

    rouge1: float
    rouge2: float
    rougeL: float  # noqa: N815  (the name that the field and the package use)


def rouge(reference: str, text: str) -> RougeScores:
    """ROUGE of `text` against `reference` (Lin 2004, sections 2 and 3.1). Nothing to compare: 0."""
    return RougeScores(rouge_1(reference, text), rouge_2(reference, text), rouge_l(reference, text))


def rouge_1(reference: str, text: str) -> float:
    """ROUGE-1: F-measure of single words."""
    wanted, given = _tokens(reference), _tokens(text)
    common = (Counter(wanted) & Counter(given)).total()
    return _f_measure(common, len(wanted), len(given))


def rouge_2(reference: str, text: str) -> float:
    """ROUGE-2: F-measure of pairs of neighbouring words."""
    wanted, given = _tokens(reference), _tokens(text)
    if not wanted or not given:
        return 0.0
    common = (Counter(pairwise(wanted)) & Counter(pairwise(given))).total()
    return _f_measure(common, len(wanted) - 1, len(given) - 1)


def rouge_l(reference: str, text: str) -> float:
    """ROUGE-L: F-measure of the longest common subsequence of words."""
    wanted, given = _tokens(reference), _tokens(text)
    if not wanted or not given:
        return 0.0
    return _f_measure(LCSseq.similarity(wanted, given), len(wanted), len(given))


def is_latin_poor(text: str) -> bool:
    """True when the text has words but ROUGE sees none of them, as in Chinese or Russian.

    Its tokenizer keeps a-z and 0-9 only, so even identical answers would score 0.
    """
    return any(character.isalnum() for character in text) and not _tokens(text)


# Each reference is compared by several metrics, and with the answers of several systems.
@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(text.lower()))


def _f_measure(common: int, wanted: int, given: int) -> float:
    precision, recall = common / max(given, 1), common / max(wanted, 1)
    if precision + recall == 0:
        return 0.0
    return 2 * precision * recall / (precision + recall)
