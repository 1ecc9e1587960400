"""Home, “My work”: what waits for me, where the project stands, and the next step."""

from __future__ import annotations

import streamlit as st

from core import stations
from core.workflows.curation import commenting
from core.workflows.team import home
from pages import navigation
from pages.components import page, session
from pages.components.errors import escaped
from pages.stations import SCRIPTS, address, draw, waits


def main() -> None:
    """Draw the page for the person and the project that are chosen."""
    actor, project = session.actor(), session.project_or_none()
    if project is None:
        no_project(actor.is_admin)
        return
    page.head("My work", f"What waits for you in {escaped(project.name)}, and the next step.")
    at = home.standing(session.store(), actor, project.project_id)
    roles, line = actor.roles_in(project.project_id), stations.stations(at)
    step = stations.next_step(line, at, roles)
    with st.container(
        border=True, horizontal=True, vertical_alignment="center",
        horizontal_alignment="distribute",
    ):  # fmt: skip
        with st.container(gap=None, width="content"):
            st.caption("Next step")
            st.markdown(step.why)
        if st.button(step.title, type="primary", icon=":material/arrow_forward:"):
            st.switch_page(SCRIPTS[step.place], query_params=address(step.kind))
    waits(stations.waiting(at, roles))
    mentions(project.project_id)
    st.subheader("Where the project stands", anchor=False)
    for row in (line[:4], line[4:]):
        with st.container(horizontal=True, gap="small"):
            for station in row:
                script = SCRIPTS[station.name]
                draw(station, navigation.opens(script, actor, project.project_id))


def mentions(project_id: str) -> None:
    """Comments that mention this person and that they have not opened, with a link to the first."""
    found = commenting.mentions_of_me(session.store(), session.actor(), project_id)
    if found.count:
        st.page_link(
            SCRIPTS["examples"],
            label=f"{page.counted(found.count, 'mention')} of you in comments",
            icon=":material/alternate_email:",
            query_params={"example": found.example_id},
        )


def no_project(is_admin: bool) -> None:
    """What to do when there is nothing to work on."""
    page.head("My work", "What waits for you, and the next step.")
    if is_admin:
        how = "Everything happens in a project: guidelines, labels, a rubric, people."
        page.empty("There is no project yet", how, "team/projects.py", "Create a project")
    else:
        page.empty("You have no project yet", "Ask a lead to give you a role in one.")


main()
