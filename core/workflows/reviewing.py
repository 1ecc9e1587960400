"""Review: see the difference, then accept, edit and accept, send back, or set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput
from core.examples import word_diff
from core.workflows.annotating import (
    Edit,
    EditConflict,
    lease_next,
    refuse_stale,
    add_revision,
    example_of,
)

if TYPE_CHECKING:
    from storage.store import Store

ReviewDecision = Literal["accept", "send_back", "set_aside"]
STATE_AFTER: dict[str, str] = {
    "accept": "accepted",
    "send_back": "sent_back",
    "set_aside": "set_aside",
}
FIELDS = ("instruction", "input", "output")


def next_to_review(store: Store, actor: Actor, project_id: str) -> dict[str, Any] | None:
    """The example to review next, leased; None when nothing waits.

    Beside the current state: `previous` (the revision before, or None), `differences` (field →
    [(op, text)] with op same, added, removed) and `history`.
    """
    actor.require(project_id, "reviewer", "lead")
    task = lease_next(store, actor, project_id, store.annotation.next_to_review)
    return None if task is None else with_difference(store, task)


def with_difference(store: Store, example: dict[str, Any]) -> dict[str, Any]:
    """The example with its previous revision, the difference to it, and its history."""
    previous = None
    if example["number"] > 1:
        previous = store.examples.revision(example["example_id"], example["number"] - 1)
    before = previous or example
    return {
        **example,
        "previous": previous,
        "differences": {name: word_diff(before[name], example[name]) for name in FIELDS},
        "history": store.examples.history(example["example_id"]),
    }


def decide(
    store: Store,
    actor: Actor,
    project_id: str,
    review_id: str,
    decision: ReviewDecision,
    edit: Edit,
) -> None:
    """Save a decision on the revision that `edit` started from.

    Where `edit` changes a field, the change is saved first, as the reviewer's revision. Sending
    back needs a comment. A flag on the example is settled by the decision.
    """
    actor.require(project_id, "reviewer", "lead")
    if decision not in get_args(ReviewDecision):
        raise InvalidInput("Choose accept, send back or set aside.")
    if decision == "send_back" and not edit.comment.strip():
        raise InvalidInput("Say in the comment what should change, then send it back.")

    def save() -> None:
        if store.annotation.has_review(review_id):
            return
        current = example_of(store, actor, project_id, edit.example_id)
        if current["state"] in ("accepted", "set_aside") and not current["flagged"]:
            raise EditConflict("Another reviewer has decided on this example. Take the next one.")
        refuse_stale(current, edit)
        revision_id = current["revision_id"]
        if any(current[name] != getattr(edit, name) for name in FIELDS):
            add_revision(store, actor, edit, origin="review", state="annotated")
            revision_id = edit.submission_id
        _record(store, actor, current, review_id, decision, edit, revision_id)

    store.transact(save)


def _record(
    store: Store,
    actor: Actor,
    current: dict[str, Any],
    review_id: str,
    decision: str,
    edit: Edit,
    revision_id: str,
) -> None:
    store.annotation.add_review(
        {
            "review_id": review_id,
            "example_id": edit.example_id,
            "revision_id": revision_id,
            "decision": decision,
            "state_before": current["state"],
            "comment": edit.comment.strip(),
            "reviewer_id": actor.person_id,
            "seconds": edit.seconds,
        },
        STATE_AFTER[decision],
    )
    if current["flagged"]:
        store.annotation.add_event(
            new_id("evt"), edit.example_id, "unflag", f"settled: {decision}", actor.person_id
        )
    store.annotation.release_lease(edit.example_id, actor.person_id)


def accept_all(
    store: Store, actor: Actor, project_id: str, *, untouched: bool, comment: str = ""
) -> int:
    """A lead accepts every annotated example at once, and with `untouched` the new ones too.

    Flagged examples, ones with an empty output, and ones somebody is working on stay as they are.
    `undo_accept_all` takes it back. How many were accepted.
    """
    actor.require(project_id, "lead")
    states = ["annotated", "new"] if untouched else ["annotated"]
    batch_id = new_id("bat")
    return store.transact(
        lambda: store.annotation.accept_all(project_id, states, batch_id, actor.person_id, comment)
    )


def last_accept_all(store: Store, actor: Actor, project_id: str) -> dict[str, Any] | None:
    """The newest bulk accept that can still be undone: batch_id, n, person, created_at."""
    actor.require(project_id)
    return store.annotation.last_batch(project_id)


def undo_accept_all(store: Store, actor: Actor, project_id: str, batch_id: str) -> int:
    """Take back a bulk accept wherever nothing happened since; how many examples."""
    actor.require(project_id, "lead")
    last = store.annotation.last_batch(project_id)
    if last is None or last["batch_id"] != batch_id:
        raise InvalidInput("This bulk accept can no longer be undone. Send single examples back.")
    return store.transact(lambda: store.annotation.undo_batch(batch_id, actor.person_id))
