"""ROUGE-1, -2, -L and -Lsum of one answer against one reference, equal to the package rouge_score.

The tokens are those of rouge_score and the longest common subsequence comes from rapidfuzz, which
is what makes it fast: `python -m tests.benchmarks.rouge_speed` measures both beside each other.
Other words (stemmed, of any script) and other measures are in rouge_variants.py.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from itertools import chain, pairwise
from typing import NamedTuple

WORD = re.compile(r"[a-z0-9]+")

Tokenize = Callable[[str], Sequence[str]]
Counts = tuple[int, int, int]
"""Units in common, in the reference, in the answer: words, pairs of words, or subsequences."""


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
    return f_measure(unigram_counts(reference, text, tokens))


def rouge_2(reference: str, text: str) -> float:
    """ROUGE-2: F-measure of pairs of neighbouring words."""
    return f_measure(bigram_counts(reference, text, tokens))


def rouge_l(reference: str, text: str) -> float:
    """ROUGE-L: F-measure of the longest common subsequence of words."""
    return f_measure(lcs_counts(reference, text, tokens))


# Each reference is compared by several metrics, and with the answers of several systems.
@lru_cache(maxsize=4096)
def tokens(text: str) -> tuple[str, ...]:
    """The words of the classic tokenizer: lower-cased runs of a-z and 0-9, the rest is dropped."""
    return tuple(WORD.findall(text.lower()))


def unigram_counts(reference: str, text: str, tokenize: Tokenize) -> Counts:
    """Of words, as multisets."""
    wanted, given = tokenize(reference), tokenize(text)
    common = (Counter(wanted) & Counter(given)).total()
    return common, len(wanted), len(given)


def bigram_counts(reference: str, text: str, tokenize: Tokenize) -> Counts:
    """Of pairs of neighbouring words, as multisets."""
    wanted, given = tokenize(reference), tokenize(text)
    if not wanted or not given:
        return 0, 0, 0
    common = (Counter(pairwise(wanted)) & Counter(pairwise(given))).total()
    return common, len(wanted) - 1, len(given) - 1


def lcs_counts(reference: str, text: str, tokenize: Tokenize) -> Counts:
    """Of words, those in common being the longest common subsequence."""
    from rapidfuzz.distance import LCSseq  # not when a command of the terminal starts

    wanted, given = tokenize(reference), tokenize(text)
    if not wanted or not given:
        return 0, 0, 0
    return LCSseq.similarity(wanted, given), len(wanted), len(given)


def lcs_union_counts(reference: str, text: str, tokenize: Tokenize) -> Counts:
    """Of words, those in common being the union of longest common subsequences of each line of the
    reference with the lines of the answer (Lin 2004, section 3.2); a sentence a line."""
    wanted = [found for line in reference.split("\n") if (found := tokenize(line))]
    given = [found for line in text.split("\n") if (found := tokenize(line))]
    if not wanted or not given:
        return 0, 0, 0
    left_wanted, left_given = (Counter(chain.from_iterable(side)) for side in (wanted, given))
    hits = 0
    for line in wanted:
        for place in sorted(set().union(*(_lcs_places(line, other) for other in given))):
            token = line[place]
            if left_wanted[token] > 0 and left_given[token] > 0:
                hits += 1
                left_wanted[token] -= 1
                left_given[token] -= 1
    return hits, sum(map(len, wanted)), sum(map(len, given))


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


def f_measure(counts: Counts) -> float:
    """F1 in 0..1; 0 without anything in common."""
    common, wanted, given = counts
    # One division: of precision and recall, equal F-measures would differ in their last place.
    return 2 * common / (wanted + given) if common else 0.0


def precision(counts: Counts) -> float:
    """The share of the answer's units that the reference has, 0..1."""
    common, _, given = counts
    return common / given if common else 0.0


def recall(counts: Counts) -> float:
    """The share of the reference's units that the answer has, 0..1."""
    common, wanted, _ = counts
    return common / wanted if common else 0.0
