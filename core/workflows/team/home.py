"""My work: loads where a project stands for one person; `core.stations` decides what that means."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING

from core.actor import Actor
from core.stations import Standing
from core.workflows.curation import gold_lists, gold_tasks, queue

if TYPE_CHECKING:
    from storage.store import Store


def standing(store: Store, actor: Actor, project_id: str) -> Standing:
    """Where the project stands for this person, from the counters. Raises NotAllowed."""
    actor.require(project_id)
    counts = gold_lists.counts(store, actor, project_id)
    annotate = queue.figures(store, actor, project_id, "annotate")
    gold = gold_tasks.figures(store, actor, project_id, annotate.open)
    found = {
        **store.reports.stations(project_id),
        **{name: counts[name] for name in ("total", "new", "accepted", "annotated")},
        "sent_back_to_anyone": counts["sent_back"],
        "to_annotate": annotate.open + gold.open + gold.coming,
        "sent_back": annotate.first,
        "to_review": queue.figures(store, actor, project_id, "review").open,
        "to_rate": store.reports.pairs_to_rate(project_id, actor.person_id),
    }
    return Standing(**{field.name: int(found[field.name]) for field in fields(Standing)})
