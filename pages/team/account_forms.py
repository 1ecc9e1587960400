"""What an admin does with accounts: add a person, reset a password, disable somebody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from core.accounts import LONGEST_NAME, PASSWORD_RULE, Person
from core.actor import ROLES, Role
from core.errors import TouchstoneError
from core.projects import Project
from core.workflows.team import accounts
from pages.components import errors, session


def add_person(project: Project | None) -> None:
    """The form for a new person, with roles in the project."""
    with st.expander("Add a person", icon=":material/person_add:"), st.form("add", border=False):
        name = st.text_input("Name", max_chars=LONGEST_NAME)
        password = st.text_input("First password", type="password", autocomplete="new-password")
        st.caption(PASSWORD_RULE)
        roles: list[Role] = []
        if project is not None:
            roles = st.pills(
                f"Roles in {errors.escaped(project.name)}", ROLES, selection_mode="multi"
            )
        is_admin = st.checkbox("Admin of the server: sees and does everything")
        if st.form_submit_button("Add this person", type="primary"):
            with _refusals_told():
                accounts.add_person(
                    session.store(), session.actor(), name, password, is_admin=is_admin,
                    project_id=project.project_id if project else None, roles=roles,
                )  # fmt: skip
                rest = "" if roles or is_admin else " They see nothing before they have a role."
                _done(f"{name} can sign in now. Tell them the password.{rest}")


def look_after(people: list[Person]) -> None:
    """The forms for somebody who is there."""
    with st.expander("Reset a password, disable an account", icon=":material/manage_accounts:"):
        person = st.selectbox("Person", people, format_func=lambda one: one.name, index=None)
        if person is None:
            st.caption("Choose somebody first.")
            return
        with st.form("reset", border=False):
            password = st.text_input("New password", type="password", autocomplete="new-password")
            if st.form_submit_button("Reset the password and end the sessions"):
                with _refusals_told():
                    accounts.reset_password(
                        session.store(), session.actor(), person.person_id, password
                    )
                    _done(f"{person.name} has a new password. Tell them.")
        verb = "Let in again" if person.disabled else "Disable and sign out"
        if st.button(f"{verb}: {errors.escaped(person.name)}"):
            with _refusals_told():
                accounts.disable_person(
                    session.store(), session.actor(), person.person_id, disabled=not person.disabled
                )
                _done(f"{person.name} {'can sign in again' if person.disabled else 'is out'}.")


def _done(message: str) -> None:
    session.say(message)
    st.rerun()


@contextmanager
def _refusals_told() -> Iterator[None]:
    """Shows a refusal inside the form, so that what was typed stays."""
    try:
        yield
    except TouchstoneError as error:
        errors.show(error)
