"""Drafts of judgements: what a rater has entered about a pair and not submitted yet."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.workflows.evaluation.leasing import lease_end
from core.workflows.evaluation.rating import draft_form

if TYPE_CHECKING:
    from storage.store import Store


def draft_of(store: Store, actor: Actor, presentation_id: str) -> dict[str, Any] | None:
    """What this rater left unsubmitted about the pair, or None."""
    return store.drafts.of(actor.person_id, draft_form(presentation_id))


def last_drafted(store: Store, actor: Actor) -> str:
    """The presentation this rater entered something about last, or ""."""
    form = store.drafts.newest(actor.person_id, draft_form(""))
    return form.removeprefix(draft_form("")) if form else ""


def keep_draft(
    store: Store,
    actor: Actor,
    presentation_id: str,
    judgement_id: str,
    content: Mapping[str, Any] | None,
) -> None:
    """Keep what is entered so far (None: drop it) and hold on to the pair; what comes after its
    own judgement is too late."""

    def keep() -> None:
        shown = store.presentations.by_id(presentation_id)
        if shown is None or shown.rater_id != actor.person_id:
            return
        if content is None or store.judgements.by_id(judgement_id) or shown.done:
            store.drafts.drop(actor.person_id, draft_form(presentation_id))
            return
        store.presentations.renew([presentation_id], actor.person_id, lease_end())
        store.drafts.keep(actor.person_id, draft_form(presentation_id), dict(content))

    store.transact(keep)
