"""Review: see the difference, then accept, edit and accept, send back, or set aside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, get_args

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput
from core.examples.example import FIELDS, word_diff
from core.workflows.curation.annotating import (
    Edit,
    EditConflict,
    add_revision,
    check_labels,
    example_of,
    lease,
    lease_next,
    refuse_stale,
)

if TYPE_CHECKING:
    from storage.store import Store

ReviewDecision = Literal["accept", "send_back", "set_aside"]
STATE_AFTER: dict[str, str] = {
    "accept": "accepted",
    "send_back": "sent_back",
    "set_aside": "set_aside",
}


def next_to_review(store: Store, actor: Actor, project_id: str) -> dict[str, Any] | None:
    """The example to review next, leased; None when nothing waits.

    Beside the current state: `previous` (the revision before, or None), `differences` (field →
    [(op, text)] with op same, added, removed) and `history`.
    """
    actor.require(project_id, "reviewer", "lead")
    task = lease_next(store, actor, project_id, store.annotation.next_to_review)
    return None if task is None else with_difference(store, task)


def open_review(store: Store, actor: Actor, project_id: str, example_id: str) -> dict[str, Any]:
    """One named example, leased for review.

    Raises Conflict when somebody else holds it, EditConflict when it is decided and not flagged.
    """
    actor.require(project_id, "reviewer", "lead")
    example = example_of(store, actor, project_id, example_id)
    refuse_settled(example)
    lease(store, actor, project_id, example_id)
    return with_difference(store, example)


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

    Where `edit` changes a field, a label or the quality, the change is saved first, as the
    reviewer's revision. Sending back needs a comment, accepting an output. A flag on the example
    is settled by the decision. Raises EditConflict when somebody was faster.
    """
    actor.require(project_id, "reviewer", "lead")
    if decision not in get_args(ReviewDecision):
        raise InvalidInput("Choose accept, send back or set aside.")
    if decision == "send_back" and not edit.comment.strip():
        raise InvalidInput("Say in the comment what should change, then send it back.")
    if decision == "accept":
        edit.require_output()
    check_labels(store, project_id, edit.labels)

    def save() -> None:
        if store.annotation.has_review(review_id):
            return
        current = example_of(store, actor, project_id, edit.example_id)
        refuse_settled(current)
        refuse_stale(current, edit)
        revision_id = current["revision_id"]
        if any(current[name] != getattr(edit, name) for name in (*FIELDS, "labels", "quality")):
            add_revision(store, actor, edit, origin="review", state="annotated")
            revision_id = edit.submission_id
        _record(store, actor, current, review_id, decision, edit, revision_id)

    store.transact(save)


def refuse_settled(current: dict[str, Any]) -> None:
    """Raise EditConflict when the example is decided on; a flag opens the question again."""
    if current["state"] in ("accepted", "set_aside") and not current["flagged"]:
        raise EditConflict(
            "A reviewer has decided on this example already. Take the next one, or flag it on the "
            "Examples page to open the question again."
        )


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


def last_decision(store: Store, actor: Actor, project_id: str) -> dict[str, Any] | None:
    """This person's newest single decision after which nothing happened to its example:
    review_id, example_id, decision; None when there is none to undo."""
    actor.require(project_id, "reviewer", "lead")
    return store.annotation.last_decision_by(project_id, actor.person_id)


def undo_decision(store: Store, actor: Actor, project_id: str, undo_id: str, review_id: str) -> str:
    """Take back one's own decision: the example returns to the state before it, its flag too.

    The example's id. Raises Conflict when something happened to the example since.
    """

    def save() -> str:
        last = last_decision(store, actor, project_id)
        if last is None or last["review_id"] != review_id:
            raise Conflict("This decision can no longer be undone. Open the example instead.")
        example_id = str(last["example_id"])
        store.annotation.add_review(
            {
                "review_id": undo_id,
                "example_id": example_id,
                "revision_id": last["revision_id"],
                "decision": "undo",
                "state_before": last["state_before"],
                "comment": "",
                "reviewer_id": actor.person_id,
                "seconds": None,
            },
            last["state_before"],
        )
        if last["settled_flag"]:
            store.annotation.add_event(
                new_id("evt"), example_id, "flag", last["settled_flag"], actor.person_id
            )
        return example_id

    return store.transact(save)


def acceptable(store: Store, actor: Actor, project_id: str) -> dict[str, int]:
    """How many examples `accept_all` would accept now: `annotated`, `new`."""
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

    def save() -> int:
        last = store.annotation.last_batch(project_id)
        if last is None or last["batch_id"] != batch_id:
            raise Conflict("This bulk accept can no longer be undone. Send single examples back.")
        return store.annotation.undo_batch(batch_id, actor.person_id)

    return store.transact(save)
