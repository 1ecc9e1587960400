"""How many reviewers accept each example: a part of the project's settings."""

from __future__ import annotations

import streamlit as st

from core.examples.acceptance import MOST_REVIEWERS
from core.projects import ProjectSettings

RULE = (
    "A reviewer who may decide next does not see what others decided. A send-back takes effect at "
    "once. A corrected text is a new revision and needs all its acceptances anew; who corrects and "
    "accepts it gives the first one."
)


def reviewers_field(shown: ProjectSettings, key: str) -> int:
    """Draw the field; how many different people must accept an example."""
    st.markdown("**Review**: who must accept an example before it is accepted")
    left, right = st.columns(2)
    chosen = left.number_input(
        "Reviewers per example",
        1,
        MOST_REVIEWERS,
        shown.reviewers,
        key=f"{key} reviewers",
        help="Different people. What a lead marks critical needs two, whatever stands here.",
    )
    right.caption(said(int(chosen)))
    return int(chosen)


def said(reviewers: int) -> str:
    """What it means and costs, in a few sentences."""
    if reviewers == 1:
        return (
            "One reviewer accepts each example. Those that a lead marks critical on the Examples "
            f"page need two. {RULE}"
        )
    return (
        f"{reviewers} reviewers accept each example: {reviewers} times the work, and the project "
        f"needs as many people with the role. {RULE} Bulk accepts leave such examples out. More "
        "than before holds for what is decided from now on; with fewer, what has enough "
        "acceptances becomes accepted at once."
    )
