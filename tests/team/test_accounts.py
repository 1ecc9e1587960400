"""Names, passwords, people and roles, on a real store."""

from __future__ import annotations

import pytest

from core.accounts import (
    InvalidName,
    WeakPassword,
    check_password,
    clean_name,
)
from core.actor import ROLE_MEANS, ROLES, Actor, Role
from core.errors import InvalidInput, NotAllowed, NotFound
from core.workflows.team import accounts, sessions
from storage.store import Store
from tests.builders import a_project, an_admin
from tests.people_builders import OTHER, PASSWORD, a_person, signed_in


@pytest.mark.parametrize(
    "password", ["short", "x" * 201, "ababababab", "aaaaaaaaaaaa", "bo lee12", "Bo LeeBo Lee1"]
)
def test_a_weak_password_is_refused_with_what_to_do(password: str) -> None:
    with pytest.raises(WeakPassword, match=r"Use|easy to keep"):
        check_password(password, "Bo Lee")


@pytest.mark.parametrize("name", ["", "  ", "x" * 61, "a\x00b", "a\u202eb"])
def test_a_name_that_cannot_be_seen_is_refused(name: str) -> None:
    with pytest.raises(InvalidName):
        clean_name(name)


def test_roles_are_those_of_the_moment(store: Store) -> None:
    person, project = a_person(store), a_project(store)
    token, actor = signed_in(store)
    assert not actor.has(project.project_id)
    accounts.set_role(store, an_admin(), project.project_id, person, "reviewer", True)
    accounts.set_role(store, an_admin(), project.project_id, person, "reviewer", True)
    now_is = sessions.actor_of(store, token)
    assert now_is is not None
    assert now_is.roles == {project.project_id: frozenset({"reviewer"})}
    accounts.set_role(store, an_admin(), project.project_id, person, "reviewer", False)
    now_is = sessions.actor_of(store, token)
    assert now_is is not None
    assert now_is.roles == {}


def test_a_lead_gives_roles_in_the_own_project_only(store: Store) -> None:
    person, own, foreign = a_person(store), a_project(store), a_project(store, "Foreign")
    lead = Actor("person_l", "L", roles={own.project_id: frozenset({"lead"})})
    accounts.set_role(store, lead, own.project_id, person, "annotator", True)
    held = {one.name: one.roles for one in accounts.people(store, lead, own.project_id)}
    assert held == {"Bo": frozenset({"annotator"})}
    with pytest.raises(NotAllowed):
        accounts.set_role(store, lead, foreign.project_id, person, "annotator", True)
    with pytest.raises(NotAllowed):
        accounts.people(store, lead, foreign.project_id)
    with pytest.raises(NotFound):
        accounts.set_role(store, lead, own.project_id, "person_nobody", "annotator", True)


def test_only_an_admin_keeps_accounts(store: Store) -> None:
    person, project = a_person(store), a_project(store)
    lead = Actor("person_l", "L", roles={project.project_id: frozenset(ROLES)})
    for refused in (
        lambda: accounts.add_person(store, lead, "Eve", PASSWORD),
        lambda: accounts.reset_password(store, lead, person, OTHER),
        lambda: accounts.disable_person(store, lead, person),
        lambda: accounts.people(store, lead),
        lambda: accounts.person_named(store, lead, "Bo"),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_every_change_is_in_the_account_log(store: Store) -> None:
    person = accounts.add_person(store, an_admin(), "Bo", PASSWORD)
    project = a_project(store)
    token, actor = signed_in(store)
    accounts.set_role(store, an_admin(), project.project_id, person, "lead", True)
    accounts.change_password(store, actor, PASSWORD, OTHER, keep=token)
    accounts.reset_password(store, an_admin(), person, PASSWORD)
    accounts.disable_person(store, an_admin(), person)
    kinds = [event.action for event in store.audit.of_subject("person", person)]
    assert kinds == [
        "added", "signed_in", "role_given", "password_changed", "password_reset", "disabled"
    ]  # fmt: skip


def test_a_person_is_added_with_roles_in_one_go_or_not_at_all(store: Store) -> None:
    project_id = a_project(store).project_id
    password = "a few random words"
    person_id = accounts.add_person(
        store, an_admin(), "Cleo", password, project_id=project_id, roles=["annotator", "reviewer"]
    )
    everybody = {p.person_id: p for p in accounts.people(store, an_admin(), project_id)}
    assert everybody[person_id].roles == {"annotator", "reviewer"}
    with pytest.raises(NotFound):
        accounts.add_person(
            store, an_admin(), "Dora", password, project_id="prj_none", roles=["lead"]
        )
    assert "Dora" not in {p.name for p in accounts.people(store, an_admin())}


def test_the_database_knows_every_role_of_the_list_and_no_other(store: Store) -> None:
    project_id = a_project(store).project_id
    for role in ROLES:
        store.accounts.grant(project_id, f"person_{role}", role)
    with pytest.raises(Exception, match="CHECK"):
        store.accounts.grant(project_id, "person_x", "boss")  # type: ignore[arg-type]
    assert set(ROLE_MEANS) == set(ROLES)


@pytest.mark.parametrize(("first", "second"), [("viewer", "reviewer"), ("reviewer", "viewer")])
def test_who_reads_the_results_is_no_blind_rater_at_once(
    store: Store, first: Role, second: Role
) -> None:
    person, project_id = a_person(store), a_project(store).project_id
    accounts.set_role(store, an_admin(), project_id, person, first, True)
    with pytest.raises(InvalidInput, match="cannot rate blind"):
        accounts.set_role(store, an_admin(), project_id, person, second, True)
    assert store.accounts.roles(project_id, person) == {first}
    accounts.set_role(store, an_admin(), project_id, person, first, False)
    accounts.set_role(store, an_admin(), project_id, person, second, True)
    assert store.accounts.roles(project_id, person) == {second}
