"""Gold examples as the people see them who are measured by them: as they were imported.

A person who was given one sees that, and after they saved it their own annotation; whoever only
annotates in a project sees every gold example of it so. Nothing is asked where no example is gold.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

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
from core.examples.gold import GoldState, GoldTask
from core.examples.overlap import PersonAnnotation
from core.examples.timeline import without_assignments
from core.labels.field import LabelField
from core.labels.values import problem_of
from core.workflows.curation.gold_assigned import LooksAssigned, looks_assigned

if TYPE_CHECKING:
    from storage.store import Store

SHOWN_CHARACTERS = 240


@dataclass(frozen=True)
class GoldView:
    """A gold example as a person works on it, what they did to it, whether it shows what they
    annotated while others still do, and as pages and lists show it: these show what several people
    annotate as it was imported."""

    example: CurrentExample
    history: tuple[HistoryEntry, ...]
    own: bool
    shown: CurrentExample


# Whose gold -------------------------------------------------------------------------------------


def is_measured(actor: Actor, project_id: str) -> bool:
    """Whether this person is given gold examples: leads, who see the answers, are not."""
    return actor.has(project_id, "annotator") and not actor.has(project_id, "lead")


def only_annotates(actor: Actor, project_id: str) -> bool:
    return actor.roles_in(project_id) == {"annotator"}


def task_on(store: Store, actor: Actor, project_id: str, example_id: str) -> GoldTask | None:
    """This person's task on an example that is gold now, else None. Who annotates alone has one on
    every gold example, not yet given, so that opening it by its address tells nothing."""
    mix = store.gold_examples.of_project(project_id)
    if example_id not in mix.examples or not is_measured(actor, project_id):
        return None
    current = store.examples.current(example_id)
    if current is None or current.project_id != project_id or not is_given(current):
        return None
    task = store.gold_examples.task(example_id, actor.person_id)
    if task is None and only_annotates(actor, project_id):
        task = new_task(store, current, actor.person_id)
    return None if task is None or task.state == "known" else task


def is_given(example: CurrentExample) -> bool:
    # One that was reopened, set aside or flagged is in other hands until it is accepted again.
    return example.state == "accepted" and not example.flagged


def new_task(store: Store, example: CurrentExample, person_id: str) -> GoldTask:
    knows = store.gold_examples.knows(example, person_id)
    state: GoldState = "known" if knows else "open"
    return GoldTask(example.example_id, person_id, example.project_id, state)


# What a person sees -----------------------------------------------------------------------------


def view_of(store: Store, actor: Actor, example: CurrentExample) -> GoldView | None:
    """The example as this person sees it, where it is gold and in their hands; else None."""
    task = task_on(store, actor, example.project_id, example.example_id)
    current = store.examples.current(example.example_id) if task else None
    return view(store, actor, current, task) if current and task else None


def told(actor: Actor, project_id: str, history: list[HistoryEntry]) -> list[HistoryEntry]:
    """The history of an example that is not gold for this person. Whoever is measured is not told
    who was given it: those of gold examples are hidden, so that a missing one would tell."""
    return without_assignments(history) if is_measured(actor, project_id) else history


def as_seen(store: Store, actor: Actor, example: CurrentExample) -> CurrentExample:
    """The example as pages show it to this person: itself, unless it is gold for them."""
    view = view_of(store, actor, example)
    return view.shown if view else example


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
        **_texts(one),
        labels=one.labels,
        quality=one.quality,
        origin="annotate",
        comment=one.comment,
        author_id=actor.person_id,
        author=actor.name,
        seconds=one.seconds,
        created_at=one.created_at,
    )


def listed(seen: Mapping[str, CurrentExample], rows: list[ListedExample]) -> list[ListedExample]:
    """Rows of the list with those that are `seen` otherwise as they are seen: texts as long as they
    were."""
    return [_row(seen[one.example_id], one) if one.example_id in seen else one for one in rows]


def _row(seen: CurrentExample, row: ListedExample) -> ListedExample:
    texts: dict[str, Any] = {name: text[:SHOWN_CHARACTERS] for name, text in seen.fields.items()}
    return replace(
        row, **texts, state=seen.state, flagged=seen.flagged, updated_at=seen.updated_at,
        assigned_to=seen.assigned_to,
    )  # fmt: skip


def hides_positions(store: Store, actor: Actor, project_id: str) -> bool:
    """Whether no task of this person says its position: gold examples' do not come in order."""
    mix = store.gold_examples.of_project(project_id)
    return bool(mix.share and mix.examples) and is_measured(actor, project_id)


