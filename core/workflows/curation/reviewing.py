"""Review: see the difference, then accept, edit and accept, send back, or set aside."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput
from core.examples.current import CurrentExample, HistoryEntry, Review, Revision
from core.examples.example import FIELDS, Change, word_diff
from core.examples.states import ExampleState, is_decided
from core.labels.values import without_empty
from core.workflows.curation import accepting, collecting, queue
from core.workflows.curation.annotating import (
    LATELY,
    Edit,
    EditConflict,
    add_revision,
    leave,
    let_go,
    record,
    refuse_stale,
)
from core.workflows.curation.browsing import example_of
from core.workflows.curation.labelling import with_checked_labels
from core.workflows.curation.skipping import require_reason
from core.workflows.team.label_settling import settles_labels

if TYPE_CHECKING:
    from storage.store import Store

ReviewDecision = Literal["accept", "send_back", "set_aside"]
STATE_AFTER: dict[str, ExampleState] = {
    "accept": "accepted",
    "send_back": "sent_back",
    "set_aside": "set_aside",
    "reopen": "sent_back",
}
AUDITED = {"accept": "accepted", "send_back": "sent_back", "set_aside": "set_aside"}


@dataclass(frozen=True)
class ReviewTask:
    """An example to decide on: the revision before the current one (of a proposal its source's,
    else None for the first), what changed since then in each field, and what people did to it."""

    example: CurrentExample
    previous: Revision | None
    differences: Mapping[str, Sequence[Change]]
    history: Sequence[HistoryEntry]


def next_to_review(
    store: Store, actor: Actor, project_id: str, holding: Collection[str] = ()
) -> ReviewTask | None:
    """The example to review next, leased; None when nothing waits.

    `holding` names what their browser has already: the answer is another one.
    """
    actor.require(project_id, "reviewer", "lead")
    example = queue.take_next(store, actor, project_id, "review", holding).example
    return None if example is None else with_difference(store, actor, example)


def open_review(
    store: Store, actor: Actor, project_id: str, example_id: str, holding: Collection[str] = ()
) -> ReviewTask:
    """One named example, leased for review.

    Raises Overtaken when somebody else holds it, EditConflict when it is decided and not flagged.
    """
    actor.require(project_id, "reviewer", "lead")
    example = example_of(store, actor, project_id, example_id)
    refuse_settled(example)
    _refuse_sent_back(store, actor, example)
    collecting.refuse_own(store, actor, example)
    accepting.refuse_again(store, actor, example)
    queue.take(store, actor, example, "review", holding)
    return with_difference(store, actor, example)


def with_difference(store: Store, actor: Actor, example: CurrentExample) -> ReviewTask:
    """The example with its previous revision, of a new proposal with that of its source; the
    difference to it, and its history, without what other reviewers decided on a revision that this
    person is to decide on, too."""
    previous = (
        store.examples.revision(example, example.number - 1)
        if example.number > 1
        else store.examples.source_revision(example)
    )
    before = previous or example
    return ReviewTask(
        example,
        previous,
        {name: word_diff(getattr(before, name), getattr(example, name)) for name in FIELDS},
        accepting.blind_history(store, actor, example),
    )


@settles_labels
def decide(
    store: Store,
    actor: Actor,
    project_id: str,
    review_id: str,
    decision: ReviewDecision,
    edit: Edit,
    *,
    chosen: str = "",
) -> None:
    """Save a decision on the revision that `edit` started from.

    Where `edit` changes a field, a label or the quality, the change is saved first, as the
    reviewer's revision. Sending back needs a comment, accepting an output. A flag on the example
    is settled by the decision. `chosen` is the letter of the annotation that the decision takes,
    where several people wrote one. Where several reviewers must accept it, it is accepted with the
    last of them (core.examples.acceptance). Raises EditConflict when somebody was faster.
    """
    actor.require(project_id, "reviewer", "lead")
    if decision not in get_args(ReviewDecision):
        raise InvalidInput("Choose accept, send back or set aside.")
    if decision == "send_back" and not edit.comment.strip():
        raise InvalidInput("Say in the comment what should change, then send it back.")
    if decision == "accept":
        edit.require_output()
    edit = with_checked_labels(store, project_id, edit)

    def save() -> None:
        if store.annotation.is_known(review_id):
            return
        shown = example_of(store, actor, project_id, edit.example_id)
        refuse_settled(shown)
        _refuse_sent_back(store, actor, shown)
        collecting.refuse_own(store, actor, shown)
        accepting.refuse_again(store, actor, shown)
        refuse_stale(shown, edit)
        current = shown
        if _differs(shown, edit):
            current = add_revision(store, actor, shown, edit, origin="review", state="annotated")
        state, waits = STATE_AFTER[decision], set[str]()
        if decision == "accept":
            state, waits = accepting.state_after(store, actor, shown, current)
        store.annotation.add_review(
            current,
            review_id=review_id,
            decision=decision,
            reviewer_id=actor.person_id,
            state_before=shown.state,
            state=state,
            flagged=False,
            comment=edit.comment.strip(),
            seconds=edit.seconds,
            annotation_id=collecting.chosen_annotation(store, shown, chosen, decision),
        )
        store.acceptances.keep(current, waits)
        if shown.flagged:
            settled = f"settled: {decision}"
            store.annotation.log_event(shown, new_id("evt"), "unflag", settled, actor.person_id)
        if waits and current is shown:
            let_go(store, actor, current)  # the same text: who skipped it is not given it again
        else:
            leave(store, actor, current)
        of = f"{len(waits)} of {accepting.needed(store, current)}" if waits else ""
        record(store, actor, AUDITED[decision], current, review_id, reviewers=of)

    wished = store.acceptances.wished(project_id)
    store.transact(save)
    accepting.settings_met(store, project_id, wished)
    store.counters.compact_if_long()


def _differs(shown: CurrentExample, edit: Edit) -> bool:
    """Whether the edit changes a text, a label or the quality."""
    if without_empty(shown.labels) != dict(edit.labels) or shown.quality != edit.quality:
        return True
    return any(getattr(shown, name) != getattr(edit, name) for name in FIELDS)


def refuse_settled(current: CurrentExample) -> None:
    """Raise EditConflict when the example is decided on; a flag opens the question again."""
    if is_decided(current.state) and not current.flagged:
        raise EditConflict(
            "A reviewer has decided on this example already. Take the next one, or reopen it on "
            "the Examples page."
        )


def _refuse_sent_back(store: Store, actor: Actor, current: CurrentExample) -> None:
    """Raise EditConflict when another reviewer has sent the example back to its author."""
    if current.state != "sent_back" or current.flagged:
        return
    last = store.examples.last_review(current)
    if last and last.decision == "send_back" and last.reviewer_id != actor.person_id:
        raise EditConflict(
            "Another reviewer has sent this example back to its author. Take the next one."
        )


def reopen(
    store: Store, actor: Actor, project_id: str, review_id: str, example_id: str, reason: str
) -> None:
    """Send an accepted example, or one set aside, back to work, with the reason for its author.

    Dataset versions that hold it stay as they are. Raises Conflict when it is not decided on.
    """
    actor.require(project_id, "reviewer", "lead")
    reason = require_reason(reason, "reopen")

    def save() -> None:
        if store.annotation.is_known(review_id):
            return
        current = example_of(store, actor, project_id, example_id)
        if not is_decided(current.state):
            raise Conflict("This example is open already. Work on it, or review it.")
        store.annotation.add_review(
            current,
            review_id=review_id,
            decision="reopen",
            reviewer_id=actor.person_id,
            state_before=current.state,
            state=STATE_AFTER["reopen"],
            flagged=current.flagged,
            comment=reason,
        )
        record(store, actor, "reopened", current, review_id)

    store.transact(save)


def last_decision(store: Store, actor: Actor, project_id: str) -> Review | None:
    """This person's newest single decision after which nothing happened to its example, or None:
    what “undo” takes back."""
    actor.require(project_id, "reviewer", "lead")
    found = _undoable(store, actor, project_id)
    return found[1] if found else None


def _undoable(store: Store, actor: Actor, project_id: str) -> tuple[CurrentExample, Review] | None:
    acts = store.own_work.decisions(project_id, actor.person_id, now() - LATELY)
    for example_id in dict.fromkeys(act.example_id for act in acts):
        example = store.examples.current(example_id)
        last = store.examples.last_review(example) if example else None
        if example is None or last is None or last.reviewer_id != actor.person_id:
            continue
        undone = last.decision == "undo" or last.batch_id is not None
        if not undone and example.revision_id == last.revision_id and not example.flagged:
            return example, last
    return None


def undo_decision(store: Store, actor: Actor, project_id: str, undo_id: str, review_id: str) -> str:
    """Take back one's own decision: the example returns to the state before it, its flag too.

    The example's id. Raises Conflict when something happened to the example since.
    """
    actor.require(project_id, "reviewer", "lead")

    def save() -> str:
        found = _undoable(store, actor, project_id)
        if found is None or found[1].review_id != review_id:
            raise Conflict("This decision can no longer be undone. Open the example instead.")
        example, last = found
        history = store.examples.history(example)
        flag, state = settled_flag(history, last), last.state_before
        if state == "accepted" and accepting.needed(store, example) > 1:
            state = "annotated" if _corrected(example, history) else state
        store.annotation.add_review(
            example,
            review_id=undo_id,
            decision="undo",
            reviewer_id=actor.person_id,
            state_before=state,
            state=state,
            flagged=flag is not None,
        )
        accepting.restore(store, example, state)
        collecting.recount(store, replace(example, state=state))
        if flag is not None:
            store.annotation.log_event(example, new_id("evt"), "flag", flag, actor.person_id)
        leave(store, actor, example)
        record(store, actor, "decision_undone", example, undo_id)
        return example.example_id

    return store.transact(save)


def _corrected(example: CurrentExample, history: Sequence[HistoryEntry]) -> bool:
    """Whether its one decision on the present text is the one that wrote it: undoing keeps the
    text, which then nobody has accepted."""
    saved = next(one for one in history if one.number == example.number)
    decided = [
        one
        for one in history
        if one.kind in STATE_AFTER and one.number is None and one.created_at >= saved.created_at
    ]
    return saved.kind == "review" and len(decided) == 1


def settled_flag(history: Sequence[HistoryEntry], decision: Review) -> str | None:
    """The reason of the flag that a decision settled, or None."""
    settled = any(one.kind == "unflag" and one.created_at >= decision.created_at for one in history)
    flags = [
        one.text for one in history if one.kind == "flag" and one.created_at < decision.created_at
    ]
    return flags[-1] if settled and flags else None
