"""Jobs: everything of this project that takes over a second, running, waiting and ended."""

from __future__ import annotations

from typing import Any

import streamlit as st

from core.actor import Actor
from core.workflows import jobs
from core.workflows.watching import live_view
from pages.components import live, page, session

Job = dict[str, Any]
SHOWN = 200


def main() -> None:
    """Draw what moves, live, and what has ended, with its details on demand."""
    page.head("Jobs", "Everything that takes over a second: watch it, stop it, resume it.")
    actor, project_id = session.actor(), session.project().project_id
    known = jobs.jobs_of(session.store(), actor, project_id, limit=SHOWN)
    if not known:
        how = "Imports, freezes, runs, answers, scores and exports appear here as they start."
        page.empty("No jobs yet", how, "home.py", "See the next step")
        return
    moving = [job for job in known if not job["ingested"]]
    page.figures(
        [
            ("Running", page.number(sum(j["status"] != "queued" for j in moving)), None),
            ("Waiting", page.number(sum(j["status"] == "queued" for j in moving)), None),
            ("Ended", page.number(len(known) - len(moving)), f"Of the newest {SHOWN}"),
        ]
    )
    if moving:
        followed(project_id, len(moving))
    ended(actor, [job for job in known if job["ingested"]])


@st.fragment(run_every=live.SECONDS)
def followed(project_id: str, before: int) -> None:
    """What moves, oldest first; the whole page again as soon as one of them has ended."""
    store, actor = session.store(), session.actor()
    moving = [j for j in jobs.jobs_of(store, actor, project_id, limit=SHOWN) if not j["ingested"]]
    if len(moving) != before:
        st.rerun()
    for job in reversed(moving):
        live.draw(live_view(store, actor, job["job_id"], notes=1))


def ended(actor: Actor, known: list[Job]) -> None:
    """A table of the jobs that have ended; the chosen one is shown beneath."""
    if not known:
        return
    st.subheader("Ended", anchor=False)
    columns = {
        "Status": [live.word(job["status"]) for job in known],
        "Kind": [job["kind"] for job in known],
        "Job": [job["title"] for job in known],
        "By": [job["person"] for job in known],
        "Asked for": [page.when(job["created_at"]) for job in known],
        "Took": [page.duration(seconds(job)) for job in known],
        "Progress": [progress(job) for job in known],
    }
    by_id = {job["job_id"]: job for job in known}
    st.dataframe(columns, hide_index=True, height="content" if len(known) < 12 else 420)
    chosen = st.selectbox(
        "Details of",
        list(by_id),
        format_func=lambda one: f"{live.word(by_id[one]['status'])} · {by_id[one]['title']}",
    )
    if chosen:
        details(actor, by_id[chosen])


def details(actor: Actor, job: Job) -> None:
    """Why it ended, how to go on, and for leads the end of the worker's log."""
    view = live.live(job["job_id"], notes=8)
    if actor.has(job["project_id"], "lead") and st.toggle("Show the worker's log"):
        text = jobs.worker_log(session.store(), actor, view.job["job_id"])
        st.code(text or "The worker wrote nothing.", language=None, height=320)


def seconds(job: Job) -> float | None:
    """How long a job was at work."""
    if not job["started_at"] or not job["ended_at"]:
        return None
    return float((job["ended_at"] - job["started_at"]).total_seconds())


def progress(job: Job) -> str:
    """“120 of 600”, or nothing where a job does not count."""
    return f"{page.number(job['step'])} of {page.number(job['total'])}" if job["total"] else "—"


main()
