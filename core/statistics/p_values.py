"""p-values: the exact sign test, and corrections where several tests are made at once."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

FLIPS = 9_999
_EXACT_UP_TO = 13
# From here on the sum of so many flipped values is normal enough for p-values of 1e-4.
_PLENTY = 1_000


def sign_test(won: int, lost: int) -> float:
    """Two-sided exact p of so many wins and losses when either is as likely; 1 without any.

    For counts that were looked at once, when all were in.
    """
    from scipy.special import bdtr

    n = won + lost
    return min(1.0, 2 * float(bdtr(min(won, lost), n, 0.5))) if n else 1.0


def sign_flip_test(sums: Sequence[float], rng: np.random.Generator) -> float:
    """Two-sided p of the sum of differences when each is as likely to have the other sign.

    `sums` has one independent unit each, as the difference of two systems on a near-duplicate
    group. Fisher's randomisation test of paired values (1935), in computational linguistics
    "approximate randomisation" (Noreen 1989): exact up to 13 differences that are not 0, with
    9,999 random flips above, by the normal limit from 1,000 on. 1 without any.
    """
    from scipy.special import ndtr

    size = np.abs(np.asarray([one for one in sums if one], np.float64))
    seen, n = abs(math.fsum(sums)), len(size)
    if not n:
        return 1.0
    if n >= _PLENTY:
        return 2 * float(ndtr(-seen / math.sqrt(float(np.square(size).sum()))))
    near = seen * (1 - 1e-9)  # sums of the same values in another order differ in the last place
    if n <= _EXACT_UP_TO:
        signs = 1 - 2 * (np.arange(2**n)[:, None] >> np.arange(n) & 1)
        return float((np.abs(signs @ size) >= near).mean())
    signs = 1 - 2 * rng.integers(2, size=(FLIPS, n), dtype=np.int8)
    return (int((np.abs(signs @ size) >= near).sum()) + 1) / (FLIPS + 1)


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number, in the given order (Holm 1979): each in 0..1.

    None of the tests is then falsely positive more often than one alone would be.
    """
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, k in enumerate(sorted(range(len(p_values)), key=lambda k: p_values[k])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[k]))
        corrected[k] = least
    return corrected
