"""Keeping passwords: argon2id with RFC 9106's second choice, 64 MiB for an instant."""

from __future__ import annotations

import functools
import threading

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from core.accounts import check_password, new_token

_hasher = PasswordHasher()
# Two at once bound the memory, however many sign in together.
_hashing = threading.BoundedSemaphore(2)


def hash_password(password: str, name: str) -> str:
    """What the store keeps of a password. Raises WeakPassword."""
    check_password(password, name)
    with _hashing:
        return _hasher.hash(password)


def is_right(password_hash: str | None, password: str) -> bool:
    """Whether the password fits. Without a hash: no, after the same time."""
    kept = password_hash or nobodys_hash()
    with _hashing:
        try:
            return _hasher.verify(kept, password) and password_hash is not None
        except (VerificationError, InvalidHashError):
            return False


@functools.cache
def nobodys_hash() -> str:
    """A hash that no password fits, as costly to check as any other."""
    return _hasher.hash(new_token())
