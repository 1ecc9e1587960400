"""All projects: open one, bring a deleted one back, make a new one."""

from __future__ import annotations

import streamlit as st

from core.errors import TouchstoneError
from core.projects import ProjectSettings
from core.workflows.team import projects
from pages.components import errors, session
from pages.team import project_form

NEW = "new project"


def all_projects() -> None:
    """What there is to choose from, and what can be brought back."""
    store, actor = session.store(), session.actor()
    for project in projects.visible_projects(store, actor):
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            with st.container(gap=None):
                st.text(project.name)
                demo = " · the demo that comes with Touchstone" if project.is_demo else ""
                st.caption(f"{project.settings.task_kind}{demo}")
            st.button(
                "Open",
                key=f"open {project.project_id}",
                on_click=session.select_project,
                args=(project.project_id,),
            )
    gone = projects.deleted_projects(store, actor)
    if gone:
        st.subheader("Deleted", anchor=False)
    for project in gone:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(project.name)
            if st.button("Restore", key=f"restore {project.project_id}", icon=":material/undo:"):
                projects.restore_project(store, actor, project.project_id)
                session.say(f"{project.name} is restored.")
                st.rerun()


def new_project() -> None:
    """Create a project; the rest of its settings can wait."""
    draft = project_form.open_draft(NEW, ProjectSettings(name=project_form.UNNAMED))
    try:
        wished = project_form.project_form(draft, None)
        project_form.keep_draft(NEW, draft, wished)
        unnamed = wished.name == project_form.UNNAMED
        if unnamed:
            st.caption("Give the project a name; everything else can wait.")
        if st.button("Create project", type="primary", icon=":material/add:", disabled=unnamed):
            made = projects.create_project(session.store(), session.actor(), wished)
            project_form.close_draft(NEW)
            session.select_project(made.project_id)
            session.say(f"{made.name} is created. Next: import examples.")
            st.switch_page("home.py")
    except TouchstoneError as error:
        errors.show(error)
