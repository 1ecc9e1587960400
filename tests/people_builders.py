"""People who can sign in, for tests, without hashing a password each time."""

from __future__ import annotations

import functools
from functools import partial

from core.accounts import clean_name
from core.actor import Actor, Role
from core.passwords import hash_password
from core.workflows.team import accounts, sessions
from storage.store import Store

PASSWORD, OTHER = "a few random words", "quite another phrase"


@functools.cache
def the_hash() -> str:
    """Hashing is slow on purpose: once is enough."""
    return hash_password(PASSWORD, "")


def a_person(store: Store, name: str = "Bo") -> str:
    cleaned = clean_name(name)
    return store.transact(
        lambda: accounts.insert_person(store, cleaned, the_hash(), is_admin=False)
    )


def signed_in(store: Store, name: str = "Bo") -> tuple[str, Actor]:
    token = sessions.sign_in(store, name, PASSWORD)
    actor = sessions.actor_of(store, token)
    assert actor is not None
    return token, actor


def an_annotator(store: Store, project_id: str, name: str, *roles: Role) -> Actor:
    """A person with an account who has these roles in the project; an annotator when none is
    named."""
    person_id = a_person(store, name)
    for role in roles or ("annotator",):
        store.transact(partial(store.accounts.grant, project_id, person_id, role))
    return Actor(person_id, name, roles={project_id: frozenset(roles or ("annotator",))})
