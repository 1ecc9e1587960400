"""Systems of a file of predictions against the first of them, on the ids that both have."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from core.scoring.corpus import Table, corpus_difference
from core.scoring.corpus_metrics import CORPUS_METRICS
from core.scoring.metrics import metric
from core.scoring.prediction_file import Prediction
from core.statistics.estimates import Better, Estimate, negated, paired_difference, says_better

SEED = 11
ROUNDING = 1e-12
"""What two values of a metric may differ by and be equal."""


@dataclass(frozen=True)
class Difference:
    """Second system minus first on the ids that both have; shares of ids better, equal, worse:
    None for a metric of which neither more nor less is better."""

    metric: str
    first: str
    second: str
    difference: Estimate
    ids: int
    better: float | None = None
    equal: float | None = None
    worse: float | None = None
    says: Better = "not shown"


@dataclass(frozen=True)
class Pairing:
    """The lines of two systems that answer the same: `lines` are indices into the predictions,
    `groups` numbers the near-duplicate groups that either line of a pair joins."""

    first: str
    second: str
    lines: Sequence[tuple[int, int]]
    groups: Sequence[int]


def pairings(
    predictions: Sequence[Prediction], by_system: Mapping[str, Sequence[int]]
) -> list[Pairing]:
    """Every system with the first one, on the ids that stand once in each; none without any."""
    systems = list(by_system)
    first = _once(predictions, by_system[systems[0]])
    found = []
    for system in systems[1:]:
        second = _once(predictions, by_system[system])
        lines = [(first[name], second[name]) for name in first if name in second]
        groups = joined([(predictions[a].group, predictions[b].group) for a, b in lines])
        if lines:
            found.append(Pairing(systems[0], system, lines, groups))
    return found


def difference(name: str, pairing: Pairing, values: Sequence[float]) -> Difference:
    """The second system minus the first on one metric; `values` has one for each prediction."""
    systems = pairing.first, pairing.second
    low = [values[a] for a, _ in pairing.lines]
    high = [values[b] for _, b in pairing.lines]
    rng, bounds = np.random.default_rng(SEED), metric(name).bounds
    found = paired_difference(low, high, pairing.groups, rng, bounds=bounds)
    higher = metric(name).higher_is_better
    if higher is None:
        return Difference(name, *systems, found, len(low))
    ahead = [(b - a) if higher else (a - b) for a, b in zip(low, high, strict=True)]
    ahead = [0.0 if abs(one) < ROUNDING else one for one in ahead]
    n = len(ahead)
    return Difference(
        name,
        *systems,
        found,
        n,
        better=sum(one > 0 for one in ahead) / n,
        equal=sum(one == 0 for one in ahead) / n,
        worse=sum(one < 0 for one in ahead) / n,
        says=says_better(found if higher else negated(found)),
    )


def _once(predictions: Sequence[Prediction], own: Sequence[int]) -> dict[str, int]:
    """Id → index of the ids that a system has once."""
    places: dict[str, list[int]] = {}
    for index in own:
        places.setdefault(predictions[index].id, []).append(index)
    return {name: found[0] for name, found in places.items() if len(found) == 1}


def corpus_differences(name: str, table: Table, pairs: Sequence[Pairing]) -> list[Difference]:
    """The second system's corpus value minus the first's, for each pairing; `table` has the counts
    of every line."""
    found = []
    for pair in pairs:
        first, second = (table[list(side)] for side in zip(*pair.lines, strict=True))
        estimate = corpus_difference(CORPUS_METRICS[name], first, second, pair.groups)
        says = says_better(estimate)
        found.append(Difference(name, pair.first, pair.second, estimate, len(first), says=says))
    return found


def joined(pairs: Sequence[tuple[str, str]]) -> list[int]:
    """A cluster for each pair of groups: pairs that share a group, or are joined by others that
    do, have the same (union-find)."""
    parent: dict[str, str] = {}

    def root(group: str) -> str:
        while parent.setdefault(group, group) != group:
            parent[group] = parent[parent[group]]
            group = parent[group]
        return group

    for one, other in pairs:
        parent[root(one)] = root(other)
    numbers: dict[str, int] = {}
    return [numbers.setdefault(root(one), len(numbers)) for one, _ in pairs]


def not_compared(
    predictions: Sequence[Prediction], by_system: Mapping[str, Sequence[int]]
) -> list[str]:
    """Of which systems the differences rest on some of the lines only, or on none."""
    systems = list(by_system)
    ids = {system: _once(predictions, own) for system, own in by_system.items()}
    found = []
    for system in systems[1:]:
        shared = ids[systems[0]].keys() & ids[system].keys()
        most = max(len(by_system[systems[0]]), len(by_system[system]))
        if len(shared) < most:
            found.append(
                f"“{system}” and “{systems[0]}” share {len(shared)} ids that stand once in each"
                f"{': they are compared on those alone.' if shared else ' and are not compared.'}"
            )
        unlike = sum(
            predictions[ids[system][one]].reference != predictions[ids[systems[0]][one]].reference
            for one in shared
        )
        if unlike:
            found.append(
                f"{unlike} ids have another reference for “{system}” than for “{systems[0]}”."
            )
    return found
