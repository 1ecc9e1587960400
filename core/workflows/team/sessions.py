"""Set-up, signing in and out, and who a session belongs to. Every change is in the audit log."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.accounts import (
    LOCKED_FOR,
    SESSION_LASTS,
    SignInRefused,
    clean_name,
    hash_token,
    name_key,
    needs_extension,
    new_token,
)
from core.actor import Actor, system_actor
from core.clock import now
from core.errors import NotAllowed
from core.passwords import hash_password, is_right
from core.workflows.team.accounts import count_failure, insert_person, refuse_locked

if TYPE_CHECKING:
    from storage.store import Store

REFUSED = "The name or the password is not right. Try again, or ask an admin for a new password."
LINK_IS_VOID = (
    "This set-up link was used or replaced. If nobody can sign in yet, start the server again: "
    "its terminal prints a new one."
)


def needs_setup(store: Store) -> bool:
    """Whether there is no admin yet."""
    return not store.accounts.has_admin()


def create_setup_link(store: Store) -> str:
    """A token for the one link that makes the first admin. Raises NotAllowed once there is one."""
    token = new_token()

    def save() -> None:
        if store.accounts.has_admin():
            raise NotAllowed("This workspace has an admin already. Ask that person to add you.")
        store.sessions.replace_setup_link(hash_token(token))
        store.audit.record("created", "setup_link", "", system_actor().person_id)

    store.transact(save)
    return token


def check_setup_link(store: Store, token: str) -> None:
    """Raise NotAllowed unless the link can still be used."""
    if store.accounts.has_admin() or not store.sessions.setup_link_open(hash_token(token)):
        raise NotAllowed(LINK_IS_VOID)


def set_up(store: Store, token: str, name: str, password: str) -> str:
    """Make the first admin; returns the person's id. Raises NotAllowed, InvalidInput."""
    check_setup_link(store, token)
    name, password_hash = clean_name(name), hash_password(password, name)

    def save() -> str:
        if store.accounts.has_admin() or not store.sessions.use_setup_link(hash_token(token)):
            raise NotAllowed(LINK_IS_VOID)
        person_id = insert_person(store, name, password_hash, is_admin=True)
        store.audit.record("set_up", "person", person_id, person_id)
        return person_id

    return store.transact(save)


def sign_in(store: Store, name: str, password: str) -> str:
    """The token of a new session. Raises SignInRefused, SignInLocked; takes as long either way."""
    attempt = hash_token(name_key(name))
    refuse_locked(store, attempt)
    found = store.accounts.credentials_of(name_key(name))
    right = is_right(found.password_hash if found else None, password)
    if not right or found is None or found.disabled:
        count_failure(store, attempt, found.person_id if found else None)
        raise SignInRefused(REFUSED)
    return store.transact(lambda: _open_session(store, attempt, found.person_id))


def _open_session(store: Store, attempt: str, person_id: str) -> str:
    refuse_locked(store, attempt)  # guesses sent side by side all pass the first look
    token, moment = new_token(), now()
    store.accounts.forget_failures(attempt, moment - LOCKED_FOR)
    store.sessions.open(hash_token(token), person_id, moment + SESSION_LASTS)
    store.audit.record("signed_in", "person", person_id, person_id)
    return token


def actor_of(store: Store, token: str, *, extend: bool = False) -> Actor | None:
    """Who holds this session, with roles as they are now; None when it has ended.

    `extend` moves the session's end, at most once a day.
    """
    found = store.sessions.by_token(hash_token(token), now())
    if found is None:
        return None
    if extend and needs_extension(found.expires_at, now()):
        end = now() + SESSION_LASTS
        store.transact(lambda: store.sessions.extend(hash_token(token), end))
    return found.actor


def is_known(store: Store, token: str) -> bool:
    """Whether this is surely a living session; told without a wait, so on the event loop too."""
    return store.sessions.is_known(hash_token(token), now())


def chosen_project(store: Store, token: str) -> str | None:
    """The project that this session looked at last."""
    found = store.sessions.by_token(hash_token(token), now())
    return found.project_id if found else None


def choose_project(store: Store, actor: Actor, token: str, project_id: str) -> None:
    """Keep the project that new tabs of this session begin with. Raises NotAllowed."""
    actor.require(project_id)
    store.transact(lambda: store.sessions.choose_project(hash_token(token), project_id))


def sign_out(store: Store, token: str) -> None:
    """End this session and close its sockets; ending it twice is once."""

    def save() -> None:
        person_id = store.sessions.revoke(hash_token(token))
        if person_id:
            store.audit.record("signed_out", "person", person_id, person_id)

    store.transact(save)
    store.sessions.on_revoked([hash_token(token)])


def sign_out_everywhere(store: Store, actor: Actor, *, keep: str = "") -> int:
    """End all sessions of the actor, but the one whose token is `keep`; how many ended."""

    def save() -> list[str]:
        ended = store.sessions.revoke_all_of(actor.person_id, but=hash_token(keep))
        store.audit.record("signed_out_everywhere", "person", actor.person_id, actor.person_id)
        return ended

    ended = store.transact(save)
    store.sessions.on_revoked(ended)
    return len(ended)
