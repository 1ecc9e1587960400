"""Accepting everything that was annotated: the bulk action of the Review page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.workflows.curation import bulk

if TYPE_CHECKING:
    from storage.store import Store


def acceptable(store: Store, actor: Actor, project_id: str) -> dict[str, int]:
    """How many examples `accept_all` would accept now, at most: `annotated`, `new`."""
    actor.require(project_id, "lead")
    return store.annotation.acceptable(project_id, actor.person_id)


def left_out(store: Store, actor: Actor, project_id: str) -> int:
    """How many annotated and new examples `accept_all` leaves out as several reviewers must accept
    them: what nobody looks at counts as nobody's review."""
    actor.require(project_id, "lead")
    return store.annotation.needing_several(project_id)


def accept_all(
    store: Store, actor: Actor, project_id: str, *, untouched: bool, comment: str = ""
) -> int:
    """A lead accepts every annotated example at once, and with `untouched` the new ones too.

    Flagged examples, ones with an empty output, ones that several reviewers must accept, and ones
    somebody is working on stay as they are.
    `bulk.undo` takes it back. How many were accepted.
    """
    wanted = ExampleFilter() if untouched else ExampleFilter("annotated")
    return bulk.act(store, actor, project_id, wanted, BulkAction("accept", comment))
