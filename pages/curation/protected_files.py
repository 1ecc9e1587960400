"""Protected files: the list, the form that registers one, and taking one back with a reason."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from core.importing.formats import FORMAT_NAMES
from core.versions.protected import ProtectedFile
from core.versions.usefulness import shortened
from core.workflows.curation import protecting
from core.workflows.jobs import jobs
from pages.components import errors, page, session
from pages.components.job_view import live
from pages.components.upload import queue_upload, upload_limits

FORM, ROUND = "protect", "protect round"


def protected_files(project_id: str) -> None:
    """What nothing may train on: for everybody to see, for leads to change."""
    store, actor = session.store(), session.actor()
    files = protecting.protected_files(store, actor, project_id)
    lead = actor.has(project_id, "lead")
    if not files and not lead:
        return
    what = page.counted(len(files), "protected file")
    label = what[0].upper() + what[1:] if files else "Protect files from training"
    with st.expander(label, icon=":material/shield:"):
        st.caption(
            "Benchmarks and other texts that must never be trained on. Examples that equal one or "
            "are near one stay out of train and validation in every version frozen from now on."
        )
        for file in files:
            _file(project_id, file, lead=lead)
        if lead:
            _working(project_id)
            _form(project_id)


def _working(project_id: str) -> None:
    """The newest file that is still being read, or could not be."""
    found = jobs.jobs_of(session.store(), session.actor(), project_id, ("protect",), 1)
    if found and not (found[0].taken_in and found[0].status == "completed"):
        live(found[0].job_id)


def _file(project_id: str, file: ProtectedFile, *, lead: bool) -> None:
    with st.container(border=True, gap="xsmall"):
        st.text(file.name)
        unread = f", {page.counted(file.rejected, 'record')} unread" if file.rejected else ""
        texts = page.counted(file.texts, "text")
        st.caption(f"{texts}{unread} · {file.person}, {page.when(file.created_at)}")
        if not lead:
            return
        with st.container(horizontal=True):
            with st.popover("First texts", icon=":material/visibility:"):
                for row in protecting.protected_texts(
                    session.store(), session.actor(), project_id, file.file_id
                ):
                    text = row["input"].strip() or row["instruction"]
                    page.plain(f"{row['line']}: {shortened(text)}")
            with st.popover("Remove …", icon=":material/delete:"):
                _remove_form(project_id, file)


def _remove_form(project_id: str, file: ProtectedFile) -> None:
    with st.form(f"unprotect_{file.file_id}", border=False):
        st.caption("Its texts are deleted, and later versions may train on what is near them.")
        reason = st.text_input("Reason, kept in the audit log", max_chars=500)
        pressed = st.form_submit_button("Remove this file")
    if pressed:
        errors.attempt(
            lambda: protecting.remove_protected(
                session.store(), session.actor(), project_id, file.file_id, reason
            ),
            f"{file.name} protects nothing any more.",
        )


def _form(project_id: str) -> None:
    turn = session.recall(ROUND, 0)  # a new one empties the form, which a refusal must not
    with st.form(FORM):
        st.markdown("**Protect a file**")
        file = st.file_uploader(
            f"File: {FORMAT_NAMES}",
            key=f"protect_file_{turn}",
            help="Any shape that Import understands. Instruction and input count; outputs do not.",
        )
        name = st.text_input(
            "Title",
            key=f"protect_name_{turn}",
            max_chars=80,
            placeholder="such as the benchmark; else the file's name",
        )
        pressed = st.form_submit_button("Protect", icon=":material/shield:")
    if pressed:
        store, actor = session.store(), session.actor()
        file_name = Path(file.name).name if file else ""
        queue_upload(
            file,
            form=FORM,
            turn=ROUND,
            missing="Choose the file that must not be trained on.",
            said="The file is being read. It protects as soon as it is in the list.",
            start=lambda path, submission: protecting.start_protect(
                store, actor, project_id, path, name.strip() or file_name,
                file_id=f"prf_{submission}", limits=upload_limits(),
            ),
        )  # fmt: skip
