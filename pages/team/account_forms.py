"""What an admin does with accounts: add a person, reset a password, disable somebody."""

from __future__ import annotations

import streamlit as st

from core.accounts import LONGEST_NAME, PASSWORD_RULE, Person
from core.actor import ROLES, Role
from core.errors import TouchstoneError
from core.projects import Project
from core.workflows.team import accounts
from pages.components import errors, session
from pages.team.progress_view import returned_text

FORM = "add person"


def add_person(project: Project | None) -> None:
    """The form for a new person, with roles in the project; empty again after each one."""
    form = session.submission_id(FORM)
    with (
        st.expander("Add a person", icon=":material/person_add:"),
        st.form(f"add {form}", border=False),
    ):
        name = st.text_input("Name", max_chars=LONGEST_NAME, key=f"{form} name")
        password = st.text_input(
            "Initial password", type="password", autocomplete="new-password", help=PASSWORD_RULE,
            key=f"{form} password",
        )  # fmt: skip
        roles: list[Role] = []
        if project is not None:
            roles = st.pills(
                f"Roles in {errors.escaped(project.name)}", ROLES, selection_mode="multi",
                key=f"{form} roles",
            )  # fmt: skip
        is_admin = st.checkbox("Server admin: sees and does everything", key=f"{form} admin")
        if st.form_submit_button("Add person", type="primary"):
            _add(project, name, password, roles, is_admin)


def _add(
    project: Project | None, name: str, password: str, roles: list[Role], is_admin: bool
) -> None:
    try:
        accounts.add_person(
            session.store(), session.actor(), name, password, is_admin=is_admin,
            project_id=project.project_id if project else None, roles=roles,
        )  # fmt: skip
    except TouchstoneError as error:
        errors.show(error)
        return
    session.submitted(FORM)
    rest = "" if roles or is_admin else " They see nothing before they have a role."
    session.say(f"{name} can sign in now. Tell them the password.{rest}")
    st.rerun()


def manage_accounts(people: list[Person]) -> None:
    """The forms for somebody who has an account."""
    with st.expander("Reset a password, disable an account", icon=":material/manage_accounts:"):
        person = st.selectbox("Person", people, format_func=lambda one: one.name, index=None)
        if person is None:
            return
        form = session.submission_id(f"reset {person.person_id}")
        with st.form(f"reset {form}", border=False):
            password = st.text_input(
                "New password", type="password", autocomplete="new-password", help=PASSWORD_RULE,
                key=f"{form} password",
            )  # fmt: skip
            if st.form_submit_button("Reset password"):
                _reset(person, password)
        verb = "Enable" if person.disabled else "Disable"
        if st.button(f"{verb} {errors.escaped(person.name)}"):
            errors.attempt(lambda: _disable(person, not person.disabled))


def _disable(person: Person, disabled: bool) -> None:
    store, actor = session.store(), session.actor()
    returned = accounts.disable_person(store, actor, person.person_id, disabled=disabled)
    said = "is signed out and cannot sign in." if disabled else "can sign in again."
    session.say(f"{person.name} {said}{returned_text(returned)}")


def _reset(person: Person, password: str) -> None:
    try:
        accounts.reset_password(session.store(), session.actor(), person.person_id, password)
    except TouchstoneError as error:
        errors.show(error)
        return
    session.submitted(f"reset {person.person_id}")
    session.say(f"{person.name} is signed out everywhere and has a new password. Tell them.")
    st.rerun()
