"""People: roles in the project, given by its leads; accounts, kept by admins."""

from __future__ import annotations

import streamlit as st

from core.accounts import Person
from core.actor import ROLES
from core.errors import TouchstoneError
from core.workflows import accounts
from pages.components import page, session, trouble

MEANS = {
    "annotator": "imports and edits examples",
    "reviewer": "accepts examples and rates answers",
    "lead": "does everything in the project",
}


def main() -> None:
    actor, project = session.actor(), session.project_or_none()
    where = f" in {trouble.escaped(project.name)}" if project else ""
    page.head("People", f"Who may do what{where}.")
    if project:
        roles_of(accounts.people(session.store(), actor, project.project_id), project.project_id)
    if actor.is_admin:
        add_person()
        look_after(accounts.people(session.store(), actor))


def roles_of(people: list[Person], project_id: str) -> None:
    st.caption("  \n".join(f"**{role}**: {what}" for role, what in MEANS.items()))
    for person in (person for person in people if not person.disabled):
        name, roles = st.columns([2, 3], vertical_alignment="center")
        name.text(person.name + (" (admin)" if person.is_admin else ""))
        held = roles.pills(
            f"Roles of {trouble.escaped(person.name)}",
            ROLES,
            selection_mode="multi",
            default=[role for role in ROLES if role in person.roles],
            key=f"roles {project_id} {person.person_id} {sorted(person.roles)}",
            label_visibility="collapsed",
        )
        for role in set(held) ^ person.roles:
            set_role(person, project_id, role, role in held)


def set_role(person: Person, project_id: str, role: str, granted: bool) -> None:
    actor, role_ = session.actor(), next(one for one in ROLES if one == role)
    accounts.set_role(session.store(), actor, project_id, person.person_id, role_, granted)
    session.say(f"{person.name} {'is' if granted else 'is no longer'} {role}.")
    st.rerun()


def add_person() -> None:
    with st.expander("Add a person", icon=":material/person_add:"), st.form("add", border=False):
        name = st.text_input("Name", max_chars=60)
        password = st.text_input("First password", type="password", autocomplete="new-password")
        is_admin = st.checkbox("Admin of the server: sees and does everything")
        if st.form_submit_button("Add this person", type="primary"):
            try:
                accounts.add_person(
                    session.store(), session.actor(), name, password, is_admin=is_admin
                )
            except TouchstoneError as error:
                trouble.show(error)
            else:
                session.say(f"{name} can sign in now. Tell them the password, and give a role.")
                st.rerun()


def look_after(people: list[Person]) -> None:
    with st.expander("Reset a password, disable an account", icon=":material/manage_accounts:"):
        person = st.selectbox("Person", people, format_func=lambda one: one.name, index=None)
        if person is None:
            st.caption("Choose somebody first.")
            return
        with st.form("reset", clear_on_submit=True, border=False):
            password = st.text_input("New password", type="password", autocomplete="new-password")
            if st.form_submit_button("Reset the password and end the sessions"):
                reset_password(person, password)
        verb = "Let in again" if person.disabled else "Disable"
        if st.button(f"{verb}: {trouble.escaped(person.name)}"):
            accounts.disable_person(
                session.store(), session.actor(), person.person_id, disabled=not person.disabled
            )
            session.say(f"{person.name} {'can sign in again' if person.disabled else 'is out'}.")
            st.rerun()


def reset_password(person: Person, password: str) -> None:
    accounts.reset_password(session.store(), session.actor(), person.person_id, password)
    session.say(f"{person.name} has a new password. Tell them.")
    st.rerun()


main()
