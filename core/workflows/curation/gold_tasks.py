"""Gold tasks: gold examples in the annotate queue, given once to a person; they change nothing.

All of it inside the caller's transaction. How a gold example looks to a person is in gold_views.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import now
from core.examples.current import CurrentExample
from core.examples.gold import GoldState, in_turn, is_due, to_come
from core.examples.overlap import PersonAnnotation
from core.examples.states import Queue
from core.workflows.curation.collecting import EditConflict
from core.workflows.curation.gold_views import (
    is_given,
    is_measured,
    new_task,
    task_on,
    view,
    view_of,
)

if TYPE_CHECKING:
    from core.workflows.curation.annotating import Edit
    from storage.store import Store

LOOKED_AT = 20
"""So many gold examples at most that a person may know are looked at for one task."""
_STALE = (
    "You saved this example meanwhile, in another tab perhaps. Your text is still here: "
    "compare both, then save again or keep the other."
)


# Giving -----------------------------------------------------------------------------------------


def open_ids(store: Store, actor: Actor, project_id: str) -> list[str]:
    """The gold examples that this person was given and is not done with."""
    mix = store.gold_examples.of_project(project_id)
    if not mix.ever or not is_measured(actor, project_id):
        return []
    tasks = store.gold_examples.tasks_of(project_id, actor.person_id)
    return [one.example_id for one in tasks if one.state == "open"]


def held(
    store: Store, actor: Actor, project_id: str, holding: Collection[str]
) -> CurrentExample | None:
    """The gold example that this person has open and that is not in their browser."""
    for example_id in open_ids(store, actor, project_id):
        current = store.examples.current(example_id)
        if example_id in holding or current is None or not is_given(current):
            continue
        if store.gold_examples.knows(current, actor.person_id):  # since it was given
            store.gold_examples.set_task(new_task(store, current, actor.person_id))
        elif view := view_of(store, actor, current):
            return view.example
    return None


def take(
    store: Store, actor: Actor, project_id: str, holding: Collection[str]
) -> CurrentExample | None:
    """The gold example that this person's next task is, where its turn has come."""
    mix = store.gold_examples.of_project(project_id)
    if not (mix.share and mix.examples and is_measured(actor, project_id)):
        return None
    turns = store.gold_examples.turns(project_id, actor.person_id)
    if not is_due(turns.salt, turns.n, mix.share):
        return None
    given = {
        one.example_id for one in store.gold_examples.tasks_of(project_id, actor.person_id)
    }.union(holding)
    for example_id in in_turn(turns.salt, mix.examples - given)[:LOOKED_AT]:
        current = store.examples.current(example_id)
        if current is None or not is_given(current):
            continue
        task = new_task(store, current, actor.person_id)
        store.gold_examples.set_task(task)
        if task.state == "open":
            store.gold_examples.next_turn(project_id, actor.person_id, turns)
            return view(store, actor, current, task).example
    return None


def other_given(store: Store, actor: Actor, project_id: str, queue: Queue) -> None:
    """This person's task is none that is gold: count it, where it is one of annotating."""
    mix = store.gold_examples.of_project(project_id)
    if queue == "annotate" and mix.share and mix.examples and is_measured(actor, project_id):
        turns = store.gold_examples.turns(project_id, actor.person_id)
        store.gold_examples.next_turn(project_id, actor.person_id, turns)


def open_task(store: Store, actor: Actor, example: CurrentExample) -> CurrentExample | None:
    """The gold example as this person is to work on it, given to them by its address."""
    task = task_on(store, actor, example.project_id, example.example_id)
    if task is None:
        return None
    if task.created_at is None:
        store.gold_examples.set_task(task)
    found = view_of(store, actor, example)
    return found.example if found else None


# Working on it ----------------------------------------------------------------------------------


def answer(store: Store, actor: Actor, current: CurrentExample, edit: Edit) -> bool:
    """Save a person's annotation of a gold example; False where it is none of theirs.

    Raises EditConflict when their other tab was faster.
    """
    task = task_on(store, actor, current.project_id, current.example_id)
    if task is None:
        return False
    if edit.based_on != view(store, actor, current, task).example.revision_id:
        raise EditConflict(_STALE)
    annotation = PersonAnnotation(
        annotation_id=edit.submission_id,
        example_id=current.example_id,
        project_id=current.project_id,
        position=current.position,
        person_id=actor.person_id,
        based_on=edit.based_on,
        instruction=edit.instruction,
        input=edit.input,
        output=edit.output,
        labels=edit.labels,
        quality=edit.quality,
        comment=edit.comment,
        seconds=edit.seconds,
        created_at=now(),
    )
    store.gold_examples.add(annotation, current.revision_id)
    store.gold_examples.set_task(replace(task, state="answered"))
    return True


def put_aside(
    store: Store,
    actor: Actor,
    current: CurrentExample,
    event_id: str,
    state: GoldState,
    reason: str,
) -> bool:
    """A person skips or flags a gold example; False where it is none of theirs."""
    task = task_on(store, actor, current.project_id, current.example_id)
    if task is None:
        return False
    passed = replace(task, state=state, event_id=event_id, reason=reason)
    store.gold_examples.set_task(passed)
    return True


def is_known(store: Store, project_id: str, submission_id: str) -> str | None:
    """The example that this was saved of as a gold annotation, or None."""
    if not store.gold_examples.of_project(project_id).ever:
        return None
    return store.gold_examples.example_of(submission_id)


def is_put_aside(store: Store, project_id: str, event_id: str) -> bool:
    """Whether this skip or flag of a gold example was saved."""
    ever = store.gold_examples.of_project(project_id).ever
    return ever and store.gold_examples.is_known(event_id)


def can_go_back(store: Store, actor: Actor, example: CurrentExample) -> bool:
    """Whether this person can change what they annotated."""
    task = task_on(store, actor, example.project_id, example.example_id)
    return task is not None and task.state == "answered"


def is_begun(store: Store, actor: Actor, example: CurrentExample) -> bool:
    """Whether this person was given it, and has not put it aside."""
    task = task_on(store, actor, example.project_id, example.example_id)
    return bool(task and task.created_at and task.state in ("open", "answered"))


# Figures ----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class GoldFigures:
    """What a person's figures count beside the queue: gold tasks `open`, `coming` and `done`."""

    open: int = 0
    coming: int = 0
    done: int = 0


def figures(store: Store, actor: Actor, project_id: str, real: int) -> GoldFigures:
    """The gold tasks beside so many others that wait: with them, what waits goes down by one with
    each task, whichever it is."""
    mix = store.gold_examples.of_project(project_id)
    if not (mix.ever or mix.examples) or not is_measured(actor, project_id):
        return GoldFigures()
    tasks = store.gold_examples.tasks_of(project_id, actor.person_id)
    turns = store.gold_examples.turns(project_id, actor.person_id)
    mine = store.queues.hands(project_id, "annotate", actor.person_id).mine
    left = mix.examples - {one.example_id for one in tasks}
    states = [one.state for one in tasks]
    return GoldFigures(
        sum(one.state == "open" and one.example_id in mix.examples for one in tasks),
        to_come(turns, mix.share, real=max(0, real - len(mine)), gold=len(left)),
        states.count("answered") + states.count("flagged"),
    )
