"""The release gate: what must be shown before a candidate may replace its baseline.

    plan = GatePlan()                     # a lead may change every threshold
    checks = gate(plan, evidence)         # passed, failed or not known, each with its evidence
    is_open(checks)                       # all passed

A check that is not passed does not forbid a release: the lead who signs writes why.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from core.errors import InvalidInput
from core.statistics.estimates import Estimate
from core.study.sentences import written
from core.study.verdicts import points
from core.wording import begun, percent

State = Literal["passed", "failed", "not known"]


@dataclass(frozen=True)
class GatePlan:
    """The thresholds. `reviewed`: share of the frozen split that people must have judged; `metric`:
    the automatic metric that must rise by `metric_gain`, a share of the baseline's mean, and by
    `metric_floor` at least where that is near 0; `margin`: how many points (of 1 to 5) a criterion
    may be worse, over `fewest` pairs at least; `agreement`: Gwet's AC1 of the raters' choices.
    Raises InvalidInput."""

    reviewed: float = 0.10
    metric: str = "token_f1"
    metric_gain: float = 0.15
    metric_floor: float = 0.02
    margin: float = 0.3
    fewest: int = 30
    agreement: float = 0.4

    def __post_init__(self) -> None:
        if not 0.10 <= self.reviewed <= 1:
            raise InvalidInput("The share that a person must have judged is 10 % to 100 %.")
        if not (0 <= self.metric_gain <= 10 and 0 <= self.metric_floor <= 1):
            raise InvalidInput("A metric's gain is a share of 0 or more, its floor lies in 0 to 1.")
        if not (0 < self.margin <= 4 and self.fewest >= 5):
            raise InvalidInput("The margin lies above 0, up to 4 points; over 5 pairs at least.")
        if not -1 <= self.agreement <= 1:
            raise InvalidInput("Agreement is a number from -1 to 1.")

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> GatePlan:
        """The plan that `to_json` wrote, or that of another version."""
        return cls(**{f.name: values[f.name] for f in fields(cls) if f.name in values})

    def to_json(self) -> dict[str, Any]:
        """Plain values."""
        return asdict(self)


@dataclass(frozen=True)
class GateEvidence:
    """What the gate reads. `baseline_mean` and `metric_difference` are of the plan's metric, over
    the same examples, None where it has no comparable scores. `criteria`: name → candidate minus
    baseline. `withheld`: why there is no verdict, or "". `blind_reason`: why a study that is not
    blind counts, or "". `enough`: there were pairs enough for the scan; `guessed`: raters told the
    candidate beyond chance when they were asked. `survives_rater` and `survives` as in
    `core.study.sensitivity.Sensitivity`. `trained_unknown`: systems of which nobody knows here what
    they were trained on. `unchecked`: base models whose contamination was not checked; `probed`
    examples of the split could be, of which `suspects` may have been seen;
    `difference_without_suspects` is `metric_difference` without these.
    """

    reviewed: int
    counted_from: int
    net: Estimate
    withheld: str
    blind: bool
    enough: bool
    guessed: bool
    blind_reason: str
    metric_label: str
    baseline_mean: float | None
    metric_difference: Estimate | None
    criteria: Mapping[str, Estimate]
    survives_rater: bool | None
    survives: bool | None
    agreement: Estimate
    trained_unknown: Sequence[str]
    unchecked: Sequence[str] = ()
    probed: int = 0
    suspects: int = 0
    difference_without_suspects: Estimate | None = None


@dataclass(frozen=True)
class Check:
    """One criterion of the gate: what is `needed`, and what was `seen`."""

    name: str
    label: str
    state: State
    needed: str
    seen: str


def gate(plan: GatePlan, found: GateEvidence) -> tuple[Check, ...]:
    """Every criterion, in the order in which a reader asks."""
    return (
        _reviewed(plan, found),
        _preferred(found),
        _blind(found),
        _survives(found),
        _metric(plan, found),
        *(_criterion(plan, name, one) for name, one in found.criteria.items()),
        _agreement(plan, found),
        _unseen(found),
        _contamination(found),
    )


def is_open(checks: Sequence[Check]) -> bool:
    """Whether every criterion is passed."""
    return bool(checks) and all(check.state == "passed" for check in checks)


def _state(passed: bool) -> State:
    return "passed" if passed else "failed"


def _reviewed(plan: GatePlan, found: GateEvidence) -> Check:
    share = found.reviewed / found.counted_from if found.counted_from else 0.0
    return Check(
        "reviewed", "Reviewed by people",
        _state(found.counted_from > 0 and share >= plan.reviewed),
        f"{percent(plan.reviewed)} of the split at least",
        f"{found.reviewed} of {found.counted_from} examples, {percent(share, 1)}",
    )  # fmt: skip


def _preferred(found: GateEvidence) -> Check:
    needed = "the whole interval of the net preference above 0"
    net = found.net
    if found.withheld:
        return Check("preferred", "Preferred by people", "failed", needed, "verdict withheld")
    if net.low is None or net.high is None or net.value is None:
        return Check("preferred", "Preferred by people", "not known", needed, net.reason)
    seen = f"net {points(net.value)} points ({points(net.low)} to {points(net.high)})"
    return Check("preferred", "Preferred by people", _state(net.low > 0), needed, seen)


def _blind(found: GateEvidence) -> Check:
    seen = "nothing found that tells the systems apart"
    if not found.blind:
        reason = f"; let count because: {found.blind_reason}" if found.blind_reason else ""
        seen = f"the scan tells the systems apart{reason}"
    elif found.guessed:
        seen = "raters guessed the candidate beyond chance"
    needed = "the leak scan finds nothing, and raters do not guess the candidate beyond chance"
    if found.blind and not found.guessed and not found.enough:
        return Check("blind", "Blindness", "not known", needed, "too few pairs for the scan")
    return Check("blind", "Blindness", _state(found.blind and not found.guessed), needed, seen)


def _survives(found: GateEvidence) -> Check:
    needed = "the sign stays without any one rater, and in every other count of the pairs"
    state: State = "not known"
    seen = "no preference either way"
    if found.survives is False or found.survives_rater is False:
        state, seen = "failed", "the sign does not stay"
    elif found.survives is not None and found.survives_rater is None:
        seen = "one rater alone: nobody to leave out"
    elif found.survives:
        state, seen = "passed", "the sign stays"
    return Check("survives", "Sensitivity", state, needed, seen)


def _metric(plan: GatePlan, found: GateEvidence) -> Check:
    label = f"Automatic metric: {found.metric_label}"
    floor = f"by {plan.metric_floor:g} at least"
    needed = f"{percent(plan.metric_gain)} above the baseline, {floor}, and its interval above 0"
    mean, difference = found.baseline_mean, found.metric_difference
    if mean is None or difference is None or difference.value is None:
        return Check("metric", label, "not known", needed, "no scores that may be compared")
    wanted = max(plan.metric_gain * mean, plan.metric_floor)
    passed = difference.value >= wanted and difference.low is not None and difference.low > 0
    seen = f"{mean:.3f} → {mean + difference.value:.3f}, difference "
    return Check("metric", label, _state(passed), needed, seen + written(difference, 3))


def _criterion(plan: GatePlan, name: str, difference: Estimate) -> Check:
    label = f"{begun(name)} not worse"
    needed = f"interval above −{plan.margin:g} points, over {plan.fewest} pairs at least"
    seen = f"difference {written(difference)}"
    if difference.n < plan.fewest or difference.low is None:
        return Check(f"criterion {name}", label, "not known", needed, seen)
    return Check(f"criterion {name}", label, _state(difference.low > -plan.margin), needed, seen)


def _agreement(plan: GatePlan, found: GateEvidence) -> Check:
    one = found.agreement
    needed = f"Gwet’s AC1 of {plan.agreement:g} at least, over pairs that two people judged"
    if one.value is None or one.low is None:
        seen = one.reason or "no pair was judged by two people"
        return Check("agreement", "Raters agree", "not known", needed, seen)
    return Check(
        "agreement", "Raters agree", _state(one.value >= plan.agreement), needed, written(one)
    )


def _unseen(found: GateEvidence) -> Check:
    needed = "no rated example was trained on, or shown in the prompt"
    if found.trained_unknown:
        names = ", ".join(found.trained_unknown)
        seen = f"not known what {names} was trained on"
        return Check("unseen", "Examples not seen before", "not known", needed, seen)
    return Check("unseen", "Examples not seen before", "passed", needed, "none")


def _contamination(found: GateEvidence) -> Check:
    """Of pre-training, which a check probes and nobody knows."""
    name, label = "contamination", "Contamination of the base model"
    needed = "no suspected contamination, or the metric’s gain above 0 without the suspect examples"
    if found.trained_unknown or found.unchecked:
        names = ", ".join([*found.unchecked, *found.trained_unknown])
        return Check(name, label, "not known", needed, f"not checked: {names}")
    if not found.probed:
        seen = "no example of the split is long enough to be probed"
        return Check(name, label, "not known", needed, seen)
    seen = f"{found.suspects} of {found.probed} probed examples are completed nearly word for word"
    if not found.suspects:
        return Check(name, label, "passed", needed, seen)
    without = found.difference_without_suspects
    if without is None or without.low is None:
        return Check(name, label, "not known", needed, f"{seen}; no scores without them")
    seen += f"; difference without them {written(without, 3)}"
    return Check(name, label, _state(without.low > 0), needed, seen)
