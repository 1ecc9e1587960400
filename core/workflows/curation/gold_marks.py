"""Gold marks: a lead says which accepted examples are gold, and reads how people answered them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id, now
from core.errors import InvalidInput
from core.examples.current import CurrentExample
from core.examples.gold import MOST_MARKED, GoldTask
from core.examples.gold_accuracy import (
    GoldAnswer,
    MarkedExample,
    PersonAccuracy,
    WrongAnswer,
    accuracy_of,
    counted_by_example,
    masked_since,
    wrong_answers,
)
from core.examples.overlap import PersonAnnotation
from core.wording import counted, figure
from core.workflows.curation.browsing import example_of
from core.workflows.team.projects import get_project

if TYPE_CHECKING:
    from storage.store import Store

MOST_ANSWERS = 20_000
NOT_ACCEPTED = "Only an accepted example can be gold: its accepted text and labels are the answer."
UNCHANGED = (
    "This example was accepted as it was imported, so an annotator would be shown the expected "
    "answer. Choose one whose text or labels were changed before it was accepted."
)
MASKED = (
    "Personal data in this example were masked. Annotators are shown an example as it was "
    "imported, with the data. Choose another one."
)


@dataclass(frozen=True)
class PassedOn:
    """A gold example that a person skipped or flagged, and why."""

    task: GoldTask
    name: str


@dataclass(frozen=True)
class GoldFindings:
    """Of a project: the examples that are gold, the share that is mixed in, everybody's accuracy,
    what was not as expected, and what was flagged or skipped."""

    marked: tuple[MarkedExample, ...]
    share: float
    people: tuple[PersonAccuracy, ...]
    wrong: tuple[WrongAnswer, ...]
    passed: tuple[PassedOn, ...]
    fields: tuple[str, ...]


def mark_gold(store: Store, actor: Actor, project_id: str, example_id: str) -> None:
    """An accepted example is mixed into annotating from now on. Raises InvalidInput."""
    actor.require(project_id, "lead")

    def save() -> None:
        example = example_of(store, actor, project_id, example_id)
        marked = store.gold_examples.of_project(project_id).examples
        if example_id in marked:
            return
        if why := why_not(store, example):
            raise InvalidInput(why)
        refuse_too_many(len(marked), 1)
        store.gold_examples.mark(project_id, example_id, new_id("bat"), actor.person_id)
        store.audit.record(
            "gold_marked", "example", example_id, actor.person_id, project_id=project_id,
            revision_id=example.revision_id,
        )  # fmt: skip

    store.transact(save)


def unmark_gold(store: Store, actor: Actor, project_id: str, example_id: str) -> None:
    """The example is not gold any more: nobody gets it, and its answers do not count."""
    actor.require(project_id, "lead")

    def save() -> None:
        example_of(store, actor, project_id, example_id)
        if example_id not in store.gold_examples.of_project(project_id).examples:
            return
        store.gold_examples.unmark(project_id, example_id, new_id("bat"), actor.person_id)
        store.audit.record(
            "gold_unmarked", "example", example_id, actor.person_id, project_id=project_id
        )

    store.transact(save)


def refuse_too_many(marked: int, more: int) -> None:
    """Raise InvalidInput where so many more would be gold than a project can have."""
    if more and marked + more > MOST_MARKED:
        raise InvalidInput(
            f"{counted(more, 'example')} could be marked, and {figure(marked)} are gold already; "
            f"a project can have {figure(MOST_MARKED)}. Narrow the filter, or take marks off first."
        )


def is_gold(store: Store, actor: Actor, example: CurrentExample) -> bool:
    """Whether a lead marked the example: for leads."""
    actor.require(example.project_id, "lead")
    return example.example_id in store.gold_examples.of_project(example.project_id).examples


def why_not(store: Store, example: CurrentExample) -> str:
    """Why the example cannot be gold, or ""."""
    if example.state != "accepted" or example.flagged:
        return NOT_ACCEPTED
    first = store.examples.revision(example, 1)
    if first and masked_since(first.fields, example.fields) and _was_masked(store, example):
        return MASKED
    if first is None or not _differs(example, first.fields, first.labels):
        return UNCHANGED
    return ""


def _was_masked(store: Store, example: CurrentExample) -> bool:
    return any(one.kind in ("mask", "mend") for one in store.examples.history(example))


def _differs(example: CurrentExample, fields: dict[str, str], labels: Mapping[str, Any]) -> bool:
    shown = PersonAnnotation(
        "", example.example_id, example.project_id, example.position, "", "", **fields,
        labels=labels, quality=None, comment="", seconds=None, created_at=now(),
    )  # fmt: skip
    expected = GoldAnswer(shown, example.fields, example.labels)
    return expected.differs(()).anything


def gold_findings(store: Store, actor: Actor, project_id: str) -> GoldFindings:
    """How people answered gold examples, over the newest MOST_ANSWERS answers: for leads."""
    actor.require(project_id, "lead")
    settings = get_project(store, actor, project_id).settings
    fields = tuple(field.name for field in settings.label_schema)
    mix = store.gold_examples.of_project(project_id)
    answers = store.gold_examples.answers(project_id, MOST_ANSWERS)
    tasks = store.gold_examples.all_tasks(project_id)
    names = _names(store, answers, tasks)
    return GoldFindings(
        tuple(counted_by_example(store.gold_examples.marked(project_id), answers, fields)),
        mix.share,
        tuple(accuracy_of(answers, tasks, fields=fields, names=names)),
        tuple(wrong_answers(answers, fields=fields, names=names)),
        tuple(
            PassedOn(one, names.get(one.person_id, "Somebody"))
            for one in tasks
            if one.state in ("skipped", "flagged")
        ),
        fields,
    )


def _names(
    store: Store, answers: Sequence[GoldAnswer], tasks: Sequence[GoldTask]
) -> dict[str, str]:
    # Of those who left, too.
    people = {one.annotation.person_id for one in answers} | {one.person_id for one in tasks}
    return store.progress.names(people)
