"""Scores of a file of predictions: per metric and system, with intervals, and per line.

found = score_file(read_predictions(path), chosen_metrics(["rougeL", "token_f1"]))
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.errors import InvalidInput
from core.scoring.labels import LabelReport, label_report, normal_label, parsed_label
from core.scoring.metrics import METRICS, NAMES_TOLD, ON_REQUEST, Metric
from core.scoring.prediction_file import Prediction
from core.scoring.rouge_variants import CLASSIC
from core.scoring.words import has_words_cut_by_rouge, has_words_unseen_by_rouge
from core.statistics.estimates import (
    Better,
    Estimate,
    clustered_mean,
    clustered_proportion,
    negated,
    paired_difference,
    says_better,
)

SEED = 11
ROUNDING = 1e-12
"""What two values of a metric may differ by and be equal."""
LABEL_METRICS = ("label_accuracy", "label_parsed")
EVERY = {metric.name: metric for metric in (*METRICS, *ON_REQUEST)}


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
class FileScores:
    """`values`: metric → one value per prediction. `means`: metric → system → mean and interval."""

    predictions: Sequence[Prediction]
    values: Mapping[str, Sequence[float]]
    means: Mapping[str, Mapping[str, Estimate]]
    differences: Sequence[Difference]
    labels: Mapping[str, LabelReport]
    warnings: Sequence[str]


def chosen_metrics(names: Sequence[str]) -> list[Metric]:
    """The metrics of these names; without names those that every answer gets, "all" for each.

    Raises InvalidInput for an unknown name.
    """
    if "all" in names:
        return list(EVERY.values())
    if unknown := [name for name in names if name not in EVERY]:
        raise InvalidInput(f"There is no metric “{unknown[0]}”. There are {NAMES_TOLD}.")
    return [EVERY[name] for name in dict.fromkeys(names)] if names else list(METRICS)


def score_file(predictions: Sequence[Prediction], metrics: Sequence[Metric]) -> FileScores:
    """Score every prediction by every metric, and by its label where there is one."""
    values = {**_values(predictions, metrics), **_label_values(predictions)}
    by_system: dict[str, list[int]] = {}
    for index, one in enumerate(predictions):
        by_system.setdefault(one.system, []).append(index)
    means = {
        name: {system: _mean(name, own, predictions, given) for system, own in by_system.items()}
        for name, given in values.items()
    }
    return FileScores(
        predictions,
        values,
        means,
        _differences(predictions, by_system, values),
        _reports(predictions, by_system),
        [*_warnings(predictions, metrics), *_not_compared(predictions, by_system)],
    )


def _values(
    predictions: Sequence[Prediction], metrics: Sequence[Metric]
) -> dict[str, Sequence[float]]:
    functions = {metric.name: metric.function for metric in metrics if metric.function}
    # Line by line, as the metrics share the words of a text.
    rows = [
        [function(one.reference, one.prediction) for function in functions.values()]
        for one in predictions
    ]
    return dict(zip(functions, zip(*rows, strict=True), strict=True))


def _label_values(predictions: Sequence[Prediction]) -> dict[str, list[float]]:
    if predictions[0].label is None:
        return {}
    wanted = [normal_label(one.label or "") for one in predictions]
    known = set(wanted)
    given = [parsed_label(one.prediction, known) for one in predictions]
    hits = [float(want == give) for want, give in zip(wanted, given, strict=True)]
    return dict(zip(LABEL_METRICS, (hits, [float(g is not None) for g in given]), strict=True))


def _mean(
    name: str, own: Sequence[int], predictions: Sequence[Prediction], values: Sequence[float]
) -> Estimate:
    groups = [predictions[index].group for index in own]
    mine = [values[index] for index in own]
    if _is_share(name):
        return clustered_proportion([value == 1 for value in mine], groups)
    return clustered_mean(mine, groups, np.random.default_rng(SEED))


def _is_share(name: str) -> bool:
    return name in LABEL_METRICS or EVERY[name].is_share


def _differences(
    predictions: Sequence[Prediction],
    by_system: Mapping[str, Sequence[int]],
    values: Mapping[str, Sequence[float]],
) -> list[Difference]:
    """Every system against the first one, on the ids that stand once in each."""
    systems = list(by_system)
    first = _once(predictions, by_system[systems[0]])
    found = []
    for system in systems[1:]:
        second = _once(predictions, by_system[system])
        shared = [name for name in first if name in second]
        if not shared:
            continue
        lines = [(predictions[first[name]], predictions[second[name]]) for name in shared]
        groups = joined([(one.group, other.group) for one, other in lines])
        for metric, given in values.items():
            low = [given[first[name]] for name in shared]
            high = [given[second[name]] for name in shared]
            found.append(_difference(metric, (systems[0], system), low, high, groups))
    return found


def _once(predictions: Sequence[Prediction], own: Sequence[int]) -> dict[str, int]:
    """Id → index of the ids that a system has once."""
    places: dict[str, list[int]] = {}
    for index in own:
        places.setdefault(predictions[index].id, []).append(index)
    return {name: found[0] for name, found in places.items() if len(found) == 1}


def _difference(
    metric: str,
    systems: tuple[str, str],
    low: Sequence[float],
    high: Sequence[float],
    groups: Sequence[int],
) -> Difference:
    difference = paired_difference(low, high, groups, np.random.default_rng(SEED))
    higher = metric in LABEL_METRICS or EVERY[metric].higher_is_better
    if higher is None:
        return Difference(metric, *systems, difference, len(low))
    ahead = [(b - a) if higher else (a - b) for a, b in zip(low, high, strict=True)]
    ahead = [0.0 if abs(one) < ROUNDING else one for one in ahead]
    n = len(ahead)
    return Difference(
        metric,
        *systems,
        difference,
        n,
        better=sum(one > 0 for one in ahead) / n,
        equal=sum(one == 0 for one in ahead) / n,
        worse=sum(one < 0 for one in ahead) / n,
        says=says_better(difference if higher else negated(difference)),
    )


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


def _reports(
    predictions: Sequence[Prediction], by_system: Mapping[str, Sequence[int]]
) -> dict[str, LabelReport]:
    if predictions[0].label is None:
        return {}
    return {
        system: label_report(
            [predictions[index].label or "" for index in own],
            [predictions[index].prediction for index in own],
        )
        for system, own in by_system.items()
    }


def _warnings(predictions: Sequence[Prediction], metrics: Sequence[Metric]) -> list[str]:
    found = []
    n = len(predictions)
    kinds = [m.label.split(",")[0] for m in metrics if m.name in CLASSIC]
    classic = ", ".join(dict.fromkeys(kinds))
    for done, how in ((has_words_unseen_by_rouge, "drop"), (has_words_cut_by_rouge, "cut up")):
        lines = classic and sum(done(one.reference) or done(one.prediction) for one in predictions)
        if lines:
            found.append(
                f"{classic}: {how} words in {lines} of {n} lines, as they know a-z and 0-9 only. "
                "Read token_f1, or ask for rougeL_unicode."
            )
    if empty := sum(not one.prediction.strip() for one in predictions):
        found.append(f"{empty} of {n} predictions are empty.")
    return found


def _not_compared(
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


def scores_json(found: FileScores) -> dict[str, Any]:
    """Plain values: per metric and system mean, low, high, n (lines) and groups."""
    count: dict[str, int] = {}
    for one in found.predictions:
        count[one.system] = count.get(one.system, 0) + 1
    return {
        "lines": len(found.predictions),
        "systems": list(count),
        "metrics": {
            metric: {
                system: {
                    "mean": one.value,
                    "low": one.low,
                    "high": one.high,
                    "n": count[system],
                    "groups": one.n,
                    "interval": f"{one.kind}, {one.method}",
                }
                for system, one in by_system.items()
            }
            for metric, by_system in found.means.items()
        },
        "differences": [
            {
                "metric": one.metric,
                "from": one.first,
                "to": one.second,
                "mean": one.difference.value,
                "low": one.difference.low,
                "high": one.difference.high,
                "ids": one.ids,
                "groups": one.difference.n,
                "better": one.better,
                "equal": one.equal,
                "worse": one.worse,
                "verdict": one.says,
            }
            for one in found.differences
        ],
        "labels": {system: _report_json(report) for system, report in found.labels.items()},
        "warnings": list(found.warnings),
    }


def _report_json(report: LabelReport) -> dict[str, Any]:
    return {
        "accuracy": report.accuracy,
        "macro_f1": report.macro_f1,
        "classes": {
            name: {"precision": c.precision, "recall": c.recall, "f1": c.f1, "support": c.support}
            for name, c in report.classes.items()
        },
    }


def write_per_example(found: FileScores, path: Path) -> None:
    """One JSON object a line: id, system, and one key per metric."""
    with path.open("w", encoding="utf-8") as file:
        for index, one in enumerate(found.predictions):
            row = {name: given[index] for name, given in found.values.items()}
            line = {"id": one.id, "system": one.system, **row}
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
