"""Studies: plan a blind comparison, see what would give it away, open it, follow it, close it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.workflows.curation import freezing
from core.workflows.evaluation import studies, systems
from pages.components import page, session
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
    comparable = versions_to_compare(store, actor, project_id)
    if not there and not comparable:
        page.empty(
            "Nothing to compare yet",
            "A study needs two systems that answered the same examples. Generate answers first, "
            "or import those of another system.",
            "evaluation/generate.py",
            "Generate",
        )
        return
    view = "plan"
    if there:
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


def versions_to_compare(
    store: StoreType, actor: Actor, project_id: str
) -> dict[str, list[dict[str, Any]]]:
    """Version name → the systems that have answered it, where there are at least two."""
    answering = systems.answering_systems(store, actor, project_id)
    return {
        f"{version.number} · {version.name}": answering[version.version_id]
        for version in freezing.versions_of(store, actor, project_id)
        if len(answering.get(version.version_id, ())) > 1
    }


main()
