"""Whom gold examples look assigned to, for the people who are measured by them.

Where a lead has assigned all others, one of the open queue would be gold, and so would one that is
given to a person though it is somebody else's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.actor import Actor
from core.examples.current import CurrentExample
from core.examples.gold import GoldTask

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True)
class LooksAssigned:
    """Whom gold examples look assigned to, as others would be: of those that this person was
    `given`, what is not in their `reach`; and others that are `unassigned`. What is somebody else's
    and not given stays so."""

    given: str
    unassigned: str
    reach: Collection[str]

    def to(self, current: CurrentExample, task: GoldTask) -> str:
        """Whose a gold example is said to be."""
        if task.created_at is None:
            return current.assigned_to or self.unassigned
        own = current.assigned_to and current.assigned_to in self.reach
        told = current.assigned_to if own else self.given
        # Whoever skips what was assigned to them gives it to the open queue.
        return "" if task.state == "skipped" and told == task.person_id else told


def looks_assigned(store: Store, actor: Actor, project_id: str) -> LooksAssigned:
    """What was given is this person's or a group's of theirs where anything is, as what else comes
    to them; what is unassigned, too, once the open queue has nothing else that is open."""
    assigned = store.counters.assigned(project_id)
    reach = store.groups.reach(project_id, actor.person_id)
    given = next(one for one in reach if not one or assigned.get(one, (0, 0))[0])
    total, done = assigned.get("", (0, 0))
    return LooksAssigned(given, "" if total > done else given, reach)
