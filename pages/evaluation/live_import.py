"""The form that takes live traffic: questions, answers of several systems, no references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.workflows.evaluation import live_answers
from pages.components import session
from pages.components.upload import queue_upload

if TYPE_CHECKING:
    from pages.components.session import StoreType

ROUND = "live answers round"


def live_form(store: StoreType, actor: Actor, project_id: str) -> None:
    """A name and a file; a worker makes a version of its questions and a system of each column."""
    turn = session.recall(ROUND, 0)
    with st.form("import_live", border=True):
        name = st.text_input(
            "Name of the batch", max_chars=60, placeholder="such as Support, week 47",
            key=f"live_name_{turn}",
        )  # fmt: skip
        file = st.file_uploader(
            "Questions and answers: JSONL, JSON, CSV, TSV or Parquet",
            key=f"live_file_{turn}",
            type=["jsonl", "json", "csv", "tsv", "parquet"],
        )
        st.caption(
            "Each record holds a question (instruction, input) and an answer of each system, a "
            "column each. No reference is needed: the questions become an evaluation-only version "
            "that nobody trains on, and people compare the answers in a study. Without references "
            "no score is computed. The questions wait in Annotate, if you want to write references."
        )
        columns = st.text_input(
            "Columns of the answers", placeholder="all but the question, or: model_a, model_b",
            key=f"live_columns_{turn}", help="Separated by commas. Each names a system.",
        )  # fmt: skip
        if st.form_submit_button("Import the batch", type="primary", icon=":material/upload:"):
            _start(store, actor, project_id, name, file, columns)


def _start(
    store: StoreType, actor: Actor, project_id: str, name: str, file: Any, columns: str
) -> None:
    queue_upload(
        file,
        form=f"live {project_id}",
        turn=ROUND,
        missing="Choose the file that holds the questions and answers.",
        said="Queued. The version and its systems appear when the file is read.",
        start=lambda path, submission: live_answers.start_import(
            store, actor, project_id, path=path, name=name, columns=columns.split(","),
            version_id=f"ver_{submission}",
        ),
    )  # fmt: skip
