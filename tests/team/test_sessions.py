"""Set-up, signing in and out, lock-outs and how long a session lasts, on a real store."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from argon2 import extract_parameters

from core.accounts import (
    EXTEND_AFTER,
    SESSION_LASTS,
    SignInLocked,
    SignInRefused,
    WeakPassword,
    hash_token,
)
from core.clock import now
from core.errors import Conflict, NameTaken, NotAllowed, TouchstoneError
from core.passwords import is_right, nobodys_hash
from core.workflows.team import accounts, sessions
from storage.store import Store
from tests.builders import an_admin
from tests.people_builders import OTHER, PASSWORD, a_person, signed_in


def test_the_set_up_link_makes_one_admin_and_is_then_void(store: Store) -> None:
    token = sessions.create_setup_link(store)
    sessions.set_up(store, token, "Ada", PASSWORD)
    assert signed_in(store, "ada")[1].is_admin
    with pytest.raises(NotAllowed, match="used or replaced"):
        sessions.set_up(store, token, "Eve", PASSWORD)
    with pytest.raises(NotAllowed, match="has an admin"):
        sessions.create_setup_link(store)


def test_a_newer_set_up_link_voids_the_older_one(store: Store) -> None:
    older, newer = sessions.create_setup_link(store), sessions.create_setup_link(store)
    with pytest.raises(NotAllowed):
        sessions.check_setup_link(store, older)
    sessions.check_setup_link(store, newer)


def test_a_set_up_with_a_weak_password_leaves_the_link_usable(store: Store) -> None:
    token = sessions.create_setup_link(store)
    with pytest.raises(WeakPassword):
        sessions.set_up(store, token, "Ada", "short")
    sessions.check_setup_link(store, token)


def test_two_who_set_up_at_once_make_one_admin(store: Store) -> None:
    token = sessions.create_setup_link(store)

    def attempt(name: str) -> bool:
        try:
            sessions.set_up(store, token, name, PASSWORD)
        except NotAllowed:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(attempt, ["Ada", "Bo", "Cy", "Di"])) == 1
    assert len(accounts.people(store, an_admin())) == 1


def test_a_session_is_known_once_it_was_looked_up_and_until_it_ends(store: Store) -> None:
    a_person(store)
    token, _ = signed_in(store)
    sessions.actor_of(store, token)
    assert sessions.is_known(store, token)
    assert not sessions.is_known(store, "another")
    sessions.sign_out(store, token)
    assert not sessions.is_known(store, token)


def test_neither_token_nor_password_is_kept_in_the_store(store: Store) -> None:
    a_person(store)
    token, _ = signed_in(store)
    tables = store.database.rows("SELECT table_name AS name FROM duckdb_tables()")
    kept = "".join(
        str(store.database.rows(f"FROM {table['name']}"))
        for table in tables
        if table["name"] in ("people", "sessions", "audit_events", "setup_links")
    )
    assert hash_token(token) in kept
    assert token not in kept
    assert PASSWORD not in kept
    assert "$argon2id$" in kept


def test_a_name_signs_in_in_any_spelling_and_is_taken_in_any_spelling(store: Store) -> None:
    a_person(store, "Bo  Lee")
    assert signed_in(store, " bo LEE ")[1].name == "Bo Lee"
    with pytest.raises(NameTaken, match="Bo Lee"):
        a_person(store, "BO lee")


def test_a_wrong_password_and_an_unknown_name_get_the_same_sentence(store: Store) -> None:
    a_person(store)
    told = []
    for name in ("Bo", "Nobody"):
        with pytest.raises(SignInRefused) as refused:
            sessions.sign_in(store, name, "wrong password")
        told.append((refused.value.title, refused.value.message))
    assert told[0] == told[1]


def test_an_unknown_name_is_checked_against_a_hash_that_costs_as_much(store: Store) -> None:
    a_person(store)
    kept = store.accounts.credentials_of("bo")
    assert kept is not None
    assert extract_parameters(nobodys_hash()) == extract_parameters(kept.password_hash)
    assert not is_right(None, PASSWORD)
    assert is_right(kept.password_hash, PASSWORD)


@pytest.mark.parametrize("name", ["Bo", "Nobody"])
def test_five_failures_lock_a_name_whether_anybody_has_it_or_not(store: Store, name: str) -> None:
    a_person(store)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sessions.sign_in(store, name, "wrong password")
    with pytest.raises(SignInLocked, match=r"5 min"):
        sessions.sign_in(store, name, PASSWORD)


def test_a_lock_ends_after_five_minutes_and_a_success_forgets_the_failures(store: Store) -> None:
    a_person(store)
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sessions.sign_in(store, "Bo", "wrong password")
    store.database.execute(
        "UPDATE sign_in_attempts SET locked_until = ?, last_failure = ?",
        [now() - timedelta(seconds=1), now() - timedelta(minutes=6)],
    )
    signed_in(store)
    assert store.database.value("SELECT count(*) FROM sign_in_attempts") == 0


def test_guesses_sent_side_by_side_do_not_pass_the_lock(store: Store) -> None:
    a_person(store)

    def guess(password: str) -> type[TouchstoneError] | None:
        try:
            sessions.sign_in(store, "Bo", password)
        except TouchstoneError as error:
            return type(error)
        return None

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(guess, [*(f"wrong guess {n}" for n in range(12)), PASSWORD]))
    assert results[-1] is SignInLocked
    assert set(results) == {SignInRefused, SignInLocked}


def test_a_reset_by_an_admin_ends_sessions_and_the_lock_out(store: Store) -> None:
    person = a_person(store)
    token, _ = signed_in(store)
    ended: list[str] = []
    store.sessions.on_revoked = ended.extend
    for _ in range(5):
        with pytest.raises(SignInRefused):
            sessions.sign_in(store, "Bo", "wrong password")
    accounts.reset_password(store, an_admin(), person, OTHER)
    assert sessions.actor_of(store, token) is None
    assert ended == [hash_token(token)]
    assert sessions.sign_in(store, "Bo", OTHER)


def test_a_changed_password_ends_the_other_sessions_only(store: Store) -> None:
    a_person(store)
    (here, actor), (elsewhere, _) = signed_in(store), signed_in(store)
    with pytest.raises(SignInRefused, match="current password"):
        accounts.change_password(store, actor, "wrong password", OTHER, keep=here)
    accounts.change_password(store, actor, PASSWORD, OTHER, keep=here)
    assert sessions.actor_of(store, here) is not None
    assert sessions.actor_of(store, elsewhere) is None
    with pytest.raises(SignInRefused):
        sessions.sign_in(store, "Bo", PASSWORD)


def test_signing_out_ends_this_session_and_everywhere_ends_the_others(store: Store) -> None:
    a_person(store)
    (one, actor), (two, _), (three, _) = (signed_in(store) for _ in range(3))
    sessions.sign_out(store, one)
    sessions.sign_out(store, one)
    assert sessions.actor_of(store, one) is None
    assert sessions.sign_out_everywhere(store, actor, keep=two) == 1
    assert sessions.actor_of(store, two) is not None
    assert sessions.actor_of(store, three) is None


def test_a_disabled_person_is_out_at_once_and_an_admin_cannot_disable_themselves(
    store: Store,
) -> None:
    person = a_person(store)
    token, _ = signed_in(store)
    accounts.disable_person(store, an_admin(), person)
    assert sessions.actor_of(store, token) is None
    with pytest.raises(SignInRefused):
        sessions.sign_in(store, "Bo", PASSWORD)
    accounts.disable_person(store, an_admin(), person, disabled=False)
    assert signed_in(store)
    with pytest.raises(Conflict, match="another admin"):
        accounts.disable_person(store, an_admin(), an_admin().person_id)


def test_a_session_ends_after_fourteen_days_unless_it_is_used(store: Store) -> None:
    a_person(store)
    token, _ = signed_in(store)

    def end(moment_from_now: timedelta) -> None:
        store.sessions.extend(hash_token(token), now() + moment_from_now)

    end(SESSION_LASTS - EXTEND_AFTER - timedelta(minutes=1))
    assert sessions.actor_of(store, token, extend=True)
    left = store.database.value("SELECT expires_at FROM sessions") - now()
    assert left > SESSION_LASTS - timedelta(minutes=1)
    end(timedelta(seconds=-1))
    assert sessions.actor_of(store, token, extend=True) is None
