"""Acceptance by several reviewers: whose turn it is, critical marks, and when it is enough.

The rule stands in core.examples.acceptance. Reads and writes inside the caller's transaction.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict
from core.examples.acceptance import state_after_acceptance, without_others_decisions
from core.examples.bulk import CHANGES
from core.examples.current import CurrentExample, HistoryEntry
from core.examples.overlap import COLLECTOR
from core.examples.states import ExampleState, Queue
from core.workflows.curation import gold_views
from core.workflows.curation.browsing import example_of
from core.workflows.curation.collecting import EditConflict

if TYPE_CHECKING:
    from storage.store import Store

ENOUGH = "As many reviewers as it needs have accepted it."


# Whose turn it is ---------------------------------------------------------------------------------


def needed(store: Store, example: CurrentExample) -> int:
    """How many different reviewers must accept the example."""
    return store.acceptances.needed(example)


def has_accepted(store: Store, actor: Actor, example: CurrentExample) -> bool:
    """Whether this person accepted its present revision, which waits for others."""
    return example.state == "annotated" and actor.person_id in store.acceptances.of(example)


def may_have(store: Store, actor: Actor, example: CurrentExample, queue: Queue) -> bool:
    """Whether a queue gives an open example to this person: not what they have accepted."""
    return queue != "review" or not has_accepted(store, actor, example)


def refuse_again(store: Store, actor: Actor, example: CurrentExample) -> None:
    """Raise EditConflict when this person accepted the revision and others are to decide on it; not
    where it has all the acceptances that it needs and is open for a flag."""
    if has_accepted(store, actor, example) and example.accepts < needed(store, example):
        raise EditConflict(
            "You have accepted this revision already; another reviewer decides on it now. If you "
            "have changed your mind, flag it on the Examples page. Take the next one."
        )


def waits_of(store: Store, project_id: str, person_id: str, withheld: set[str]) -> int:
    """How many examples of the review queue wait for others after this person accepted them; those
    that are withheld from them anyway are not counted."""
    if not store.acceptances.may_wait(project_id):
        return 0
    return store.acceptances.given_by(project_id, person_id, withheld)


def waiting(store: Store, actor: Actor, project_id: str) -> int | None:
    """How many examples wait for another reviewer; None where none ever needs one. For leads."""
    actor.require(project_id, "lead")
    if not store.acceptances.may_wait(project_id):
        return None
    return store.acceptances.waiting(project_id)


def other_reviewers(store: Store, actor: Actor, project_id: str) -> int:
    """How many people other than this one can accept examples in the project."""
    actor.require(project_id)
    return len(store.overlaps.deciders(project_id, actor.person_id))


def blind_history(store: Store, actor: Actor, example: CurrentExample) -> list[HistoryEntry]:
    """The example's history for somebody who decides on it, a lead or not: without what others
    decided on a revision that still waits."""
    history = gold_views.told(actor, example.project_id, store.examples.history(example))
    return without_others_decisions(example, history, actor.person_id)


# Deciding -----------------------------------------------------------------------------------------


def state_after(
    store: Store, actor: Actor, shown: CurrentExample, current: CurrentExample
) -> tuple[ExampleState, set[str]]:
    """The state after this person accepts `current`, and who has accepted it where it then waits.

    `shown` is the example before their own correction. What was accepted before, and is only open
    for a flag, stays accepted.
    """
    if current is shown and shown.state == "accepted":
        return "accepted", set()
    accepted_by = store.acceptances.of(current)
    state = state_after_acceptance(accepted_by, actor.person_id, needed(store, current))
    return state, {*accepted_by, actor.person_id} if state == "annotated" else set()


def accept_enough(store: Store, project_id: str, wished: int, batch_id: str = "") -> int:
    """Examples that enough reviewers have accepted become accepted, in one batch; how many."""
    batch_id = batch_id or new_id("bat")
    n = store.annotation.accept_enough(project_id, wished, batch_id, ENOUGH)
    if n:
        store.audit.record(
            "accepted_by_enough", "project", project_id, COLLECTOR, project_id=project_id,
            batch_id=batch_id, n=n,
        )  # fmt: skip
    return n


def restore(store: Store, example: CurrentExample, state: ExampleState) -> None:
    """After a decision on it was undone, and it returned to `state`: what stands by the log. It may
    be enough, where fewer are needed than when it was given."""
    if state != "annotated":
        store.acceptances.keep(example, ())
    elif store.acceptances.restore(example) >= needed(store, example):
        accept_enough(store, example.project_id, store.acceptances.wished(example.project_id))


def settings_changed(store: Store, project_id: str, before: int, wished: int) -> None:
    """So many reviewers are wished now: what had to wait only by what was wished before goes on."""
    store.acceptances.needs_change()
    if wished < before:
        accept_enough(store, project_id, wished)


def settings_met(store: Store, project_id: str, before: int) -> None:
    """After a decision that counted on so many reviewers: a lead may have asked for fewer while it
    was saved, so that the change did not see it."""
    wished = store.acceptances.wished(project_id)
    if wished < before:
        store.transact(lambda: accept_enough(store, project_id, wished))


# Critical marks -----------------------------------------------------------------------------------


def mark_critical(
    store: Store,
    actor: Actor,
    project_id: str,
    event_id: str,
    example_id: str,
    reason: str = "",
    *,
    critical: bool = True,
) -> None:
    """A lead says that two reviewers must accept an example, or that one is enough again: then one
    acceptance that it has makes it accepted. Sent twice under one id it is one mark.

    Raises Conflict for an example that is decided on: reopen it first.
    """
    actor.require(project_id, "lead")

    def save() -> None:
        if store.annotation.is_known(event_id):
            return
        current = example_of(store, actor, project_id, example_id)
        if critical and current.state not in CHANGES["critical"]:
            raise Conflict(
                "This example is decided on. Reopen it, then mark it critical: two reviewers "
                "look at it again."
            )
        if current.critical == critical:
            return
        store.annotation.mark_one(
            current, event_id, actor.person_id, reason.strip(), critical=critical
        )
        if not critical:
            accept_enough(store, project_id, store.acceptances.wished(project_id))
        store.audit.record(
            "marked_critical" if critical else "unmarked_critical",
            "example", example_id, actor.person_id, project_id=project_id, submission_id=event_id,
        )  # fmt: skip

    store.transact(save)
