"""Annotate: one example per person under a lease; every save is a revision."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import now
from core.errors import Conflict, InvalidInput
from core.examples.current import CurrentExample, Done, HistoryEntry, HistoryKind, Revision
from core.examples.example import Example
from core.examples.states import ExampleState, is_decided
from core.workflows.curation import collecting, gold_tasks, gold_views, opening, queue
from core.workflows.curation.browsing import example_of
from core.workflows.curation.collecting import EditConflict as EditConflict
from core.workflows.curation.labelling import with_checked_labels
from core.workflows.team.label_settling import settles_labels

if TYPE_CHECKING:
    from storage.store import Store

LATELY = timedelta(days=7)
SAYS_SENT_BACK = ("send_back", "reopen")


@dataclass(frozen=True)
class Edit:
    """What a person saves. `submission_id` was made when the form was opened; saving it twice is
    one revision. `based_on` is the revision the form showed; `quality` is 1–5 or None."""

    submission_id: str
    example_id: str
    based_on: str
    instruction: str
    input: str
    output: str
    labels: Mapping[str, Any] = field(default_factory=dict)
    quality: int | None = None
    comment: str = ""
    seconds: float | None = None

    def __post_init__(self) -> None:
        if not self.submission_id:
            raise InvalidInput("The browser sent something unreadable. Reload the page.")
        if self.quality is not None and self.quality not in (1, 2, 3, 4, 5):
            raise InvalidInput("Quality is a whole number from 1 to 5. Choose one, or none.")
        Example(self.instruction, self.input, self.output, allow_empty_output=True)

    def require_output(self) -> None:
        """Raise InvalidInput when there is no reference: such an example is never accepted."""
        if not self.output.strip():
            raise InvalidInput(
                "The output is empty. Write the answer a good model should give, "
                "or skip the example with a reason."
            )


def next_to_annotate(
    store: Store, actor: Actor, project_id: str, holding: Collection[str] = ()
) -> CurrentExample | None:
    """The example this person works on next, leased to them; None when nothing is free.

    `holding` names what their browser has already: the answer is another one.
    """
    actor.require(project_id, "annotator", "lead")
    return queue.take_next(store, actor, project_id, "annotate", holding).example


def open_example(
    store: Store, actor: Actor, project_id: str, example_id: str, holding: Collection[str] = ()
) -> CurrentExample:
    """Lease one named example, to edit it again.

    Raises Overtaken when somebody else holds it, EditConflict when a reviewer has decided on it,
    AssignedToOthers and LimitReached.
    """
    actor.require(project_id, "annotator", "lead")
    example = example_of(store, actor, project_id, example_id)
    gold_seen = gold_views.view_of(store, actor, example)
    if gold_seen is None:
        _refuse_done(example)
    opening.refuse_not_theirs(store, actor, gold_seen.example if gold_seen else example)

    def take_gold() -> CurrentExample | None:
        gold = gold_tasks.open_task(store, actor, example)
        if gold is not None:
            store.queues.release_others(project_id, actor.person_id, list(holding))
        return gold

    if gold := store.transact(take_gold):
        return gold
    _refuse_done(example)  # its gold mark may have been taken off meanwhile
    queue.take(store, actor, example, "annotate", holding)
    return example


def _refuse_done(example: CurrentExample) -> None:
    refuse_decided(example)
    collecting.refuse_collected(example)


def why_sent_back(example: CurrentExample, history: Sequence[HistoryEntry]) -> str:
    """The reviewer's comment on an example that came back, or ""."""
    if example.state != "sent_back":
        return ""
    said = [one.text for one in history if one.kind in SAYS_SENT_BACK]
    return said[-1] if said else ""


@settles_labels
def save_annotation(store: Store, actor: Actor, project_id: str, edit: Edit) -> None:
    """Save a revision for review and let go of the example; where several people annotate it, save
    this person's annotation, and what they make of it once the last of them has.

    Raises EditConflict when `based_on` is no longer the current revision: nothing is overwritten.
    """
    actor.require(project_id, "annotator", "lead")
    edit.require_output()
    edit = with_checked_labels(store, project_id, edit)

    def save() -> tuple[CurrentExample, int]:
        current = example_of(store, actor, project_id, edit.example_id)
        if is_saved(store, current, edit):
            return current, 1
        if gold_tasks.answer(store, actor, current, edit):
            let_go(store, actor, current)
            record(store, actor, "saved", current, edit.submission_id)
            return current, 1
        refuse_decided(current)
        collecting.refuse_collected(current)
        wanted = collecting.wanted_of(store, current)
        if wanted > 1:
            collecting.annotate(store, actor, current, edit)
            let_go(store, actor, current)
        else:
            refuse_stale(current, edit)
            add_revision(store, actor, current, edit, origin="annotate", state="annotated")
            leave(store, actor, current)
        record(store, actor, "saved", current, edit.submission_id)
        return current, wanted

    current, wanted = store.transact(save)
    if wanted > 1:
        collecting.settings_changed(store, current, wanted)
    store.counters.compact_if_long()


