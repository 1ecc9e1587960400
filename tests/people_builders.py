"""People who can sign in, for tests, without hashing a password each time."""

from __future__ import annotations

import functools

from core.accounts import clean_name
from core.actor import Actor
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
