"""What the judgements of a study say: pure, over typed judgements and ratings."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from core.statistics.agreement import gwet_ac, krippendorff_alpha, raw_agreement
from core.statistics.estimates import Estimate, mean_interval, proportion
from core.study.blinding import Blinding, Guess, blinding_of
from core.study.criteria import CriterionResult, criteria_results
from core.study.pairing import of_both
from core.study.pairs import Judgement, Rating
from core.study.register import level_of
from core.study.repeats import Repeats, repeats_of
from core.study.risk import RISK, RiskReview, weighted_net
from core.study.verdicts import (
    Verdict,
    count_split,
    first_looks,
    first_of_each_pair,
    net_preference,
    verdict_of,
)

SEED = 7


@dataclass(frozen=True)
class Comparison:
    """What was said of one candidate against the baseline.

    `net`: the share of examples won less the share lost. `verdicts` counts pairs by what their
    first judgement said; `split` those of which a later one said something else. `flags` maps a
    flag to the share of judged pairs in which it was raised, baseline first, candidate second. All
    of that is of the sample; `risk` is of the riskiest outputs beside it, None without any.
    `set_apart` counts judgements by people who had seen results or names, in nothing else, and
    `only_set_apart` the pairs that have no other; `blinding` is what raters guessed afterwards.
    """

    candidate_id: str
    net: Estimate
    verdicts: Mapping[Verdict, int]
    split: int
    judged: int
    criteria: tuple[CriterionResult, ...]
    flags: Mapping[str, tuple[Estimate, Estimate]]
    set_apart: Mapping[Verdict, int] = field(default_factory=dict)
    only_set_apart: int = 0
    blinding: Blinding | None = None
    risk: RiskReview | None = None

    @property
    def reviewed(self) -> int:
        """How many examples could be judged, of the sample and beside it."""
        return self.net.n + (self.risk.reviewed if self.risk else 0)

    def sign_survives(self, otherwise: bool | None) -> bool | None:
        """Whether the sign also stays without the pairs whose rater guessed the candidate;
        `otherwise`: whether it does in every other count (`core.study.sensitivity`)."""
        rest = self.blinding.rest.value if self.blinding else None
        if not otherwise or rest is None or self.net.value is None:
            return otherwise
        return rest * self.net.value > 0

    def count(self, verdict: Verdict) -> int:
        """How many pairs ended in this verdict."""
        return self.verdicts.get(verdict, 0)


@dataclass(frozen=True)
class Agreement:
    """How far raters agree, three numbers always together; AC1 for choices, AC2 for ratings."""

    what: str
    raw: Estimate
    alpha: Estimate
    ac: Estimate


@dataclass(frozen=True)
class Findings:
    """Every number that the judgements of a study give. `per_rater`: (name, judgements, median
    seconds); `per_day`: (day, judgements). These and `seconds` are of all judgements, the rest of
    those that count."""

    comparisons: tuple[Comparison, ...]
    judged: int
    judgements: int
    agreement: tuple[Agreement, ...]
    side_bias: Estimate
    seconds: Estimate
    per_day: tuple[tuple[str, int], ...]
    per_rater: tuple[tuple[str, int, float], ...]
    repeats: Repeats | None = None

    @property
    def made(self) -> int:
        """All judgements, those that do not count too."""
        return sum(count for _, count in self.per_day)


def findings(
    baseline_id: str,
    candidate_ids: Sequence[str],
    criteria: Sequence[str],
    judgements: Sequence[Judgement],
    ratings: Sequence[Rating],
    *,
    planned: int,
    claims: Mapping[str, int] | None = None,
    risk_planned: int = 0,
    guesses: Sequence[Guess] = (),
    fixed_size: bool = True,
) -> Findings:
    """Everything that a study's judgements say; `criteria` are the rubric's names.

    `planned`: the sample's pairs of each candidate, `risk_planned` those beside it. `claims`: how
    many comparisons share one chance of a false claim with that of each candidate
    (`core.study.register`). `guesses`: what raters took for the candidate's. `fixed_size`: the size
    was fixed before anybody rated, so that all of it judged is one look; else nothing is said that
    needs one.
    """
    counting = [j for j in judgements if j.counts]
    ids = {j.judgement_id for j in counting}
    ratings = [rating for rating in ratings if rating.judgement_id in ids]
    comparisons = []
    for candidate_id in candidate_ids:
        every = of_both(judgements, baseline_id, candidate_id)
        own = [j for j in every if j.stratum != RISK]
        level = level_of((claims or {}).get(candidate_id, 1))
        looks_once = planned if fixed_size else math.inf
        found = _comparison(baseline_id, candidate_id, criteria, own, ratings, looks_once, level)
        both = {baseline_id, candidate_id}
        guessed = [guess for guess in guesses if set(guess.system_ids) == both]
        found = replace(found, blinding=blinding_of(guessed, own, baseline_id, level))
        if risk_planned:
            complete = found.judged >= planned
            found = replace(found, risk=_risk_review(baseline_id, every, risk_planned, complete))
        comparisons.append(found)
    choices = [j.choice for j in counting]
    left, right = choices.count("left"), choices.count("right")
    return Findings(
        comparisons=tuple(comparisons),
        judged=len({j.pair_id for j in counting}),
        judgements=len(counting),
        agreement=_agreement(criteria, counting, ratings),
        side_bias=proportion(left, left + right),
        seconds=mean_interval([j.seconds for j in judgements], _rng()),
        per_day=tuple(sorted(Counter(f"{j.created_at:%Y-%m-%d}" for j in judgements).items())),
        per_rater=_per_rater(judgements),
        repeats=repeats_of(judgements),
    )


def _comparison(
    baseline_id: str,
    candidate_id: str,
    criteria: Sequence[str],
    judgements: Sequence[Judgement],
    ratings: Sequence[Rating],
    planned: float,
    level: float,
) -> Comparison:
    counting = [j for j in judgements if j.counts]
    apart = [j for j in judgements if j.set_apart and j.occasion == 1]
    first = first_of_each_pair(counting)
    verdicts = [verdict_of(judgement, baseline_id) for judgement in first]
    order = {judgement.judgement_id: k for k, judgement in enumerate(first)}
    marks = [rating for rating in ratings if rating.judgement_id in order]
    marks.sort(key=lambda rating: order[rating.judgement_id])
    return Comparison(
        candidate_id=candidate_id,
        net=net_preference(verdicts, level),
        verdicts=dict(Counter(verdicts)),
        split=count_split(counting, baseline_id),
        judged=len(first),
        criteria=criteria_results(
            criteria, baseline_id, candidate_id, marks, complete=len(first) >= planned, level=level
        ),
        flags=_flags(counting, baseline_id, candidate_id),
        set_apart=dict(Counter(verdict_of(j, baseline_id) for j in apart)),
        only_set_apart=len({j.pair_id for j in apart} - {j.pair_id for j in first}),
    )


def _risk_review(
    baseline_id: str, judgements: Sequence[Judgement], planned: int, sample_complete: bool
) -> RiskReview:
    """What was said beside the sample, `planned` pairs, and of both together once all is judged."""
    first = first_of_each_pair(judgements)
    verdicts = [verdict_of(judgement, baseline_id) for judgement in first]
    beside = [v for j, v in zip(first, verdicts, strict=True) if j.stratum == RISK]
    complete = sample_complete and len(beside) >= planned
    return RiskReview(
        dict(Counter(beside)),
        weighted_net(verdicts, [j.probability for j in first]) if complete else None,
    )


def _flags(
    judgements: Sequence[Judgement], baseline_id: str, candidate_id: str
) -> dict[str, tuple[Estimate, Estimate]]:
    raised: dict[str, dict[str, set[str]]] = {}
    for judgement in judgements:
        for system, flags in judgement.flags.items():
            for flag in flags:
                raised.setdefault(flag, {}).setdefault(system, set()).add(judgement.pair_id)
    pairs = len({judgement.pair_id for judgement in judgements})
    return {
        flag: (
            proportion(len(by.get(baseline_id, ())), pairs),
            proportion(len(by.get(candidate_id, ())), pairs),
        )
        for flag, by in sorted(raised.items())
    }


def _agreement(
    criteria: Sequence[str], judgements: Sequence[Judgement], ratings: Sequence[Rating]
) -> tuple[Agreement, ...]:
    told = first_looks(j for j in judgements if j.outcome != "cannot_judge")
    first = {j.judgement_id for j in first_looks(judgements)}
    choices = _table((j.rater_id, j.pair_id, _told(j)) for j in told)
    found = [
        Agreement(
            "choice",
            raw_agreement(choices, _rng()),
            krippendorff_alpha(choices, "nominal", _rng()),
            gwet_ac(choices, "nominal", _rng()),
        )
    ]
    for name in criteria:
        marks = _table(
            (r.rater_id, (r.pair_id, r.system_id), r.value)
            for r in ratings
            if r.criterion == name and r.judgement_id in first
        )
        found.append(
            Agreement(
                name,
                raw_agreement(marks, _rng()),
                krippendorff_alpha(marks, "ordinal", _rng()),
                gwet_ac(marks, "ordinal", _rng(), categories=(1, 2, 3, 4, 5)),
            )
        )
    return tuple(found)


def _told(judgement: Judgement) -> str:
    """What was said, by the two places of a pair: by systems, chance would seem to agree less the
    more systems there are, though each pair leaves two to choose from."""
    if judgement.preferred_system_id is None:
        return judgement.outcome
    return str(judgement.system_ids.index(judgement.preferred_system_id))


def _table(views: Iterable[tuple[str, Any, Any]]) -> list[list[Any]]:
    """Raters × units with None gaps, as `core.statistics.agreement` wants it."""
    given: dict[str, dict[Any, Any]] = {}
    units: dict[Any, None] = {}
    for rater, unit, value in views:
        given.setdefault(rater, {})[unit] = value
        units[unit] = None
    return [[values.get(unit) for unit in units] for values in given.values()]


def _per_rater(judgements: Sequence[Judgement]) -> tuple[tuple[str, int, float], ...]:
    seconds: dict[tuple[str, str], list[float]] = {}
    for judgement in judgements:
        seconds.setdefault((judgement.rater_id, judgement.rater), []).append(judgement.seconds)
    found = [(name, len(s), float(np.median(s))) for (_, name), s in seconds.items()]
    return tuple(sorted(found, key=lambda row: -row[1]))


def _rng() -> np.random.Generator:
    return np.random.default_rng(SEED)
