"""The table beneath the scores: how answers ended."""

from __future__ import annotations

import streamlit as st

from core.workflows.evaluation.score_report import ScoreReport
from pages.components import page
from pages.evaluation.result_charts import download
from pages.evaluation.systems_table import NOT_ASKED


def finish_table(report: ScoreReport) -> None:
    """How many answers ended at a stop string or hit the length cap, and what was not asked."""
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
            NOT_ASKED: _share(s.unasked, s.answers),
        }
        for s in ended
    ]
    st.dataframe(rows, hide_index=True, height="content")
    download(rows, "how-answers-ended.csv")
    st.caption(
        "Over all splits. What a model wrote behind a stop string, such as the next question, is "
        "not scored. An answer at the cap may be unfinished: raise max new tokens. A prompt that "
        "fills the model's context is not asked: that example counts for and against nobody."
    )


def _share(count: int, total: int) -> str:
    return f"{page.number(count)} ({page.percent(count / total if total else 0)})"
