"""Examples with the answers of several systems side by side, for leads: it names the systems."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.conversation import readable
from core.scoring.metrics import MEASURED
from core.study.answer import Answer, AnsweredExample
from core.study.system import VersionSystem
from core.workflows.evaluation import generating
from pages.components import page
from pages.evaluation.systems_table import SHOWN, names_of

if TYPE_CHECKING:
    from pages.components.session import StoreType

PAGE = 10
MOST = 3
READ = {**SHOWN, **names_of(MEASURED)}


def read_answers(
    store: StoreType, actor: Actor, version_id: str, systems: Sequence[VersionSystem]
) -> None:
    """Choose up to three systems and read their answers, ten examples a page."""
    names = {s.system_id: s.name for s in systems if s.answers}
    if not names:
        page.empty("No answers yet", "Generate some, or import those of another system.")
        return
    st.warning(
        "Not blind: this page names the systems. Raters use Rate; what you rate in a study of one "
        "of them after reading here, open or still to open, is counted apart.",
        icon=":material/visibility:",
    )
    chosen = st.multiselect(
        "Systems", list(names), default=list(names)[:MOST], format_func=names.__getitem__,
        max_selections=MOST, key=f"read_systems {version_id}",
    )  # fmt: skip
    metric = st.selectbox("Score", list(READ), format_func=READ.__getitem__)
    if not chosen:
        return
    total = max(s.answers for s in systems if s.system_id in chosen)
    pages = -(-total // PAGE)
    at = st.pagination(pages, key=f"read_page {version_id}") if pages > 1 else 1
    rows = generating.answers_page(
        store, actor, version_id, chosen, metric=metric, limit=PAGE, offset=PAGE * (at - 1)
    )
    for row in rows:
        _example(row, [(i, names[i]) for i in chosen], READ[metric])


def _example(row: AnsweredExample, systems: Sequence[tuple[str, str]], metric: str) -> None:
    with st.container(border=True):
        st.caption("Instruction")
        page.plain(row.instruction)
        if row.input:
            st.caption("Input")
            page.plain(readable(row.input))
        st.caption("Reference")
        page.plain(row.output)
        for column, (system_id, name) in zip(st.columns(len(systems)), systems, strict=True):
            with column:
                _answer(name, row.answers.get(system_id), metric)


def _answer(name: str, answer: Answer | None, metric: str) -> None:
    with st.container(border=True):
        st.text(f"▪ {name}")
        if answer is None:
            st.caption("No answer to this example.")
            return
        if answer.finish == "too_long":
            st.caption("Not asked: the prompt fills the model's context.")
            return
        ended = " · hit the length cap" if answer.finish == "length" else ""
        ended = " · cut at a stop string" if answer.cut else ended
        st.caption(f"{metric} {page.number(answer.score, 3)}{ended}")
        page.plain(answer.text)
