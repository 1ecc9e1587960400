"""Numbers as sentences: what a chart's title and a table's cell may say of an estimate.

Every one carries n, and calls something better or worse only when `says_better` did.
"""

from __future__ import annotations

from core.statistics.estimates import Better, Estimate


def written(estimate: Estimate, digits: int = 2, *, percent: bool = False) -> str:
    """“0.71 (0.64–0.78, n = 120)”; the value alone, or a dash, where there is no interval."""
    if estimate.value is None:
        return f"— (n = {estimate.n})"
    value = _number(estimate.value, digits, percent)
    if estimate.low is None or estimate.high is None:
        return f"{value} (no interval, n = {estimate.n})"
    low, high = (_number(x, digits, percent) for x in (estimate.low, estimate.high))
    joint = " to " if estimate.low < 0 else "–"
    return f"{value} ({low}{joint}{high}, n = {estimate.n})"


def compared(
    candidate: str, baseline: str, what: str, difference: Estimate, says: Better, digits: int = 2
) -> str:
    """What may be said of candidate minus baseline, in one sentence without a full stop."""
    verdict = {
        "better": f"{candidate} is better than {baseline} on {what}",
        "worse": f"{candidate} is worse than {baseline} on {what}",
        "not shown": f"{candidate} is not shown to be better than {baseline} on {what}",
    }[says]
    return f"{verdict}: difference {written(difference, digits)}"


def says_words(says: Better) -> str:
    """The verdict as a table's cell."""
    return {"better": "▲ better", "worse": "▼ worse", "not shown": "○ not shown to be better"}[says]


def written_p(p: float) -> str:
    """“0.031”, or “< 0.001”."""
    return "< 0.001" if p < 0.001 else f"{p:.3f}"


def _number(value: float, digits: int, percent: bool) -> str:
    if percent:
        return f"{100 * value:.{digits}f}\u202f%"
    return f"{value:.{digits}f}".replace("-", "−")
