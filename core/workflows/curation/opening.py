"""Opening a named example to annotate it: whose it is, and whether a limit ends it.

The queue gives nobody what is assigned to others, nor more than a lead allows; an address must not
either. Leads look at whatever they like.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.errors import Conflict
from core.examples.current import CurrentExample
from core.workflows.curation import collecting, gold_tasks, queue

if TYPE_CHECKING:
    from storage.store import Store


class AssignedToOthers(Conflict):
    """A lead gave the example to somebody else."""

    title = "This example is assigned to others"


class LimitReached(Conflict):
    """The person has annotated as many examples as a lead allows."""

    title = "You have reached your limit"


def refuse_not_theirs(store: Store, actor: Actor, example: CurrentExample) -> None:
    """Raise AssignedToOthers or LimitReached where this person is not to begin on the example, as
    they see it. What they hold, or saved and can change, is theirs. A gold example that was not
    given to them is refused as any other is, so that this tells none."""
    project_id = example.project_id
    if actor.has(project_id, "lead") or _is_begun(store, actor, example):
        return
    if example.assigned_to not in store.groups.reach(project_id, actor.person_id):
        raise AssignedToOthers(
            "A lead gave it to somebody else. Take the next one, or ask a lead to assign it to you."
        )
    if example.state == "sent_back" and example.author_id == actor.person_id:
        return  # it came back to them, and counts already
    hands = store.queues.hands(project_id, "annotate", actor.person_id)
    if told := queue.limit_reached(store, actor, project_id, hands):
        raise LimitReached(told)


def _is_begun(store: Store, actor: Actor, example: CurrentExample) -> bool:
    """Whether this person has it open, or saved what is there last."""
    wrote = example.state == "annotated" and example.author_id == actor.person_id
    if wrote or store.queues.holder(example.example_id) == actor.person_id:
        return True
    if collecting.own_annotation(store, actor, example) is not None:
        return True
    return gold_tasks.is_begun(store, actor, example)
