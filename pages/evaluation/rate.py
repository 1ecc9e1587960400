"""Rate: two answers side by side, neither of them named, and the next pair at once."""

from __future__ import annotations

import streamlit as st

from core.errors import TouchstoneError
from core.workflows.evaluation import rating
from pages.components import page, session
from pages.evaluation.blind_pair import Outcome, blind_pair, data_for, judgement_from
from pages.evaluation.study_choice import choose, nothing_open

ALL_RATED = "You have rated every pair that is yours to rate. Others may still have some to do."
CLOSED = "This study is closed."


def main() -> None:
    """Draw the page."""
    page.head("Rate", "Two answers to one example; say which is better, without knowing whose.")
    store, actor, project = session.store(), session.actor(), session.project()
    studies = rating.open_studies(store, actor, project.project_id)
    kept = f"rated_study {project.project_id}"
    wished = st.query_params.get("study")
    known = wished in {study.study_id for study in studies}
    chosen = wished if known and not session.recall(kept) else session.recall(kept)
    if not studies and not chosen:
        nothing_open(actor.has(project.project_id, "lead"))
        return
    study_id = choose(studies, chosen)
    session.remember(kept, study_id)
    key = f"rate_{study_id}"
    outcomes = save(study_id, session.component_value(key, "judgements"))
    back = take_back(study_id, session.component_value(key, "take_back"))
    pairs = rating.next_pairs(store, actor, study_id, first=back[1] if back else "")
    progress = rating.progress(store, actor, study_id)
    data = data_for(
        person_id=actor.person_id,
        study_id=study_id,
        rubric=rating.rubric_of(store, actor, study_id),
        pairs=[(pair, session.submission_id(f"judge {pair.presentation_id}")) for pair in pairs],
        progress=progress,
        outcomes=outcomes,
        taken_back=back,
        nothing=CLOSED if progress.closed else ALL_RATED,
    )
    blind_pair(data, key=key)
    if not pairs and actor.has(project.project_id, "lead"):
        st.page_link(
            "evaluation/results.py",
            label="Next: see the results",
            icon=":material/arrow_forward:",
            query_params={"study": study_id},
        )


def save(study_id: str, sent: object) -> list[Outcome]:
    """Save what the browser sent with this run; what became of each judgement."""
    outcomes: list[Outcome] = []
    for item in sent if isinstance(sent, list) else []:
        name = str(item.get("judgement_id", "")) if isinstance(item, dict) else ""
        try:
            judgement = judgement_from(item)
            rating.judge(session.store(), session.actor(), study_id, judgement)
            outcomes.append((name, ""))
        except TouchstoneError as error:
            outcomes.append((name, error.message))
    return outcomes


def take_back(study_id: str, judgement_id: object) -> tuple[str, str, str] | None:
    """Take the judgement back that the browser named: its id, its new presentation, a refusal."""
    if not isinstance(judgement_id, str):
        return None
    try:
        shown = rating.take_back(session.store(), session.actor(), study_id, judgement_id)
    except TouchstoneError as error:
        return judgement_id, "", error.message
    return judgement_id, shown, ""


main()
