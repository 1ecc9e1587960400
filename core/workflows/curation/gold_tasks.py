"""Gold tasks: gold examples in the annotate queue, which look like any other and change nothing.

A person who is given one sees the example as it was imported, and after they saved it their own
annotation. All of it inside the caller's transaction; nothing is asked where no example is gold.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import now
from core.examples.current import (
    CurrentExample,
    HistoryEntry,
    HistoryKind,
    ListedExample,
    Revision,
    SkippedExample,
)
from core.examples.gold import GoldState, GoldTask, in_turn, is_due, to_come
from core.examples.overlap import PersonAnnotation
from core.workflows.curation.collecting import EditConflict

if TYPE_CHECKING:
    from core.workflows.curation.annotating import Edit
    from storage.store import Store

SHOWN_CHARACTERS = 240
LOOKED_AT = 20
"""So many gold examples at most that a person may know are looked at for one task."""
_STALE = (
    "You saved this example meanwhile, in another tab perhaps. Your text is still here: "
    "compare both, then save again or keep the other."
)


@dataclass(frozen=True)
class GoldView:
    """A gold example as a person sees it, what they did to it, and whether it shows what they
    annotated while others still do."""

    example: CurrentExample
    history: tuple[HistoryEntry, ...]
    own: bool = False


# Whose gold -------------------------------------------------------------------------------------


def is_measured(actor: Actor, project_id: str) -> bool:
    """Whether this person is given gold examples: leads, who see the answers, are not."""
    return actor.has(project_id, "annotator") and not actor.has(project_id, "lead")


def _only_annotates(actor: Actor, project_id: str) -> bool:
    return actor.roles_in(project_id) == {"annotator"}


def task_on(store: Store, actor: Actor, project_id: str, example_id: str) -> GoldTask | None:
    """This person's task on an example that is gold now, else None. Who annotates alone has one on
    every gold example, not yet given, so that opening it by its address tells nothing."""
    mix = store.gold_examples.of_project(project_id)
    if example_id not in mix.examples or not is_measured(actor, project_id):
        return None
    current = store.examples.current(example_id)
    if current is None or current.project_id != project_id or not _is_given(current):
        return None
    task = store.gold_examples.task(example_id, actor.person_id)
    if task is None and _only_annotates(actor, project_id):
        task = _new_task(store, current, actor.person_id)
    return None if task is None or task.state == "known" else task


def _is_given(example: CurrentExample) -> bool:
    # One that was reopened, set aside or flagged is in other hands until it is accepted again.
    return example.state == "accepted" and not example.flagged


def _new_task(store: Store, example: CurrentExample, person_id: str) -> GoldTask:
    knows = store.gold_examples.knows(example, person_id)
    state: GoldState = "known" if knows else "open"
    return GoldTask(example.example_id, person_id, example.project_id, state)


# What a person sees -----------------------------------------------------------------------------


def view_of(store: Store, actor: Actor, example: CurrentExample) -> GoldView | None:
    """The example as this person sees it, where it is gold and in their hands; else None."""
    task = task_on(store, actor, example.project_id, example.example_id)
    current = store.examples.current(example.example_id) if task else None
    return _view(store, actor, current, task) if current and task else None


def as_seen(store: Store, actor: Actor, example: CurrentExample) -> CurrentExample:
    """The example as this person sees it: itself, unless it is gold for them."""
    view = view_of(store, actor, example)
    return view.example if view else example


def own_revision(
    store: Store, actor: Actor, example: CurrentExample, number: int
) -> Revision | None:
    """A person's own annotation of a gold example as the revision that it would be."""
    answers = store.gold_examples.annotations(example, actor.person_id)
    if not 2 <= number < 2 + len(answers):
        return None
    one = answers[number - 2]
    return Revision(
        revision_id=one.annotation_id,
        example_id=one.example_id,
        number=number,
        based_on=one.based_on,
        **one.fields,
        labels=one.labels,
        quality=one.quality,
        origin="annotate",
        comment=one.comment,
        author_id=actor.person_id,
        author=actor.name,
        seconds=one.seconds,
        created_at=one.created_at,
    )


def listed(
    store: Store, actor: Actor, project_id: str, rows: list[ListedExample]
) -> list[ListedExample]:
    """Rows of the list as this person sees them: texts as long as they were."""
    gold = store.gold_examples.of_project(project_id).examples
    if not gold or not is_measured(actor, project_id):
        return rows
    return [_row(store, actor, one) if one.example_id in gold else one for one in rows]


def _row(store: Store, actor: Actor, row: ListedExample) -> ListedExample:
    current = store.examples.current(row.example_id)
    view = view_of(store, actor, current) if current else None
    if view is None:
        return row
    seen = view.example
    texts = {name: text[:SHOWN_CHARACTERS] for name, text in seen.fields.items()}
    return replace(
        row, **texts, state=seen.state, flagged=seen.flagged, updated_at=seen.updated_at,
        assigned_to="",
    )  # fmt: skip


