"""Work queues: giving each person an example of their own, under a lease."""

from __future__ import annotations

import random
from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import now
from core.errors import Overtaken
from core.examples.current import CurrentExample
from core.examples.leases import Hands, Lease
from core.examples.states import Queue
from core.workflows.curation import accepting, collecting, gold_tasks, gold_views

if TYPE_CHECKING:
    from storage.store import Store

LEASE = timedelta(minutes=30)
DAY = timedelta(days=1)
RENEW_BELOW = timedelta(minutes=15)
SPREAD = 8  # who lost the first example to another tries one of the next, so that they part


@dataclass(frozen=True)
class QueueFigures:
    """What a queue holds for one person: `open` to be given, `first` of them before the rest
    (annotate: sent back to them; review: written by others)."""

    open: int
    first: int


@dataclass(frozen=True)
class Taken:
    """The example that a person works on next, None when nothing is free; and how many of the
    queue's open examples this person is not given. `gold`: it is none of the queue's."""

    example: CurrentExample | None
    missing: int
    gold: bool = False


def take_next(
    store: Store, actor: Actor, project_id: str, queue: Queue, holding: Collection[str] = ()
) -> Taken:
    """The example this person works on next, leased to them.

    What they hold already comes first, but for `holding`, which is in their browser; then what is
    to be given before the rest; then the first open one in import order.
    """
    while True:
        taken = _lease_next(store, actor, project_id, queue, holding)
        if taken.example is None or store.database.in_transaction:
            return taken  # to look again in one transaction is to see the same
        if found := _still_open(store, actor, queue, taken):
            return found


def look_again(
    store: Store,
    actor: Actor,
    project_id: str,
    queue: Queue,
    holding: Collection[str],
    taken: Taken,
) -> Taken:
    """What was taken in a transaction that has ended, or another where somebody took and saved the
    example while it ran: of an example that several annotate, that may have been the last one."""
    return _still_open(store, actor, queue, taken) or take_next(
        store, actor, project_id, queue, holding
    )


def _still_open(store: Store, actor: Actor, queue: Queue, taken: Taken) -> Taken | None:
    if taken.example is None or taken.gold:
        return taken
    example = store.examples.current(taken.example.example_id)
    if example is None or example.is_open(queue):
        return Taken(example, taken.missing)
    # Somebody decided on it between the look and the lease.
    store.transact(partial(store.queues.release, example.example_id, actor.person_id))
    return None


def prepare(store: Store, project_id: str) -> None:
    """Read what is kept in memory: inside of a transaction it would be read each time."""
    store.candidates.prepare(project_id)
    store.quotas.of_project(project_id)
    store.acceptances.may_wait(project_id)
    store.gold_examples.of_project(project_id)


def limit_reached(store: Store, actor: Actor, project_id: str, hands: Hands) -> str:
    """Why this person is given no further example to annotate, or "". What they hold counts."""
    quota = store.quotas.of_project(project_id).get(actor.person_id)
    if quota is None:
        return ""
    held = [lease.example_id for lease in hands.mine]
    held += gold_tasks.open_ids(store, actor, project_id)
    used = store.quotas.used(project_id, actor.person_id, now() - DAY, held)
    return quota.reached(*used)


def _lease_next(
    store: Store, actor: Actor, project_id: str, queue: Queue, holding: Collection[str]
) -> Taken:
    tries = lost = 0
    prepare(store, project_id)

    def take() -> Taken:
        nonlocal tries, lost
        tries += 1
        hands = store.queues.hands(project_id, queue, actor.person_id)
        for mine in hands.mine:
            if mine.example_id in holding:
                continue
            held = store.examples.current(mine.example_id)
            if held is not None and _may_have(store, actor, held, queue):
                if mine.expires_at < now() + RENEW_BELOW:
                    renew(store, actor, held, queue)
                return Taken(held, missing_of(store, hands, project_id))
            # Somebody decided on it while this person held it.
            store.queues.release(mine.example_id, actor.person_id)
        if queue == "annotate" and (other := _instead(store, actor, hands, project_id, holding)):
            return other
        found = store.candidates.next(
            project_id,
            queue,
            actor.person_id,
            taken=hands.withheld.union(holding),
            after=lost + random.randrange(SPREAD * tries) if tries > 1 else 0,
            deciders=_deciders(store, actor, project_id, queue),
        )
        if found is not None:
            lost = found.position
            ended = any(lease.example_id == found.example_id for lease in hands.leases)
            take_it = store.queues.take_lease if ended else store.queues.add_lease
            take_it(_lease(actor, found, queue))
            gold_tasks.other_given(store, actor, project_id, queue)
        return Taken(found, missing_of(store, hands, project_id))

    return store.transact(take)


