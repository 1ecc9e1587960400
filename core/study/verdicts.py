"""From what raters preferred to what it says about two systems, and what may be said of it."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from typing import Literal, get_args

from core.statistics.anytime import always_valid_mean
from core.statistics.estimates import Estimate, says_better
from core.study.pairs import Judgement
from core.wording import counted

Verdict = Literal["baseline", "candidate", "tie_good", "tie_bad", "cannot_judge"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
FOR_TUNING = (
    "There is no verdict: this study collects preferences for tuning, and a system may have been "
    "trained on its examples. Compare systems in a study on the test split."
)
TOGETHER = "comparisons together"
WORTH: Mapping[Verdict, int] = {"candidate": 1, "tie_good": 0, "tie_bad": 0, "baseline": -1}


def verdict_of(judgement: Judgement, baseline_id: str) -> Verdict:
    """What a judgement of a pair of baseline and candidate says."""
    if judgement.outcome == "preferred":
        return "baseline" if judgement.preferred_system_id == baseline_id else "candidate"
    return judgement.outcome


def first_of_each_pair(judgements: Sequence[Judgement]) -> list[Judgement]:
    """The judgement that fixed each pair's verdict: its first that counts, in the order of time.

    Later ones serve agreement. To let a disagreement undo a verdict would leave the pairs on which
    people agree, and those favour whoever is ahead.
    """
    return _firsts((j for j in judgements if j.counts), lambda j: j.pair_id)


def first_looks(judgements: Iterable[Judgement]) -> list[Judgement]:
    """Each rater's first judgement of each pair, in the order of time."""
    return _firsts(judgements, lambda j: (j.rater_id, j.pair_id))


def _firsts(
    judgements: Iterable[Judgement], of: Callable[[Judgement], Hashable]
) -> list[Judgement]:
    first: dict[Hashable, Judgement] = {}
    for judgement in sorted(judgements, key=lambda j: (j.created_at, j.judgement_id)):
        first.setdefault(of(judgement), judgement)
    return list(first.values())


def count_split(judgements: Sequence[Judgement], baseline_id: str) -> int:
    """How many pairs two people judged differently, each at their first look at it; who could not
    judge is no disagreement."""
    said: dict[str, set[Verdict]] = {}
    told = (j for j in judgements if j.counts and j.outcome != "cannot_judge")
    for look in first_looks(told):
        said.setdefault(look.pair_id, set()).add(verdict_of(look, baseline_id))
    return sum(len(verdicts) > 1 for verdicts in said.values())


def net_preference(verdicts: Sequence[Verdict], level: float = 0.95) -> Estimate:
    """The share of examples won less the share lost by the candidate, -1..1, ties as zero.

    One verdict per example, in the order of time: the interval holds whenever somebody looks.
    """
    return always_valid_mean(worth_of(verdicts), level=level)


def first_verdicts(judgements: Sequence[Judgement], baseline_id: str) -> list[Verdict]:
    """The verdict of each pair, in the order of time."""
    return [verdict_of(judgement, baseline_id) for judgement in first_of_each_pair(judgements)]


def worth_of(verdicts: Sequence[Verdict]) -> list[int]:
    """1 won, 0 tied, -1 lost by the candidate for each example that could be judged."""
    return [WORTH[verdict] for verdict in verdicts if verdict != "cannot_judge"]


def headline(
    net: Estimate,
    *,
    candidate: str,
    baseline: str,
    wins: int,
    losses: int,
    cannot_judge: int = 0,
    notes: Sequence[str] = (),
) -> str:
    """The sentence above the chart: preferred only where the whole interval is on one side.

    `notes` end it, such as “10 % rule met”.
    """
    unclear = f"{candidate} is not shown to be better than {baseline}"
    if net.value is None:
        return f"No pair is judged yet: {unclear}."
    if net.low is None or net.high is None:
        return f"{unclear}. {net.reason} {_counted(net.n, wins, losses, cannot_judge)}."
    said = {
        "better": f"{candidate} is preferred to {baseline} by these raters",
        "worse": f"{baseline} is preferred to {candidate} by these raters",
        "not shown": unclear,
    }[says_better(net)]
    together = round(0.05 / (1 - net.level))
    kind = "95 % always valid" + (f" for {together} {TOGETHER}" if together > 1 else "")
    bounds = f"{kind}: {points(net.low)} to {points(net.high)}"
    ends = ", ".join([_counted(net.n, wins, losses, cannot_judge), *notes])
    return f"{said}: net {points(net.value)} points ({bounds}); {ends}."


def seen(candidate: str, judged: int, wins: int, losses: int, cannot_judge: int = 0) -> str:
    """What was seen, without a verdict: “X: 76 won, 42 lost, 5 tied of 123 judged pairs”."""
    if not judged:
        return "No pair is judged yet"
    return f"{candidate}: {_counted(judged, wins, losses, cannot_judge)}"


def set_apart_words(counts: Mapping[Verdict, int], only: int = 0) -> str:
    """What the judgements said that do not count; "" where there are none. `only`: the pairs that
    have no other."""
    total, cannot = sum(counts.values()), counts.get("cannot_judge", 0)
    if not total:
        return ""
    won, lost = counts.get("candidate", 0), counts.get("baseline", 0)
    are = "is" if total == 1 else "are"
    said = f"{won} won, {lost} lost, {total - cannot - won - lost} tied"
    more = f", {cannot} could not be judged" if cannot else ""
    return (
        f"{counted(total, 'judgement')} by people who had seen results or names {are} set apart: "
        f"{said}{more}."
        + (f" {counted(only, 'pair')} {'has' if only == 1 else 'have'} no other." if only else "")
    )


def points(share: float) -> str:
    """A net preference in points with its sign: “+23”; never 0 for what is not 0."""
    size = 100 * abs(share)
    digits = 1 if 0 < size < 0.95 else 0
    sign = "+" if share > 0 else "−" if share < 0 else ""
    return f"{sign}{size:.{digits}f}"


def _counted(judged: int, wins: int, losses: int, cannot_judge: int) -> str:
    text = f"{wins} won, {losses} lost, {judged - wins - losses} tied of {judged} judged pairs"
    return f"{text}, {cannot_judge} could not be judged" if cannot_judge else text