def hides_positions(store: Store, actor: Actor, project_id: str) -> bool:
    """Whether no task of this person says its position: gold examples' do not come in order."""
    mix = store.gold_examples.of_project(project_id)
    return bool(mix.share and mix.examples) and is_measured(actor, project_id)


def _view(store: Store, actor: Actor, current: CurrentExample, task: GoldTask) -> GoldView:
    first = store.examples.revision(current, 1)
    assert first is not None
    seen = replace(
        current,
        revision_id=first.revision_id,
        number=1,
        **first.fields,
        labels=first.labels,
        quality=first.quality,
        author_id=first.author_id,
        author=first.author,
        state="new",
        flagged=task.state == "flagged",
        updated_at=first.created_at,
        annotations=0,
        assigned_to="",
    )
    history = [seen.first_entry]
    answers = store.gold_examples.annotations(current, actor.person_id)
    several = _several(store, current)
    if answers:
        seen = _as_answered(seen, actor, answers, several=several)
    if answers and not several:
        history += [
            HistoryEntry("annotate", actor.person_id, actor.name, one.created_at, one.comment, n)
            for n, one in enumerate(answers, 2)
        ]
    if task.state in ("skipped", "flagged"):
        kind: HistoryKind = "skip" if task.state == "skipped" else "flag"
        at, why = task.created_at or now(), task.reason or ""
        history.append(HistoryEntry(kind, actor.person_id, actor.name, at, why, None))
    return GoldView(seen, tuple(history), own=bool(answers) and several)


def _several(store: Store, current: CurrentExample) -> bool:
    overlap = store.overlaps.of_project(current.project_id)
    return overlap.wanted(current.project_id, current.example_id) > 1


def _as_answered(
    seen: CurrentExample, actor: Actor, answers: list[PersonAnnotation], *, several: bool
) -> CurrentExample:
    last = answers[-1]
    seen = replace(
        seen,
        revision_id=last.annotation_id,
        **last.fields,
        labels=last.labels,
        quality=last.quality,
        updated_at=last.created_at,
    )
    if several:  # as collecting.as_own has it
        return replace(seen, annotations=1)
    return replace(
        seen,
        number=1 + len(answers),
        author_id=actor.person_id,
        author=actor.name,
        state="annotated",
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
        if example_id in holding or current is None or not _is_given(current):
            continue
        if store.gold_examples.knows(current, actor.person_id):  # since it was given
            store.gold_examples.set_task(_new_task(store, current, actor.person_id))
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
        if current is None or not _is_given(current):
            continue
        task = _new_task(store, current, actor.person_id)
        store.gold_examples.set_task(task)
        if task.state == "open":
            store.gold_examples.next_turn(project_id, actor.person_id, turns)
            return _view(store, actor, current, task).example
    return None


def other_given(store: Store, actor: Actor, project_id: str) -> None:
    """This person's task is none that is gold: count it."""
    mix = store.gold_examples.of_project(project_id)
    if mix.share and mix.examples and is_measured(actor, project_id):
        turns = store.gold_examples.turns(project_id, actor.person_id)
        store.gold_examples.next_turn(project_id, actor.person_id, turns)


def open_task(store: Store, actor: Actor, example: CurrentExample) -> CurrentExample | None:
    """The gold example as this person is to work on it, given to them by its address."""
    task = task_on(store, actor, example.project_id, example.example_id)
    if task is None:
        return None
    if task.created_at is None:
        store.gold_examples.set_task(task)
    return as_seen(store, actor, example)


# Working on it ----------------------------------------------------------------------------------


def answer(store: Store, actor: Actor, current: CurrentExample, edit: Edit) -> bool:
    """Save a person's annotation of a gold example; False where it is none of theirs.

    Raises EditConflict when their other tab was faster.
    """
    task = task_on(store, actor, current.project_id, current.example_id)
    if task is None:
        return False
    if edit.based_on != _view(store, actor, current, task).example.revision_id:
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


def skipped(store: Store, actor: Actor, project_id: str) -> list[SkippedExample]:
    """The gold examples that this person skipped, as they stand among what is skipped."""
    if not store.gold_examples.of_project(project_id).ever or actor.has(project_id, "lead"):
        return []
    found = []
    for task in store.gold_examples.tasks_of(project_id, actor.person_id):
        current = store.examples.current(task.example_id) if task.state == "skipped" else None
        if current and (view := view_of(store, actor, current)):
            seen, at = view.example, task.created_at or now()
            found.append(
                SkippedExample(
                    seen.example_id, seen.position, seen.instruction, "annotate",
                    actor.person_id, actor.name, task.reason or "", at,
                )  # fmt: skip
            )
    return found
