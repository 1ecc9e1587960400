"""Answers that another system wrote: the form that takes them, and what joined of each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from core.actor import Actor
from core.exporting.tables import to_csv
from core.study.system import VersionSystem
from core.workflows.evaluation import answers
from pages.components import page, session
from pages.components.upload import queue_upload

if TYPE_CHECKING:
    from core.importing.answers_job import Report
    from pages.components.session import StoreType

SHOWN, ROUND = 50, "answers round"


def import_form(store: StoreType, actor: Actor, version_id: str) -> None:
    """A name and a file; a worker joins its answers to the version's examples."""
    turn = session.recall(ROUND, 0)  # a new one empties the form, which a refusal must not
    with st.form("import_answers", border=True):
        name = st.text_input(
            "Name of the system", max_chars=80, placeholder="the model that answered",
            key=f"answers_name_{turn}",
        )  # fmt: skip
        file = st.file_uploader(
            "Answers: JSONL, JSON, CSV, TSV or Parquet",
            key=f"answers_file_{turn}",
            type=["jsonl", "json", "csv", "tsv", "parquet"],
        )
        st.caption(
            "Each record holds an answer, and the example's id or its instruction and input."
        )
        column = st.text_input(
            "Column of the answers", placeholder="found by its name, such as output or prediction",
            key=f"answers_column_{turn}",
            help="Dots lead into nested records, as in choices.text.",
        )  # fmt: skip
        if st.form_submit_button("Import answers", type="primary", icon=":material/upload:"):
            _start(store, actor, version_id, name, file, column)


def _start(
    store: StoreType, actor: Actor, version_id: str, name: str, file: Any, column: str
) -> None:
    queue_upload(
        file,
        form=f"answers {version_id}",
        turn=ROUND,
        missing="Choose the file that holds the answers.",
        said="Queued. What joins is scored as soon as it is there.",
        start=lambda path, submission: answers.start_import(
            store, actor, version_id, name=name, path=path, answer_column=column.strip() or None,
            system_id=f"sys_{submission}",
        ),
    )  # fmt: skip


def joined(store: StoreType, actor: Actor, systems: Sequence[VersionSystem]) -> None:
    """What joined of an imported system, the newest unless another is chosen."""
    if not systems:
        return
    by_id = {s.system_id: s for s in reversed(systems)}
    newest = next(iter(by_id))
    st.subheader("What joined", anchor=False)
    chosen = newest
    if len(by_id) > 1:
        # A newer import is a new widget, so that it is what is shown.
        chosen = st.selectbox(
            "Imported system", list(by_id), key=f"joined {newest}",
            format_func=lambda i: f"{by_id[i].name} · {page.when(by_id[i].system.created_at)}",
        )  # fmt: skip
    _show(by_id[chosen].name, answers.report_of(store, actor, chosen))


def _show(name: str, report: Report) -> None:
    with st.container(border=True):
        mark = "✓" if not report.missing and not report.unmatched else "◐"
        st.text(
            f"{mark} {name}: {page.number(report.joined)} of "
            f"{page.number(report.examples)} examples have an answer."
        )
        if report.missing:
            st.text(f"{page.counted(len(report.missing), 'example')} without one.")
        rows = [
            {"Line": line, "What": what, "Reason": reason}
            for what, found in (("did not join", report.unmatched), ("doubtful", report.doubtful))
            for line, reason in found
        ]
        if not rows:
            st.caption("Every line of the file joined.")
            return
        shown = f"; the first {SHOWN} are shown" if len(rows) > SHOWN else ""
        st.caption(f"{page.counted(len(rows), 'line')} to look at{shown}.")
        st.dataframe(rows[:SHOWN], hide_index=True, height="content")
        st.download_button(
            "All of them as CSV", lambda: to_csv(rows), "not-joined.csv", "text/csv",
            icon=":material/download:", on_click="ignore",
        )  # fmt: skip
