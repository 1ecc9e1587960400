"""Home, “My work”: what waits for me, where the project stands, and the next step."""

from __future__ import annotations

import streamlit as st

from core.workflows import home
from core.workflows.home import Station, Waiting
from pages import navigation
from pages.components import page, session
from pages.components.trouble import escaped

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
    "next": ("arrow_forward", "primary"),
    "ahead": ("radio_button_unchecked", "gray"),
}


def main() -> None:
    """Draw the page for the person and the project that are chosen."""
    actor, project = session.actor(), session.project_or_none()
    if project is None:
        no_project(actor.is_admin)
        return
    page.head("My work", f"What waits for you in {escaped(project.name)}, and the next step.")
    at = home.standing(session.store(), actor, project.project_id)
    roles, line = home.roles_of(actor, project.project_id), home.stations(at)
    step = home.next_step(line, at, roles)
    with st.container(border=True):
        st.subheader(f"Next: {step.title}", anchor=False)
        st.write(step.why)
        if st.button(step.title, type="primary", icon=":material/arrow_forward:"):
            st.switch_page(SCRIPTS[step.place])
    waits(home.waiting(at, roles))
    st.subheader("Where the project stands", anchor=False)
    open_to_me = {
        entry.script for entry in navigation.existing() if entry.seen_by(actor, project.project_id)
    }
    for row in (line[:4], line[4:]):
        with st.container(horizontal=True, gap="small"):
            for station in row:
                draw(station, SCRIPTS[station.name] in open_to_me)


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


def no_project(is_admin: bool) -> None:
    """What to do when there is nothing to work on."""
    page.head("My work", "What waits for you, and the next step.")
    if is_admin:
        how = "Everything happens in a project: guidelines, labels, a rubric, people."
        page.empty("There is no project yet", how, "team/projects.py", "Make a project")
    else:
        page.empty("You are in no project yet", "Ask a lead to give you a role in one.")


main()
