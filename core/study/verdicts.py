"""From what raters preferred to what it says about two systems, and what may be said of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, get_args

from core.statistics.estimates import Estimate, proportion, says_better
from core.study.pairs import Judgement

Verdict = Literal["baseline", "candidate", "tie_good", "tie_bad", "cannot_judge"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)


def verdict_of(judgement: Judgement, baseline_id: str) -> Verdict:
    """What a judgement of a pair of baseline and candidate says."""
    if judgement.outcome == "preferred":
        return "baseline" if judgement.preferred_system_id == baseline_id else "candidate"
    return judgement.outcome


def aggregate(verdicts: Sequence[Verdict]) -> Verdict | None:
    """The verdict that more than half of those who could judge one example gave.

    "cannot_judge" counts only when nobody could; None when nobody judged or there is no majority.
    """
    judged = [verdict for verdict in verdicts if verdict != "cannot_judge"]
    if not judged:
        return "cannot_judge" if verdicts else None
    winner, times = Counter(judged).most_common(1)[0]
    return winner if 2 * times > len(judged) else None


def win_rate(verdicts: Sequence[Verdict]) -> Estimate:
    """The share of decided examples that the candidate wins, exact interval; ties left out.

    One verdict per example (see `aggregate`): several raters of one example are not independent.
    """
    wins, losses = verdicts.count("candidate"), verdicts.count("baseline")
    return proportion(wins, wins + losses)


def headline(
    rate: Estimate,
    *,
    candidate: str,
    baseline: str,
    tie_good: int = 0,
    tie_bad: int = 0,
    cannot_judge: int = 0,
) -> str:
    """The sentence above the chart: "better" only when the whole interval is above one half."""
    ties = _ties(tie_good, tie_bad, cannot_judge)
    if rate.value is None or rate.low is None or rate.high is None:
        return f"No pair is decided yet: {candidate} is not shown to be better{ties}."
    said = {
        "better": f"better than {baseline} in the eyes of these raters",
        "worse": f"not shown to be better, {baseline} is preferred",
        "not shown": "not shown to be better",
    }[says_better(rate, against=0.5)]
    return f"{seen(rate, candidate)}: {said}{ties}."


def seen(rate: Estimate, candidate: str) -> str:
    """What was seen, without a verdict: “X wins 64 % of decided pairs (56–71 %, n = 118)”."""
    if rate.value is None or rate.low is None or rate.high is None:
        return "No pair is decided yet"
    low, high = _bounds(rate.low, rate.high)
    share = f"{100 * rate.value:.0f} %"
    return f"{candidate} wins {share} of decided pairs ({low}–{high} %, n = {rate.n})"


def _bounds(low: float, high: float) -> tuple[str, str]:
    # A bound of 0.502 must not read "50" beside the word better.
    digits = 1 if any(round(100 * x) == 50 and x != 0.5 for x in (low, high)) else 0
    return f"{100 * low:.{digits}f}", f"{100 * high:.{digits}f}"


def _ties(good: int, bad: int, cannot_judge: int) -> str:
    parts = []
    if good + bad:
        parts.append(f"{good + bad} tied ({good} both good, {bad} both bad)")
    if cannot_judge:
        parts.append(f"{cannot_judge} could not be judged")
    return f"; {', '.join(parts)}" if parts else ""
