"""A new metric is one entry and one function: everything else reads the table."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

from core.scoring import answers, metrics
from core.scoring.answers import Answer, ScoringPlan, score_answers
from core.scoring.metrics import Metric, in_order, metric
from core.scoring.score_table import score_table


def length_error(reference: str, text: str) -> float:
    """By how many characters the lengths differ."""
    return float(abs(len(reference) - len(text)))


def test_one_entry_adds_a_metric_to_scores_summaries_tables_and_verdicts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    new = Metric("length_error", "length error", length_error, higher_is_better=False)
    table = (*metrics.METRICS, new)
    monkeypatch.setattr(metrics, "METRICS", table)
    monkeypatch.setattr(answers, "METRICS", table)
    monkeypatch.setattr(metrics, "_BY_NAME", {m.name: m for m in table})
    given = [
        Answer(system, f"e{k}", "r", "four", "x" * (4 if system == "good" else 40))
        for k in range(20)
        for system in ("bad", "good")
    ]
    rows, summaries = score_answers(given, ScoringPlan())
    assert summaries["good"].metrics["length_error"] == 0
    assert in_order({"field:a", "length_error", "rougeL"}) == ["rougeL", "length_error", "field:a"]
    assert metric("length_error").label == "length error"
    found = score_table(
        pa.table(
            {
                "system_id": [r.system_id for r in rows],
                "example_id": [r.example_id for r in rows],
                "metric": [r.metric for r in rows],
                "value": np.array([r.value for r in rows]),
                "exposed": [False] * len(rows),
            }
        )
    )
    difference = found.difference("bad", "good", "length_error")
    assert difference is not None
    # Lower is better: the difference is negative, and the candidate is better.
    assert (difference.difference.value, difference.says) == (-36.0, "better")
    turned = found.difference("good", "bad", "length_error")
    assert turned is not None
    assert (turned.difference.value, turned.says) == (36.0, "worse")


def test_the_settings_of_scores_change_with_the_fields_and_the_scorers_version(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plan = ScoringPlan("extraction", ("a",), "a")
    assert plan.hash == ScoringPlan.from_json(plan.to_json()).hash
    assert plan.hash != ScoringPlan("extraction", ("a", "b"), "a").hash
    before = plan.hash
    monkeypatch.setattr(answers, "SCORER_VERSION", 99)
    assert plan.hash != before


def test_the_score_table_counts_near_duplicates_as_one_example() -> None:
    rng = np.random.default_rng(4)
    lasting = rng.random((2, 30))
    columns = {
        "system_id": ["bad", "good"] * 150,
        "position": [k // 2 for k in range(300)],
        "group_id": [f"g{k // 10}" for k in range(300)],
        "metric": ["rougeL"] * 300,
        "value": np.array([0.5 * lasting[k % 2, k // 10] + 0.2 * (k % 2) for k in range(300)]),
        "exposed": [False] * 300,
    }
    grouped = score_table(pa.table(columns))
    alone = score_table(pa.table({k: v for k, v in columns.items() if k != "group_id"}))
    for found, n in ((grouped, 30), (alone, 150)):
        mean, difference = found.mean("good", "rougeL"), found.difference("bad", "good", "rougeL")
        assert mean is not None
        assert difference is not None
        assert (mean.mean.n, difference.difference.n) == (n, n)
    by_group, by_line = grouped.differences[0].difference, alone.differences[0].difference
    assert by_group.value == pytest.approx(by_line.value)
    assert by_group.low is not None
    assert by_line.low is not None
    assert by_group.low < by_line.low
