"""The score table: automatic scores of a version's systems, and which may be compared."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.clock import new_id
from core.errors import InvalidInput
from core.scoring.metrics import MEASURED, in_order
from core.scoring.score_table import (
    OTHER_TOKENS,
    MeanScore,
    ScoreDifference,
    ScoreTable,
    score_table,
)
from core.study.comparing import SHORTEST_REASON, Difference, comparable, needs_reason
from core.study.report_job import scores_of
from core.study.system import VersionSystem
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation import reports
from core.workflows.evaluation.systems import covered, require_lead, require_reader

if TYPE_CHECKING:
    from storage.store import Store

# From here on the intervals take the server more than an instant (see tests/benchmarks).
MANY_ANSWERS = 4000


@dataclass(frozen=True)
class Reason:
    """Why a lead compares two systems that were asked differently."""

    text: str
    person: str
    created_at: datetime


@dataclass(frozen=True)
class SystemScores:
    """One system's automatic scores on a split.

    `against`: the paired difference to the baseline, empty for the baseline itself and where a
    reason to compare them is missing; `differences`: in what it was asked unlike the baseline.
    `means_without`, `without_suspects`: `means` and `against` without the examples that a base
    model may have seen, empty where there is none.
    """

    system: VersionSystem
    means: Mapping[str, MeanScore]
    against: Mapping[str, ScoreDifference]
    differences: tuple[Difference, ...] = ()
    reason: Reason | None = None
    means_without: Mapping[str, MeanScore] = field(default_factory=dict)
    without_suspects: Mapping[str, ScoreDifference] = field(default_factory=dict)

    @property
    def is_refused(self) -> bool:
        """Whether no difference is shown until a lead writes why it may be."""
        return needs_reason(self.differences) and self.reason is None


@dataclass(frozen=True)
class ScoreReport:
    """The score table of one split against one baseline; `metrics` in the order of the table.
    `suspects`: its examples that a base model may have seen."""

    split: str
    splits: tuple[str, ...]
    baseline_id: str
    systems: tuple[SystemScores, ...]
    metrics: tuple[str, ...]
    suspects: int = 0

    def without_differences(self) -> ScoreReport:
        """The same means, compared with nothing."""
        systems = (
            replace(one, against={}, differences=(), reason=None, without_suspects={})
            for one in self.systems
        )
        return replace(self, systems=tuple(systems))


def score_report(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    baseline_id: str | None = None,
    split: str | None = None,
) -> reports.Report[ScoreReport]:
    """The scores of a version's systems on a split, each against one baseline; or the job that
    computes them. For leads and viewers.

    Without a choice, or where the chosen baseline has no scores: the first base system, else the
    first one. Without a split: test, if it was answered.
    """
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, *READS_RESULTS)
    systems = [s for s in covered(store, version_id) if s.scored and s.answers]
    splits = store.results.splits(version_id)
    chosen = split or ("test" if "test" in splits else next(iter(splits), "all"))
    if not systems:
        return reports.Report(ScoreReport(chosen, tuple(splits), "", (), ()))
    report = _table(store, actor, version_id, version.project_id, chosen, systems)
    if report.content is None:
        return reports.Report(None, report.job_id)
    table = report.content
    there = {m.system_id for m in table.means}
    systems = [s for s in systems if s.system_id in there]
    baseline = next((s for s in systems if s.system_id == baseline_id), None) or next(
        (s for s in systems if s.kind == "base"), systems[0] if systems else None
    )
    metrics = in_order({m.metric for m in table.means})
    reasons = _reasons(store, version.project_id)
    return reports.Report(
        ScoreReport(
            chosen,
            tuple(splits),
            baseline.system_id if baseline else "",
            tuple(_scores(s, baseline, table, metrics, reasons) for s in systems if baseline),
            tuple(metrics),
            table.suspects,
        )
    )


def _table(
    store: Store,
    actor: Actor,
    version_id: str,
    project_id: str,
    split: str,
    systems: list[VersionSystem],
) -> reports.Report[ScoreTable]:
    ids = [s.system_id for s in systems]
    if store.results.count_scores(version_id, split) < MANY_ANSWERS:
        return reports.Report(score_table(store.results.scores(version_id, split, ids)))
    report_id = f"scores {version_id} {split}"
    stamp = _stamp(store, version_id)
    content = reports.kept(store, report_id, stamp)
    if content is not None:
        return reports.Report(scores_of(content))
    if there := reports.job_of(store, report_id, stamp):
        return reports.Report(None, there.job_id)
    path = reports.scratch(store, "scores.parquet")
    store.results.write_scores(path, version_id, split, ids)
    job_id = reports.computing(
        store, actor, project_id, report_id, stamp, title="Score table",
        spec={"report": "scores"}, files={"scores.parquet": path},
    )  # fmt: skip
    return reports.Report(None, job_id)


def _scores(
    system: VersionSystem,
    baseline: VersionSystem,
    table: ScoreTable,
    metrics: list[str],
    reasons: Mapping[tuple[str, str], Reason],
) -> SystemScores:
    rest = table.without_suspects or ScoreTable()
    means, means_without = (
        {m: found for m in metrics if (found := one.mean(system.system_id, m))}
        for one in (table, rest)
    )
    if system.system_id == baseline.system_id:
        return SystemScores(system, means, {}, means_without=means_without)
    differences = tuple(comparable(baseline.conditions, system.conditions))
    pair = (baseline.system_id, system.system_id)
    reason = reasons.get(pair) or reasons.get((pair[1], pair[0]))
    shown = SystemScores(system, means, {}, differences, reason, means_without)
    if shown.is_refused:
        return shown
    against, without = (
        {m: _of_tokens(d, baseline, system) for m in metrics if (d := one.difference(*pair, m))}
        for one in (table, rest)
    )
    return replace(shown, against=against, without_suspects=without)


def _of_tokens(
    difference: ScoreDifference, baseline: VersionSystem, system: VersionSystem
) -> ScoreDifference:
    """Without a value where it is a mean over tokens, of base models that may have other ones."""
    alike = baseline.conditions.base_model_hash == system.conditions.base_model_hash
    measured = any(difference.metric == metric.name for metric in MEASURED)
    return difference if alike or not measured else difference.unlike(OTHER_TOKENS)


def _reasons(store: Store, project_id: str) -> dict[tuple[str, str], Reason]:
    return {
        (n["baseline_id"], n["candidate_id"]): Reason(n["text"], n["person"], n["created_at"])
        for n in store.answers.comparison_notes(project_id)
    }


def compare_all_the_same(
    store: Store, actor: Actor, version_id: str, baseline_id: str, candidate_id: str, text: str
) -> None:
    """A lead writes why the scores of two systems that were asked differently may be compared."""
    require_lead(store, actor, version_id)
    there = {s.system_id: s for s in covered(store, version_id)}
    if baseline_id not in there or candidate_id not in there:
        raise InvalidInput("Choose two systems that answered this version.")
    if len(text.strip()) < SHORTEST_REASON:
        raise InvalidInput("Write in a sentence why these two may be compared all the same.")
    baseline, candidate = there[baseline_id], there[candidate_id]
    differences = comparable(baseline.conditions, candidate.conditions)

    def save() -> None:
        store.answers.add_comparison_note(
            {
                "note_id": new_id("note"),
                "project_id": baseline.system.project_id,
                "baseline_id": baseline_id,
                "candidate_id": candidate_id,
                "differences": json.dumps([d.to_json() for d in differences]),
                "text": text.strip(),
                "actor_id": actor.person_id,
            }
        )
        store.audit.record(
            "compared_all_the_same", "version", version_id, actor.person_id,
            project_id=baseline.system.project_id, systems=[baseline_id, candidate_id],
            reason=text.strip(),
        )  # fmt: skip

    store.transact(save)


def score_stamp(store: Store, actor: Actor, version_id: str) -> str:
    """Changes whenever the score table of a version may have. Leads and viewers. Costs little."""
    require_reader(store, actor, version_id)
    return f"version {version_id} {_stamp(store, version_id)}"


def _stamp(store: Store, version_id: str) -> str:
    return f"{store.results.score_stamp(version_id)} {store.contamination.count(version_id)}"
