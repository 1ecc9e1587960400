"""The job about an import, a version or an export, while it runs or when it broke off."""

from __future__ import annotations

from core.workflows.jobs import jobs
from pages.components import session
from pages.components.job_view import live


def progress(subject_id: str) -> bool:
    """Draw the job about a subject unless its result is taken in; whether it is still on its way.

    When it ends the page runs once more.
    """
    job = jobs.job_about(session.store(), session.actor(), subject_id)
    if job is None or (job.taken_in and job.status == "completed"):
        return False
    return live(str(job.job_id)).moves
