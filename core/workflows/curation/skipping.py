"""Skip or flag an example: it goes on to others without a revision."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

from core.actor import Actor
from core.errors import InvalidInput
from core.examples.current import CurrentExample
from core.examples.states import Queue
from core.workflows.curation import gold_tasks
from core.workflows.curation.annotating import leave, let_go, record
from core.workflows.curation.browsing import example_of

if TYPE_CHECKING:
    from storage.store import Store


def skip(
    store: Store, actor: Actor, project_id: str, event_id: str, example_id: str, reason: str
) -> None:
    """Pass an example on to others; this person is not given it again until it changes. What was
    assigned to them goes to the open queue."""
    reason = require_reason(reason, "skip")

    def skip_it(current: CurrentExample) -> None:
        store.annotation.add_skip(
            current, event_id, queue=_queue_of(current), reason=reason, actor_id=actor.person_id
        )
        if current.assigned_to == actor.person_id:
            store.annotation.release_one(current, event_id, actor.person_id)
        let_go(store, actor, current)

    _put_aside(store, actor, project_id, event_id, example_id, "skipped", reason, skip_it)


def flag(
    store: Store, actor: Actor, project_id: str, event_id: str, example_id: str, reason: str
) -> None:
    """Say that something is wrong with an example; a reviewer decides, and it is not frozen."""
    reason = require_reason(reason, "flag")

    def flag_it(current: CurrentExample) -> None:
        store.annotation.set_flag(
            current, event_id, flagged=True, reason=reason, actor_id=actor.person_id
        )
        leave(store, actor, current)

    _put_aside(store, actor, project_id, event_id, example_id, "flagged", reason, flag_it)


def _put_aside(
    store: Store,
    actor: Actor,
    project_id: str,
    event_id: str,
    example_id: str,
    action: Literal["skipped", "flagged"],
    reason: str,
    change: Callable[[CurrentExample], None],
) -> None:
    """Change an example without a revision, once per event, and record it; of a gold example only
    this person's own task changes."""
    actor.require(project_id, "annotator", "reviewer", "lead")

    def save() -> None:
        if store.annotation.is_known(event_id):
            return
        if gold_tasks.is_put_aside(store, project_id, event_id):
            return
        current = example_of(store, actor, project_id, example_id)
        if gold_tasks.put_aside(store, actor, current, event_id, action, reason):
            let_go(store, actor, current)
        else:
            change(current)
        record(store, actor, action, current, event_id)

    store.transact(save)


def require_reason(reason: str, what: str) -> str:
    """The reason, trimmed. Raises InvalidInput when there is none."""
    if not reason.strip():
        raise InvalidInput(f"Say in a few words why you {what} this example.")
    return reason.strip()


def _queue_of(example: CurrentExample) -> Queue:
    return "annotate" if example.is_open("annotate") else "review"
