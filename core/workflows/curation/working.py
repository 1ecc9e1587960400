"""Annotate and review one request at a time: what a browser sends, and what it gets back.

answer = annotate(store, actor, project_id, Sent("save", …))      # saved, and the next example
answer = review(store, actor, project_id, Sent("next"))           # only the next example

`holding` names the examples that the browser has already, such as the one it fetched ahead: they
stay leased, and the answer's task is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, get_args

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput
from core.examples.current import CurrentExample, HistoryEntry, Revision
from core.examples.overlap import BlindAnnotation
from core.examples.states import Queue, is_decided
from core.workflows.curation import (
    accepting,
    annotating,
    browsing,
    collecting,
    commenting,
    drafts,
    gold_tasks,
    gold_views,
    progress,
    queue,
    reviewing,
    skipping,
)
from core.workflows.curation.reviewing import ReviewDecision, ReviewTask
from core.workflows.curation.sent import UNREADABLE, Sent
from core.workflows.team import guidelines
from core.workflows.team.label_settling import settles_labels

if TYPE_CHECKING:
    from storage.store import Store


@dataclass(frozen=True)
class Answer:
    """What came of a request: the submissions saved by it, and an example to go on with; `missing`
    as in queue.Taken, where one was taken from the queue."""

    saved: tuple[str, ...] = ()
    task: Task | None = None
    missing: int | None = None


@dataclass(frozen=True)
class Task:
    """An example to work on: the revision before the current one where that is of interest, the
    reviewer's comment that it came back with, what people did to it; `own`: it shows what this
    person annotated while others still do; `annotations`: what several people wrote."""

    example: CurrentExample
    history: tuple[HistoryEntry, ...]
    previous: Revision | None = None
    sent_back: str = ""
    own: bool = False
    annotations: tuple[BlindAnnotation, ...] = ()


# Annotate -----------------------------------------------------------------------------------------


def annotate(store: Store, actor: Actor, project_id: str, sent: Sent) -> Answer:
    """Do what an annotator asked for. Raises EditConflict, NotAllowed, NotFound, InvalidInput."""
    actor.require(project_id, "annotator", "lead")
    opening: dict[str, Callable[[], CurrentExample | None]] = {
        "next": lambda: annotating.next_to_annotate(store, actor, project_id, sent.holding),
        "open": lambda: annotating.open_example(
            store, actor, project_id, sent.example_id, sent.holding
        ),
        "back": lambda: annotating.go_back(store, actor, project_id, sent.example_id, sent.holding),
        "sent_back": lambda: _first_sent_back(store, actor, project_id),
    }
    if sent.action in opening:
        return Answer(task=_to_annotate(store, actor, opening[sent.action]()))
    saving: dict[str, Callable[[], None]] = {
        "save": lambda: annotating.save_annotation(store, actor, project_id, sent.edit()),
        "skip": lambda: _leave(store, actor, project_id, sent, skipping.skip),
        "flag": lambda: _leave(store, actor, project_id, sent, skipping.flag),
    }
    try:
        saved, taken = _save_and_take(store, actor, project_id, sent, "annotate", saving)
    except collecting.Collected:
        # Perhaps a lead has just lowered how many people are wished: it does not wait any more.
        collecting.send_on(store, project_id, sent.example_id)
        raise
    if taken is None:
        return Answer(saved)
    return Answer(saved, _to_annotate(store, actor, taken.example), taken.missing)


def _first_sent_back(store: Store, actor: Actor, project_id: str) -> CurrentExample | None:
    """An example that came back to this person, whatever else they hold; else the next one."""
    hands = store.queues.hands(project_id, "annotate", actor.person_id)
    mine = [lease.example_id for lease in hands.mine]
    for example_id in mine:
        held = store.examples.current(example_id)
        if held and held.state == "sent_back" and held.author_id == actor.person_id:
            return held
    mine += gold_tasks.open_ids(store, actor, project_id)
    return annotating.next_to_annotate(store, actor, project_id, mine)


def _to_annotate(store: Store, actor: Actor, example: CurrentExample | None) -> Task | None:
    if example is None:
        return None
    if gold := gold_views.view_of(store, actor, example):
        return Task(gold.example, gold.history, own=gold.own)
    if own := collecting.as_own(store, actor, example):
        return Task(own, tuple(browsing.history_of(store, actor, example)), own=True)
    # Most are as they were imported: there is no more to tell, and nothing to be looked up.
    told = example.assigned_to and not gold_views.is_measured(actor, example.project_id)
    new = example.number == 1 and example.state == "new" and not told
    if new and not store.queues.was_skipped(example.example_id):
        return Task(example, (example.first_entry,))
    history = tuple(browsing.history_of(store, actor, example))
    return Task(example, history, sent_back=annotating.why_sent_back(example, history))


# Review -------------------------------------------------------------------------------------------


def review(store: Store, actor: Actor, project_id: str, sent: Sent) -> Answer:
    """Do what a reviewer asked for. Raises EditConflict, NotAllowed, NotFound, InvalidInput."""
    actor.require(project_id, "reviewer", "lead")
    opening: dict[str, Callable[[], ReviewTask | None]] = {
        "next": lambda: reviewing.next_to_review(store, actor, project_id, sent.holding),
        "open": lambda: reviewing.open_review(
            store, actor, project_id, sent.example_id, sent.holding
        ),
        "undo": lambda: _undone(store, actor, project_id, sent),
    }
    if sent.action in opening:
        return Answer(task=_to_review(store, opening[sent.action]()))
    saving: dict[str, Callable[[], None]] = {
        decision: partial(_decide, store, actor, project_id, decision, sent)
        for decision in get_args(ReviewDecision)
    }
    saving["skip"] = lambda: _leave(store, actor, project_id, sent, skipping.skip)
    saved, taken = _save_and_take(store, actor, project_id, sent, "review", saving)
    if taken is None or taken.example is None:
        return Answer(saved)
    task = reviewing.with_difference(store, actor, taken.example)
    return Answer(saved, _to_review(store, task), taken.missing)


def _undone(store: Store, actor: Actor, project_id: str, sent: Sent) -> ReviewTask:
    last = reviewing.last_decision(store, actor, project_id)
    review_id = last.review_id if last else ""
    example_id = reviewing.undo_decision(store, actor, project_id, f"undo_{review_id}", review_id)
    return reviewing.open_review(store, actor, project_id, example_id, sent.holding)


def _to_review(store: Store, task: ReviewTask | None) -> Task | None:
    if task is None:
        return None
    annotations = tuple(collecting.to_compare(store, task.example))
    return Task(task.example, tuple(task.history), task.previous, annotations=annotations)


def _decide(
    store: Store, actor: Actor, project_id: str, decision: ReviewDecision, sent: Sent
) -> None:
    reviewing.decide(
        store, actor, project_id, sent.submission_id, decision, sent.edit(), chosen=sent.chosen
    )


# Both ---------------------------------------------------------------------------------------------


@settles_labels
def _save_and_take(
    store: Store,
    actor: Actor,
    project_id: str,
    sent: Sent,
    mode: Queue,
    saving: Mapping[str, Callable[[], None]],
) -> tuple[tuple[str, ...], queue.Taken | None]:
    """Save and lease the next example in one transaction, which is one wait for the disk."""
    queue.prepare(store, project_id)
    store.overlaps.of_project(project_id)

    def save_and_take() -> tuple[tuple[str, ...], queue.Taken | None]:
        saved = _saved(store, actor, project_id, sent, mode, saving)
        if not saved or not sent.next:
            return saved, None
        return saved, queue.take_next(store, actor, project_id, mode, sent.holding)

    wished = store.acceptances.wished(project_id)
    saved, taken = store.transact(save_and_take)
    accepting.settings_met(store, project_id, wished)
    store.counters.compact_if_long()
    if taken and taken.example and store.overlaps.of_project(project_id).ever:
        taken = queue.look_again(store, actor, project_id, mode, sent.holding, taken)
    return saved, taken


def _saved(
    store: Store,
    actor: Actor,
    project_id: str,
    sent: Sent,
    mode: Queue,
    saving: Mapping[str, Callable[[], None]],
) -> tuple[str, ...]:
    """Save the submission, or keep a draft; the ids of what is saved for good."""
    if sent.action in ("draft", "discard"):
        drafts.keep(store, actor, project_id, sent, mode)
        return ()
    if sent.action == "comment":
        commenting.comment(
            store, actor, project_id, sent.submission_id, sent.example_id, sent.comment
        )
        return ()
    if sent.action == "read_comments":
        commenting.mark_read(store, actor, project_id, sent.example_id)
        return ()
    if sent.action == "read_guidelines":
        guidelines.mark_read(store, actor, project_id, sent.number)
        return ()
    if sent.action not in saving:
        raise InvalidInput(f"There is no action “{sent.action}” here. Reload the page.")
    if not sent.submission_id:
        raise InvalidInput(UNREADABLE)
    saving[sent.action]()
    return (sent.submission_id,)


def _leave(store: Store, actor: Actor, project_id: str, sent: Sent, leave: Any) -> None:
    leave(store, actor, project_id, sent.submission_id, sent.example_id, sent.reason)


def theirs(store: Store, actor: Actor, project_id: str, mode: Queue, example_id: str) -> Task:
    """An example as it is now, for somebody whose edit was refused: of one that several people
    annotate, what they themselves saved last."""
    example = browsing.example_of(store, actor, project_id, example_id)
    if mode == "annotate" and (gold := gold_views.view_of(store, actor, example)):
        return Task(gold.example, gold.history, own=gold.own)
    own = collecting.as_own(store, actor, example) if mode == "annotate" else None
    return Task(
        own or example,
        tuple(accepting.blind_history(store, actor, example)),
        own=own is not None,
    )


def may_still_be_saved(mode: Queue, example: CurrentExample) -> bool:
    """Whether a refused edit can be saved on top of what is there."""
    if mode == "annotate" and collecting.is_collected(example):
        return False
    return not is_decided(example.state)


def new_submission_id() -> str:
    """The id of what the person who is shown an example will submit."""
    return new_id("rev")


def figures(
    store: Store, actor: Actor, project_id: str, mode: Queue, missing: int | None = None
) -> dict[str, Any]:
    """What stands above the editor: what this person did today, and what waits."""
    done = annotating.done_today(store, actor, project_id)
    waits = queue.figures(store, actor, project_id, mode, missing)
    counts = store.examples.counts(project_id)
    if mode == "review":
        return {
            "decided_today": done.reviewed,
            "waiting": waits.open,
            "accepted": counts["accepted"],
            "can_go_back": done.reviewed > 0,
            "total": counts["total"],
        }
    assigned, assigned_done = progress.own(store, actor, project_id)
    gold = gold_tasks.figures(store, actor, project_id, waits.open)
    more = gold.open + gold.coming if assigned else 0
    return {
        "saved_today": done.annotated,
        "waiting": waits.open + gold.open + gold.coming,
        "sent_back": waits.first,
        "assigned": assigned + more + (gold.done if assigned else 0),
        "assigned_done": assigned_done + (gold.done if assigned else 0),
        "can_go_back": done.annotated > 0,
        "total": counts["total"],
        "annotators": store.overlaps.of_project(project_id).people,
    }
