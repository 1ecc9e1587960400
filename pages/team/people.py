"""People: roles in the project, given by its leads; invitations; accounts, kept by admins."""

from __future__ import annotations

import streamlit as st

from core.accounts import Person
from core.actor import ROLE_MEANS, ROLES, role_named
from core.workflows.team import accounts
from pages.components import errors, page, session
from pages.team.account_forms import add_person, manage_accounts
from pages.team.invitations import invitations
from pages.team.progress_view import people_at_work, returned_text

ADMIN_MEANS = "does everything in every project, without a role"


def main() -> None:
    """Draw roles, invitations and, for admins, accounts."""
    actor, project = session.actor(), session.project_or_none()
    where = f" in {errors.escaped(project.name)}" if project else ""
    page.head("People", f"Who may do what{where}.")
    if project is None:
        page.empty(
            "No project yet", "Roles are held in a project. Create one under Team, Projects."
        )
    else:
        members(accounts.people(session.store(), actor, project.project_id), project.project_id)
        invitations(project)
        people_at_work(project)
    if actor.is_admin:
        add_person(project)
        manage_accounts(accounts.people(session.store(), actor))


def members(people: list[Person], project_id: str) -> None:
    """One line per person, with the roles to switch on and off."""
    for person in (person for person in people if not person.disabled):
        with st.container(
            horizontal=True, vertical_alignment="center", horizontal_alignment="distribute",
            key=f"person {person.person_id}",
        ):  # fmt: skip
            st.text(person.name + (" (admin)" if person.is_admin else ""))
            held = st.pills(
                f"Roles of {errors.escaped(person.name)}",
                ROLES,
                selection_mode="multi",
                default=[role for role in ROLES if role in person.roles],
                key=f"roles {project_id} {person.person_id} {sorted(person.roles)}",
                label_visibility="collapsed",
                width="content",
            )
        for role in set(held) ^ person.roles:
            set_role(person, project_id, role, role in held)
    means: dict[str, str] = dict(ROLE_MEANS.items())
    if any(person.is_admin for person in people):
        means["admin"] = ADMIN_MEANS
    with st.expander("What the roles mean", icon=":material/help:"):
        st.markdown("\n".join(f"- **{role}** {what}" for role, what in means.items()))


def set_role(person: Person, project_id: str, name: str, granted: bool) -> None:
    """Give or take a role, or say beneath the line why not."""
    role = role_named(name)

    def change() -> None:
        returned = accounts.set_role(
            session.store(), session.actor(), project_id, person.person_id, role, granted
        )
        said = f"{person.name} {'is' if granted else 'is no longer'} {role}."
        session.say(f"{said}{returned_text(returned)}")

    errors.attempt(change)


main()
