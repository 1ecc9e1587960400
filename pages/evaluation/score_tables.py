"""Tables beneath the scores: how answers ended, and precision and recall of labels."""

from __future__ import annotations

import streamlit as st

from core.workflows.evaluation.score_report import ScoreReport
from pages.components import page
from pages.evaluation.result_charts import download


def finish_table(report: ScoreReport) -> None:
    """How many answers ended at a stop string, and how many hit the length cap."""
    ended = [s.system for s in report.systems if s.system.kind != "imported"]
    if not ended:
        return
    st.subheader("How answers ended", anchor=False)
    rows = [
        {
            "System": s.name,
            "Answers": s.answers,
            "Cut at a stop string": _share(s.cut, s.answers),
            "At the length cap": _share(s.capped, s.answers),
        }
        for s in ended
    ]
    st.dataframe(rows, hide_index=True, height="content")
    st.caption(
        "Over all splits. What a model wrote behind a stop string, such as the next question, is "
        "not scored. An answer at the cap may be unfinished: raise max new tokens."
    )


def _share(count: int, total: int) -> str:
    return f"{page.number(count)} ({page.percent(count / total if total else 0)})"


def label_table(report: ScoreReport) -> None:
    """Precision, recall and F1 of each label under each system."""
    rows = []
    for scores in report.systems:
        found = scores.system.summary.get("label_report") or {"classes": {}}
        for label, one in found["classes"].items():
            rows.append(
                {
                    "System": scores.system.name,
                    "Label": label,
                    "Precision": one["precision"],
                    "Recall": one["recall"],
                    "F1": one["f1"],
                    "In references": one["support"],
                    "Answered": one["answered"],
                    "Macro F1 of the system": found["macro_f1"],
                }
            )
    if not rows:
        return
    st.subheader("Labels", anchor=False)
    number = st.column_config.NumberColumn(format="%.3f")
    columns = ("Precision", "Recall", "F1", "Macro F1 of the system")
    st.dataframe(
        rows, hide_index=True, height="content", column_config=dict.fromkeys(columns, number)
    )
    download(rows, "labels.csv")
