"""Automatic scores per system: intervals, the paired difference to a baseline, and labels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.study.sentences import compared, says_words, written
from core.workflows.evaluation import results
from core.workflows.evaluation.results import SystemScores
from pages.components import charts, page, session
from pages.evaluation.result_charts import download, metric_name, scores_chart

if TYPE_CHECKING:
    from pages.components.session import StoreType

WIDTHS: dict[str, Any] = {
    "Metric": st.column_config.TextColumn(width=115),
    "Finding": st.column_config.TextColumn(width=180),
}
FIRST = ("token_f1", "rougeL", "rouge1", "rouge2", "exact_match")


def score_results(store: StoreType, actor: Actor, version_id: str) -> None:
    """Draw the scores of every scored system of a version."""
    stamp = results.stamp(store, actor, version_id=version_id)
    first = _report(store, actor, version_id, None, stamp)
    if not first:
        page.empty(
            "No scored answers yet",
            "Let systems answer the examples of this version; scoring starts by itself.",
            "evaluation/generate.py",
            "Generate",
        )
        return
    names = {s.system["system_id"]: s.system["name"] for s in first}
    default = next((s.system["system_id"] for s in first if not s.against), next(iter(names)))
    left, right = st.columns(2)
    baseline = left.selectbox(
        "Compared with (baseline)", list(names), index=list(names).index(default),
        format_func=names.__getitem__, key=f"baseline {version_id}",
    )  # fmt: skip
    metrics = sorted({m for s in first for m in s.metrics}, key=_order)
    metric = right.selectbox("Metric", metrics, format_func=metric_name, key="results_metric")
    report = _report(store, actor, version_id, baseline, stamp)
    colours = _colours(report, baseline)
    gold = next((i for i, colour in colours.items() if colour == charts.TUNED), "")
    said = _sentences(report, metric, names[baseline])
    title = said.pop(gold, f"{metric_name(metric).capitalize()} of {names[baseline]}")
    scores_chart(title, report, metric, colours)
    if said:
        st.text("\n".join(said.values()))
    _table(report, metrics, names[baseline])
    _labels(report)
    for scores in report:
        for warning in scores.system["summary"].get("warnings", ()):
            st.text(f"⚠ {scores.system['name']}: {warning}")
    label = "Ask people: open a blind study"
    st.page_link("evaluation/studies.py", label=label, icon=":material/arrow_forward:")


def _report(
    store: StoreType, actor: Actor, version_id: str, baseline: str | None, stamp: str
) -> list[SystemScores]:
    return session.kept(
        f"scores {version_id} {baseline}",
        stamp,
        lambda: results.score_report(store, actor, version_id, baseline),
    )


def _order(metric: str) -> tuple[int, str]:
    return (FIRST.index(metric) if metric in FIRST else len(FIRST), metric)


def _sentences(report: Sequence[SystemScores], metric: str, baseline: str) -> dict[str, str]:
    """System id → what may be said of it against the baseline."""
    return {
        s.system["system_id"]: compared(
            s.system["name"], baseline, metric_name(metric), *s.against[metric]
        )
        for s in report
        if metric in s.against
    }


def _colours(report: Sequence[SystemScores], baseline: str) -> dict[str, str]:
    """The baseline slate, a tuned system (or the only other one) gold, the rest told apart."""
    rest = [c for c in charts.SERIES if c not in (charts.BASE, charts.TUNED)]
    others = [s.system for s in report if s.system["system_id"] != baseline]
    gold = next((s for s in others if s["kind"] == "tuned"), others[-1] if others else None)
    found = {baseline: charts.BASE}
    for k, system in enumerate(others):
        found[system["system_id"]] = charts.TUNED if system is gold else rest[k % len(rest)]
    return found


def _table(report: Sequence[SystemScores], metrics: Sequence[str], baseline: str) -> None:
    st.subheader("Every metric", anchor=False)
    rows: list[dict[str, Any]] = []
    for metric in metrics:
        for scores in report:
            if metric not in scores.metrics:
                continue
            row = {
                "Metric": metric_name(metric),
                "System": scores.system["name"],
                "Mean (95 % interval)": written(scores.metrics[metric], 3),
                "Difference to baseline": "baseline",
                "Finding": "",
            }
            if metric in scores.against:
                difference, says = scores.against[metric]
                row["Difference to baseline"] = written(difference, 3)
                row["Finding"] = says_words(says)
            rows.append(row)
    st.dataframe(rows, hide_index=True, height="content", column_config=WIDTHS)
    download(rows, "scores.csv")
    st.caption(
        "Means with bootstrap intervals over examples; exact match and fields with exact ones. "
        "Differences are paired: the same example under both systems. Several metrics at once "
        "make one chance finding likelier."
    )


def _labels(report: Sequence[SystemScores]) -> None:
    with_labels = [s for s in report if s.system["summary"].get("label_report")]
    if not with_labels:
        return
    st.subheader("Labels", anchor=False)
    rows = []
    for scores in with_labels:
        found = scores.system["summary"]["label_report"]
        for label, one in found["classes"].items():
            rows.append(
                {
                    "System": scores.system["name"],
                    "Label": label,
                    "Precision": one["precision"],
                    "Recall": one["recall"],
                    "F1": one["f1"],
                    "In references": one["support"],
                    "Answered": one["answered"],
                    "Macro F1 of the system": found["macro_f1"],
                }
            )
    number = st.column_config.NumberColumn(format="%.3f")
    columns = ("Precision", "Recall", "F1", "Macro F1 of the system")
    st.dataframe(
        rows, hide_index=True, height="content", column_config=dict.fromkeys(columns, number)
    )
    download(rows, "labels.csv")
