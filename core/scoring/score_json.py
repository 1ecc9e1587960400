"""The scores of a file as plain values for JSON, and as one line per prediction."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.scoring.code_sandbox import Limits
from core.scoring.corpus_metrics import CORPUS_METRICS
from core.scoring.file_differences import Difference
from core.scoring.label_scores import LabelScores
from core.scoring.pass_at_k import CodeScores
from core.scoring.score_file import FileScores
from core.scoring.slices import SliceReport
from core.statistics.estimates import Estimate


def scores_json(found: FileScores) -> dict[str, Any]:
    """Plain values: per metric and system mean, low, high, n (lines) and groups."""
    count = Counter(one.system for one in found.predictions)
    return {
        "lines": len(found.predictions),
        "systems": list(count),
        "metrics": {
            metric: {
                system: {"mean": one.value, **_interval(one, count[system])}
                for system, one in by_system.items()
            }
            for metric, by_system in found.means.items()
        },
        "differences": [_difference(one) for one in found.differences],
        "corpus": {
            name: {
                "note": CORPUS_METRICS[name].note,
                "settings": CORPUS_METRICS[name].settings(),
                "systems": {
                    system: {"value": one.value, **_interval(one, count[system])}
                    for system, one in scores.values.items()
                },
                "differences": [_difference(one) for one in scores.differences],
            }
            for name, scores in found.corpus.items()
        },
        "labels": {system: _labels(scores) for system, scores in found.labels.items()},
        "warnings": list(found.warnings),
    }


def _interval(one: Estimate, lines: int) -> dict[str, Any]:
    return {
        "low": one.low,
        "high": one.high,
        "n": lines,
        "groups": one.n,
        "interval": f"{one.kind}, {one.method}",
    }


def _difference(one: Difference) -> dict[str, Any]:
    return {
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


def _labels(found: LabelScores) -> dict[str, Any]:
    classes = {
        name: {
            **_named("precision", one.precision),
            **_named("recall", one.recall),
            **_named("f1", one.f1),
            "support": one.support,
            "answered": one.answered,
        }
        for name, one in zip(found.names, found.classes, strict=True)
    }
    return {
        **_named("accuracy", found.accuracy),
        **_named("macro_f1", found.macro_f1),
        "classes": classes,
        "confusion": {
            "references": list(found.names),
            "predictions": found.columns,
            "counts": [list(row) for row in found.matrix],
        },
    }


def _named(name: str, one: Estimate) -> dict[str, Any]:
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def slices_json(report: SliceReport) -> dict[str, Any]:
    """Plain values of slices; `p` is corrected."""
    return {
        "by": report.by,
        "corrected_for": report.corrected_for,
        "correction": "Holm, for each metric over the slices and systems that were tested",
        "slices": [
            {
                "name": one.name,
                "metrics": {
                    metric: {
                        system: {"mean": mean.value, **_interval(mean, one.lines[system])}
                        for system, mean in means.items()
                    }
                    for metric, means in one.means.items()
                },
                "differences": [
                    {**_difference(apart.difference), "p": apart.p, "verdict": apart.says}
                    for apart in one.differences
                ],
            }
            for one in report.slices
        ],
    }


def code_json(found: CodeScores, limits: Limits) -> dict[str, Any]:
    """Plain values of pass@k: n counts ids."""
    return {
        "estimator": "1 - C(n - c, k) / C(n, k) for each id, of n tries of which c passed",
        "limits": asdict(limits),
        "tries": {s: sum(task.tries for task in own) for s, own in found.tasks.items()},
        "pass_at_k": {
            str(k): {
                system: {"value": one.value, **_interval(one, len(found.tasks[system]))}
                for system, one in by_system.items()
            }
            for k, by_system in found.values.items()
        },
        "differences": [_difference(one) for one in found.differences],
        "failures": {system: dict(reasons) for system, reasons in found.failures.items()},
    }


def write_per_example(found: FileScores, path: Path, code: CodeScores | None = None) -> None:
    """One JSON object a line: id, system, and one key per metric; of code also why it failed."""
    with path.open("w", encoding="utf-8") as file:
        for index, one in enumerate(found.predictions):
            row = {name: given[index] for name, given in found.values.items()}
            line: dict[str, Any] = {"id": one.id, "system": one.system, **row}
            if code and not code.outcomes[index].passed:
                line["failure"] = code.outcomes[index].reason
            file.write(json.dumps(line, ensure_ascii=False) + "\n")
