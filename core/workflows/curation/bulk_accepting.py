"""Accepting many examples at once, and taking that back: for leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict
from core.examples.current import BulkAccept
from core.examples.states import ExampleState
from core.workflows.curation.annotating import LATELY

if TYPE_CHECKING:
    from storage.store import Store


def acceptable(store: Store, actor: Actor, project_id: str) -> dict[str, int]:
    """How many examples `accept_all` would accept now, at most: `annotated`, `new`."""
    actor.require(project_id, "lead")
    return store.annotation.acceptable(project_id, actor.person_id)


def accept_all(
    store: Store, actor: Actor, project_id: str, *, untouched: bool, comment: str = ""
) -> int:
    """A lead accepts every annotated example at once, and with `untouched` the new ones too.

    Flagged examples, ones with an empty output, and ones somebody is working on stay as they are.
    `undo_accept_all` takes it back. How many were accepted.
    """
    actor.require(project_id, "lead")
    states: list[ExampleState] = ["annotated", "new"] if untouched else ["annotated"]
    batch_id = new_id("bat")

    def save() -> int:
        n = store.annotation.accept_all(project_id, states, batch_id, actor.person_id, comment)
        _record(store, actor, "accepted_all", project_id, batch_id, n)
        return n

    return store.transact(save)


def last_accept_all(store: Store, actor: Actor, project_id: str) -> BulkAccept | None:
    """The newest bulk accept of the last days, unless it was undone."""
    actor.require(project_id)
    return store.own_work.last_bulk_accept(project_id, now() - LATELY)


def undo_accept_all(store: Store, actor: Actor, project_id: str, batch_id: str) -> int:
    """Take back a bulk accept wherever nothing happened since; how many examples."""
    actor.require(project_id, "lead")

    def save() -> int:
        last = last_accept_all(store, actor, project_id)
        if last is None or last.batch_id != batch_id:
            raise Conflict("This bulk accept can no longer be undone. Send single examples back.")
        n = store.annotation.undo_batch(project_id, batch_id, new_id("bat"), actor.person_id)
        _record(store, actor, "accept_all_undone", project_id, batch_id, n)
        return n

    return store.transact(save)


def _record(
    store: Store, actor: Actor, action: str, project_id: str, batch_id: str, n: int
) -> None:
    store.audit.record(
        action,
        "project",
        project_id,
        actor.person_id,
        project_id=project_id,
        batch_id=batch_id,
        n=n,
    )
