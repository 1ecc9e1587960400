"""The share of gold examples among an annotator's tasks: a part of the project's settings."""

from __future__ import annotations

import streamlit as st

from core.examples.gold import MOST_SHARE
from core.projects import ProjectSettings


def gold_field(shown: ProjectSettings, key: str) -> float:
    """Draw the field; the share (0..MOST_SHARE) of tasks that are gold."""
    st.markdown("**Gold examples**: accepted examples, given to annotators as if they were new")
    left, right = st.columns(2)
    percent = left.number_input(
        "Share of an annotator's tasks, in per cent",
        0,
        round(100 * MOST_SHARE),
        round(100 * shown.gold_share),
        key=f"{key} gold_share",
        help="Each person gets each gold example once at most, when nobody can foresee it, and "
        "does not see that it is one. Leads and who wrote its text are given none.",
    )
    right.caption(said(int(percent)))
    return int(percent) / 100


def said(percent: int) -> str:
    """What it means and costs, in a sentence."""
    if not percent:
        return "None is mixed in, so nobody's accuracy is measured."
    return (
        f"About {percent} of 100 tasks measure the person instead of annotating a new example. "
        "Mark accepted examples as gold under Examples; the Agreement page shows leads how often "
        "each person answers as accepted. Tasks then do not say an example's number."
    )
