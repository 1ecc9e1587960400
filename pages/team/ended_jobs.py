"""The jobs that have ended: a table, and the details of the one that is chosen."""

from __future__ import annotations

import streamlit as st

from core.actor import Actor
from core.jobs.job import Job
from core.jobs.kinds import KINDS
from core.workflows.jobs import jobs
from pages.components import job_view, page, session


def ended(actor: Actor, known: list[Job]) -> None:
    """A table of the jobs that have ended; the chosen one is shown beneath."""
    if not known:
        return
    st.subheader("Ended", anchor=False)
    columns = {
        "Status": [job_view.word(job.status) for job in known],
        "Kind": [KINDS[job.kind].label if job.kind in KINDS else job.kind for job in known],
        "Job": [job.title for job in known],
        "By": [job.person for job in known],
        "Submitted": [page.when(job.created_at) for job in known],
        "Took": [page.duration(job.seconds) for job in known],
        "Progress": [job_view.how_far(job) or "—" for job in known],
    }
    by_id = {job.job_id: job for job in known}
    st.dataframe(columns, hide_index=True, height="content" if len(known) < 12 else 420)
    chosen = st.selectbox(
        "Details of",
        sorted(by_id, reverse=True),
        format_func=lambda one: f"{job_view.word(by_id[one].status)} · {by_id[one].title}",
    )
    if chosen:
        details(actor, by_id[chosen])


def details(actor: Actor, job: Job) -> None:
    """Why it ended, how to go on, and for leads the end of the worker's log."""
    view = job_view.live(job.job_id, notes=8)
    if actor.has(job.project_id, "lead") and st.toggle("Show the worker's log"):
        text = jobs.worker_log(session.store(), actor, view.job.job_id)
        st.code(text or "The worker wrote nothing.", language=None, height=320)
