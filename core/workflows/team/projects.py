"""Projects: make, change, delete, bring back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id
from core.errors import NameTaken, NotFound, Overtaken
from core.projects import Project, ProjectSettings

if TYPE_CHECKING:
    from storage.store import Store


def visible_projects(store: Store, actor: Actor) -> list[Project]:
    """The projects in which this person has a role (an admin: all)."""
    return [p for p in store.projects.all() if actor.has(p.project_id)]


def get_project(store: Store, actor: Actor, project_id: str) -> Project:
    """One project. Raises NotAllowed, NotFound."""
    actor.require(project_id)
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    return project


def create_project(store: Store, actor: Actor, settings: ProjectSettings) -> Project:
    """A new project, with its maker as lead. Only an admin makes projects."""
    actor.require_admin()
    project = Project(new_id("prj"), settings, created_by=actor.person_id)

    def save() -> Project:
        _refuse_taken_name(store, settings.name, "")
        store.projects.add(project, actor.person_id)
        store.accounts.grant(project.project_id, actor.person_id, "lead")
        return project

    return store.transact(save)


class ProjectChanged(Overtaken):
    """Another lead saved the project meanwhile."""


def change_project(
    store: Store,
    actor: Actor,
    project_id: str,
    settings: ProjectSettings,
    based_on: ProjectSettings | None = None,
) -> Project:
    """Save a lead's changes; what was frozen before keeps its own copy.

    `based_on` are the settings that the lead started from. Raises ProjectChanged when they are no
    longer the present ones.
    """
    actor.require(project_id, "lead")

    def save() -> Project:
        project = get_project(store, actor, project_id)
        if based_on is not None and project.settings not in (based_on, settings):
            raise ProjectChanged(
                "Another lead saved this project while you were editing. Nothing was overwritten: "
                "save again to replace their settings with yours, or start over from theirs."
            )
        _refuse_taken_name(store, settings.name, project_id)
        store.projects.change(project_id, settings, actor.person_id)
        return Project(project_id, settings, project.is_demo, project.created_by)

    return store.transact(save)


def delete_project(store: Store, actor: Actor, project_id: str) -> None:
    """Hide a project and everything in it; `restore_project` brings it back."""
    actor.require(project_id, "lead")
    store.transact(lambda: store.projects.mark_deleted(project_id, True, actor.person_id))


def restore_project(store: Store, actor: Actor, project_id: str) -> None:
    """Undo a deletion. Raises NameTaken while another project has taken the name."""
    actor.require(project_id, "lead")

    def save() -> None:
        settings = store.projects.settings_of(project_id)
        if settings is None:
            raise NotFound("This project does not exist. Choose another one.")
        _refuse_taken_name(store, settings.name, project_id)
        store.projects.mark_deleted(project_id, False, actor.person_id)

    store.transact(save)


def deleted_projects(store: Store, actor: Actor) -> list[tuple[str, str]]:
    """(project_id, name) of the deleted projects that this person may bring back, newest first."""
    return [
        (project_id, name)
        for project_id, name in store.projects.deleted()
        if actor.has(project_id, "lead")
    ]


def _refuse_taken_name(store: Store, name: str, own_id: str) -> None:
    other = store.projects.by_name(name)
    if other is not None and other.project_id != own_id:
        raise NameTaken(f"There is a project called “{other.name}” already. Choose another name.")
