"""Which study to rate in, and what is seen while none is open."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from core.study.study import OpenStudy
from pages.components import page


def choose(studies: Sequence[OpenStudy], chosen: str | None) -> str:
    """The study to rate in; a choice only where there is one. One that has just been closed stays
    until the person leaves it, so that nothing typed is out of sight."""
    names = {study.study_id: study.name for study in studies}
    if chosen and chosen not in names:
        names[chosen] = "The study you were in (closed)"
    if len(names) == 1:
        return next(iter(names))
    return st.selectbox(
        "Study",
        list(names),
        index=list(names).index(chosen) if chosen else 0,
        format_func=names.__getitem__,
        key="study_to_rate",
    )


def nothing_open(lead: bool) -> None:
    """What a person sees while no study is open."""
    how = "A lead opens one when two systems have answered the same examples."
    page.empty(
        "No study is open",
        "Open one, and its pairs appear here." if lead else how,
        "evaluation/studies.py" if lead else None,
        "Open a study",
    )
