"""Opening a copy of a study that is not blind, with what tells the systems apart taken out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import streamlit as st

from core.actor import Actor
from core.errors import TouchstoneError
from core.study.study import Study
from core.study.transforming import TRANSFORMATIONS
from core.workflows.evaluation.copies import open_changed_copy
from pages.components import session
from pages.components.errors import tell

if TYPE_CHECKING:
    from pages.components.session import StoreType


def offer_copy(store: StoreType, actor: Actor, study: Study) -> None:
    """The changes that there are, those that close what was found chosen already."""
    there = [key for key in TRANSFORMATIONS if key not in study.plan.changes]
    with st.expander("Open a copy with changed answers", icon=":material/content_copy:"):
        st.caption(
            "A new study of the same systems and examples. Raters see the answers changed on all "
            "sides alike; the answers themselves, their scores and this study stay. Best rated by "
            "people who have not rated this one."
        )
        with st.form(f"copy {study.study_id}", border=False):
            chosen = [
                key
                for key in there
                if st.checkbox(
                    TRANSFORMATIONS[key].label,
                    value=key in study.leaks.remedies,
                    key=f"copy {study.study_id} {key}",
                )
            ]
            if st.form_submit_button("Open the copy", icon=":material/content_copy:"):
                _open(store, actor, study, chosen)


def _open(store: StoreType, actor: Actor, study: Study, chosen: list[str]) -> None:
    form = f"copy {study.study_id}"
    try:
        open_changed_copy(
            store, actor, study.study_id, chosen, copy_id=f"stu_{session.submission_id(form)}"
        )
    except TouchstoneError as error:
        tell(error.title, error.message)
        return
    session.submitted(form)
    session.say("Queued. The copy opens when a worker has drawn it.")
    st.rerun()
