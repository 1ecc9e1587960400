"""The draft behind Train: loaded when a tab opens, kept at each change, thrown away on request."""

from __future__ import annotations

import streamlit as st

from core.workflows.tuning import run_drafts
from core.workflows.tuning.run_drafts import RunDraft
from pages.components import session

FOUND, SHOWN, TURN = "run draft found", "run draft shown", "run draft turn"


def found_draft() -> RunDraft:
    """What this person had left here when the tab opened, or nothing."""
    name = _of_project(FOUND)
    if session.recall(name) is None:
        project_id = session.project().project_id
        session.remember(name, run_drafts.run_draft(session.store(), session.actor(), project_id))
    draft: RunDraft = session.recall(name)
    return draft


def form_key() -> str:
    """What the keys of the form's widgets begin with: another one once it is emptied."""
    return f"{_of_project('launch')} {session.recall(_of_project(TURN), 0)}"


def keep_draft(draft: RunDraft) -> None:
    """Keep the form as it stands, if somebody changed it since it was first drawn."""
    name = _of_project(SHOWN)
    before = session.recall(name)
    session.remember(name, draft)
    if before is not None and before != draft:
        project_id = session.project().project_id
        run_drafts.keep_run_draft(session.store(), session.actor(), project_id, draft)


def offer_the_defaults() -> None:
    """Say that the form is as it was left, with a way back to an empty one.

    Its place stays when there is nothing to say: else all below moves up by one, and the form as it
    was stands beneath the emptied one until the page is drawn to its end.
    """
    with st.container(horizontal=True, vertical_alignment="center"):
        if found_draft() == RunDraft():
            return
        st.caption("This form is as you left it.", width="content")
        st.button(
            "Start from the defaults", icon=":material/restart_alt:", type="tertiary",
            on_click=empty_form,
        )  # fmt: skip


def empty_form() -> None:
    """Forget the draft, here and in the store."""
    forget_draft()
    turn = _of_project(TURN)
    session.remember(turn, session.recall(turn, 0) + 1)


def forget_draft() -> None:
    """The run was started: a tab that opens later begins with the defaults."""
    project_id = session.project().project_id
    run_drafts.drop_run_draft(session.store(), session.actor(), project_id)
    session.remember(_of_project(FOUND), RunDraft())
    session.forget(_of_project(SHOWN))


def _of_project(name: str) -> str:
    return f"{name} {session.project().project_id}"
