"""What was said of the riskiest outputs, beside the verdict and never in it."""

from __future__ import annotations

import streamlit as st

from core.study.findings import Comparison
from core.study.risk import RiskReview, signals_words
from core.study.verdicts import points
from core.workflows.evaluation.results import StudyResult
from pages.components import page


def show_risk(result: StudyResult, found: Comparison) -> None:
    """Draw the counts of the risk stratum, and the weighted estimate once there is one."""
    plan, risk = result.study.plan, found.risk
    if risk is None:
        return
    planned = result.study.examples_drawn - result.study.pairs_each
    name = result.study.name_of(found.candidate_id)
    ties = risk.reviewed - sum(risk.verdicts.get(one, 0) for one in ("candidate", "baseline"))
    with st.container(border=True):
        st.markdown("**Riskiest outputs, beside the verdict**")
        st.text(
            f"{name}: {risk.verdicts.get('candidate', 0)} won, "
            f"{risk.verdicts.get('baseline', 0)} lost, {ties} tied of {risk.reviewed} judged pairs"
        )
        st.caption(
            f"The {page.counted(plan.risk, 'output')} of the highest risk "
            f"({signals_words(plan.risk_signals)}): {page.number(planned)} beside the sample, the "
            "others in it. "
            f"{'' if result.withheld else _weighted(risk)}"
        )


def _weighted(risk: RiskReview) -> str:
    found = risk.weighted
    if found is None:
        return "A weighted estimate of all outputs follows once every pair is judged."
    if found.value is None or found.low is None or found.high is None:
        return found.reason
    return (
        f"Over all outputs, sample and riskiest together, each weighed by the inverse of its "
        f"probability: net {points(found.value)} points (approximate 95 % interval, for one look: "
        f"{points(found.low)} to {points(found.high)}; n = {found.n})."
    )
