"""What speaks against a comparison, in words: the leak scan, how the systems were asked."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.study.comparing import Difference
from core.study.leak_report import HIGHEST_BLIND_AUC, LeakReport
from core.study.study import StudyNote
from core.workflows.evaluation.score_report import Reason
from pages.components import page


def show_reason(note: StudyNote | Reason, what: str) -> None:
    """Why a lead went on: who, when, in their own words."""
    st.text(f"{note.person}, {page.when(note.created_at)}, {what}:\n{note.text}")


def show_differences(differences: Sequence[Difference], who: str = "") -> None:
    """How the systems were asked differently, or may have been; `who` is one of several."""
    if not differences:
        return
    known = any(difference.is_known for difference in differences)
    said = "asked differently" if known else "not known to be asked alike"
    heading = f"{who} was {said}" if who else said.capitalize()
    st.text(f"{heading}:\n" + "\n".join(f"• {difference}" for difference in differences))


def show_findings(leaks: LeakReport) -> None:
    """The verdict of the scan, its findings, and how far length and format tell the systems."""
    with st.container(border=True):
        if not leaks.blind:
            st.badge("not blind", icon=":material/visibility:", color="orange")
            st.write("The systems can be told apart, so raters may guess which is which:")
        elif leaks.enough:
            st.badge("blind", icon=":material/visibility_off:", color="green")
            st.write("Nothing found that lets people tell the systems apart.")
        else:
            st.badge("too few to tell", icon=":material/help:", color="gray")
        if leaks.findings:
            st.text("\n".join(f"• {finding}" for finding in leaks.findings))
        if leaks.enough:
            length, form = page.number(leaks.length_auc, 2), page.number(leaks.format_auc, 2)
            st.caption(
                f"How well one number alone tells them apart, 0.5 (not at all) to 1 (always): "
                f"length {length}, format {form}. Above {HIGHEST_BLIND_AUC}, and beyond chance, a "
                "study is not blind."
            )
