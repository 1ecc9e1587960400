"""Examples as the store gives them: the present, revisions, what people did and skipped."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from core.examples.example import FIELDS
from core.examples.states import ExampleState, Queue, is_open

# What happens to an example. A revision's origin, a review's decision, an event's kind.
HistoryKind = Literal[
    "import", "add", "annotate", "review",
    "accept", "send_back", "set_aside", "undo", "reopen",
    "skip", "flag", "unflag", "mend", "unmend", "label", "mask", "restore",
    "agree", "dispute", "critical", "uncritical", "propose", "assign", "unassign", "told",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class CurrentExample:
    """An example as it stands. `position` counts from 1 in import order, `number` its revisions;
    `quality` is 1–5 or None; `author` is the name of who wrote the current revision;
    `annotations`: how many people annotated it, where several do; `assigned_to` a person or a
    group, "" the open queue; `critical`: two reviewers must accept it; `accepts`: how many have
    accepted the present revision, where it waits for others."""

    example_id: str
    project_id: str
    position: int
    revision_id: str
    number: int
    instruction: str
    input: str
    output: str
    labels: Mapping[str, Any]
    quality: int | None
    author_id: str
    author: str
    state: ExampleState
    flagged: bool
    updated_at: datetime
    annotations: int = 0
    assigned_to: str = ""
    critical: bool = False
    accepts: int = 0

    @property
    def fields(self) -> dict[str, str]:
        """The three texts by name."""
        return {name: getattr(self, name) for name in FIELDS}

    @property
    def first_entry(self) -> HistoryEntry:
        """How it came to be, of an example that nobody has changed."""
        return HistoryEntry("import", self.author_id, self.author, self.updated_at, "", 1)

    def is_open(self, queue: Queue) -> bool:
        """Whether the queue holds it."""
        return is_open(queue, self.state, self.flagged)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where an example came from: the file's line and its other columns; no file when a person
    added it by hand."""

    file_name: str | None
    line: int
    external_id: str | None
    meta: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Revision:
    """One saved state of an example; `based_on` is the revision that its form showed."""

    revision_id: str
    example_id: str
    number: int
    based_on: str | None
    instruction: str
    input: str
    output: str
    labels: Mapping[str, Any]
    quality: int | None
    origin: HistoryKind
    comment: str
    author_id: str
    author: str
    seconds: float | None
    created_at: datetime

    @property
    def fields(self) -> dict[str, str]:
        """The three texts by name."""
        return {name: getattr(self, name) for name in FIELDS}


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """Something a person did to an example; `number` is that of a revision."""

    kind: HistoryKind
    person_id: str
    person: str
    created_at: datetime
    text: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Review:
    """A decision on one revision; `state_before` is what undoing it returns to."""

    review_id: str
    example_id: str
    revision_id: str
    decision: HistoryKind
    state_before: ExampleState
    batch_id: str | None
    comment: str
    reviewer_id: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Done:
    """How many texts a person saved, and decisions they made (less what they undid)."""

    annotated: int = 0
    reviewed: int = 0


@dataclass(frozen=True, slots=True)
class OwnAct:
    """A text that a person saved or a decision they made: its submission and the example."""

    submission_id: str
    example_id: str


@dataclass(frozen=True, slots=True)
class SkippedExample:
    """An open example that a person passed on, and why."""

    example_id: str
    position: int
    instruction: str
    queue: Queue
    person_id: str
    person: str
    reason: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ListedExample:
    """One row of the list; the texts are cut after 240 characters."""

    example_id: str
    position: int
    instruction: str
    input: str
    output: str
    state: ExampleState
    flagged: bool
    updated_at: datetime
    assigned_to: str = ""
    critical: bool = False
    accepts: int = 0
