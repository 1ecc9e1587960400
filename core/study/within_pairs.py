"""How well a number, a mark or the wording tells two systems apart within pairs of answers."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from core.statistics.p_values import sign_test
from core.study.leak_report import Measure

SEED = 5
LONGEST_TEXT = 2000
MOST_PAIRS = 600
LONGEST_GRAM = 4
SWAPS = 999


def told_by(name: str, a: Sequence[float], b: Sequence[float]) -> Measure:
    """The share of pairs in which the same system has the larger number, ties halved.

    p is exact for swaps of the two answers within pairs: the sign test.
    """
    more = sum(x > y for x, y in zip(a, b, strict=True))
    less = sum(x < y for x, y in zip(a, b, strict=True))
    share = 0.5 + abs(more - less) / (2 * len(a))
    return Measure(name, share, sign_test(more, less))


def told_by_wording(a: Sequence[str], b: Sequence[str]) -> Measure:
    """The share of pairs that a linear classifier tells by its character n-grams (1 to 4).

    It has learned from all pairs but the one it is asked about (ridge regression, whose
    leave-one-out predictions are exact: Hastie, Tibshirani and Friedman 2009, eq. 7.64). p: how
    often it tells as many when the answers of random pairs are swapped. Of more than 600 pairs a
    seeded sample is taken.
    """
    rng = np.random.default_rng(SEED)
    if len(a) > MOST_PAIRS:
        chosen = sorted(rng.choice(len(a), MOST_PAIRS, replace=False).tolist())
        a, b = [a[k] for k in chosen], [b[k] for k in chosen]
    n = len(a)
    vectors = _vectors([*a, *b])
    apart = vectors[:n] - vectors[n:]
    kernel = (apart @ apart.T).toarray()
    size = float(np.trace(kernel)) / n
    if not size:
        return Measure("Wording", 0.5, 1.0)
    inverse = np.linalg.inv(kernel / size + np.eye(n))
    swaps = np.concatenate([np.ones((n, 1)), rng.choice((-1.0, 1.0), size=(n, SWAPS))], axis=1)
    margins = 1 - swaps * (inverse @ swaps) / np.diag(inverse)[:, None]
    told = (margins > 1e-9).mean(axis=0) + (np.abs(margins) <= 1e-9).mean(axis=0) / 2
    share = max(0.5, float(told[0]))
    return Measure("Wording", share, float((told >= told[0] - 1e-12).mean()))


def _vectors(texts: Sequence[str]) -> Any:
    """One row of length 1 for each text: its n-grams, weighted by how few texts have them."""
    from scipy import sparse

    counted = [Counter(_grams(f"\x02{text[:LONGEST_TEXT]}\x03")) for text in texts]
    having = Counter(gram for counts in counted for gram in counts)
    column = {gram: k for k, gram in enumerate(g for g, count in having.items() if count > 1)}
    weights = {gram: 1 + math.log((1 + len(texts)) / (1 + having[gram])) for gram in column}
    starts, columns, values = [0], [], []
    for counts in counted:
        known = [gram for gram in counts if gram in column]
        row = np.array([(1 + math.log(counts[gram])) * weights[gram] for gram in known])
        columns += [column[gram] for gram in known]
        values += (row / (np.linalg.norm(row) or 1)).tolist()
        starts.append(len(columns))
    return sparse.csr_matrix((values, columns, starts), shape=(len(texts), len(column)))


def _grams(text: str) -> Iterable[str]:
    return (
        text[k : k + size]
        for size in range(1, LONGEST_GRAM + 1)
        for k in range(len(text) - size + 1)
    )
