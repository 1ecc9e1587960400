"""Rate: two answers side by side, neither of them named, over /work/rate."""

from __future__ import annotations

import streamlit as st

from core.workflows.evaluation import rating, unblinding
from pages.components import page, session
from pages.evaluation.blind_pair import blind_pair
from pages.evaluation.study_choice import choose, nothing_open


def main() -> None:
    """Choose the study, then rate."""
    page.head("Rate", "Two answers to one example; say which is better, without knowing whose.")
    store, actor, project = session.store(), session.actor(), session.project()
    studies = rating.open_studies(store, actor, project.project_id)
    kept = f"rated_study {project.project_id}"
    known = {study.study_id for study in studies}
    wished = st.query_params.get("study")
    chosen = session.recall(kept) or (wished if wished in known else None)
    if not studies and not chosen:
        nothing_open(actor.has(project.project_id, "lead"))
        return
    study_id = choose(studies, chosen)
    session.remember(kept, study_id)
    rubric = rating.rubric_of(store, actor, study_id)
    if not unblinding.is_blind(store, actor, study_id):
        st.info(
            "You have seen results or names of this study: what you rate from now on is counted "
            "apart.",
            icon=":material/visibility:",
        )
    blind_pair(actor.person_id, project.project_id, study_id, rubric, _links(study_id))


def _links(study_id: str) -> list[dict[str, str]]:
    """Where a lead goes on when every pair is rated."""
    if not session.actor().has(session.project().project_id, "lead"):
        return []
    return [{"text": "See the results", "path": f"/results?study={study_id}"}]


main()
