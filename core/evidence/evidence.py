"""Evidence beside a verdict: what would change it, which metrics may speak, where it fails.

evidence(baseline_id, candidate_ids, judgements, facts, scores, claims={"sys_2": 1})
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from core.evidence.metric_trust import MetricTrust, metric_trust
from core.evidence.slices import Slice, slices
from core.labels.values import choices_in
from core.study.pairing import of_both
from core.study.pairs import Judgement
from core.study.ranking import Meeting, Ranked, meetings_of, ranking
from core.study.register import level_of
from core.study.risk import RISK
from core.study.sensitivity import PairFacts, Sensitivity, sensitivity
from core.study.verdicts import WORTH, first_of_each_pair, verdict_of

SEED = 7


@dataclass(frozen=True)
class CandidateEvidence:
    """Of one candidate against the baseline."""

    candidate_id: str
    sensitivity: Sensitivity
    trust: tuple[MetricTrust, ...]
    slices: tuple[Slice, ...]


@dataclass(frozen=True)
class Evidence:
    """Of every candidate of a study; the `ranking` of all systems where there are three or more,
    and the `meetings` of every two candidates that met."""

    candidates: tuple[CandidateEvidence, ...]
    ranking: tuple[Ranked, ...] = ()
    meetings: tuple[Meeting, ...] = ()

    def of(self, candidate_id: str) -> CandidateEvidence:
        """That of one candidate."""
        return next(one for one in self.candidates if one.candidate_id == candidate_id)


def evidence(
    baseline_id: str,
    candidate_ids: Sequence[str],
    judgements: Sequence[Judgement],
    facts: Mapping[str, PairFacts],
    scores: Mapping[str, Mapping[str, float]],
    *,
    claims: Mapping[str, int] | None = None,
) -> Evidence:
    """Of the judgements of a study's sample. `facts`: pair id → what is known of the pair;
    `scores`: metric → pair id → candidate minus baseline; `claims` as in
    `core.study.findings.findings`."""
    judgements = [j for j in judgements if j.stratum != RISK]
    found = []
    for candidate_id in candidate_ids:
        own = of_both(judgements, baseline_id, candidate_id)
        level = level_of((claims or {}).get(candidate_id, 1))
        verdicts = {j.pair_id: verdict_of(j, baseline_id) for j in first_of_each_pair(own)}
        worth = {pair: WORTH[v] for pair, v in verdicts.items() if v != "cannot_judge"}
        found.append(
            CandidateEvidence(
                candidate_id,
                sensitivity(own, baseline_id, level, facts),
                metric_trust(worth, scores, np.random.default_rng(SEED)),
                slices(own, baseline_id, facts),
            )
        )
    ranked: tuple[Ranked, ...] = ()
    met: tuple[Meeting, ...] = ()
    if len(candidate_ids) > 1:
        groups = {one.example_id: one.group_id for one in facts.values()}
        systems = [baseline_id, *candidate_ids]
        ranked = ranking(judgements, baseline_id, systems, np.random.default_rng(SEED), groups)
        met = meetings_of(judgements, candidate_ids, groups)
    return Evidence(tuple(found), ranked, met)


def facts_of_rows(
    rows: Iterable[Mapping[str, Any]], topics: Mapping[str, str] | None = None
) -> dict[str, PairFacts]:
    """Pair id → its facts, from rows pair_id, example_id, group_id, baseline_length,
    candidate_length, length (short, medium or long), labels (JSON), source and
    suspect; `topics`: example id → its topic."""
    found = {}
    for row in rows:
        parts = [("reference length", row["length"]), ("source", row["source"])]
        parts.append(("topic", (topics or {}).get(row["example_id"], "")))
        for label, value in json.loads(row["labels"] or "{}").items():
            parts += [(f"label {label}", one) for one in choices_in(value)]
        found[row["pair_id"]] = PairFacts(
            row["pair_id"],
            row["example_id"],
            row["group_id"] or row["example_id"],
            row["baseline_length"],
            row["candidate_length"],
            tuple(dict.fromkeys(part for part in parts if part[1])),
            bool(row.get("suspect")),  # not of a job that an earlier release queued
        )
    return found


def scores_of_rows(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Metric → pair id → candidate minus baseline, from rows pair_id, metric, difference."""
    found: dict[str, dict[str, float]] = {}
    for row in rows:
        found.setdefault(row["metric"], {})[row["pair_id"]] = row["difference"]
    return found
