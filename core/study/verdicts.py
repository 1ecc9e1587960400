"""From what a rater chose to what it says about the systems, and the sentence that may be said."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal

from core.statistics.estimates import Estimate, proportion, says_better

Choice = Literal["left", "right", "tie_good", "tie_bad", "cannot_judge"]
Verdict = Literal["base", "tuned", "tie_good", "tie_bad", "cannot_judge"]
CHOICES: tuple[Choice, ...] = ("left", "right", "tie_good", "tie_bad", "cannot_judge")


def verdict_of(choice: Choice, baseline_left: bool) -> Verdict:
    """What a choice means once it is known on which side the baseline stood."""
    if choice == "left" or choice == "right":
        return "base" if (choice == "left") == baseline_left else "tuned"
    return choice


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
    """The share of decided examples that tuned wins, with the exact interval; ties left out.

    One verdict per example (see `aggregate`): several raters of one example are not independent.
    """
    wins, losses = verdicts.count("tuned"), verdicts.count("base")
    return proportion(wins, wins + losses)


def headline(rate: Estimate, *, tie_good: int = 0, tie_bad: int = 0, cannot_judge: int = 0) -> str:
    """The sentence above the chart: "better" only when the whole interval is above one half."""
    ties = _ties(tie_good, tie_bad, cannot_judge)
    if rate.value is None or rate.low is None or rate.high is None:
        return f"No pair is decided yet: tuned is not shown to be better{ties}."
    low, high = _bounds(rate.low, rate.high)
    share = f"{100 * rate.value:.0f} %"
    said = {
        "better": "better than base in the eyes of these raters",
        "worse": "not shown to be better, base is preferred",
        "not shown": "not shown to be better",
    }[says_better(rate, against=0.5)]
    return f"Tuned wins {share} of decided pairs ({low}–{high} %, n = {rate.n}): {said}{ties}."


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
