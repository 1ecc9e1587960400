"""ROUGE-1, -2 and -L of one answer against one reference, equal to the package rouge_score.

The tokens are those of rouge_score and the longest common subsequence comes from rapidfuzz, which
is what makes it fast: `python -m tests.benchmarks.rouge_speed` measures both beside each other.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

from core.scoring.words import words

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
    return _f_of_lcs(_tokens(reference), _tokens(text))


def rouge_l_unicode(reference: str, text: str) -> float:
    """ROUGE-L over words of any script."""
    return _f_of_lcs(words(reference), words(text))


def rouge_l_sum(reference: str, text: str) -> float:
    """ROUGE-Lsum: F-measure of the union of longest common subsequences, a sentence a line."""
    wanted = [found for line in reference.split("\n") if (found := _tokens(line))]
    given = [found for line in text.split("\n") if (found := _tokens(line))]
    if not wanted or not given:
        return 0.0
    left_wanted, left_given = (Counter(chain.from_iterable(side)) for side in (wanted, given))
    hits = 0
    for line in wanted:
        for place in sorted(set().union(*(_lcs_places(line, other) for other in given))):
            token = line[place]
            if left_wanted[token] > 0 and left_given[token] > 0:
                hits += 1
                left_wanted[token] -= 1
                left_given[token] -= 1
    return _f_measure(hits, sum(map(len, wanted)), sum(map(len, given)))


def _lcs_places(line: Sequence[str], other: Sequence[str]) -> set[int]:
    """Places in `line` of one longest common subsequence: the one that rouge_score takes."""
    table = [[0] * (len(other) + 1)]
    for token in line:
        above, row = table[-1], [0]
        for column, one in enumerate(other, 1):
            same = token == one
            row.append(above[column - 1] + 1 if same else max(above[column], row[-1]))
        table.append(row)
    places, i, j = set(), len(line), len(other)
    while i and j:
        if line[i - 1] == other[j - 1]:
            i, j = i - 1, j - 1
            places.add(i)
        elif table[i][j - 1] > table[i - 1][j]:
            j -= 1
        else:
            i -= 1
    return places


# Each reference is compared by several metrics, and with the answers of several systems.
@lru_cache(maxsize=4096)
def _tokens(text: str) -> tuple[str, ...]:
    return tuple(WORD.findall(text.lower()))


def _f_of_lcs(wanted: Sequence[str], given: Sequence[str]) -> float:
    from rapidfuzz.distance import LCSseq  # not when a command of the terminal starts

    if not wanted or not given:
        return 0.0
    return _f_measure(LCSseq.similarity(wanted, given), len(wanted), len(given))


def _f_measure(common: int, wanted: int, given: int) -> float:
    # One division: of precision and recall, equal F-measures would differ in their last place.
    return 2 * common / (wanted + given) if common else 0.0
