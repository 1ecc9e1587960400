"""Overlap of an answer with its reference in words of any script: token F1 and exact match."""

from __future__ import annotations

import re
from collections import Counter

_WORD = re.compile(r"\w+")


def token_f1(reference: str, text: str) -> float:
    """F1 in 0..1 over the multisets of lower-cased Unicode words (SQuAD's, articles kept).

    Both without words: 1.0; one without: 0.0. Scripts without spaces give one word per run.
    """
    wanted, given = _words(reference), _words(text)
    if not wanted or not given:
        return float(wanted == given)
    common = (wanted & given).total()
    return 2 * common / (wanted.total() + given.total())


def exact_match(reference: str, text: str) -> bool:
    """Whether both are the same once outer whitespace is gone and inner whitespace is one space."""
    return fold_whitespace(reference) == fold_whitespace(text)


def fold_whitespace(text: str) -> str:
    """Every run of whitespace as one space, none at the ends."""
    return " ".join(text.split())


def _words(text: str) -> Counter[str]:
    return Counter(_WORD.findall(text.lower()))
