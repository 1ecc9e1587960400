"""Drafts: what a person typed into an example's form and has not submitted yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.examples.states import Queue
from core.workflows.curation import annotating, browsing, gold_tasks, queue
from core.workflows.curation.sent import Sent

if TYPE_CHECKING:
    from storage.store import Store


def keep(store: Store, actor: Actor, project_id: str, sent: Sent, mode: Queue) -> None:
    """Keep or drop a draft, and hold on to the example; one that comes after its own submission
    was saved is too late."""
    form = _form(mode, sent.example_id)

    def keep_it() -> None:
        example = browsing.example_of(store, actor, project_id, sent.example_id)
        if sent.action == "discard" or _is_known(store, project_id, sent.submission_id):
            store.drafts.drop(actor.person_id, form)
            return
        if example.is_open(mode):
            queue.renew(store, actor, example, mode)
        store.drafts.keep(actor.person_id, form, sent.draft)

    store.transact(keep_it)


def _is_known(store: Store, project_id: str, submission_id: str) -> bool:
    if annotating.example_of_submission(store, project_id, submission_id) is not None:
        return True
    if store.annotation.is_known(submission_id):
        return True
    return gold_tasks.is_put_aside(store, project_id, submission_id)


def draft_of(store: Store, actor: Actor, mode: Queue, example_id: str) -> dict[str, Any] | None:
    """What this person left unsubmitted on the example, with `saved_at`, or None."""
    form = _form(mode, example_id)
    if not store.drafts.may_exist(actor.person_id, form):
        return None
    return store.drafts.with_time(actor.person_id, form)


def _form(mode: Queue, example_id: str) -> str:
    return f"{mode} {example_id}"
