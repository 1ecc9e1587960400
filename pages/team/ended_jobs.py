"""The jobs that have ended: a table, and the details of the one that is chosen."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.actor import Actor
from core.workflows.jobs import jobs
from pages.components import job_view, page, session

Job = dict[str, Any]
KINDS = {"check": "freeze", "answers": "import answers"}


def ended(actor: Actor, known: list[Job]) -> None:
    """A table of the jobs that have ended; the chosen one is shown beneath."""
    if not known:
        return
    st.subheader("Ended", anchor=False)
    columns = {
        "Status": [job_view.word(job["status"]) for job in known],
        "Kind": [KINDS.get(job["kind"], job["kind"]) for job in known],
        "Job": [job["title"] for job in known],
        "By": [job["person"] for job in known],
        "Asked for": [page.when(job["created_at"]) for job in known],
        "Took": [page.duration(seconds(job)) for job in known],
        "Progress": [job_view.how_far(job) or "—" for job in known],
    }
    by_id = {job["job_id"]: job for job in known}
    st.dataframe(columns, hide_index=True, height="content" if len(known) < 12 else 420)
    chosen = st.selectbox(
        "Details of",
        list(by_id),
        format_func=lambda one: f"{job_view.word(by_id[one]['status'])} · {by_id[one]['title']}",
    )
    if chosen:
        details(actor, by_id[chosen])


def details(actor: Actor, job: Job) -> None:
    """Why it ended, how to go on, and for leads the end of the worker's log."""
    view = job_view.live(job["job_id"], notes=8)
    if actor.has(job["project_id"], "lead") and st.toggle("Show the worker's log"):
        text = jobs.worker_log(session.store(), actor, view.job["job_id"])
        st.code(text or "The worker wrote nothing.", language=None, height=320)


def seconds(job: Job) -> float | None:
    """How long a job was at work."""
    if not job["started_at"] or not job["ended_at"]:
        return None
    return float((job["ended_at"] - job["started_at"]).total_seconds())
