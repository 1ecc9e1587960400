"""Add a base model from the Hugging Face hub: its id, and the download as it goes."""

from __future__ import annotations

import streamlit as st

from core.workflows.tuning import downloading
from pages.components import errors, job_view, page, session

SEEN = "model download"


def add_model() -> None:
    """Draw the form, and beneath it the newest download of this project until it is here."""
    store, actor, project = session.store(), session.actor(), session.project()
    job = downloading.latest_download(store, actor, project.project_id)
    unsettled = job is not None and job.status not in ("completed", "cancelled")
    with st.expander(
        "Add a model from the Hugging Face hub", unsettled, icon=":material/download:"
    ):
        st.caption(
            "A worker downloads its safetensors weights, configuration and tokenizer, never "
            "pickles or code. All projects may train on it then; the audit log keeps who allowed "
            "it. Look at its licence on the hub first."
        )
        with st.form("add model", border=False):
            left, right = st.columns((3, 2))
            hub_id = left.text_input(
                "Model id", placeholder="HuggingFaceTB/SmolLM2-135M", help="As the hub writes it."
            )
            revision = right.text_input(
                "Revision", placeholder="main", help="A branch, a tag or a commit; empty: main."
            )
            moves = job is not None and not job.taken_in
            asked = st.form_submit_button("Allow and download", disabled=moves)
        if asked:
            errors.attempt(
                lambda: downloading.start_download(
                    store, actor, project.project_id, hub_id, revision
                ),
                f"{hub_id.strip()} is asked for.",
            )
        if job is not None and unsettled:
            session.remember(SEEN, job.job_id)
            job_view.live(job.job_id, notes=2)
        elif job is not None and job.status == "completed":
            name = errors.escaped(str(job.detail["hub_id"]))
            st.caption(f":material/check: {name} was added {page.when(job.ended_at)}.")
            if session.recall(SEEN) == job.job_id:
                session.forget(SEEN)
                st.toast(f"{name} is here: choose it as base model.", icon=":material/check:")
