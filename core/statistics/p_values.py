"""p-values: the exact sign test, and corrections where several tests are made at once."""

from __future__ import annotations

from collections.abc import Sequence


def sign_test(won: int, lost: int) -> float:
    """Two-sided exact p of so many wins and losses when either is as likely; 1 without any.

    For counts that were looked at once, when all were in.
    """
    from scipy.special import bdtr

    n = won + lost
    return min(1.0, 2 * float(bdtr(min(won, lost), n, 0.5))) if n else 1.0


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number, in the given order (Holm 1979): each in 0..1.

    None of the tests is then falsely positive more often than one alone would be.
    """
    corrected, least = [0.0] * len(p_values), 0.0
    for rank, k in enumerate(sorted(range(len(p_values)), key=lambda k: p_values[k])):
        least = max(least, min(1.0, (len(p_values) - rank) * p_values[k]))
        corrected[k] = least
    return corrected