def add_revision(
    store: Store,
    actor: Actor,
    current: CurrentExample,
    edit: Edit,
    *,
    origin: HistoryKind,
    state: ExampleState,
) -> CurrentExample:
    """Append the edit as a revision; inside the caller's transaction. The example after it."""
    revision = Revision(
        revision_id=edit.submission_id,
        example_id=edit.example_id,
        number=current.number + 1,
        based_on=edit.based_on,
        instruction=edit.instruction,
        input=edit.input,
        output=edit.output,
        labels=edit.labels,
        quality=edit.quality,
        origin=origin,
        comment=edit.comment,
        author_id=actor.person_id,
        author=actor.name,
        seconds=edit.seconds,
        created_at=now(),
    )
    return store.annotation.add_revision(current, revision, state)


def leave(store: Store, actor: Actor, changed: CurrentExample) -> None:
    """The example changed in this person's hands: its lease, draft and skips are void."""
    let_go(store, actor, changed)
    store.queues.forget_skips(changed.project_id, changed.example_id)


def let_go(store: Store, actor: Actor, example: CurrentExample) -> None:
    """This person is done with the example: their lease and draft are void."""
    store.queues.release(example.example_id, actor.person_id)
    store.drafts.drop_of_example(actor.person_id, example.example_id)


def record(
    store: Store,
    actor: Actor,
    action: str,
    example: CurrentExample,
    submission_id: str,
    reviewers: str = "",
) -> None:
    """Append to the audit log that this person did something to an example; `reviewers`: theirs is
    the first of two acceptances, say."""
    store.own_work.did(action, example.project_id, actor.person_id)
    store.audit.record(
        action,
        "example",
        example.example_id,
        actor.person_id,
        project_id=example.project_id,
        submission_id=submission_id,
        **({"reviewers": reviewers} if reviewers else {}),
    )


def is_saved(store: Store, current: CurrentExample, edit: Edit) -> bool:
    """Whether the edit is one of the example's revisions, or of its annotations, already.

    Raises InvalidInput where another example was saved under this submission.
    """
    if current.revision_id == edit.based_on and not current.annotations:
        return False
    saved_on = example_of_submission(store, current.project_id, edit.submission_id)
    if saved_on not in (None, current.example_id):
        raise InvalidInput("This submission belongs to another example. Reload the page.")
    return saved_on is not None


def example_of_submission(store: Store, project_id: str, submission_id: str) -> str | None:
    """The example that a text was saved of under this submission, or None where it was not."""
    found = store.annotation.example_of_revision(submission_id)
    if found is None and store.overlaps.of_project(project_id).ever:
        found = store.overlaps.example_of(submission_id)
    return found or gold_tasks.is_known(store, project_id, submission_id)


def refuse_decided(current: CurrentExample) -> None:
    """Raise EditConflict when a reviewer has accepted the example or set it aside."""
    if is_decided(current.state):
        raise EditConflict("A reviewer has decided on this example meanwhile. Take the next one.")


def refuse_stale(current: CurrentExample, edit: Edit) -> None:
    """Raise EditConflict when the edit started from another revision than the current one."""
    if current.revision_id != edit.based_on:
        raise EditConflict(
            f"{current.author} saved revision {current.number} while you were writing. "
            f"Your text is still here: compare both, then save again or take theirs."
        )


def last_saved(
    store: Store, actor: Actor, project_id: str, before: str = ""
) -> CurrentExample | None:
    """The example this person saved last, still unreviewed; with `before`, the one that they saved
    before that example: what “back” opens."""
    actor.require(project_id)
    since = now() - LATELY
    acts = store.own_work.saved(project_id, actor.person_id, since)
    ids = list(dict.fromkeys(act.example_id for act in acts))
    for example_id in ids[ids.index(before) + 1 :] if before in ids else ids:
        example = store.examples.current(example_id)
        if example is None:
            continue
        if example.state == "annotated" and example.author_id == actor.person_id:
            return example
        if collecting.can_go_back(store, actor, example):
            return example
        if gold_tasks.can_go_back(store, actor, example):
            return example
    return None


def go_back(
    store: Store, actor: Actor, project_id: str, before: str = "", holding: Collection[str] = ()
) -> CurrentExample:
    """Open the example that this person saved before the one named. Raises Conflict."""
    found = last_saved(store, actor, project_id, before)
    if found is None:
        raise Conflict("There is no earlier example of yours that nobody has reviewed yet.")
    return open_example(store, actor, project_id, found.example_id, holding)


def done_today(store: Store, actor: Actor, project_id: str) -> Done:
    """What this person did in the last 24 hours."""
    actor.require(project_id)
    return store.own_work.done(project_id, actor.person_id, now() - timedelta(days=1))
