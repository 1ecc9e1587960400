"""Systems: who answered a version; taking one out of sight, and bringing it back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.errors import Conflict, NotFound
from core.study.system import System, VersionSystem
from core.workflows.curation.freezing import get_version

if TYPE_CHECKING:
    from storage.store import Store


def get_system(store: Store, actor: Actor, system_id: str) -> System:
    """One system, removed or not; leads only. Raises NotFound."""
    system = store.systems.by_id(system_id)
    if system is None:
        raise NotFound("This system does not exist. Choose one from the list.")
    actor.require(system.project_id, "lead")
    return system


def systems_of(store: Store, actor: Actor, version_id: str) -> list[VersionSystem]:
    """The systems that answered examples of a version as they stand in it, with their scores.

    For leads and viewers, as raters must not know. A system of an earlier version is among them
    when examples that it answered are in this one too.
    """
    require_reader(store, actor, version_id)
    return covered(store, version_id)


def covered(store: Store, version_id: str) -> list[VersionSystem]:
    """The same without a check, for workflows that have made one."""
    if not store.systems.is_covered(version_id):
        store.transact(lambda: store.systems.cover(version_id))
    return store.systems.of_version(version_id)


def removed_systems(store: Store, actor: Actor, project_id: str) -> list[System]:
    """The systems of a project that were removed, newest first; leads only."""
    actor.require(project_id, "lead")
    return store.systems.removed(project_id)


def remove_system(store: Store, actor: Actor, system_id: str) -> None:
    """Take a system and its answers out of every list. Raises Conflict while a study compares it
    or its job still works."""
    system = get_system(store, actor, system_id)
    if names := store.systems.studies_with(system_id):
        raise Conflict(
            f"{system.name} is compared in {', '.join(names)}. What a study rests on stays."
        )
    generation = store.systems.newest_generation(system_id)
    job = store.jobs.by_id(generation.job_id) if generation and generation.job_id else None
    if job is not None and not job.taken_in:
        raise Conflict("Its answers are still being made. Cancel the job, or wait until it ends.")
    _set_removed(store, actor, system, True)


def restore_system(store: Store, actor: Actor, system_id: str) -> None:
    """Undo a removal."""
    _set_removed(store, actor, get_system(store, actor, system_id), False)


def _set_removed(store: Store, actor: Actor, system: System, removed: bool) -> None:
    def save() -> None:
        store.systems.set_removed(system.system_id, removed)
        store.audit.record(
            "system_removed" if removed else "system_restored",
            "system",
            system.system_id,
            actor.person_id,
            project_id=system.project_id,
            name=system.name,
        )

    store.transact(save)


def unused_name(store: Store, project_id: str, name: str) -> str:
    """The name, with a number behind it where a system of the project has it already."""
    taken = store.systems.names(project_id)
    numbered = (f"{name} ({k})" for k in range(2, len(taken) + 3))
    return next(one for one in (name, *numbered) if one not in taken)


def require_lead(store: Store, actor: Actor, version_id: str) -> None:
    """Refuse who is no lead in the version's project."""
    actor.require(get_version(store, actor, version_id).project_id, "lead")


def require_reader(store: Store, actor: Actor, version_id: str) -> None:
    """Refuse who may not read results in the version's project."""
    actor.require(get_version(store, actor, version_id).project_id, *READS_RESULTS)
