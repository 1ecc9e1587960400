"""Add a model of the Hugging Face hub to the base models: a worker's job, one at a time.

A lead who starts it allows the model, which the audit log keeps: afterwards all projects of the
workspace may train on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.errors import Conflict
from core.jobs.job import Job
from core.jobs.state import RESUMABLE
from core.tuning.hub import HubModel
from core.workflows.jobs import control, jobs

if TYPE_CHECKING:
    from storage.store import Store

KIND = "download_model"


def start_download(
    store: Store, actor: Actor, project_id: str, hub_id: str, revision: str = ""
) -> str:
    """Queue the download of a model at a branch, a tag or a commit (empty: main); the job's id.
    Leads only.

    One of the same model and revision that waits or works is given back, one that broke off goes
    on. Raises InvalidHubModel, and Conflict while another model is downloaded.
    """
    actor.require(project_id, "lead")
    model = HubModel(hub_id.strip(), revision.strip() or "main")
    detail = {"hub_id": model.hub_id, "revision": model.revision}
    at_work = [job for job in store.jobs.unsettled() if job.kind == KIND]
    for job in at_work:
        if job.project_id == project_id and dict(job.detail) == detail:
            return job.job_id
    if at_work:
        raise Conflict(
            f"{at_work[0].detail['hub_id']} is being downloaded. Wait until it is here, or cancel "
            "it on the Jobs page of its project."
        )
    earlier = store.jobs.newest_about(_subject(model))
    if (
        earlier
        and (earlier.project_id, dict(earlier.detail)) == (project_id, detail)
        and earlier.status in RESUMABLE
    ):
        control.resume_job(store, actor, earlier.job_id)
        return earlier.job_id

    def allow(job_id: str) -> None:
        store.audit.record(
            "allowed",
            "base_model",
            model.hub_id,
            actor.person_id,
            project_id=project_id,
            revision=model.revision,
            job_id=job_id,
        )

    return jobs.submit(
        store,
        actor,
        kind=KIND,
        project_id=project_id,
        subject_id=jobs.subject_again(store, _subject(model)),
        title=f"Download {model.hub_id}",
        spec=detail,
        detail=detail,
        also=allow,
    )


def latest_download(store: Store, actor: Actor, project_id: str) -> Job | None:
    """The newest download that was started in this project."""
    actor.require(project_id)
    return next(iter(store.jobs.of_project(project_id, [KIND], limit=1)), None)


def _subject(model: HubModel) -> str:
    return f"model_{model.folder}"
