"""My work: loads where a project stands for one person; `core.stations` decides what that means."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from core.actor import Actor
from core.stations import Standing

if TYPE_CHECKING:
    from storage.store import Store


def standing(store: Store, actor: Actor, project_id: str) -> Standing:
    """Where the project stands for this person: three queries. Raises NotAllowed."""
    actor.require(project_id)
    counts = store.examples.counts(project_id)
    found = {
        **store.reports.stations(project_id),
        **store.reports.waiting(project_id, actor.person_id),
        **{name: counts[name] for name in ("total", "new", "accepted", "annotated")},
        "sent_back_to_anyone": counts["sent_back"],
    }
    return Standing(**{field.name: int(found[field.name]) for field in fields(Standing)})
