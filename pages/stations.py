"""Where a project stands: what waits for a person, and each station of the loop."""

from __future__ import annotations

from typing import Literal

import streamlit as st

from core.stations import Place, Station, StationState, Waiting

SCRIPTS: dict[Place, str] = {
    "import": "curation/importing.py",
    "annotate": "curation/annotate.py",
    "review": "curation/review.py",
    "freeze": "curation/versions.py",
    "train": "tuning/launch.py",
    "generate": "evaluation/generate.py",
    "study": "evaluation/studies.py",
    "rate": "evaluation/rate.py",
    "decide": "evaluation/results.py",
    "examples": "curation/examples.py",
    "jobs": "team/jobs.py",
}
# Word, icon and colour of each state.
MARKS: dict[StationState, tuple[str, str, Literal["green", "gray", "yellow"]]] = {
    "done": ("Done", "check", "green"),
    "open": ("In progress", "more_horiz", "gray"),
    "next": ("Next", "arrow_forward", "yellow"),
    "ahead": ("Not started", "radio_button_unchecked", "gray"),
}


def address(kind: str) -> dict[str, str]:
    """What the address of a place says beside its path: which example opens there."""
    return {"first": kind} if kind == "sent_back" else {}


def waits(items: list[Waiting]) -> None:
    """What waits for this person, each a link to where it is done."""
    st.subheader("Waiting for you", anchor=False)
    if not items:
        st.caption("Nothing is waiting for you.")
    for item in items:
        st.page_link(
            SCRIPTS[item.place],
            label=item.text,
            icon=":material/arrow_forward:",
            query_params=address(item.kind),
        )


def draw(station: Station, is_link: bool) -> None:
    """One station of the loop: what it counts, and its state as mark, word and colour."""
    word, icon, colour = MARKS[station.state]
    with st.container(border=True, width="stretch", gap="xsmall", key=f"station_{station.name}"):
        st.badge(word, icon=f":material/{icon}:", color=colour)
        if is_link:
            st.page_link(SCRIPTS[station.name], label=f"**{station.name.capitalize()}**")
        else:
            st.markdown(f":small[**{station.name.capitalize()}**]")
        st.caption(station.count)
