"""Where a project stands: what waits for a person, and each station of the loop."""

from __future__ import annotations

import streamlit as st

from core.workflows.team.home import Station, Waiting
from pages.components import page

SCRIPTS = {
    "import": "curation/importing.py",
    "annotate": "curation/annotate.py",
    "review": "curation/review.py",
    "freeze": "curation/versions.py",
    "train": "tuning/launch.py",
    "generate": "evaluation/generate.py",
    "study": "evaluation/studies.py",
    "rate": "evaluation/rate.py",
    "decide": "evaluation/results.py",
    "jobs": "team/jobs.py",
}
MARKS = {
    "done": ("check", "green"),
    "open": ("more_horiz", "gray"),
    "next": ("arrow_forward", "yellow"),
    "ahead": ("radio_button_unchecked", "gray"),
}


def waits(items: list[Waiting]) -> None:
    """What waits for this person, each a link to where it is done."""
    st.subheader("Waiting for you", anchor=False)
    if not items:
        st.caption("Nothing waits for you here.")
    for item in items:
        text = f"{page.number(item.count)} {item.what}"
        st.page_link(SCRIPTS[item.place], label=text, icon=":material/arrow_forward:")


def draw(station: Station, is_link: bool) -> None:
    """One station of the loop: what it counts, and its state as mark, word and colour."""
    icon, colour = MARKS[station.state]
    with st.container(border=True, width="stretch", gap="xsmall", key=f"station_{station.name}"):
        st.badge(station.state, icon=f":material/{icon}:", color=colour)  # type: ignore[arg-type]
        if is_link:
            st.page_link(SCRIPTS[station.name], label=f"**{station.name.capitalize()}**")
        else:
            st.markdown(f"**{station.name.capitalize()}**")
        st.caption(station.count)
