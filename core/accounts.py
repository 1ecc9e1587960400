"""People, passwords, sessions, lock-outs and invitations: the decisions, without the store."""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
from dataclasses import dataclass
from datetime import datetime, timedelta

from core.actor import Actor, Role
from core.errors import InvalidInput, TouchstoneError

SHORTEST_PASSWORD, LONGEST_PASSWORD = 10, 200
ADVICE = "a few random words are easy to keep in mind"
PASSWORD_RULE = f"{SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; {ADVICE}."
LONGEST_NAME = 60
ALLOWED_FAILURES = 5
LOCKED_FOR = timedelta(minutes=5)
SESSION_LASTS = timedelta(days=14)
EXTEND_AFTER = timedelta(days=1)
INVITATION_LASTS = timedelta(days=7)
LONGEST_NOTE = 80


class WeakPassword(InvalidInput):
    """A password that breaks the rule."""

    title = "Choose another password"


class InvalidName(InvalidInput):
    """A name nobody could sign in with."""

    title = "Choose another name"


class SignInRefused(TouchstoneError):
    """The name or the password is wrong; which one is not said."""

    title = "That did not work"


class SignInLocked(SignInRefused):
    """Too many failures under this name, whether somebody has it or not."""

    title = "Too many failed attempts"


@dataclass(frozen=True)
class Person:
    """A person who may sign in; `roles` are those in the project that was asked about."""

    person_id: str
    name: str
    is_admin: bool
    disabled: bool
    created_at: datetime
    roles: frozenset[Role] = frozenset()


@dataclass(frozen=True)
class Credentials:
    """What signing in under a name is checked against."""

    person_id: str
    name: str
    password_hash: str
    disabled: bool


@dataclass(frozen=True)
class Attempts:
    """Failed attempts to sign in under one name."""

    failures: int = 0
    last_failure: datetime | None = None
    locked_until: datetime | None = None

    def one_more(self, moment: datetime) -> Attempts:
        """After another failure. Old ones are forgotten when the last is as old as a lock-out."""
        stale = self.last_failure is None or moment - self.last_failure >= LOCKED_FOR
        failures = 1 + (0 if stale else self.failures)
        locked = moment + LOCKED_FOR if failures >= ALLOWED_FAILURES else None
        return Attempts(failures, moment, locked)

    def locked_for(self, moment: datetime) -> timedelta | None:
        """How much longer the name is locked, or None."""
        if self.locked_until is None or self.locked_until <= moment:
            return None
        return self.locked_until - moment


@dataclass(frozen=True)
class Session:
    """A living sign-in session; `project_id` is the project it looked at last."""

    actor: Actor
    expires_at: datetime
    project_id: str | None


@dataclass(frozen=True)
class Invitation:
    """An open one-time link into a project. The token itself is known to the invited alone."""

    invitation_id: str
    project_id: str
    role: Role
    note: str
    invited_by: str
    created_at: datetime
    expires_at: datetime
    inviter: str = ""
    project: str = ""

    def __post_init__(self) -> None:
        if len(self.note) > LONGEST_NOTE:
            raise InvalidInput(f"A note has at most {LONGEST_NOTE} characters. Shorten it.")


def clean_name(name: str) -> str:
    """The name as it is kept: NFC, single spaces. Raises InvalidName."""
    cleaned = " ".join(unicodedata.normalize("NFC", name).split())
    if not 1 <= len(cleaned) <= LONGEST_NAME or not cleaned.isprintable():
        raise InvalidName(
            f"A name has 1 to {LONGEST_NAME} characters that can be seen. Enter another one."
        )
    return cleaned


def name_key(name: str) -> str:
    """What two spellings of one name share; never raises."""
    return " ".join(unicodedata.normalize("NFC", name).split()).casefold()


def check_password(password: str, name: str) -> None:
    """Raise WeakPassword unless 10–200 characters long and not made of the name."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        raise WeakPassword(
            f"A password has {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters; "
            f"this one has {len(password)}. Choose another one: {ADVICE}."
        )
    if len(set(password)) < 3:
        raise WeakPassword("This password repeats one or two characters. Use a few random words.")
    rest = password.casefold().replace(name_key(name), "") if name_key(name) else password
    if len(rest) < SHORTEST_PASSWORD // 2:
        raise WeakPassword("This password is little more than your name. Use a few random words.")


def new_token() -> str:
    """32 random bytes, safe in a URL and in a cookie."""
    return secrets.token_urlsafe(32)


def hash_token(token: str) -> str:
    """What the store keeps of a token. A fast hash will do: the token cannot be guessed."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def needs_extension(expires_at: datetime, moment: datetime) -> bool:
    """Whether a session in use is to be extended: at most once a day, so that it costs nothing."""
    return expires_at - moment < SESSION_LASTS - EXTEND_AFTER
