"""How many people annotate each example: a part of the project's settings."""

from __future__ import annotations

import streamlit as st

from core.examples.overlap import MOST_PEOPLE
from core.projects import ProjectSettings


def overlap_fields(shown: ProjectSettings, key: str) -> tuple[int, float]:
    """Draw the two fields; how many people, and the share of examples (0..1) that they annotate."""
    st.markdown("**Overlap**: several people annotate the same example, without seeing each other")
    left, right = st.columns(2)
    people = left.number_input(
        "People per example",
        1,
        MOST_PEOPLE,
        shown.overlap,
        key=f"{key} overlap",
        help="An example is annotated once this many people have saved it, and never by more. "
        "Where they differ, a reviewer chooses between what they wrote.",
    )
    share = right.number_input(
        "Share of examples, in per cent",
        0,
        100,
        round(100 * shown.overlap_share),
        step=5,
        key=f"{key} overlap_share",
        disabled=people == 1,
        help="Chosen by chance, and always the same ones. One person annotates each of the others.",
    )
    st.caption(said(int(people), int(share)))
    return int(people), int(share) / 100


def said(people: int, percent: int) -> str:
    """What it means and costs, in a sentence."""
    if people == 1 or not percent:
        return "One person annotates each example. Agreement between people is not measured."
    work = 1 + (people - 1) * percent / 100
    which = "Each example" if percent == 100 else f"{percent} % of the examples"
    return (
        f"{which} {'is' if percent == 100 else 'are'} annotated by {people} people: {work:.2g} "
        f"times the work. The Agreement page says how far they agree. If you lower the number, "
        f"examples that have enough annotations go on to review; if you raise it, it holds for "
        f"examples that are still new."
    )
