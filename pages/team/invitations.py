"""Invitation links: create one, copy it, revoke it."""

from __future__ import annotations

from urllib.parse import urlsplit

import streamlit as st

from core.accounts import INVITATION_LASTS, LONGEST_NOTE
from core.actor import ROLES, Role
from core.projects import Project
from core.workflows.team.invitations import invite, open_invitations, revoke_invitation
from pages.components import errors, page, session
from pages.server.running import running

LINK = "invitation link"


def invitations(project: Project) -> None:
    """The form for a new link, the link just made, and those that are still open."""
    store, actor, project_id = session.store(), session.actor(), project.project_id
    waiting = open_invitations(store, actor, project_id)
    with st.expander("Invite by link", icon=":material/link:", expanded=bool(session.recall(LINK))):
        new_link(project_id)
        for invitation in waiting:
            with st.container(
                border=True, horizontal=True, vertical_alignment="center",
                horizontal_alignment="distribute",
            ):  # fmt: skip
                with st.container(gap=None, width="content"):
                    st.text(invitation.note or "No note")
                    st.caption(
                        f"{invitation.role} · by {errors.escaped(invitation.inviter)} · valid "
                        f"until {page.when(invitation.expires_at)}"
                    )
                if st.button("Revoke", key=f"revoke {invitation.invitation_id}"):
                    session.forget(LINK)
                    revoke(project_id, invitation.invitation_id)


def new_link(project_id: str) -> None:
    """The form, and once it was sent the link: it cannot be shown again."""
    form = session.submission_id("invitation")
    with st.form(f"invite {form}", border=False):
        role: Role = st.segmented_control(
            "Role", ROLES, default="annotator", required=True, key=f"{form} role"
        )
        note = st.text_input(
            "For whom (optional)", max_chars=LONGEST_NOTE, key=f"{form} note",
            placeholder="a note for yourself",
        )  # fmt: skip
        if st.form_submit_button("Create link", type="primary"):
            token = invite(session.store(), session.actor(), project_id, role, note)
            session.remember(LINK, f"{address()}/invite?token={token}")
            session.submitted("invitation")
            st.rerun()
    link = session.recall(LINK)
    if link:
        st.code(link, language=None, wrap_lines=True)
        st.caption(
            f"Copy it now: it is shown once, works once, and for {INVITATION_LASTS.days} days. "
            "Whoever opens it chooses a name and a password."
        )


def address() -> str:
    """Where this browser reaches the server, a proxy in between included."""
    here = urlsplit(st.context.url or "")
    return f"{here.scheme}://{here.netloc}" if here.netloc else running().url


def revoke(project_id: str, invitation_id: str) -> None:
    """Make a link void, and say so."""
    errors.attempt(
        lambda: revoke_invitation(session.store(), session.actor(), project_id, invitation_id),
        "The link is revoked.",
    )
