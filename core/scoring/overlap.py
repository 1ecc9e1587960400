"""Overlap of an answer with its reference: token F1 and exact match, in any script and as SQuAD."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from core.scoring.words import squad_normalised, words


def token_f1(reference: str, text: str) -> float:
    """F1 in 0..1 over the multisets of lower-cased words of any script; articles are kept.

    Both without words: 1.0; one without: 0.0.
    """
    return _f1(words(reference), words(text))


def squad_f1(reference: str, text: str) -> float:
    """`f1_score` of SQuAD 1.1's script: English articles and punctuation are dropped.

    Both without words: 1.0, as in the script of SQuAD 2.0.
    """
    return _f1(squad_normalised(reference).split(), squad_normalised(text).split())


def exact_match(reference: str, text: str) -> bool:
    """Whether both are the same once outer whitespace is gone and inner whitespace is one space."""
    return fold_whitespace(reference) == fold_whitespace(text)


def normalised_match(reference: str, text: str) -> float:
    """`exact_match_score` of SQuAD 1.1's script: 1 when both are the same normalised, else 0."""
    return float(squad_normalised(reference) == squad_normalised(text))


def fold_whitespace(text: str) -> str:
    """Every run of whitespace as one space, none at the ends."""
    return " ".join(text.split())


def _f1(wanted: Sequence[str], given: Sequence[str]) -> float:
    if not wanted or not given:
        return float(not wanted and not given)
    common = (Counter(wanted) & Counter(given)).total()
    return 2 * common / (len(wanted) + len(given))
