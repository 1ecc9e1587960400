"""Jobs: everything of this project that takes over a second, running, waiting and ended."""

from __future__ import annotations

import streamlit as st

from core.workflows.jobs import jobs
from core.workflows.jobs.job_view import live_view
from pages.components import job_view, page, session
from pages.team.ended_jobs import ended

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
    moving = [job for job in known if not job.taken_in]
    page.figures(
        [
            ("Running", page.number(sum(j.status != "queued" for j in moving)), None),
            ("Waiting", page.number(sum(j.status == "queued" for j in moving)), None),
            ("Ended", page.number(len(known) - len(moving)), f"Of the newest {SHOWN}"),
        ]
    )
    if moving:
        followed(project_id, len(moving))
    ended(actor, [job for job in known if job.taken_in])


@st.fragment(run_every=job_view.SECONDS)
def followed(project_id: str, before: int) -> None:
    """What moves, oldest first; the whole page again as soon as one of them has ended."""
    store, actor = session.store(), session.actor()
    moving = [j for j in jobs.jobs_of(store, actor, project_id, limit=SHOWN) if not j.taken_in]
    if len(moving) != before:
        st.rerun()
    for job in reversed(moving):
        job_view.draw(live_view(store, actor, job.job_id, notes=1))


main()
