"""The last bulk action of a project, and taking it back: for a lead."""

from __future__ import annotations

import streamlit as st

from core.examples.bulk import AUDITED
from core.workflows.curation import bulk
from pages.components import errors, page, session

DID = {
    AUDITED["accept"]: "accepted",
    AUDITED["send_back"]: "sent back",
    AUDITED["set_aside"]: "set aside",
    AUDITED["label"]: "labelled",
    AUDITED["mask"]: "masked personal data in",
    AUDITED["assign"]: "assigned",
    AUDITED["unassign"]: "gave back to the open queue",
    AUDITED["critical"]: "marked as critical",
    AUDITED["uncritical"]: "took the critical mark from",
    AUDITED["gold"]: "gave the gold mark to",
    AUDITED["ungold"]: "took the gold mark from",
}


def bulk_undo(project_id: str) -> str:
    """Say what was done to many examples at once and offer to take it back; its id, or ""."""
    store, actor = session.store(), session.actor()
    last = bulk.last_action(store, actor, project_id)
    if last is None:
        return ""
    with st.container(horizontal=True, vertical_alignment="center"):
        many, when = page.counted(last.n, "example"), page.when(last.created_at)
        st.text(f"{last.person} {DID[last.action]} {many} at once on {when}.")
        if st.button(f"Undo: take the {page.number(last.n)} back", icon=":material/undo:"):
            errors.attempt(lambda: take_back(project_id, last.batch_id))
    return last.batch_id


def take_back(project_id: str, batch_id: str) -> None:
    """Undo, and say how many that were."""
    taken = bulk.undo(session.store(), session.actor(), project_id, batch_id)
    session.say(f"{page.counted(taken, 'example')} as before. Those changed since stay.")