def view(store: Store, actor: Actor, current: CurrentExample, task: GoldTask) -> GoldView:
    first = store.examples.revision(current, 1)
    assert first is not None
    answers = store.gold_examples.annotations(current, actor.person_id)
    schema = schema_of(store, current.project_id) if first.labels or answers else {}
    looks = looks_assigned(store, actor, current.project_id)
    return view_with(store, actor, current, task, first, answers, schema, looks)


def view_with(
    store: Store,
    actor: Actor,
    current: CurrentExample,
    task: GoldTask,
    first: Revision,
    answers: list[PersonAnnotation],
    schema: Mapping[str, LabelField],
    looks: LooksAssigned,
) -> GoldView:
    """The view of an example of which all is known that it takes."""
    seen = replace(
        current,
        revision_id=first.revision_id,
        number=1,
        **_texts(first),
        labels=_still_known(schema, first.labels),
        quality=first.quality,
        author_id=first.author_id,
        author=first.author,
        state="new",
        flagged=task.state == "flagged",
        updated_at=first.created_at,
        annotations=0,
        assigned_to=looks.to(current, task),
    )
    history = [seen.first_entry]
    several = _several(store, current)
    shown = replace(seen, annotations=1, updated_at=answers[-1].created_at) if answers else seen
    if answers:
        seen = _as_answered(schema, seen, actor, answers, several=several)
    if answers and not several:
        history += [
            HistoryEntry("annotate", actor.person_id, actor.name, one.created_at, one.comment, n)
            for n, one in enumerate(answers, 2)
        ]
    if task.state in ("skipped", "flagged"):
        kind: HistoryKind = "skip" if task.state == "skipped" else "flag"
        at, why = task.created_at or now(), task.reason or ""
        history.append(HistoryEntry(kind, actor.person_id, actor.name, at, why, None))
    return GoldView(
        seen,
        tuple(history),
        own=bool(answers) and several,
        shown=shown if several else seen,
    )


def schema_of(store: Store, project_id: str) -> dict[str, LabelField]:
    project = store.projects.by_id(project_id)
    return {field.name: field for field in project.settings.label_schema} if project else {}


def _still_known(schema: Mapping[str, LabelField], labels: Mapping[str, Any]) -> dict[str, Any]:
    # The schema may have changed since the import; labels that it does not have cannot be saved.
    return {
        name: value
        for name, value in labels.items()
        if name in schema and not problem_of(schema[name], value)
    }


def _texts(one: Revision | PersonAnnotation) -> dict[str, Any]:
    return {**one.fields}


def _several(store: Store, current: CurrentExample) -> bool:
    overlap = store.overlaps.of_project(current.project_id)
    return overlap.wanted(current.project_id, current.example_id) > 1


def _as_answered(
    schema: Mapping[str, LabelField],
    seen: CurrentExample,
    actor: Actor,
    answers: list[PersonAnnotation],
    *,
    several: bool,
) -> CurrentExample:
    last = answers[-1]
    seen = replace(
        seen,
        revision_id=last.annotation_id,
        **_texts(last),
        labels=_still_known(schema, last.labels),
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
                    seen.example_id,
                    seen.position,
                    seen.instruction,
                    "annotate",
                    actor.person_id,
                    actor.name,
                    task.reason or "",
                    at,
                )
            )
    return found
