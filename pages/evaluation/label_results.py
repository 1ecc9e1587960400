"""The label report on Results: accuracy, macro F1, each label, and what was taken for what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.scoring.answer_report import AnswerReport, SystemLabels
from core.scoring.labels import NO_LABEL
from core.statistics.estimates import Estimate
from core.study.sentences import written
from core.workflows.evaluation import answer_reports
from core.workflows.evaluation.score_report import ScoreReport
from pages.components import charts, page, session
from pages.components.errors import escaped
from pages.components.job_view import live
from pages.evaluation.result_charts import download

if TYPE_CHECKING:
    from pages.components.session import StoreType

MOST_CELLS = 20
"""Labels up to which the counts are written into the chart's cells."""


def label_results(
    store: StoreType, actor: Actor, version_id: str, report: ScoreReport, stamp: str
) -> None:
    """Draw the labels of a split, where the project has a label to read."""
    if not answer_reports.has_labels(store, actor, version_id):
        return
    st.subheader("Labels", anchor=False)
    name = f"labels {version_id} {report.split} {report.baseline_id}"
    found = session.kept(
        name,
        stamp,
        lambda: answer_reports.label_report(
            store, actor, version_id, report.split, report.baseline_id
        ),
    )
    if found.content is None:  # the worker's result comes under the same stamp
        session.forget(name)
        live(found.job_id)
        return
    if not found.content.labels:
        st.caption("No reference of this split has a label, or a system has seen every example.")
        return
    names = {s.system.system_id: s.system.name for s in report.systems}
    shown = {names[i]: one for i, one in found.content.labels.items() if i in names}
    _overview(shown)
    _classes(shown)
    _confusion(shown)
    _caption(found.content, shown)


def _overview(shown: dict[str, SystemLabels]) -> None:
    rows = [
        {
            "System": name,
            "Accuracy (95 % interval)": written(one.scores.accuracy, 3),
            "Macro F1": _without_n(one.scores.macro_f1),
            "Label found": written(one.parsed, 3),
        }
        for name, one in shown.items()
    ]
    st.dataframe(rows, hide_index=True, height="content")


def _classes(shown: dict[str, SystemLabels]) -> None:
    rows: list[dict[str, Any]] = []
    for name, one in shown.items():
        for label, own in zip(one.scores.names, one.scores.classes, strict=True):
            rows.append(
                {
                    "Label": label,
                    "System": name,
                    "Precision": _without_n(own.precision),
                    "Recall": _without_n(own.recall),
                    "F1": _without_n(own.f1),
                    "In references": own.support,
                    "Answered": own.answered,
                }
            )
    rows.sort(key=lambda row: str(row["Label"]))
    st.dataframe(rows, hide_index=True, height="content")
    download(rows, "labels.csv")


def _without_n(one: Estimate) -> str:
    """The interval alone: how many there are stands in columns of their own."""
    if one.value is None:
        return "—"
    if one.low is None:
        return f"{one.value:.3f}"
    return f"{one.value:.3f} ({one.low:.3f}–{one.high:.3f})"


def _confusion(shown: dict[str, SystemLabels]) -> None:
    chosen = next(iter(shown))
    if len(shown) > 1:
        options = list(shown)
        chosen = st.selectbox(
            "What was taken for what, by", options, index=len(options) - 1, key="confusion_system"
        )
    scores = shown[chosen].scores
    wrong = [
        (count, name, given)
        for name, row in zip(scores.names, scores.matrix, strict=True)
        for given, count in zip(scores.columns, row, strict=True)
        if count and given != name
    ]
    worst = max(wrong, key=lambda one: one[0], default=None)
    title = f"{chosen} gives every label right"
    if worst:
        count, name, given = worst
        taken = (
            f"gives no label for “{name}”" if given == NO_LABEL else f"takes “{name}” for “{given}”"
        )
        title = f"{chosen} {taken} in {page.number(count)} answers"
    fig = charts.confusion(title, scores.names, scores.columns, scores.matrix, MOST_CELLS)
    rows = [
        {"reference": name, "answer": given, "answers": count}
        for name, row in zip(scores.names, scores.matrix, strict=True)
        for given, count in zip(scores.columns, row, strict=True)
    ]
    charts.show(fig, rows, "confusion.csv")


def _caption(found: AnswerReport, shown: dict[str, SystemLabels]) -> None:
    told = ["Intervals are made by near-duplicate group."]
    told += [
        f"{escaped(name)}: {page.number(one.unlabelled)} answers are left out, their references "
        "have no label."
        for name, one in shown.items()
        if one.unlabelled
    ]
    told += left_out(found)
    st.caption(" ".join(told))


def left_out(found: AnswerReport) -> Sequence[str]:
    """The sentence on examples that a system has seen, where there are some."""
    if not found.left_out:
        return ()
    count = page.number(found.left_out)
    return (f"{count} examples that a system was trained on or shown are left out.",)
