"""What speaks against a comparison, in words: the leak scan, how the systems were asked."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.study.comparing import Difference
from core.study.leak_report import HIGHEST_BLIND_SHARE, LeakReport, Measure
from core.study.sentences import written_p
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
            st.caption(
                f"Share of pairs told apart by one thing alone, {page.percent(0.5)} being chance: "
                f"{measured(leaks)}. Length or format above {page.percent(HIGHEST_BLIND_SHARE)}, "
                "and beyond chance, ends blindness. Wording does not: a tuned model words its "
                "answers otherwise wherever the tuning has worked."
            )


def measured(leaks: LeakReport) -> str:
    """The measures of a scan in words: “length 98 %, curly quotes 51 %, wording 64 % (p = .02)”."""
    return ", ".join(_measured(one) for one in leaks.measures)


def _measured(one: Measure) -> str:
    name = f"{one.name[:1].lower()}{one.name[1:]} {page.percent(one.share)}"
    if one.p is None:
        return name
    p = written_p(one.p)
    return f"{name} (p {p})" if p.startswith("<") else f"{name} (p = {p})"
