"""Exporting examples: the format, the job that writes it, the file to save."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import streamlit as st

from core.errors import TouchstoneError
from core.examples.listing import ExampleFilter
from core.exporting.formats import EXPORT_FORMATS, MANIFEST
from core.workflows.curation import exporting
from core.workflows.curation.exporting import Wish
from pages.components import errors, page, session
from pages.components.progress import progress

PROVENANCE = "With who annotated and reviewed, and when"


def choose_wish(key: str) -> Wish:
    """Format and provenance, as chosen."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        name = st.selectbox(
            "Format",
            list(EXPORT_FORMATS),
            format_func=lambda one: f"{EXPORT_FORMATS[one].label}: {EXPORT_FORMATS[one].about}",
            key=f"export_format_{key}",
            width=380,
        )
        told = st.checkbox(
            PROVENANCE,
            key=f"export_provenance_{key}",
            help="Names and times go into the file. Leave it off for data that you pass on.",
        )
    return Wish(EXPORT_FORMATS[name].name, provenance=told, zip=not EXPORT_FORMATS[name].suffix)


def download(path: Path, file_name: str, key: str) -> None:
    """A button that saves a file; it is read when somebody clicks."""
    st.download_button(
        f"{path.name} ({page.size(path.stat().st_size)})",
        path.read_bytes,
        file_name,
        "application/octet-stream",
        key=f"download_{key}",
        icon=":material/download:",
        on_click="ignore",
    )


def export_form(project_id: str, wanted: ExampleFilter) -> None:
    """Export the examples that the filter of the page matches, and save the last such export."""
    form = f"export {project_id}"
    with st.popover("Export", icon=":material/output:"):
        wish = choose_wish(project_id)
        everything = replace(wanted, order="position") == ExampleFilter()
        which = "all examples" if everything else "the examples that match"
        store, actor = session.store(), session.actor()
        if st.button(f"Export {which}", key=f"export_{project_id}"):
            try:
                exporting.start_examples_export(
                    store, actor, project_id, wanted, wish, export_id=session.submission_id(form)
                )
            except TouchstoneError as error:
                errors.show(error)
                return
            session.submitted(form)
            st.rerun()
        last = exporting.my_last_export(store, actor, project_id)
        if last is not None:
            _last(last)


def _last(export: exporting.Export) -> None:
    if not export.files:
        progress(export.job.subject_id)
        return
    detail = export.job.detail
    label = EXPORT_FORMATS[detail["format"]].label
    st.caption(
        f"Your last export: {page.counted(detail['examples'], 'example')} as {label}, "
        f"{page.when(export.job.created_at)}"
    )
    with st.container(horizontal=True):
        for name, path in export.files.items():
            if name != MANIFEST:
                download(path, name, export.job.job_id)