def _may_have(store: Store, actor: Actor, held: CurrentExample, queue: Queue) -> bool:
    mine = collecting.may_have(store, actor, held) and accepting.may_have(store, actor, held, queue)
    return held.is_open(queue) and mine


def _deciders(store: Store, actor: Actor, project_id: str, queue: Queue) -> list[str] | None:
    found = collecting.deciders(store, actor, project_id, queue)
    if found is None and queue == "review" and store.acceptances.may_wait(project_id):
        return []
    return found


def _instead(
    store: Store, actor: Actor, hands: Hands, project_id: str, holding: Collection[str]
) -> Taken | None:
    """What comes instead of the annotate queue's next: nothing at a limit, or a gold example."""
    gold = gold_tasks.held(store, actor, project_id, holding)
    if gold is None and limit_reached(store, actor, project_id, hands):
        return Taken(None, hands.missing)
    gold = gold or _gold(store, actor, project_id, hands, holding)
    return Taken(gold, missing_of(store, hands, project_id), gold=True) if gold else None


def _gold(
    store: Store, actor: Actor, project_id: str, hands: Hands, holding: Collection[str]
) -> CurrentExample | None:
    """A gold example where its turn has come, while there is another task left as well."""
    mix = store.gold_examples.of_project(project_id)
    if not (mix.share and mix.examples and gold_views.is_measured(actor, project_id)):
        return None
    blocks = store.candidates.open_blocks(project_id, "annotate", actor.person_id)
    if any(block.first for block in blocks):  # what came back to a person comes before all else
        return None
    free = sum(block.n for block in blocks) - missing_of(store, hands, project_id)
    if free <= len(hands.mine):
        return None
    return gold_tasks.take(store, actor, project_id, holding)


def missing_of(store: Store, hands: Hands, project_id: str) -> int:
    """How many open examples a person is not given: others hold them, or they skipped them, or
    annotated or accepted them as one of several people."""
    if hands.queue == "review":
        waits = accepting.waits_of(store, project_id, hands.person_id, hands.withheld)
        return hands.missing + waits
    if not store.overlaps.of_project(project_id).ever:
        return hands.missing
    done = store.overlaps.done_open(project_id, hands.person_id, hands.withheld)
    return hands.missing + done


def renew(store: Store, actor: Actor, example: CurrentExample, queue: Queue) -> bool:
    """Take the lease, or take it for longer; whether this person holds the example now."""
    return store.queues.take_lease(_lease(actor, example, queue))


def _lease(actor: Actor, example: CurrentExample, queue: Queue) -> Lease:
    return Lease(
        example.project_id,
        example.example_id,
        example.position,
        queue,
        actor.person_id,
        now() + LEASE,
        example.assigned_to,
    )


def take(
    store: Store,
    actor: Actor,
    example: CurrentExample,
    queue: Queue,
    holding: Collection[str] = (),
) -> None:
    """Take one named example and let go of every other that is not in `holding`.

    Raises Overtaken when somebody else holds it.
    """

    def save() -> bool:
        taken = renew(store, actor, example, queue)
        if taken:
            keep = [example.example_id, *holding]
            store.queues.release_others(example.project_id, actor.person_id, keep)
        return taken

    if not store.transact(save):
        raise Overtaken("Somebody else is working on this example right now. Choose another one.")


def figures(
    store: Store, actor: Actor, project_id: str, queue: Queue, missing: int | None = None
) -> QueueFigures:
    """What the queue holds for this person, from the counters; `missing` where it is known."""
    actor.require(project_id)
    blocks = store.candidates.open_blocks(project_id, queue, actor.person_id)
    if missing is None:
        hands = store.queues.hands(project_id, queue, actor.person_id)
        missing = missing_of(store, hands, project_id)
    first = sum(block.n for block in blocks if block.first)
    return QueueFigures(max(0, sum(block.n for block in blocks) - missing), first)
