"""The score table: means with intervals per system and metric, and paired differences.

Pure and in numpy, because a worker computes it for 100,000 answers; see report_job.py.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.scoring.metrics import metric as metric_named
from core.statistics.estimates import (
    Better,
    Estimate,
    clustered_mean,
    clustered_proportion,
    negated,
    paired_difference,
    says_better,
)

SEED = 7
Values = NDArray[np.float64]
TRAINED = "Not shown: trained on these examples, or shown them in the prompt."
OTHER_TOKENS = "Not compared: other base models."
UNDIRECTED = "No finding: neither way is better."


@dataclass(frozen=True)
class MeanScore:
    """The mean of one metric over a system's answers; `exposed` of them are to examples that it was
    trained on, or that stand in its prompt."""

    system_id: str
    metric: str
    mean: Estimate
    exposed: int


@dataclass(frozen=True)
class ScoreDifference:
    """Candidate minus baseline on one metric, over the examples that both answered and neither was
    trained on or shown; `left_out` counts those that one was. `refused`: why none is shown.
    `baseline_mean`: the baseline's mean over the same examples, None where there are none, or in a
    table of an older release."""

    baseline_id: str
    candidate_id: str
    metric: str
    difference: Estimate
    left_out: int
    refused: str = ""
    baseline_mean: float | None = None

    @property
    def says(self) -> Better:
        """What may be said of the candidate, by the metric's direction."""
        higher = metric_named(self.metric).higher_is_better
        if higher is None or self.refused:
            return "not shown"
        return says_better(self.difference if higher else negated(self.difference))

    @property
    def note(self) -> str:
        """Why nothing is said, where that is for what a system has seen, or for the metric."""
        if self.refused:
            return self.refused
        if self.left_out and not self.difference.n:
            return TRAINED
        return UNDIRECTED if metric_named(self.metric).higher_is_better is None else ""

    def turned(self) -> ScoreDifference:
        """The same with the roles exchanged."""
        mean, more = self.baseline_mean, self.difference.value
        return ScoreDifference(
            self.candidate_id, self.baseline_id, self.metric, negated(self.difference),
            self.left_out, self.refused, None if mean is None or more is None else mean + more,
        )  # fmt: skip

    def unlike(self, reason: str) -> ScoreDifference:
        """The same without its value, which would compare what does not compare."""
        nothing = Estimate(None, None, None, 0, self.difference.method, reason=reason)
        return replace(self, difference=nothing, refused=reason)


@dataclass(frozen=True)
class ScoreTable:
    """Every mean, and the difference of every two systems, the first of them as the baseline.

    `without_suspects`: the same without the `suspects` examples that a base model may have seen;
    None where there is none.
    """

    means: tuple[MeanScore, ...] = ()
    differences: tuple[ScoreDifference, ...] = ()
    suspects: int = 0
    without_suspects: ScoreTable | None = None

    def mean(self, system_id: str, metric: str) -> MeanScore | None:
        """The mean of one system on one metric."""
        found = (m for m in self.means if (m.system_id, m.metric) == (system_id, metric))
        return next(found, None)

    def difference(
        self, baseline_id: str, candidate_id: str, metric: str
    ) -> ScoreDifference | None:
        """Candidate minus baseline on one metric."""
        for d in self.differences:
            if d.metric == metric and (d.baseline_id, d.candidate_id) == (
                baseline_id,
                candidate_id,
            ):
                return d
            if d.metric == metric and (d.baseline_id, d.candidate_id) == (
                candidate_id,
                baseline_id,
            ):
                return d.turned()
        return None


def score_table(table: Any) -> ScoreTable:
    """The score table of a pyarrow table system_id, position, group_id, metric, value, exposed,
    suspect.

    Near-duplicates are no independent examples: intervals are made by group. Jobs that an older
    release queued name their examples by example_id, and no groups and suspects.
    """
    found = _score_table(table)
    if "suspect" not in table.column_names:
        return found
    import pyarrow.compute as pc

    mask = table.column("suspect")
    if not pc.any(mask).as_py():
        return found
    suspects = len(pc.unique(table.filter(mask).column("position")))
    return replace(
        found, suspects=suspects, without_suspects=_score_table(table.filter(pc.invert(mask)))
    )


def _score_table(table: Any) -> ScoreTable:
    systems, which = _codes(table, "system_id")
    metrics, measured = _codes(table, "metric")
    key = "position" if "position" in table.column_names else "example_id"
    examples, example = _codes(table, key)
    values = table.column("value").to_numpy()
    groups = _groups(table, example, len(examples))
    exposed = table.column("exposed").to_numpy(zero_copy_only=False).astype(bool)
    means, differences = [], []
    for m, metric in enumerate(metrics):
        by_system: dict[str, tuple[Values, NDArray[np.bool_]]] = {}
        for s, system_id in enumerate(systems):
            rows = (which == s) & (measured == m)
            if not rows.any():
                continue
            own = np.full(len(examples), np.nan)
            seen = np.zeros(len(examples), dtype=bool)
            own[example[rows]], seen[example[rows]] = values[rows], exposed[rows]
            by_system[system_id] = own, seen
            there = ~np.isnan(own)
            mean = level(metric, own[there], groups[there])
            means.append(MeanScore(system_id, metric, mean, int(seen.sum())))
        for a, b in combinations(by_system, 2):
            differences.append(_difference(metric, a, b, by_system[a], by_system[b], groups))
    return ScoreTable(tuple(means), tuple(differences))


def _groups(table: Any, example: NDArray[np.int64], examples: int) -> NDArray[np.int64]:
    """The near-duplicate group of each example; each its own where none are given."""
    groups = np.arange(examples)
    if "group_id" in table.column_names:
        groups[example] = _codes(table, "group_id")[1]
    return groups


def level(metric: str, values: Values, groups: NDArray[np.int64]) -> Estimate:
    """The mean with its interval by group: exact for shares of examples that stand alone."""
    if metric_named(metric).is_share:
        return clustered_proportion((values == 1).tolist(), groups.tolist())
    bounds = metric_named(metric).bounds
    rng = np.random.default_rng(SEED)
    return clustered_mean(values.tolist(), groups.tolist(), rng, bounds=bounds)


def _difference(
    metric: str,
    baseline: str,
    candidate: str,
    first: tuple[Values, NDArray[np.bool_]],
    second: tuple[Values, NDArray[np.bool_]],
    groups: NDArray[np.int64],
) -> ScoreDifference:
    both = ~np.isnan(first[0]) & ~np.isnan(second[0])
    seen = both & (first[1] | second[1])
    fair = both & ~seen
    difference = paired_difference(
        first[0][fair].tolist(),
        second[0][fair].tolist(),
        groups[fair].tolist(),
        np.random.default_rng(SEED),
        bounds=metric_named(metric).bounds,
    )
    mean = float(first[0][fair].mean()) if fair.any() else None
    return ScoreDifference(
        baseline, candidate, metric, difference, int(seen.sum()), baseline_mean=mean
    )


def _codes(table: Any, column: str) -> tuple[list[str], NDArray[np.int64]]:
    """The distinct values in order, and each row's place among them: the rows' order says nothing,
    so that the same scores always give the same intervals."""
    found = table.column(column).combine_chunks().dictionary_encode()
    values = np.array(found.dictionary.to_pylist(), dtype=object)
    order = np.argsort(values)
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    codes = found.indices.to_numpy(zero_copy_only=False)
    return values[order].tolist(), place[codes] if len(order) else codes
