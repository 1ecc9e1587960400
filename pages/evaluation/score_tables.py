"""The table beneath the scores: how answers ended."""

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
    download(rows, "how-answers-ended.csv")
    st.caption(
        "Over all splits. What a model wrote behind a stop string, such as the next question, is "
        "not scored. An answer at the cap may be unfinished: raise max new tokens."
    )


def _share(count: int, total: int) -> str:
    return f"{page.number(count)} ({page.percent(count / total if total else 0)})"
