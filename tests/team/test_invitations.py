"""Invitation links, on a real store: once, for a week, into one project with one role."""

from __future__ import annotations

from datetime import timedelta

import pytest

from core.accounts import WeakPassword
from core.clock import now
from core.errors import InvalidInput, NameTaken, NotAllowed, NotFound
from core.workflows.team import sessions
from core.workflows.team.invitations import (
    accept_invitation,
    check_invitation,
    invite,
    open_invitations,
    revoke_invitation,
)
from core.workflows.team.projects import delete_project
from storage.store import Store
from tests.builders import a_project, an_actor, an_admin
from tests.people_builders import PASSWORD, a_person


def test_an_invited_person_makes_an_account_with_the_role_once(store: Store) -> None:
    project_id = a_project(store).project_id
    lead = an_actor(project_id)
    token = invite(store, lead, project_id, "reviewer", "for  Bo")
    waiting = check_invitation(store, token)
    assert (waiting.role, waiting.project, waiting.note) == ("reviewer", "Notes", "for Bo")
    person_id = accept_invitation(store, token, "Bo", PASSWORD)
    actor = sessions.actor_of(store, sessions.sign_in(store, "Bo", PASSWORD))
    assert actor is not None
    assert actor.roles == {project_id: frozenset({"reviewer"})}
    assert not actor.is_admin
    assert open_invitations(store, lead, project_id) == []
    with pytest.raises(NotAllowed, match="was used, has expired"):
        accept_invitation(store, token, "Eve", PASSWORD)
    done = [event.action for event in store.audit.of_subject("person", person_id)]
    assert done == ["role_given", "signed_in"]
    [event] = store.audit.of_subject("invitation", waiting.invitation_id)[1:]
    assert (event.action, event.person) == ("accepted", "Bo")


def test_a_refused_name_or_password_leaves_the_link_usable(store: Store) -> None:
    project_id = a_project(store).project_id
    token = invite(store, an_actor(project_id), project_id, "annotator")
    a_person(store, "Bo")
    with pytest.raises(NameTaken):
        accept_invitation(store, token, "bo", PASSWORD)
    with pytest.raises(WeakPassword):
        accept_invitation(store, token, "Cy", "short")
    assert accept_invitation(store, token, "Cy", PASSWORD)


def test_a_link_ends_after_a_week_when_it_is_revoked_and_with_its_project(store: Store) -> None:
    project_id = a_project(store).project_id
    lead = an_actor(project_id)
    for end in ("expire", "revoke", "delete"):
        token = invite(store, lead, project_id, "viewer")
        [invitation] = open_invitations(store, lead, project_id)
        if end == "expire":
            store.database.execute(
                "UPDATE invitations SET expires_at = ?", [now() - timedelta(seconds=1)]
            )
        elif end == "revoke":
            revoke_invitation(store, lead, project_id, invitation.invitation_id)
            with pytest.raises(NotFound):
                revoke_invitation(store, lead, project_id, invitation.invitation_id)
        else:
            delete_project(store, lead, project_id)
        with pytest.raises(NotAllowed):
            accept_invitation(store, token, "Bo", PASSWORD)
    assert store.database.value("SELECT count(*) FROM people") == 0


def test_only_a_lead_invites_and_only_into_the_own_project(store: Store) -> None:
    own, foreign = a_project(store), a_project(store, "Foreign")
    lead = an_actor(own.project_id)
    for actor, project_id in (
        (an_actor(own.project_id, "reviewer"), own.project_id),
        (lead, foreign.project_id),
    ):
        with pytest.raises(NotAllowed):
            invite(store, actor, project_id, "annotator")
        with pytest.raises(NotAllowed):
            open_invitations(store, actor, project_id)
    token = invite(store, an_admin(), foreign.project_id, "annotator")
    invitation = check_invitation(store, token)
    with pytest.raises(NotFound):  # not the lead's project's invitation
        revoke_invitation(store, lead, own.project_id, invitation.invitation_id)
    check_invitation(store, token)


def test_the_token_is_nowhere_in_the_store_and_a_note_is_short(store: Store) -> None:
    project_id = a_project(store).project_id
    token = invite(store, an_admin(), project_id, "annotator")
    kept = str(store.database.rows("FROM invitations")) + str(
        store.database.rows("FROM audit_events")
    )
    assert token not in kept
    with pytest.raises(InvalidInput, match="80 characters"):
        invite(store, an_admin(), project_id, "annotator", "x" * 81)
    with pytest.raises(InvalidInput, match="no role"):
        invite(store, an_admin(), project_id, "admin")  # type: ignore[arg-type]
