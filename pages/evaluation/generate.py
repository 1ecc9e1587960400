"""Generate: base, prompted base and tuned answer the same examples; answers of others join them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.workflows.evaluation import systems
from core.workflows.jobs import jobs
from pages.components import page, session
from pages.components.job_view import live
from pages.evaluation.answer_pages import read_answers
from pages.evaluation.answering import generate_form
from pages.evaluation.answers_import import import_form, joined
from pages.evaluation.systems_table import (
    choose_version,
    older_settings,
    remove_or_restore,
    systems_table,
)

if TYPE_CHECKING:
    from pages.components.session import StoreType

VIEWS = {"generate": "Generate", "import": "Import answers", "read": "Read answers"}


def main() -> None:
    """Draw the page."""
    page.head("Generate", "Several systems answer the same examples; every answer is scored.")
    store, actor, project_id = session.store(), session.actor(), session.project().project_id
    version_id = choose_version(store, actor, project_id)
    if version_id is None:
        return
    running(store, actor, project_id)
    there = systems.systems_of(store, actor, version_id)
    if there:
        systems_table(there)
        older_settings(store, actor, version_id)
        next_step(len([s for s in there if s.scored]))
    remove_or_restore(store, actor, project_id, there)
    view = st.segmented_control(
        "What to do", list(VIEWS), default="generate", format_func=VIEWS.__getitem__,
        required=True, key="generate_view", label_visibility="collapsed",
    )  # fmt: skip
    if view == "generate":
        generate_form(store, actor, project_id, version_id)
    elif view == "import":
        import_form(store, actor, version_id)
        joined(store, actor, [s for s in there if s.kind == "imported"])
    else:
        read_answers(store, actor, version_id, there)


def running(store: StoreType, actor: Actor, project_id: str) -> None:
    """The generations and scorings that run, live, and the newest one that failed."""
    recent = jobs.jobs_of(store, actor, project_id, ("generate", "answers", "score"), limit=10)
    for job in recent:
        if not job.taken_in or (job is recent[0] and job.status in ("failed", "lost")):
            live(job.job_id)


def next_step(scored: int) -> None:
    """Where to go with two systems whose answers are scored."""
    if scored >= 2:
        with st.container(horizontal=True):
            icon = ":material/arrow_forward:"
            st.page_link("evaluation/studies.py", label="Open a blind study", icon=icon)
            st.page_link("evaluation/results.py", label="Look at the scores", icon=icon)


main()
