"""Progress of people: what is assigned to each, what they did, and the limits that a lead sets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.errors import InvalidInput
from core.examples.assignment import Progress, Quota, Work, progress_csv
from core.workflows.curation import queue
from core.workflows.team import assignees

if TYPE_CHECKING:
    from storage.store import Store

OPEN_QUEUE_NAME = "Open queue"


def progress(store: Store, actor: Actor, project_id: str) -> list[Progress]:
    """Everybody who annotates or has annotated here, by name, then groups, then the open queue:
    for leads."""
    actor.require(project_id, "lead")
    assigned = store.counters.assigned(project_id)
    work = store.progress.work(project_id)
    annotators = assignees.annotators_of(store, project_id)
    former = {one: name for one, name in store.progress.names(work).items() if one in work}
    people = dict(sorted((former | annotators).items(), key=lambda one: one[1].casefold()))
    found = [
        Progress(one, name, *assigned.get(one, (0, 0)), work.get(one, Work()))
        for one, name in people.items()
    ]
    for group in store.groups.of_project(project_id):
        held = assigned.get(group.group_id, (0, 0))
        found.append(Progress(group.group_id, f"Group {group.name}", *held))
    return [*found, Progress("", OPEN_QUEUE_NAME, *assigned.get("", (0, 0)))]


def progress_file(store: Store, actor: Actor, project_id: str) -> str:
    """`progress` as CSV."""
    return progress_csv(progress(store, actor, project_id))


def own(store: Store, actor: Actor, project_id: str) -> tuple[int, int]:
    """How many examples are assigned to this person, and how many of them are done."""
    actor.require(project_id)
    return store.counters.assigned(project_id).get(actor.person_id, (0, 0))


# Limits -----------------------------------------------------------------------------------------


def quotas(store: Store, actor: Actor, project_id: str) -> dict[str, Quota]:
    """Person → limit, of those who have one: for leads."""
    actor.require(project_id, "lead")
    return dict(store.quotas.of_project(project_id))


def set_quota(store: Store, actor: Actor, project_id: str, person_id: str, quota: Quota) -> None:
    """Limit how much a person annotates, by a lead; Quota() takes the limit away."""
    actor.require(project_id, "lead")

    def save() -> None:
        if person_id not in assignees.annotators_of(store, project_id):
            raise InvalidInput("This person does not annotate in this project. Reload the page.")
        store.quotas.set(project_id, person_id, quota)
        store.audit.record(
            "limit_set", "person", person_id, actor.person_id, project_id=project_id,
            per_day=quota.per_day, total=quota.total,
        )  # fmt: skip

    store.transact(save)


def limit_told(store: Store, actor: Actor, project_id: str) -> str:
    """Why this person is given no further example to annotate, where a limit is the reason."""
    actor.require(project_id)
    hands = store.queues.hands(project_id, "annotate", actor.person_id)
    return queue.limit_reached(store, actor, project_id, hands)
