"""Projects: the settings of the chosen one, all there are, and making a new one."""

from __future__ import annotations

import streamlit as st

from core.errors import TouchstoneError
from core.projects import Project, ProjectSettings
from core.workflows import annotating, projects
from core.workflows.projects import ProjectChanged
from pages.components import page, project_form, session, trouble

NEW = "new project"


def main() -> None:
    """One of three views: settings, all projects, a new one."""
    page.head("Projects", "One project is one task: guidelines, labels, rubric, prompt, people.")
    actor, project = session.actor(), session.project_or_none()
    views = [
        *(["Settings"] if project and actor.has(project.project_id, "lead") else []),
        "All projects",
        *(["New project"] if actor.is_admin else []),
    ]
    view = st.segmented_control("Show", views, default=views[0], required=True)
    if view == "Settings" and project:
        settings(project)
    elif view == "New project":
        new_project()
    else:
        all_projects()


def settings(project: Project) -> None:
    """Edit the project of the sidebar; delete it."""
    store, actor, name = session.store(), session.actor(), project.project_id
    draft = project_form.open_draft(name, project.settings)
    found, _ = annotating.examples_page(store, actor, name, limit=1)
    sample = next(((e["instruction"], e["input"], e["output"]) for e in found), None)
    try:
        edited = project_form.project_form(draft, sample)
    except TouchstoneError as error:
        trouble.show(error)
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        save = st.button("Save the settings", type="primary", icon=":material/save:")
        if edited != draft.shown:
            st.button(
                "Start over from what is stored", on_click=project_form.close_draft, args=(name,)
            )
            st.caption("Not saved yet")
    if save:
        change(project, edited, draft.based_on)
    st.divider()
    delete(project)


def change(project: Project, edited: ProjectSettings, based_on: ProjectSettings) -> None:
    """Save, or say why not; what was typed stays."""
    store, actor, name = session.store(), session.actor(), project.project_id
    try:
        projects.change_project(store, actor, name, edited, based_on)
    except TouchstoneError as error:
        if isinstance(error, ProjectChanged):
            project_form.rebase_draft(name, project.settings)
        trouble.show(error)
        return
    project_form.close_draft(name)
    session.say("Saved. Versions and runs made before keep the settings they had.")
    st.rerun()


def delete(project: Project) -> None:
    """Delete the project after saying what goes with it."""
    store, actor = session.store(), session.actor()
    with st.popover("Delete this project …", icon=":material/delete:", type="tertiary"):
        total = annotating.counts(store, actor, project.project_id)["total"]
        st.markdown(f"**{trouble.escaped(project.name)}** goes out of everybody's sight:")
        st.write(
            f"its {page.number(total)} examples, its dataset versions, runs, answers, studies and "
            f"ratings. A lead can bring it back, under All projects."
        )
        if st.button("Delete it", icon=":material/delete:"):
            projects.delete_project(store, actor, project.project_id)
            project_form.close_draft(project.project_id)
            session.say(f"{project.name} is deleted. Bring it back under All projects.")
            st.rerun()


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
    for project_id, name in gone:
        with st.container(border=True, horizontal=True, vertical_alignment="center"):
            st.text(name)
            if st.button("Bring it back", key=f"restore {project_id}", icon=":material/undo:"):
                projects.restore_project(store, actor, project_id)
                session.say(f"{name} is back.")
                st.rerun()


def new_project() -> None:
    """Make a project; the rest of its settings can wait."""
    draft = project_form.open_draft(NEW, ProjectSettings(name="New project"))
    try:
        wished = project_form.project_form(draft, None)
        if st.button("Make the project", type="primary", icon=":material/add:"):
            made = projects.create_project(session.store(), session.actor(), wished)
            project_form.close_draft(NEW)
            session.select_project(made.project_id)
            session.say(f"{made.name} is there. Next: import examples.")
            st.switch_page("home.py")
    except TouchstoneError as error:
        trouble.show(error)


main()
