"""Deduplicate: decisions on groups of duplicates, one or all of a kind, and taking them back."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

from core.actor import Actor
from core.checks.check import Batch, DuplicateGroup, DuplicateKind, GroupDecision, GroupTotal
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput
from core.workflows.curation import accepting, gold_lists
from core.workflows.curation.annotating import LATELY

if TYPE_CHECKING:
    from storage.store import Store

MOST_MEMBERS = 6
"""Members of a group that are read for the page."""


def total(store: Store, actor: Actor, project_id: str, kind: DuplicateKind) -> GroupTotal:
    """How many groups there are now."""
    actor.require(project_id)
    return store.duplicates.total(project_id, kind, actor.person_id)


def groups(
    store: Store,
    actor: Actor,
    project_id: str,
    kind: DuplicateKind,
    *,
    limit: int = 5,
    offset: int = 0,
) -> list[DuplicateGroup]:
    """A page of groups, the largest first, each with its best and its first members."""
    actor.require(project_id)
    found = store.duplicates.page(
        project_id, kind, actor.person_id, limit=limit, offset=offset, most_members=MOST_MEMBERS
    )
    hidden = gold_lists.seen(store, actor, project_id).keys()
    return [one for one in found if hidden.isdisjoint(m.example_id for m in one.members)]


def decide(
    store: Store,
    actor: Actor,
    project_id: str,
    kind: DuplicateKind,
    decision: GroupDecision,
    *,
    check_id: str,
    number: int | None = None,
) -> int:
    """Decide on one group of the check that was shown, or on all of a kind. Leads only.

    "keep_best" sets the other members aside, "drop_all" all of them, "keep_all" shows the group
    never again. Flagged examples, and ones that others hold, stay as they are. How many examples
    were set aside or kept. Raises Conflict where there is another check or nothing left to decide.
    """
    actor.require(project_id, "lead")
    if decision not in get_args(GroupDecision):
        raise InvalidInput("Choose to keep the best one, to keep all, or to set all aside.")
    if number is None and decision != "keep_best":
        raise InvalidInput("For all groups at once only the best ones can be kept.")
    numbers = None if number is None else [number]
    batch_id = new_id("bat")

    def save() -> int:
        newest = store.checks.newest(project_id)
        if newest is None or newest.check_id != check_id:
            raise Conflict("There is a newer check with other groups. Look at these first.")
        me = actor.person_id
        if decision == "keep_all":
            n = store.duplicates.keep(project_id, kind, numbers, batch_id, me)
        else:
            n = store.duplicates.set_aside(project_id, kind, numbers, batch_id, me, decision)
        if not n:
            raise Conflict(
                "Nothing was changed: somebody decided on this meanwhile, or its examples are "
                "flagged or held by others."
            )
        store.audit.record(
            "duplicates_decided", "project", project_id, me, project_id=project_id,
            batch_id=batch_id, n=n, about=decision, kind=kind,
        )  # fmt: skip
        return n

    return store.transact(save)


def last_decision(store: Store, actor: Actor, project_id: str) -> Batch | None:
    """The newest decision on duplicates of the last days, unless it was undone."""
    actor.require(project_id)
    return store.batches.last(
        project_id, now() - LATELY, done="duplicates_decided", undone="duplicates_undone"
    )


def undo_decision(store: Store, actor: Actor, project_id: str, batch_id: str) -> int:
    """Take the last decision back wherever nothing happened since; how many examples."""
    actor.require(project_id, "lead")

    def save() -> int:
        last = last_decision(store, actor, project_id)
        if last is None or last.batch_id != batch_id:
            raise Conflict("This can no longer be undone. Reopen single examples instead.")
        n = store.duplicates.show_again(project_id, batch_id)
        n += store.batches.reopen(project_id, batch_id, new_id("bat"), actor.person_id)
        accepting.accept_enough(store, project_id, store.acceptances.wished(project_id))
        store.audit.record(
            "duplicates_undone", "project", project_id, actor.person_id,
            project_id=project_id, batch_id=batch_id, n=n,
        )  # fmt: skip
        return n

    return store.transact(save)
