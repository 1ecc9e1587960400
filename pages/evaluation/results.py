"""Results: what the scores and the raters say, each number with its n and its interval."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.workflows.curation import freezing
from core.workflows.evaluation import studies
from pages.components import page, session
from pages.components.errors import tell
from pages.evaluation.score_results import score_results
from pages.evaluation.study_pairs import study_pairs
from pages.evaluation.study_results import study_results

if TYPE_CHECKING:
    from pages.components.session import StoreType

VIEWS = {"people": "People", "scores": "Automatic scores", "pairs": "Examples"}


def main() -> None:
    """Draw the page."""
    page.head("Results", "What the scores and the people say, and how sure one can be of it.")
    store, actor, project_id = session.store(), session.actor(), session.project().project_id
    there = studies.studies_of(store, actor, project_id)
    key = f"results_view {project_id}"
    view = st.segmented_control(
        "View", list(VIEWS), default="people" if there else "scores",
        format_func=VIEWS.__getitem__, required=True, key=key, label_visibility="collapsed",
    )  # fmt: skip
    if view == "scores":
        scores(store, actor, project_id)
        return
    if not there:
        page.empty(
            "No study yet",
            "Open a blind study of two systems; what its raters say is shown here.",
            "evaluation/studies.py",
            "Open a study",
        )
        return
    names = {s["study_id"]: s["name"] for s in there}
    wished = st.query_params.get("study")
    if wished and wished not in names:
        tell("No such study", "The address names a study that is not in this project.")
    chosen = st.selectbox(
        "Study", list(names), index=list(names).index(wished) if wished in names else 0,
        format_func=names.__getitem__, key=f"results_study {project_id}",
    )  # fmt: skip
    (study_results if view == "people" else study_pairs)(store, actor, chosen)


def scores(store: StoreType, actor: Actor, project_id: str) -> None:
    """The automatic scores of one dataset version."""
    versions = {
        v.version_id: f"{v.number} · {v.name}"
        for v in freezing.versions_of(store, actor, project_id)
    }
    if not versions:
        page.empty(
            "No dataset version yet",
            "Scores belong to the examples of a frozen version. Freeze one, then generate.",
            "curation/versions.py",
            "Dataset versions",
        )
        return
    version_id = st.selectbox(
        "Dataset version", list(versions), format_func=versions.__getitem__,
        key=f"results_version {project_id}",
    )  # fmt: skip
    score_results(store, actor, version_id)


main()
