"""An import as it is remembered: which file, by whom, what came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

EnteredAs = Literal["new", "accepted"]


@dataclass(frozen=True)
class Import:
    """One file that was taken in. Counts are of examples or records; times are naive UTC.

    `next_row` is None once every row is in; `label_problems` counts labels that stayed out of
    examples that came in.
    """

    import_id: str
    project_id: str
    file_name: str
    accepted: int
    duplicates: int
    rejected: int
    label_problems: int
    entered_as: EnteredAs
    warnings: tuple[str, ...]
    next_row: int | None
    actor_id: str
    person: str
    created_at: datetime
    undone_at: datetime | None

    @property
    def batch_id(self) -> str:
        """The id that the accept decisions of this import share."""
        return f"bat_{self.import_id}"
