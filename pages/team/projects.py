"""Projects: the settings of the chosen one, all there are, and making a new one."""

from __future__ import annotations

import streamlit as st

from pages.components import page, session
from pages.team.project_list import all_projects, new_project
from pages.team.project_settings import settings


def main() -> None:
    """One of three views: settings, all projects, a new one."""
    page.head("Projects", "One project is one task: guidelines, labels, rubric, prompt, people.")
    actor, project = session.actor(), session.project_or_none()
    views = [
        *(["Settings"] if project and actor.has(project.project_id, "lead") else []),
        "All projects",
        *(["New project"] if actor.is_admin else []),
    ]
    view = st.segmented_control(
        "Show", views, default=views[0], required=True, label_visibility="collapsed"
    )
    if view == "Settings" and project:
        settings(project)
    elif view == "New project":
        new_project()
    else:
        all_projects()


main()
