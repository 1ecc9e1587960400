"""Comments on an example, and who is mentioned in them: “@ann, is this clear?”."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.errors import InvalidInput
from core.wording import figure

MOST_CHARACTERS = 2000


@dataclass(frozen=True, slots=True)
class Comment:
    """What somebody said about an example; `created_at` is naive UTC."""

    comment_id: str
    author_id: str
    author: str
    text: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Mentions:
    """Comments that mention a person and that they have not opened yet: how many, and the example
    of the oldest one, "" for none."""

    count: int = 0
    example_id: str = ""


def checked_comment(text: str) -> str:
    """The comment, trimmed. Raises InvalidInput for none, or one that is too long."""
    said = text.strip()
    if not said or "\0" in said:
        raise InvalidInput("The comment is empty. Write a few words.")
    if len(said) > MOST_CHARACTERS:
        raise InvalidInput(
            f"The comment has more than {figure(MOST_CHARACTERS)} characters. Shorten it."
        )
    return said


def mentioned_in(text: str, people: Mapping[str, str]) -> list[str]:
    """The ids of those whose @name stands in the text, whatever its case; `people`: name → id. Of
    names that begin alike the longest counts: “@ann-marie” is not “@ann”."""
    names = sorted(people, key=len, reverse=True)
    if not names:
        return []
    pattern = "|".join(map(re.escape, names))
    by_name = {name.casefold(): person_id for name, person_id in people.items()}
    found = re.findall(rf"(?<!\w)@({pattern})(?!\w)", text, re.IGNORECASE)
    ids = (by_name.get(name.casefold()) for name in found)
    return list(dict.fromkeys(person_id for person_id in ids if person_id))
