"""Automatic scores per system: intervals, the paired difference to a baseline, and labels."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.scoring.metrics import metric as metric_named
from core.study.sentences import compared, says_words, written
from core.wording import begun
from core.workflows.evaluation import score_report, scoring
from core.workflows.evaluation.reports import Report
from core.workflows.evaluation.score_report import ScoreReport, SystemScores
from pages.components import charts, page, session
from pages.components.errors import attempt
from pages.components.job_view import live
from pages.evaluation.caveats import show_differences, show_reason
from pages.evaluation.contamination_view import contamination_view
from pages.evaluation.label_results import label_results
from pages.evaluation.metrics_on_request import metrics_on_request
from pages.evaluation.result_charts import download, metric_name, scores_chart
from pages.evaluation.score_slices import score_slices
from pages.evaluation.score_tables import finish_table
from pages.evaluation.systems_table import older_settings

if TYPE_CHECKING:
    from pages.components.session import StoreType

WIDTHS: dict[str, Any] = {
    "Metric": st.column_config.TextColumn(width=115),
    "Finding": st.column_config.TextColumn(width=180),
}
SPLITS = {"test": "Test", "validation": "Validation", "train": "Train"}


def score_results(store: StoreType, actor: Actor, version_id: str) -> None:
    """Draw the scores of every scored system of a version on one split."""
    stamp = score_report.score_stamp(store, actor, version_id)
    first = _report(store, actor, version_id, None, None, stamp).content
    if first is not None and not first.systems:
        if not scoring.has_references(store, actor, version_id):
            page.empty(
                "No scores without references",
                scoring.NOTHING_TO_SCORE,
                "evaluation/studies.py",
                "Studies",
            )
            return
        page.empty(
            "No scored answers yet",
            "Let systems answer the examples of this version; scoring starts by itself.",
            "evaluation/generate.py",
            "Generate",
        )
        return
    report = _chosen(store, actor, version_id, first, stamp)
    if report is None:
        return
    metric = session.widget_value("results_metric")
    if metric not in report.metrics:
        metric = report.metrics[0]
    older_settings(store, actor, version_id)
    _chart(report, metric)
    _unlike(store, actor, version_id, report)
    _table(report)
    finish_table(report)
    label_results(store, actor, version_id, report, stamp)
    score_slices(store, actor, version_id, report, metric)
    metrics_on_request(store, actor, version_id, report)
    contamination_view(store, actor, version_id, report, metric)
    for scores in report.systems:
        for warning in scores.system.summary.get("warnings", ()):
            st.text(f"⚠ {scores.system.name}: {warning}")
    if actor.has(session.project().project_id, "lead"):
        label = "Ask people: open a blind study"
        st.page_link("evaluation/studies.py", label=label, icon=":material/arrow_forward:")


def _chosen(
    store: StoreType, actor: Actor, version_id: str, first: ScoreReport | None, stamp: str
) -> ScoreReport | None:
    """The report of the chosen split and baseline, or None while a worker computes it."""
    if first is None:
        live(_report(store, actor, version_id, None, None, stamp).job_id)
        return None
    left, middle, right = st.columns(3)
    splits = list(first.splits)
    split = left.selectbox(
        "Split", splits, index=splits.index(first.split),
        format_func=lambda s: SPLITS.get(s, s), key=f"results_split {version_id}",
    )  # fmt: skip
    report = _report(store, actor, version_id, None, split, stamp)
    if report.content is None:
        live(report.job_id)
        return None
    names = {s.system.system_id: s.system.name for s in report.content.systems}
    baseline = middle.selectbox(
        "Baseline", list(names), index=list(names).index(report.content.baseline_id),
        format_func=names.__getitem__, key=f"baseline {version_id} {split}",
    )  # fmt: skip
    right.selectbox("Metric", report.content.metrics, format_func=metric_name, key="results_metric")
    return _report(store, actor, version_id, baseline, split, stamp).content


def _report(
    store: StoreType,
    actor: Actor,
    version_id: str,
    baseline: str | None,
    split: str | None,
    stamp: str,
) -> Report[ScoreReport]:
    name = f"scores {version_id} {baseline} {split}"
    found = session.kept(
        name,
        stamp,
        lambda: score_report.score_report(
            store, actor, version_id, baseline_id=baseline, split=split
        ),
    )
    if found.content is None:  # the worker's result comes under the same stamp
        session.forget(name)
    return found


def _chart(report: ScoreReport, metric: str) -> None:
    colours = _colours(report)
    gold = next((i for i, colour in colours.items() if colour == charts.CANDIDATE), "")
    baseline = _name(report, report.baseline_id)
    said = _sentences(report.systems, metric, baseline)
    title = said.pop(gold, f"{begun(metric_name(metric))} of {baseline}")
    scores_chart(title, report.systems, metric, colours)
    if said:
        st.text("\n".join(said.values()))


def _name(report: ScoreReport, system_id: str) -> str:
    return next(s.system.name for s in report.systems if s.system.system_id == system_id)


def _sentences(systems: Sequence[SystemScores], metric: str, baseline: str) -> dict[str, str]:
    """System id → what may be said of it against the baseline."""
    found = {}
    for s in systems:
        if metric in s.against:
            one = s.against[metric]
            difference = compared(
                s.system.name, baseline, metric_name(metric), one.difference, one.says
            )
            said = f"{s.system.name}: {one.note}" if one.note else difference
            found[s.system.system_id] = said
    return found


def _colours(report: ScoreReport) -> dict[str, str]:
    """The baseline slate, the last tuned system (or the last other one) gold, the rest apart."""
    rest = [c for c in charts.SERIES if c not in (charts.BASELINE, charts.CANDIDATE)]
    others = [s.system for s in report.systems if s.system.system_id != report.baseline_id]
    tuned = [s for s in others if s.kind == "tuned"] or others
    found = {report.baseline_id: charts.BASELINE}
    for k, system in enumerate(others):
        gold = system is tuned[-1]
        found[system.system_id] = charts.CANDIDATE if gold else rest[k % len(rest)]
    return found


def _unlike(store: StoreType, actor: Actor, version_id: str, report: ScoreReport) -> None:
    """Name in what systems were asked unlike the baseline, and why they are compared."""
    for scores in report.systems:
        if not scores.differences:
            continue
        with st.container(border=True):
            show_differences(scores.differences, scores.system.name)
            if scores.reason:
                said = scores.reason
                show_reason(said, "compares them all the same")
            elif scores.is_refused and actor.has(session.project().project_id, "lead"):
                _reason_form(store, actor, version_id, report.baseline_id, scores)


def _reason_form(
    store: StoreType, actor: Actor, version_id: str, baseline_id: str, scores: SystemScores
) -> None:
    candidate_id = scores.system.system_id
    with st.form(f"unlike {baseline_id} {candidate_id}", border=False):
        reason = st.text_area(
            "Not compared. If the scores should be compared all the same, write why",
            max_chars=2000, height=80,
        )  # fmt: skip
        if st.form_submit_button("Compare", icon=":material/edit_note:"):
            save = partial(
                score_report.compare_all_the_same, store, actor, version_id, baseline_id,
                candidate_id, reason,
            )  # fmt: skip
            attempt(save, "Saved.")


def _table(report: ScoreReport) -> None:
    st.subheader("Every metric", anchor=False)
    rows: list[dict[str, Any]] = []
    for metric in report.metrics:
        for scores in report.systems:
            if metric in scores.means:
                rows.append(_row(report, scores, metric))
    st.dataframe(rows, hide_index=True, height="content", column_config=WIDTHS)
    download(rows, "scores.csv")
    exposed = sum(m.exposed for s in report.systems for m in s.means.values())
    st.caption(
        "Means with bootstrap intervals over examples; exact match and fields with exact ones. "
        "Differences are paired: the same example under both systems"
        + (
            ", without examples that one of them was trained on or shown. "
            "A mean over such examples says how well they were learned."
            if exposed
            else "."
        )
        + " Several metrics at once make one chance finding likelier."
        + "".join(f" {note}" for name in report.metrics if (note := metric_named(name).note))
    )


def _row(report: ScoreReport, scores: SystemScores, metric: str) -> dict[str, Any]:
    row = {
        "Metric": metric_name(metric),
        "System": scores.system.name,
        "Mean (95 % interval)": written(scores.means[metric].mean, 3),
        "Difference to baseline": "baseline",
        "Finding": "",
    }
    if metric in scores.against:
        one = scores.against[metric]
        row["Difference to baseline"] = written(one.difference, 3)
        row["Finding"] = one.note or says_words(one.says)
    elif scores.system.system_id != report.baseline_id:
        row["Difference to baseline"] = "—"
        row["Finding"] = "not compared: asked differently"
    return row
