"""Leases: which examples of a work queue are in whose hands, and until when."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from core.examples.states import Queue


@dataclass(frozen=True, slots=True)
class Lease:
    """An example in somebody's hands until `expires_at`, and whom it was assigned to then."""

    project_id: str
    example_id: str
    position: int
    queue: Queue
    person_id: str
    expires_at: datetime
    assigned_to: str = ""


@dataclass(frozen=True, slots=True)
class Hands:
    """What a person has, or is not to be given, of a queue: the leases of the project, in import
    order, ended ones too, and what this person skipped. `reach`: whose examples they are given of
    the annotate queue; None: nothing that is held is assigned."""

    queue: Queue
    person_id: str
    moment: datetime
    leases: tuple[Lease, ...]
    skipped: tuple[str, ...]
    reach: tuple[str, ...] | None = None

    @property
    def mine(self) -> list[Lease]:
        """What this person holds of the queue now."""
        return [
            lease
            for lease in self.leases
            if lease.person_id == self.person_id
            and lease.queue == self.queue
            and lease.expires_at >= self.moment
        ]

    @property
    def withheld(self) -> set[str]:
        """What this person is not given: others hold it now, or they skipped it."""
        held = {
            lease.example_id
            for lease in self.leases
            if lease.person_id != self.person_id and lease.expires_at >= self.moment
        }
        return held.union(self.skipped)

    @property
    def missing(self) -> int:
        """How many of the queue's open examples this person is not given."""
        elsewhere = {
            lease.example_id
            for lease in self.leases
            if lease.queue != self.queue
            or not (self.reach is None or lease.assigned_to in self.reach)
        }
        return len(self.withheld - elsewhere)
