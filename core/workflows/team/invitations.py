"""Invitations: one-time links with which somebody makes an account and joins a project."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.accounts import INVITATION_LASTS, Invitation, clean_name, hash_token, new_token
from core.actor import Actor, Role, role_named
from core.clock import new_id, now
from core.errors import NotAllowed, NotFound
from core.passwords import hash_password
from core.workflows.team.accounts import change_role, insert_person

if TYPE_CHECKING:
    from storage.store import Store

VOID = (
    "This invitation was used, has expired, or was revoked. Ask the person who sent it for a "
    "new one."
)


def invite(store: Store, actor: Actor, project_id: str, role: Role, note: str = "") -> str:
    """The token of a new invitation, by a lead: it is shown once and kept as a hash only.

    `note` says whom it is for. Raises NotAllowed, InvalidInput.
    """
    actor.require(project_id, "lead")
    token, moment = new_token(), now()
    invitation = Invitation(
        new_id("inv"), project_id, role_named(role), " ".join(note.split()), actor.person_id,
        moment, moment + INVITATION_LASTS,
    )  # fmt: skip

    def save() -> None:
        if store.projects.by_id(project_id) is None:
            raise NotFound("This project does not exist, or was deleted. Choose another one.")
        store.invitations.add(invitation, hash_token(token))
        store.audit.record(
            "created", "invitation", invitation.invitation_id, actor.person_id,
            project_id=project_id, role=role, note=invitation.note,
        )  # fmt: skip

    store.transact(save)
    return token


def open_invitations(store: Store, actor: Actor, project_id: str) -> list[Invitation]:
    """The project's invitations that can still be used, newest first; for its leads."""
    actor.require(project_id, "lead")
    return store.invitations.open_of_project(project_id, now())


def revoke_invitation(store: Store, actor: Actor, project_id: str, invitation_id: str) -> None:
    """Make an open invitation void. Raises NotFound when it was used meanwhile."""
    actor.require(project_id, "lead")

    def save() -> None:
        if not store.invitations.revoke(project_id, invitation_id):
            raise NotFound("This invitation was used or revoked meanwhile. Reload the page.")
        store.audit.record(
            "revoked", "invitation", invitation_id, actor.person_id, project_id=project_id
        )

    store.transact(save)


def check_invitation(store: Store, token: str) -> Invitation:
    """The invitation with this token. Raises NotAllowed unless it can still be used."""
    found = store.invitations.open_by_token(hash_token(token), now())
    if found is None:
        raise NotAllowed(VOID)
    return found


def accept_invitation(store: Store, token: str, name: str, password: str) -> str:
    """The invited person's account, with the role; returns the person's id.

    Raises NotAllowed, InvalidInput, NameTaken; a refused name leaves the link usable.
    """
    check_invitation(store, token)
    name, password_hash = clean_name(name), hash_password(password, name)

    def save() -> str:
        invitation = check_invitation(store, token)
        person_id = insert_person(store, name, password_hash, is_admin=False)
        if not store.invitations.use(invitation.invitation_id, person_id):
            raise NotAllowed(VOID)
        project_id = invitation.project_id
        store.audit.record(
            "accepted", "invitation", invitation.invitation_id, person_id, project_id=project_id
        )
        inviter = invitation.invited_by
        change_role(store, inviter, project_id, person_id, invitation.role, True)
        return person_id

    return store.transact(save)
