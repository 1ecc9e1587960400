"""The unblinding ledger: who has seen a study's results, or which system gave which answer.

What a person judges after that moment is set apart: it is counted and shown, and never enters the
verdict, the criteria or the e-process.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

from core.errors import InvalidInput

Seen = Literal["results", "answers", "judgements"]
"""Numbers of a study; answers under the names of their systems; an export of its judgements."""
ANSWERS_READ = "answers_read"
"""In the audit log: a person has read answers of a system under its name, the first time."""


@dataclass(frozen=True)
class Unblinding:
    """The first time that a person opened something that tells."""

    person_id: str
    person: str
    what: Seen
    created_at: datetime

    def __post_init__(self) -> None:
        if self.what not in get_args(Seen):
            raise InvalidInput(f"The ledger holds {', '.join(get_args(Seen))}, not “{self.what}”.")
