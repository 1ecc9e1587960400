"""Accepting many examples at once: for a lead, asked first, and undone with one click."""

from __future__ import annotations

import streamlit as st

from core.workflows.curation import bulk_accepting
from pages.components import page, session
from pages.curation.bulk_undo import bulk_undo


def bulk_accept(project_id: str) -> str:
    """The buttons, with how many each accepts, and the way back from the last time.

    The id of the last bulk action that stands, or "".
    """
    store, actor = session.store(), session.actor()
    there = bulk_accepting.acceptable(store, actor, project_id)
    annotated, both = there["annotated"], there["annotated"] + there["new"]
    several = bulk_accepting.left_out(store, actor, project_id)
    if both:
        st.subheader("Many at once", anchor=False)
        st.caption(
            "Flagged examples, ones without an output, ones that people hold, and synthetic ones "
            "that nobody has looked at stay as they are." + left_out(several)
        )
        with st.container(horizontal=True):
            # With keys, as the editor decides without a rerun: the numbers may have changed since.
            if annotated and st.button(
                f"Accept all {page.number(annotated)} annotated", key="accept_annotated"
            ):
                confirm(project_id, annotated, untouched=False)
            if st.button(
                f"Accept all {page.number(both)}, untouched ones too",
                key="accept_all",
                disabled=not there["new"],
            ):
                confirm(project_id, both, untouched=True)
    elif several:
        st.caption(f"Nothing can be accepted in bulk.{left_out(several)}")
    return bulk_undo(project_id)


def left_out(several: int) -> str:
    """What becomes of examples that several reviewers must accept, as a sentence to append."""
    if not several:
        return ""
    need, these = ("needs", "this one") if several == 1 else ("need", "these one by one")
    examples = page.counted(several, "example")
    return f" {examples} {need} two reviewers or more: people accept {these}."


@st.dialog("Accept many examples")
def confirm(project_id: str, count: int, *, untouched: bool) -> None:
    """Say what will happen, then do it."""
    examples = page.counted(count, "example")
    become = "becomes" if count == 1 else "become"
    st.write(
        f"{examples} {become} accepted without anybody looking at each of them."
        + (" Among them are ones that nobody has annotated." if untouched else "")
    )
    comment = st.text_input(
        "Why is that right? (optional, kept in each example's history)", max_chars=300
    )
    with st.container(horizontal=True):
        if st.button(f"Accept {examples}", type="primary"):
            done = bulk_accepting.accept_all(
                session.store(), session.actor(), project_id, untouched=untouched, comment=comment
            )
            accepted = page.counted(done, "example")
            session.say(f"{accepted} accepted. Undo is on the Review page.")
            st.rerun()
        if st.button("Cancel"):
            st.rerun()
