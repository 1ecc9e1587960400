"""Protected files: texts that a lead registers as “never train on this”."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from core.errors import InvalidInput
from core.wording import figure


@dataclass(frozen=True)
class ProtectedFile:
    """A file whose texts no version may train on: `texts` of it, and `rejected` records that could
    not be read; `removed_at` once it protects nothing any more (its texts are gone then)."""

    file_id: str
    project_id: str
    name: str
    texts: int
    rejected: int
    actor_id: str
    person: str
    created_at: datetime
    removed_at: datetime | None = None

    def __post_init__(self) -> None:
        if self.texts < 1:
            raise InvalidInput(f"{self.name} has no text that could be protected. Choose another.")


@dataclass(frozen=True)
class Firewall:
    """What keeps examples of a project out of train and validation when it is frozen now.

    `texts` in `files` protected files; `studied` accepted examples that are rated in a study and
    were given no place in test: their near-duplicates are found by the freeze.
    """

    files: Mapping[str, str]
    texts: int
    studied: int

    @property
    def sentences(self) -> list[str]:
        """What it will do, to be read before freezing."""
        told = []
        if self.files:
            what = "1 protected file" if len(self.files) == 1 else f"{len(self.files)} files"
            told.append(
                f"Examples near one of the {figure(self.texts)} texts of {what} that nothing may "
                "train on are left out of train and validation."
            )
        if self.studied:
            many = self.studied != 1
            told.append(
                f"{figure(self.studied)} example{'s are' if many else ' is'} rated in a study and "
                f"not in test: {'they and' if many else 'it and'} near-duplicates are left out."
            )
        return told
