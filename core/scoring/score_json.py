"""The scores of a file as plain values for JSON, and as one line per prediction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from core.scoring.labels import LabelReport
from core.scoring.score_file import FileScores


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
