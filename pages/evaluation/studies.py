"""Studies: plan a blind comparison, see what would give it away, open it, follow it, close it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.study.system import VersionSystem
from core.versions.version import DatasetVersion
from core.workflows.curation import freezing
from core.workflows.evaluation import studies, systems
from core.workflows.jobs import jobs
from pages.components import page, session
from pages.components.job_view import live
from pages.evaluation.study_card import study_card
from pages.evaluation.study_plan import OPENED, study_plan

if TYPE_CHECKING:
    from pages.components.session import StoreType

VIEWS = {"list": "Studies", "plan": "New study"}


def main() -> None:
    """Draw the page."""
    page.head(
        "Studies",
        "People see two answers without knowing whose; a study counts what they say.",
    )
    store, actor, project_id = session.store(), session.actor(), session.project().project_id
    there = studies.studies_of(store, actor, project_id)
    drawn = opening(store, actor, project_id)
    comparable = versions_to_compare(store, actor, project_id)
    if not there and not comparable and not drawn:
        page.empty(
            "Nothing to compare yet",
            "A study needs two systems that answered the same examples. Generate answers first, "
            "or import those of another system.",
            "evaluation/generate.py",
            "Generate",
        )
        return
    view = "plan"
    if there or drawn:
        key = f"studies_view {project_id}"
        # A study opened from this very widget's other view asks for the list by name.
        if session.widget_value(key) is None or session.recall(OPENED) == project_id:
            session.set_widget(key, "list")
            session.forget(OPENED)
        view = st.segmented_control(
            "View", list(VIEWS), format_func=VIEWS.__getitem__, required=True,
            key=key, label_visibility="collapsed",
        ) or "list"  # fmt: skip
    if view == "plan":
        study_plan(store, actor, project_id, comparable)
        return
    for study in there:
        study_card(store, actor, study)


def opening(store: StoreType, actor: Actor, project_id: str) -> bool:
    """Show the studies and further pairs that a worker is drawing, and the newest one that failed;
    whether any is on its way."""
    recent = jobs.jobs_of(store, actor, project_id, ("study", "extend"), limit=10)
    for job in recent:
        if not job.taken_in or (job is recent[0] and job.status in ("failed", "lost")):
            live(job.job_id)
    return any(not job.taken_in for job in recent)


def versions_to_compare(
    store: StoreType, actor: Actor, project_id: str
) -> list[tuple[DatasetVersion, list[VersionSystem]]]:
    """The versions that at least two systems have answered, newest first, with those systems."""
    found = []
    for version in freezing.versions_of(store, actor, project_id):
        answered = [s for s in systems.systems_of(store, actor, version.version_id) if s.answers]
        if len(answered) > 1:
            found.append((version, answered))
    return found


main()
