"""Names that people give to projects and versions: one line, short, and one thing each."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from itertools import count

from core.errors import InvalidInput

LONGEST_NAME = 80
_BREAKS = ("Cc", "Zl", "Zp")


def checked_name(name: str, kind: str) -> str:
    """The name without the space around it. Raises InvalidInput over 80 characters or one line."""
    cleaned = name.strip()
    if len(cleaned) > LONGEST_NAME:
        raise InvalidInput(
            f"The name of a {kind} has at most {LONGEST_NAME} characters, and this one has "
            f"{len(cleaned)}. Choose a shorter one."
        )
    if any(unicodedata.category(sign) in _BREAKS for sign in cleaned):
        raise InvalidInput(
            f"The name of a {kind} is one line without control characters. Choose another one."
        )
    return cleaned


def free_name(wanted: str, taken: Collection[str]) -> str:
    """The name itself, else “name (2)”, “name (3)” …: the first that nothing is called."""
    keys = {name.casefold() for name in taken}
    if wanted.casefold() not in keys:
        return wanted
    return next(name for n in count(2) if (name := f"{wanted} ({n})").casefold() not in keys)


def refuse_several(ids: Sequence[str], kind: str, name: str) -> None:
    """Raise InvalidInput when a name means several things, with the ids to choose from."""
    if len(ids) > 1:
        raise InvalidInput(
            f"{len(ids)} {kind}s are called “{name}”. Give the id instead: {' or '.join(ids)}."
        )
