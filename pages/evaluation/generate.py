"""Generate: base, prompted base and tuned answer the same examples; answers of others join them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.workflows.evaluation import answers, scoring, systems
from core.workflows.jobs import jobs
from pages.components import page, session
from pages.components.job_view import live
from pages.evaluation.answer_pages import read_answers
from pages.evaluation.answering import generate_form
from pages.evaluation.answers_import import import_form, joined
from pages.evaluation.live_import import live_form
from pages.evaluation.systems_table import (
    choose_version,
    older_settings,
    remove_or_restore,
    systems_table,
)

if TYPE_CHECKING:
    from pages.components.session import StoreType

VIEWS = {
    "generate": "Generate",
    "import": "Import answers",
    "live": "Live answers",
    "read": "Read answers",
}


def main() -> None:
    """Draw the page."""
    page.head("Generate", "Several systems answer the same examples; every answer is scored.")
    store, actor, project_id = session.store(), session.actor(), session.project().project_id
    version_id = choose_version(store, actor, project_id)
    if version_id is None:
        running(store, actor, project_id)
        st.subheader("Live answers without references", anchor=False)
        live_form(store, actor, project_id)
        return
    running(store, actor, project_id)
    there = systems.systems_of(store, actor, version_id)
    if there:
        has_references = scoring.has_references(store, actor, version_id)
        systems_table(there, has_references)
        older_settings(store, actor, version_id)
        if not has_references:
            st.caption(scoring.NOTHING_TO_SCORE)
        ready = [s for s in there if s.scored or not has_references]
        next_step(len(ready), scored=has_references)
    remove_or_restore(store, actor, project_id, there)
    view = st.segmented_control(
        "What to do", list(VIEWS), default="generate", format_func=VIEWS.__getitem__,
        required=True, key="generate_view", label_visibility="collapsed",
    )  # fmt: skip
    if view == "generate":
        generate_form(store, actor, project_id, version_id)
    elif view == "import":
        import_form(store, actor, version_id)
        own = [s for s in there if s.kind == "imported"]
        joined(store, actor, [s for s in own if answers.has_report(store, actor, s.system_id)])
    elif view == "live":
        live_form(store, actor, project_id)
    else:
        read_answers(store, actor, version_id, there)


def running(store: StoreType, actor: Actor, project_id: str) -> None:
    """The generations and scorings that run, live, and the newest one that failed."""
    recent = jobs.jobs_of(
        store, actor, project_id, ("generate", "answers", "live", "score"), limit=10
    )
    for job in recent:
        if not job.taken_in or (job is recent[0] and job.status in ("failed", "lost")):
            live(job.job_id)


def next_step(comparable: int, *, scored: bool) -> None:
    """Where to go with two systems whose answers are there, and scored where they can be."""
    if comparable >= 2:
        with st.container(horizontal=True):
            icon = ":material/arrow_forward:"
            st.page_link("evaluation/studies.py", label="Open a blind study", icon=icon)
            if scored:
                st.page_link("evaluation/results.py", label="Look at the scores", icon=icon)


main()
