"""Results: what a lead reads. Every number comes with its n and an interval.

A difference is called better or worse only where `core.statistics.estimates.says_better` allows it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from core.actor import Actor
from core.statistics.agreement import krippendorff_alpha, raw_agreement
from core.statistics.estimates import (
    Better,
    Estimate,
    mean_interval,
    paired_difference,
    proportion,
    says_better,
)
from core.study.verdicts import aggregate, headline, win_rate
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation.studies import counts_because, get_study

if TYPE_CHECKING:
    from storage.store import Store

SEED = 7
EXACT = ("exact_match", "field:")
LOWEST_GOOD = 4


@dataclass(frozen=True)
class SystemScores:
    """One system's automatic scores. `against` holds the paired difference to the baseline,
    over the examples both answered, and what may be said of it."""

    system: dict[str, Any]
    metrics: dict[str, Estimate]
    against: dict[str, tuple[Estimate, Better]]


def score_report(
    store: Store, actor: Actor, version_id: str, baseline_id: str | None = None
) -> list[SystemScores]:
    """The scores of every scored system of a version, each against one baseline (the first base,
    else the first system)."""
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, "lead")
    systems = [s for s in store.systems.of_version(version_id) if s["summary"]]
    if not systems:
        return []
    values: dict[str, dict[str, dict[str, float]]] = {}
    for row in store.reports.scores(version_id):
        values.setdefault(row["system_id"], {}).setdefault(row["metric"], {})[row["example_id"]] = (
            row["value"]
        )
    baseline = baseline_id or next(
        (s["system_id"] for s in systems if s["kind"] == "base"), systems[0]["system_id"]
    )
    return [
        SystemScores(
            system,
            {m: _level(m, v.values()) for m, v in values.get(system["system_id"], {}).items()},
            _against(values, baseline, system["system_id"]),
        )
        for system in systems
    ]


def _level(metric: str, values: Iterable[float]) -> Estimate:
    found = list(values)
    if metric.startswith(EXACT):
        return proportion(round(sum(found)), len(found))
    return mean_interval(found, np.random.default_rng(SEED))


def _against(
    values: Mapping[str, Mapping[str, Mapping[str, float]]], baseline: str, system: str
) -> dict[str, tuple[Estimate, Better]]:
    if system == baseline:
        return {}
    found = {}
    for metric, own in values.get(system, {}).items():
        other = values.get(baseline, {}).get(metric, {})
        both = sorted(own.keys() & other.keys())
        difference = paired_difference(
            [other[e] for e in both], [own[e] for e in both], None, np.random.default_rng(SEED)
        )
        found[metric] = (difference, says_better(difference))
    return found


@dataclass(frozen=True)
class CriterionResult:
    """One criterion of the rubric: mean rating 1–5 per system, and candidate minus baseline."""

    criterion: str
    base: Estimate
    tuned: Estimate
    difference: Estimate
    says: Better
    agreement: Estimate


@dataclass(frozen=True)
class StudyResult:
    """What the judgements of one study say. `withheld`: why no verdict is shown, or ""; nothing
    that compares the two systems may then be drawn, and `headline` is that reason."""

    study: dict[str, Any]
    withheld: str
    headline: str
    win_rate: Estimate
    verdicts: dict[str, int]
    criteria: list[CriterionResult]
    coverage: Estimate
    outputs: int
    pairs: int
    judged: int
    judgements: int
    choice_agreement: Estimate
    choice_alpha: Estimate
    side_bias: Estimate
    seconds: Estimate
    per_day: list[tuple[str, int]]
    per_rater: list[tuple[str, int, float]]
    flags: dict[str, dict[str, Estimate]] = field(default_factory=dict)


def study_result(store: Store, actor: Actor, study_id: str) -> StudyResult:
    """Everything the dashboard says of a study; leads only."""
    study = get_study(store, actor, study_id)
    judgements = store.reports.judgements(study_id)
    ratings = store.reports.ratings(study_id)
    coverage = store.reports.coverage(study_id)
    verdicts = _one_per_pair(judgements)
    rate = win_rate(verdicts)
    counts = Counter(verdicts)
    choices = _table(
        (j["rater_id"], j["pair_id"], j["verdict"])
        for j in judgements
        if j["verdict"] != "cannot_judge"
    )
    left = sum(j["choice"] == "left" for j in judgements)
    right = sum(j["choice"] == "right" for j in judgements)
    return StudyResult(
        study=study,
        withheld=_withheld(study),
        headline=_withheld(study)
        or headline(
            rate,
            tie_good=counts["tie_good"],
            tie_bad=counts["tie_bad"],
            cannot_judge=counts["cannot_judge"],
        ),
        win_rate=rate,
        verdicts=dict(counts),
        criteria=_criteria(study, ratings),
        coverage=proportion(coverage["judged"], coverage["outputs"]),
        outputs=coverage["outputs"],
        pairs=coverage["pairs"],
        judged=coverage["judged"],
        judgements=len(judgements),
        choice_agreement=raw_agreement(choices, np.random.default_rng(SEED)),
        choice_alpha=krippendorff_alpha(choices, "nominal", np.random.default_rng(SEED)),
        side_bias=proportion(left, left + right),
        seconds=mean_interval([j["seconds"] for j in judgements], np.random.default_rng(SEED)),
        per_day=sorted(Counter(f"{j['created_at']:%Y-%m-%d}" for j in judgements).items()),
        per_rater=_per_rater(judgements),
        flags=_flags(judgements),
    )


def _withheld(study: Mapping[str, Any]) -> str:
    if study["blind"] or counts_because(study):
        return ""
    return (
        "Verdict withheld: tuned is not shown to be better. This study is not blind: the scan can "
        "tell the two systems apart, so raters may too. It counts once a lead writes why it may."
    )


def _one_per_pair(judgements: Sequence[Mapping[str, Any]]) -> list[Any]:
    by_pair: dict[str, list[Any]] = {}
    for judgement in judgements:
        by_pair.setdefault(judgement["pair_id"], []).append(judgement["verdict"])
    aggregated = (aggregate(verdicts) for verdicts in by_pair.values())
    return [verdict for verdict in aggregated if verdict is not None]


def _criteria(
    study: Mapping[str, Any], ratings: Sequence[Mapping[str, Any]]
) -> list[CriterionResult]:
    found = []
    for criterion in (c["name"] for c in study["rubric"]):
        own = [r for r in ratings if r["criterion"] == criterion]
        by_view: dict[tuple[str, str], dict[str, int]] = {}
        for r in own:
            by_view.setdefault((r["pair_id"], r["rater_id"]), {})[r["system"]] = r["value"]
        both = {view: v for view, v in by_view.items() if len(v) == 2}
        base = [v["base"] for v in both.values()]
        tuned = [v["tuned"] for v in both.values()]
        pairs = [pair_id for pair_id, _ in both]
        difference = paired_difference(base, tuned, pairs, np.random.default_rng(SEED))
        found.append(
            CriterionResult(
                criterion,
                mean_of(base, pairs),
                mean_of(tuned, pairs),
                difference,
                says_better(difference),
                krippendorff_alpha(
                    _table((r["rater_id"], (r["pair_id"], r["system"]), r["value"]) for r in own),
                    "ordinal",
                    np.random.default_rng(SEED),
                ),
            )
        )
    return found


def mean_of(values: Sequence[float], clusters: Sequence[str]) -> Estimate:
    """The mean rating, with whole pairs resampled."""
    from core.statistics.estimates import clustered_mean

    return clustered_mean(values, clusters, np.random.default_rng(SEED))


def _table(views: Iterable[tuple[str, Any, Any]]) -> list[list[Any]]:
    """Raters × units with None gaps, as `core.statistics.agreement` wants it."""
    given: dict[str, dict[Any, Any]] = {}
    units: dict[Any, None] = {}
    for rater, unit, value in views:
        given.setdefault(rater, {})[unit] = value
        units[unit] = None
    return [[values.get(unit) for unit in units] for values in given.values()]


def _per_rater(judgements: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, float]]:
    """(rater, judgements, median seconds), most first."""
    seconds: dict[str, list[float]] = {}
    for judgement in judgements:
        seconds.setdefault(judgement["rater"], []).append(judgement["seconds"])
    found = [(rater, len(s), float(np.median(s))) for rater, s in seconds.items()]
    return sorted(found, key=lambda row: -row[1])


def _flags(judgements: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, Estimate]]:
    """flag → system → share of the judged pairs in which anybody raised it, exact interval."""
    raised: dict[str, dict[str, set[str]]] = {}
    for judgement in judgements:
        for system, flags in judgement["flags"].items():
            for flag in flags:
                raised.setdefault(flag, {}).setdefault(system, set()).add(judgement["pair_id"])
    pairs = len({judgement["pair_id"] for judgement in judgements})
    return {
        flag: {system: proportion(len(by.get(system, ())), pairs) for system in ("base", "tuned")}
        for flag, by in sorted(raised.items())
    }


def none_in(pairs: int) -> Estimate:
    """What seeing nothing in so many pairs still allows: a share of 0 with its exact interval."""
    return proportion(0, pairs)


def stamp(store: Store, actor: Actor, *, version_id: str = "", study_id: str = "") -> str:
    """Changes whenever the results of a version or a study may have; leads only. Costs little."""
    if study_id:
        get_study(store, actor, study_id)
        return f"study {store.reports.study_stamp(study_id)}"
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, "lead")
    return f"version {store.reports.version_stamp(version_id)}"


def pairs_table(store: Store, actor: Actor, study_id: str) -> list[dict[str, Any]]:
    """The examples behind a study: both answers, the reference, the verdicts and comments."""
    get_study(store, actor, study_id)
    return store.reports.pairs_table(study_id)
