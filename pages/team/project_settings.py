"""The settings of one project: edit them, or delete the project."""

from __future__ import annotations

import streamlit as st

from core.errors import TouchstoneError
from core.label_changes import Moves
from core.projects import Project, ProjectSettings
from core.workflows.curation import browsing
from core.workflows.team import label_schema, projects, staffing
from core.workflows.team.projects import ProjectChanged
from pages.components import errors, page, session
from pages.team import label_changes, project_form
from pages.team.guidelines_versions import guidelines_versions


def settings(project: Project) -> None:
    """Edit the project of the sidebar; delete it."""
    store, actor, name = session.store(), session.actor(), project.project_id
    draft = project_form.open_draft(name, project.settings)
    found, _ = browsing.examples_page(store, actor, name, limit=1)
    sample = next(((e.instruction, e.input, e.output) for e in found), None)
    try:
        edited = project_form.project_form(draft, sample)
    except TouchstoneError as error:
        errors.show(error)
        return
    project_form.keep_draft(name, draft, edited)
    for shortage in staffing.shortages(store, actor, name, edited):
        st.warning(shortage)
    with st.container(horizontal=True, vertical_alignment="center"):
        save = st.button("Save settings", type="primary", icon=":material/save:")
        if edited != draft.based_on:
            st.button("Discard changes", on_click=project_form.close_draft, args=(name,))
            st.caption("Unsaved changes from earlier" if draft.found_again else "Unsaved changes")
    if save:
        touched = label_schema.impact(store, actor, name, edited.label_schema)
        if touched:
            label_changes.confirm(
                touched, edited.label_schema,
                lambda moves: change(project, edited, draft.based_on, moves),
            )  # fmt: skip
        else:
            change(project, edited, draft.based_on)
    label_changes.schema_versions(name)
    guidelines_versions(name)
    st.divider()
    delete(project)


def change(
    project: Project, edited: ProjectSettings, based_on: ProjectSettings, moves: Moves | None = None
) -> None:
    """Save, or say why not; what was typed stays."""
    store, actor, name = session.store(), session.actor(), project.project_id
    try:
        projects.change_project(store, actor, name, edited, based_on, moves)
    except TouchstoneError as error:
        if isinstance(error, ProjectChanged):
            project_form.rebase_draft(name, project.settings)
        errors.show(error)
        return
    project_form.close_draft(name)
    session.say("Saved. Versions and runs made before keep the settings they had.")
    st.rerun()


def delete(project: Project) -> None:
    """Delete the project after saying what goes with it."""
    store, actor = session.store(), session.actor()
    with st.popover("Delete project …", icon=":material/delete:", type="tertiary"):
        total = browsing.counts(store, actor, project.project_id)["total"]
        st.markdown(
            f"Hides **{errors.escaped(project.name)}** from everybody, with its "
            f"{page.counted(total, 'example')}, its dataset versions, runs, answers, studies and "
            "ratings. A lead can restore it under All projects."
        )
        if st.button("Delete", icon=":material/delete:"):
            projects.delete_project(store, actor, project.project_id)
            project_form.close_draft(project.project_id)
            session.say(f"{project.name} is deleted. Restore it under All projects.")
            st.rerun()
