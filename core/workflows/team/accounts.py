"""People, passwords and roles. Every change is in the audit log."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Any

from core.accounts import (
    LOCKED_FOR,
    Person,
    SignInLocked,
    SignInRefused,
    clean_name,
    hash_token,
    name_key,
)
from core.actor import Actor, Role, check_roles_together, role_named
from core.clock import now
from core.errors import Conflict, NameTaken, NotFound
from core.passwords import hash_password, is_right
from core.workflows.team import assignees

if TYPE_CHECKING:
    from storage.store import Store


def people(store: Store, actor: Actor, project_id: str | None = None) -> list[Person]:
    """Everybody, with roles in the project: for its leads. Without a project: for admins."""
    if project_id is None:
        actor.require_admin()
    else:
        actor.require(project_id, "lead")
    return store.accounts.everybody(project_id)


def add_person(
    store: Store,
    actor: Actor,
    name: str,
    password: str,
    *,
    is_admin: bool = False,
    project_id: str | None = None,
    roles: Collection[Role] = (),
) -> str:
    """A new person, by an admin, with `roles` in the project; returns the id. Raises
    InvalidInput, NameTaken."""
    actor.require_admin()
    name, password_hash = clean_name(name), hash_password(password, name)

    def save() -> str:
        person_id = insert_person(store, name, password_hash, is_admin=is_admin)
        store.audit.record("added", "person", person_id, actor.person_id, admin=is_admin)
        for role in roles:
            change_role(store, actor.person_id, project_id or "", person_id, role, True)
        return person_id

    return store.transact(save)


def person_named(store: Store, actor: Actor, name: str) -> Person | None:
    """Whoever has this name, in any spelling; for admins."""
    actor.require_admin()
    found = store.accounts.credentials_of(name_key(name))
    return store.accounts.person(found.person_id) if found else None


def set_role(
    store: Store, actor: Actor, project_id: str, person_id: str, role: Role, granted: bool
) -> int:
    """Give or take a role in a project, by one of its leads or an admin; how many examples that
    were assigned to the person went to the open queue."""
    actor.require(project_id, "lead")
    role_named(role)
    return store.transact(
        lambda: change_role(store, actor.person_id, project_id, person_id, role, granted)
    )


def change_role(
    store: Store, actor_id: str, project_id: str, person_id: str, role: Role, granted: bool
) -> int:
    """Inside a transaction: give or take a role; how many examples went to the open queue because
    the person annotates no longer. Raises NotFound, InvalidInput."""
    _person(store, person_id)
    if store.projects.by_id(project_id) is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    if granted:
        check_roles_together(store.accounts.roles(project_id, person_id) | {role})
        store.accounts.grant(project_id, person_id, role)
    else:
        store.accounts.withdraw(project_id, person_id, role)
    returned = 0
    if not store.accounts.roles(project_id, person_id) & assignees.ANNOTATES:
        returned = assignees.leave(store, actor_id, person_id, project_id)
    action = "role_given" if granted else "role_taken"
    more: dict[str, Any] = {"examples_returned": returned} if returned else {}
    store.audit.record(
        action, "person", person_id, actor_id, project_id=project_id, role=role, **more
    )
    return returned


def reset_password(store: Store, actor: Actor, person_id: str, password: str) -> None:
    """A new password for somebody, by an admin; ends that person's sessions and lock-out."""
    actor.require_admin()
    person = _person(store, person_id)
    password_hash = hash_password(password, person.name)

    def save() -> list[str]:
        store.accounts.set_password_hash(person_id, password_hash)
        store.accounts.forget_failures(hash_token(name_key(person.name)), now() - LOCKED_FOR)
        store.audit.record("password_reset", "person", person_id, actor.person_id)
        return store.sessions.revoke_all_of(person_id)

    store.sessions.on_revoked(store.transact(save))


def change_password(
    store: Store, actor: Actor, current: str, password: str, *, keep: str = ""
) -> None:
    """A new password for oneself; ends the other sessions, all but the one with token `keep`.

    Raises SignInRefused when the current password is wrong, SignInLocked after too many times.
    """
    attempt = hash_token(name_key(actor.name))
    refuse_locked(store, attempt)
    found = store.accounts.credentials_of(name_key(actor.name))
    if found is None or not is_right(found.password_hash, current):
        count_failure(store, attempt, actor.person_id)
        raise SignInRefused("The current password is not right. Nothing was changed; try again.")
    password_hash = hash_password(password, actor.name)

    def save() -> list[str]:
        store.accounts.set_password_hash(actor.person_id, password_hash)
        store.audit.record("password_changed", "person", actor.person_id, actor.person_id)
        return store.sessions.revoke_all_of(actor.person_id, but=hash_token(keep))

    store.sessions.on_revoked(store.transact(save))


def disable_person(store: Store, actor: Actor, person_id: str, *, disabled: bool = True) -> int:
    """Keep somebody from signing in, or let them again; what they did stays. How many
    examples that were assigned to them went to the open queue. For admins."""
    actor.require_admin()
    if disabled and person_id == actor.person_id:
        raise Conflict("You cannot disable yourself. Ask another admin to do it.")

    def save() -> tuple[list[str], int]:
        _person(store, person_id)
        store.accounts.set_disabled(person_id, disabled)
        action = "disabled" if disabled else "enabled"
        returned = assignees.leave(store, actor.person_id, person_id) if disabled else 0
        more: dict[str, Any] = {"examples_returned": returned} if returned else {}
        store.audit.record(action, "person", person_id, actor.person_id, **more)
        return store.sessions.revoke_all_of(person_id) if disabled else [], returned

    ended, returned = store.transact(save)
    store.sessions.on_revoked(ended)
    return returned


def insert_person(store: Store, name: str, password_hash: str, *, is_admin: bool) -> str:
    """Inside a transaction: a person under a free name. Raises NameTaken."""
    taken = store.accounts.credentials_of(name_key(name))
    if taken:
        raise NameTaken(f"Somebody is called “{taken.name}” already. Choose another name.")
    return store.accounts.add(name, name_key(name), password_hash, is_admin)


def _person(store: Store, person_id: str) -> Person:
    person = store.accounts.person(person_id)
    if person is None:
        raise NotFound("There is no such person. Reload the page and choose again.")
    return person


def refuse_locked(store: Store, attempt: str) -> None:
    """Raise SignInLocked while the name with that hash is locked."""
    left = store.accounts.attempts(attempt).locked_for(now())
    if left is not None:
        minutes = max(1, round(left.total_seconds() / 60))
        raise SignInLocked(
            f"There were too many failed attempts under this name. "
            f"Try again in {minutes} min, or ask an admin for a new password."
        )


def count_failure(store: Store, attempt: str, person_id: str | None) -> None:
    """One more failure under the name with that hash; the fifth locks it."""

    def save() -> None:
        attempts = store.accounts.attempts(attempt).one_more(now())
        store.accounts.record_failure(attempt, attempts)
        if attempts.locked_until and person_id:
            failures = attempts.failures
            store.audit.record("locked", "person", person_id, person_id, failures=failures)

    store.transact(save)
