"""Systems: who answered a version; taking one out of sight, and bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.errors import Conflict, NotFound
from core.workflows.curation.freezing import get_version

if TYPE_CHECKING:
    from storage.store import Store


def get_system(store: Store, actor: Actor, system_id: str) -> dict[str, Any]:
    """One system, removed or not; leads only. Raises NotFound."""
    system = store.systems.by_id(system_id)
    if system is None:
        raise NotFound("This system does not exist. Choose one from the list.")
    actor.require(system["project_id"], "lead")
    return system


def systems_of(store: Store, actor: Actor, version_id: str) -> list[dict[str, Any]]:
    """The systems that answered a version, with their scores; leads only, as raters must not know.

    `answers` and `scored` say how many examples each has answered and how many are scored.
    """
    _require_lead(store, actor, version_id)
    return store.systems.of_version(version_id)


def answering_systems(
    store: Store, actor: Actor, project_id: str
) -> dict[str, list[dict[str, Any]]]:
    """version_id → the systems of a project that have answers; leads only."""
    actor.require(project_id, "lead")
    found: dict[str, list[dict[str, Any]]] = {}
    for system in store.systems.of_project(project_id):
        if system["answers"]:
            found.setdefault(system["version_id"], []).append(system)
    return found


def removed_systems(store: Store, actor: Actor, version_id: str) -> list[tuple[str, str]]:
    """(system_id, name) of those that were removed, newest first; leads only."""
    _require_lead(store, actor, version_id)
    return [(row["system_id"], row["name"]) for row in store.systems.removed(version_id)]


def remove_system(store: Store, actor: Actor, system_id: str) -> None:
    """Take a system and its answers out of every list. Raises Conflict while a study compares it
    or its job still works."""
    system = get_system(store, actor, system_id)
    if names := store.systems.studies_with(system_id):
        raise Conflict(
            f"{system['name']} is compared in {', '.join(names)}. What a study rests on stays."
        )
    job = store.jobs.by_id(system["job_id"]) if system["job_id"] else None
    if job is not None and not job.taken_in:
        raise Conflict("Its answers are still being made. Cancel the job, or wait until it ends.")
    store.transact(lambda: store.systems.set_removed(system_id, True))


def restore_system(store: Store, actor: Actor, system_id: str) -> None:
    """Undo a removal."""
    get_system(store, actor, system_id)
    store.transact(lambda: store.systems.set_removed(system_id, False))


def unused_name(store: Store, version_id: str, name: str) -> str:
    """The name, with a number behind it where a system of the version has it already."""
    taken = store.systems.names(version_id)
    numbered = (f"{name} ({k})" for k in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


def _require_lead(store: Store, actor: Actor, version_id: str) -> None:
    actor.require(get_version(store, actor, version_id).project_id, "lead")
