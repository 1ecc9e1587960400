"""Results: what the scores and the raters say, each number with its n and its interval."""

from __future__ import annotations

import streamlit as st

from core.workflows.curation import freezing
from core.workflows.evaluation import studies
from pages.components import page, session
from pages.components.errors import tell
from pages.evaluation.score_results import score_results
from pages.evaluation.study_pairs import study_pairs
from pages.evaluation.study_results import study_results

VIEWS = {"people": "People", "scores": "Automatic scores", "pairs": "Examples"}


def main() -> None:
    """Draw the page."""
    page.head("Results", "What the scores and the people say, and how sure one can be of it.")
    store, actor, project_id = session.store(), session.actor(), session.project().project_id
    there = studies.studies_of(store, actor, project_id)
    names = {s.study_id: s.name for s in there}
    left, right = st.columns(2, vertical_alignment="bottom")
    with left:
        view = kept_choice("view", VIEWS, "people" if there else "scores")
    if view == "scores":
        versions = freezing.versions_of(store, actor, project_id)
        if not versions:
            page.empty(
                "No dataset version yet",
                "Scores belong to the examples of a frozen version. Freeze one, then generate.",
                "curation/versions.py",
                "Dataset versions",
            )
            return
        with right:
            version_id = choose_version(
                {v.version_id: f"{v.number} · {v.name}" for v in versions}, project_id
            )
        score_results(store, actor, version_id)
        return
    if not there:
        page.empty(
            "No study yet",
            "Open a blind study of two systems; what its raters say is shown here.",
            "evaluation/studies.py",
            "Open a study",
        )
        return
    with right:
        chosen = choose_study(names, project_id)
    (study_results if view == "people" else study_pairs)(store, actor, chosen)


def kept_choice(name: str, options: dict[str, str], default: str) -> str:
    """A choice of one view that the address keeps, so that Back and reload find it again."""
    wished = st.query_params.get(name)
    key = f"results_{name}"
    if session.widget_value(key) is None and wished in options:
        session.set_widget(key, wished)
    elif session.widget_value(key) is None:
        session.set_widget(key, default)
    chosen = st.segmented_control(
        "View", list(options), format_func=options.__getitem__, required=True, key=key,
        label_visibility="collapsed",
    ) or default  # fmt: skip
    if chosen != wished:
        st.query_params[name] = chosen
    return chosen


def choose_study(names: dict[str, str], project_id: str) -> str:
    """The study whose results are shown; the address names it."""
    wished = st.query_params.get("study")
    if wished and wished not in names:
        tell("No such study", "The address names a study that is not in this project.")
    chosen: str = st.selectbox(
        "Study", list(names), index=list(names).index(wished) if wished in names else 0,
        format_func=names.__getitem__, key=f"results_study {project_id}",
        label_visibility="collapsed",
    )  # fmt: skip
    if chosen != wished:
        st.query_params["study"] = chosen
    return chosen


def choose_version(versions: dict[str, str], project_id: str) -> str:
    """The dataset version whose scores are shown; the address names it."""
    wished = st.query_params.get("version")
    chosen: str = st.selectbox(
        "Dataset version", list(versions),
        index=list(versions).index(wished) if wished in versions else 0,
        format_func=versions.__getitem__, key=f"results_version {project_id}",
        label_visibility="collapsed",
    )  # fmt: skip
    if chosen != wished:
        st.query_params["version"] = chosen
    return chosen


main()
