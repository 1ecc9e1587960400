"""The judgements of a study as a file, for leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.workflows.evaluation import results

if TYPE_CHECKING:
    from pages.components.session import StoreType


def export_judgements(store: StoreType, actor: Actor, study_id: str) -> None:
    """Draw the buttons; the file is made when one is pressed."""
    st.subheader("Export the judgements", anchor=False)
    st.caption(
        "Choices, ratings, remarks, flags, corrections, comments and seconds, each judgement."
    )
    by_name = st.toggle("Name the raters", help="Off: rater 1, rater 2 …")
    with st.container(horizontal=True):
        for label, file_format, kind in (
            ("CSV", "csv", "text/csv"),
            ("JSONL", "jsonl", "application/jsonl"),
        ):
            st.download_button(
                label,
                lambda f=file_format: results.export_judgements(  # type: ignore[misc]
                    store, actor, study_id, file_format=f, by_name=by_name
                ),
                f"judgements.{file_format}", kind, key=f"export {file_format} {study_id}",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
