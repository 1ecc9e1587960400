"""What was said of the riskiest outputs, beside the verdict and never in it."""

from __future__ import annotations

import streamlit as st

from core.study.findings import Comparison
from core.study.risk import signals_words
from core.workflows.evaluation.results import StudyResult
from pages.components import page


def show_risk(result: StudyResult, found: Comparison) -> None:
    """Draw the counts of the risk stratum, and the weighted estimate once there is one."""
    plan, risk = result.study.plan, found.risk
    if risk is None:
        return
    planned = result.study.examples_drawn - result.study.pairs_each
    name = result.study.name_of(found.candidate_id)
    with st.container(border=True):
        st.markdown("**Riskiest outputs, beside the verdict**")
        st.text(risk.seen(name))
        st.caption(
            f"The {page.counted(plan.risk, 'output')} of the highest risk "
            f"({signals_words(plan.risk_signals)}): {page.number(planned)} beside the sample, the "
            "others in it. "
            f"{'' if result.withheld else risk.over_all}"
        )
