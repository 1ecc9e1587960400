"""People: roles in the project, given by its leads; accounts, kept by admins."""

from __future__ import annotations

import streamlit as st

from core.accounts import Person
from core.actor import ROLES
from core.workflows.team import accounts
from pages.components import errors, page, session
from pages.team.account_forms import add_person, look_after

MEANS = {
    "annotator": "imports and edits examples",
    "reviewer": "accepts examples and rates answers",
    "lead": "does everything in the project",
}


def main() -> None:
    actor, project = session.actor(), session.project_or_none()
    where = f" in {errors.escaped(project.name)}" if project else ""
    page.head("People", f"Who may do what{where}.")
    if project is None:
        page.empty("No project yet", "Roles are held in a project: make one under Team, Projects.")
    else:
        roles_of(accounts.people(session.store(), actor, project.project_id), project.project_id)
    if actor.is_admin:
        add_person(project)
        look_after(accounts.people(session.store(), actor))


def roles_of(people: list[Person], project_id: str) -> None:
    admin = {"admin": "does everything in every project, without a role"}
    means = MEANS | (admin if any(person.is_admin for person in people) else {})
    st.caption("  \n".join(f"**{role}**: {what}" for role, what in means.items()))
    for person in (person for person in people if not person.disabled):
        name, roles = st.columns([2, 3], vertical_alignment="center")
        name.text(person.name + (" (admin)" if person.is_admin else ""))
        held = roles.pills(
            f"Roles of {errors.escaped(person.name)}",
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


main()
