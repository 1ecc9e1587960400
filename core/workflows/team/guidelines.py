"""The guidelines of a project: their versions, and which of them a person has read."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.errors import NotFound
from core.guidelines import GuidelinesShown, GuidelinesVersion, versions_in

if TYPE_CHECKING:
    from storage.store import Store


def versions(store: Store, actor: Actor, project_id: str) -> list[GuidelinesVersion]:
    """Every version of the guidelines, oldest first."""
    actor.require(project_id)
    return versions_in(store.audit.of_subject("project", project_id))


def shown(store: Store, actor: Actor, project_id: str) -> GuidelinesShown | None:
    """The present guidelines, and what this person has read of them; None where there are none."""
    found = versions(store, actor, project_id)
    if not found or not found[-1].text.strip():
        return None
    return GuidelinesShown(found[-1], store.guidelines.read_by(project_id, actor.person_id))


def mark_read(store: Store, actor: Actor, project_id: str, number: int) -> None:
    """This person has opened a version of the guidelines. Raises NotFound for one that is none."""
    known = versions(store, actor, project_id)
    if not 1 <= number <= len(known):
        raise NotFound("There is no such version of the guidelines. Reload the page.")
    store.transact(lambda: store.guidelines.mark_read(project_id, actor.person_id, number))
