"""The analysis of judgements from a file: who won, how sure that is, and what would undo it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import InvalidInput
from core.statistics.anytime import always_valid_mean, e_value
from core.statistics.estimates import Estimate, says_better
from core.statistics.p_values import sign_test
from core.study.criteria import CriterionResult
from core.study.findings import Comparison, Findings, findings
from core.study.judgement_file import UNIFORM, JudgementFile
from core.study.risk import weighted_net
from core.study.sensitivity import Sensitivity, sensitivity
from core.study.verdicts import (
    first_of_each_pair,
    first_verdicts,
    headline,
    verdict_of,
    worth_of,
)


@dataclass(frozen=True)
class Analysis:
    """What judgements say of a candidate. The verdict rests on examples drawn alike, each judged
    once; `weighted` is the net preference of all, by the inverse of their probabilities.

    `e_values` are those of the candidate and of the baseline being preferred, now.
    """

    candidate: str
    baseline: str
    found: Findings
    comparison: Comparison
    share: Estimate
    sign_test_p: float
    e_values: tuple[float, float]
    weighted: Estimate | None
    sensitivity: Sensitivity
    left_out: int


def analyse(file: JudgementFile, baseline: str, candidate: str, *, complete: bool) -> Analysis:
    """Analyse judgements; `complete`: judging ended as planned, not when it looked good.

    Raises InvalidInput for judging that goes on and says not when each judgement was made.
    """
    if not (complete or file.timed):
        raise InvalidInput("While judging goes on, each line needs a “time”: the order counts.")
    drawn_alike = _drawn_alike(file)
    judgements = [j for j in file.judgements if j.pair_id in drawn_alike]
    found = findings(
        baseline,
        [candidate],
        file.criteria,
        judgements,
        [rating for rating in file.ratings if rating.pair_id in drawn_alike],
        planned=0 if complete else len(drawn_alike) + 1,
    )
    comparison = found.comparisons[0]
    worth = worth_of(first_verdicts(judgements, baseline))
    won, lost = comparison.count("candidate"), comparison.count("baseline")
    return Analysis(
        candidate=candidate,
        baseline=baseline,
        found=found,
        comparison=comparison,
        share=_share_of_decided(worth),
        sign_test_p=sign_test(won, lost),
        e_values=(e_value(worth), e_value([-w for w in worth])),
        weighted=_weighted(file, baseline) if file.probabilities else None,
        sensitivity=sensitivity(judgements, baseline),
        left_out=len({j.pair_id for j in file.judgements}) - len(drawn_alike),
    )


def _drawn_alike(file: JudgementFile) -> set[str]:
    """The comparisons that were drawn with one probability: all where no two are known to differ,
    else those of the uniform stratum."""
    strata = {j.pair_id: j.stratum for j in file.judgements}
    uniform = {pair for pair, stratum in strata.items() if stratum == UNIFORM}
    differ = len(set(file.probabilities.values())) > 1
    if uniform and len(uniform) < len(strata):
        return uniform
    return set() if differ else set(strata)


def _share_of_decided(worth: Sequence[int]) -> Estimate:
    """The share won of the examples that were decided, with its always-valid interval."""
    net = always_valid_mean([w for w in worth if w])
    if net.value is None:
        return net
    low, high = (None if bound is None else (1 + bound) / 2 for bound in (net.low, net.high))
    return Estimate(
        (1 + net.value) / 2, low, high, net.n, net.method, net.level, net.kind, net.reason
    )


def _weighted(file: JudgementFile, baseline: str) -> Estimate | None:
    """The net preference of all examples, each as heavy as the inverse of its probability
    (Hájek 1971). None unless every example has one."""
    first = first_of_each_pair(file.judgements)
    if any(j.pair_id not in file.probabilities for j in first):
        return None
    verdicts = [verdict_of(j, baseline) for j in first]
    return weighted_net(verdicts, [file.probabilities[j.pair_id] for j in first])


def sentence(found: Analysis) -> str:
    """The verdict in one sentence."""
    if not found.comparison.judged and found.left_out:
        return (
            "No verdict: the examples were drawn with different probabilities, and none of them is "
            f"of a stratum called “{UNIFORM}”."
        )
    return headline(
        found.comparison.net,
        candidate=found.candidate,
        baseline=found.baseline,
        wins=found.comparison.count("candidate"),
        losses=found.comparison.count("baseline"),
        cannot_judge=found.comparison.count("cannot_judge"),
    )


def analysis_json(found: Analysis) -> dict[str, Any]:
    """The analysis as plain values; an interval that cannot be given is null."""
    comparison = found.comparison
    choice = found.found.agreement[0]
    return {
        "baseline": found.baseline,
        "candidate": found.candidate,
        "verdict": says_better(comparison.net),
        "sentence": sentence(found),
        "comparisons": comparison.judged,
        "judgements": found.found.judgements,
        "raters": len(found.found.per_rater),
        "wins": comparison.count("candidate"),
        "losses": comparison.count("baseline"),
        "ties": comparison.count("tie_good") + comparison.count("tie_bad"),
        "cannot_judge": comparison.count("cannot_judge"),
        "splits": comparison.split,
        "left_out": found.left_out,
        **_named("net_preference", comparison.net),
        **_named("win_rate", found.share),
        "sign_test_p": found.sign_test_p,
        "e_value": sum(found.e_values) / 2,
        "e_value_candidate": found.e_values[0],
        "e_value_baseline": found.e_values[1],
        **_named("raw_agreement", choice.raw),
        **_named("alpha", choice.alpha),
        **_named("ac1", choice.ac),
        "agreement_units": choice.raw.n,
        **_named("left_share", found.found.side_bias),
        **(_named("weighted_net_preference", found.weighted) if found.weighted else {}),
        "criteria": {one.criterion: _criterion_json(one) for one in comparison.criteria},
        "agreement": {
            one.what: {
                **_named("raw", one.raw),
                **_named("alpha", one.alpha),
                **_named("ac2", one.ac),
            }
            for one in found.found.agreement[1:]
        },
        "without_one_rater": _range([r.net for r in found.sensitivity.without_one_rater]),
        "sign_survives_each_rater": found.sensitivity.survives_each_rater,
        "reversals_to_undo": found.sensitivity.reversals,
    }


def _named(name: str, one: Estimate) -> dict[str, float | None]:
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def _range(nets: Sequence[float | None]) -> dict[str, float] | None:
    known = [net for net in nets if net is not None]
    return {"low": min(known), "high": max(known)} if known else None


def _criterion_json(one: CriterionResult) -> dict[str, Any]:
    return {
        "baseline": one.baseline.value,
        "candidate": one.candidate.value,
        "difference": one.difference.value,
        "low": one.difference.low,
        "high": one.difference.high,
        "n": one.difference.n,
        "p": one.p,
        "verdict": one.says,
    }
