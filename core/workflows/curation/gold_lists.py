"""Lists and counts of examples as the people see them who are measured by gold ones among them.

A filter, an order or a count that looked at what was accepted would tell which examples are gold.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from core.actor import Actor
from core.examples.current import CurrentExample, ListedExample
from core.examples.gold import GoldTask
from core.examples.listing import ExampleFilter
from core.workflows.curation import gold_views
from core.workflows.curation.gold_assigned import looks_assigned

if TYPE_CHECKING:
    from storage.store import Store


def seen(store: Store, actor: Actor, project_id: str) -> dict[str, CurrentExample]:
    """The gold examples that this person sees otherwise than they are, by id, as they see them."""
    gold = store.gold_examples.of_project(project_id).examples
    if not gold or not gold_views.is_measured(actor, project_id):
        return {}
    found, alone = {}, gold_views.only_annotates(actor, project_id)
    schema = gold_views.schema_of(store, project_id)
    looks = looks_assigned(store, actor, project_id)
    for one in store.gold_seen.of_person(project_id, actor.person_id):
        current, task = one.current, one.task
        if task is None and alone and not one.known:
            task = GoldTask(current.example_id, actor.person_id, project_id, "open")
        if task is not None and task.state != "known":
            found[current.example_id] = gold_views.view_with(
                store, actor, current, task, one.first, one.answers, schema, looks
            ).shown
    return found


def page(
    store: Store,
    project_id: str,
    wanted: ExampleFilter,
    seen: Mapping[str, CurrentExample],
    *,
    limit: int,
    offset: int,
    cap: int,
) -> tuple[list[ListedExample], int]:
    """A page of the list, filtered and ordered by what this person sees. What a check, a version or
    the search knows of a gold example is of its accepted text, so those find none."""
    if wanted == ExampleFilter():
        rows, count = store.listing.page(project_id, wanted, limit=limit, offset=offset, cap=cap)
    else:
        told = wanted.split or wanted.topic is not None or wanted.positions is not None
        shown = [] if told else list(seen.values())
        rows, count = store.listing.page_seen(
            project_id, wanted, list(seen), shown, limit=limit, offset=offset, cap=cap
        )
    return gold_views.listed(seen, rows), count


def counts(store: Store, actor: Actor, project_id: str) -> dict[str, int]:
    """Examples per state, `flagged` and `total`, as this person sees them."""
    found = dict(store.examples.counts(project_id))
    for one in seen(store, actor, project_id).values():
        found["accepted"] -= 1
        found[one.state] += 1
        found["flagged"] += one.flagged
    return found
