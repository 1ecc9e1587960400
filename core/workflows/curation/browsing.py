"""Examples: reading one, its history, and the list; what was skipped and given out again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id, now
from core.errors import InvalidInput, NotFound
from core.examples.acceptance import without_others_decisions
from core.examples.current import (
    CurrentExample,
    HistoryEntry,
    ListedExample,
    Origin,
    Revision,
    SkippedExample,
)
from core.examples.example import Example, content_hash
from core.examples.listing import ExampleFilter
from core.examples.told import told_by_file
from core.wording import figure
from core.workflows.curation import gold_lists, gold_views
from core.workflows.curation.searching import looked_up

if TYPE_CHECKING:
    from storage.store import Store

COUNT_CAP = 10_000
SHOWN_SKIPS = 1_000


class ContentKnown(InvalidInput):
    """The project has an example with the same three texts."""

    title = "This example is here already"


def example_of(store: Store, actor: Actor, project_id: str, example_id: str) -> CurrentExample:
    """One example as it stands. Raises NotFound when the project has no such example."""
    actor.require(project_id)
    example = store.examples.current(example_id)
    if example is None or example.project_id != project_id:
        raise NotFound("This example does not exist in this project. Choose one from the list.")
    return example


def shown_example(store: Store, actor: Actor, project_id: str, example_id: str) -> CurrentExample:
    """One example as this person is to see it: one that is gold, to who annotates it, as it was
    imported. Raises NotFound."""
    return gold_views.as_seen(store, actor, example_of(store, actor, project_id, example_id))


def origin_of(store: Store, actor: Actor, example: CurrentExample) -> Origin | None:
    """The file and line that an example came from."""
    actor.require(example.project_id)
    return store.examples.origin(example)


def history_of(store: Store, actor: Actor, example: CurrentExample) -> list[HistoryEntry]:
    """Who did what when, oldest first, assignments to whoever no gold examples measure. While a
    revision waits for another reviewer, what others decided on it is told to leads alone."""
    actor.require(example.project_id)
    if view := gold_views.view_of(store, actor, example):
        return list(view.history)
    history = gold_views.told(actor, example.project_id, store.examples.history(example))
    if actor.has(example.project_id, "lead"):
        return history
    return without_others_decisions(example, history, actor.person_id)


def whole_history_of(store: Store, actor: Actor, example: CurrentExample) -> list[HistoryEntry]:
    """`history_of`, before it what the import file tells of who worked on the example elsewhere."""
    history = history_of(store, actor, example)
    return [*told_before(store, example), *history]


def told_before(store: Store, example: CurrentExample) -> list[HistoryEntry]:
    """What the import file tells of who worked on the example before, as entries of that file."""
    origin, first = store.examples.origin(example), store.examples.revision(example, 1)
    if origin is None or first is None:
        return []
    file = f"The file {origin.file_name}" if origin.file_name else "The file"
    return [
        HistoryEntry("told", "", file, first.created_at, text, None)
        for text in told_by_file(origin.meta)
    ]


def revision_of(store: Store, actor: Actor, example: CurrentExample, number: int) -> Revision:
    """One saved state of an example, numbered from 1. Raises NotFound, NotAllowed."""
    actor.require(example.project_id)
    gold = number > 1 and gold_views.view_of(store, actor, example)
    revision = store.examples.revision(example, number)
    if gold:
        revision = gold_views.own_revision(store, actor, gold.example, number)
    if revision is None:
        raise NotFound("This revision does not exist. Choose one from the example's history.")
    return revision


def examples_page(
    store: Store,
    actor: Actor,
    project_id: str,
    wanted: ExampleFilter | None = None,
    *,
    limit: int = 25,
    offset: int = 0,
) -> tuple[list[ListedExample], int]:
    """One page of the examples that match, and how many match: counted up to COUNT_CAP, and listed
    up to there, where each must be looked at."""
    actor.require(project_id)
    wanted = wanted or ExampleFilter()
    if seen := gold_lists.seen(store, actor, project_id):
        return gold_lists.page(
            store, project_id, wanted, seen, limit=limit, offset=offset, cap=COUNT_CAP
        )
    wanted = looked_up(store, actor, project_id, wanted)
    return store.listing.page(project_id, wanted, limit=limit, offset=offset, cap=COUNT_CAP)


def counts(store: Store, actor: Actor, project_id: str) -> dict[str, int]:
    """Examples per state, `flagged` and `total`, as this person sees them."""
    actor.require(project_id)
    return gold_lists.counts(store, actor, project_id)


def authors(store: Store, actor: Actor, project_id: str) -> dict[str, str]:
    """Name → id of everybody who may have written an example of the project, by name."""
    actor.require(project_id)
    everybody = store.accounts.everybody(project_id)
    return {one.name: one.person_id for one in everybody if one.roles or one.is_admin}


def skipped_examples(store: Store, actor: Actor, project_id: str) -> list[SkippedExample]:
    """The open examples that somebody passed on, newest first, with reasons; at most 1,000."""
    actor.require(project_id)
    found = store.examples.skipped(project_id, SHOWN_SKIPS)
    if gold := gold_views.skipped(store, actor, project_id):
        found = sorted([*found, *gold], key=lambda one: one.created_at, reverse=True)
    return found


def give_out_again(store: Store, actor: Actor, project_id: str, example_id: str) -> None:
    """Forget who skipped an example: its queue gives it to everybody again."""
    actor.require(project_id, "reviewer", "lead")

    def save() -> None:
        example = example_of(store, actor, project_id, example_id)
        store.queues.forget_skips(project_id, example.example_id)
        store.audit.record(
            "given_out_again", "example", example_id, actor.person_id, project_id=project_id
        )

    store.transact(save)


def add_example(
    store: Store,
    actor: Actor,
    project_id: str,
    example_id: str,
    example: Example,
    *,
    comment: str = "",
) -> CurrentExample:
    """Add one example by hand, as new. `example_id` was made when the form was opened; `comment`
    says where it comes from.

    Raises ContentKnown when the project has an example with the same texts.
    """
    actor.require(project_id, "annotator", "lead")
    digest = content_hash(example)

    def save() -> None:
        if store.examples.current(example_id) is not None:
            return
        position = store.intake.reserve(project_id, 1)
        known = store.examples.holds_content(project_id, digest)
        if known is not None:
            raise ContentKnown(
                f"Example {figure(known)} has the same instruction, input and output. "
                f"Change one of them, or work on that example."
            )
        revision = Revision(
            revision_id=new_id("rev"),
            example_id=example_id,
            number=1,
            based_on=None,
            instruction=example.instruction,
            input=example.input,
            output=example.output,
            labels={},
            quality=None,
            origin="add",
            comment=comment,
            author_id=actor.person_id,
            author=actor.name,
            seconds=None,
            created_at=now(),
        )
        store.intake.add_one(project_id, position, digest, revision)
        store.annotation.log_revision(revision, position)
        store.audit.record("added", "example", example_id, actor.person_id, project_id=project_id)

    store.transact(save)
    return example_of(store, actor, project_id, example_id)
