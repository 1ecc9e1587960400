"""Projects: make, change, delete, bring back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id
from core.errors import NameTaken, NotFound, Overtaken
from core.label_changes import Moves
from core.names import checked_name
from core.projects import Project, ProjectSettings
from core.workflows.curation import accepting, collecting
from core.workflows.team.label_schema import move_labels
from core.workflows.team.label_settling import schema_changed

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
    checked_name(settings.name, "project")
    project = Project(new_id("prj"), settings, created_by=actor.person_id)

    def save() -> Project:
        _refuse_taken_name(store, settings.name, "")
        store.projects.add(project, actor.person_id)
        store.accounts.grant(project.project_id, actor.person_id, "lead")
        store.audit.record(
            "role_given", "person", actor.person_id, actor.person_id,
            project_id=project.project_id, role="lead",
        )  # fmt: skip
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
    moves: Moves | None = None,
) -> Project:
    """Save a lead's changes; what was frozen before keeps its own copy.

    `based_on` are the settings that the lead started from; `moves` what becomes of labels that the
    new label schema does not have. Raises ProjectChanged when the settings are no longer the
    present ones, LabelsInUse when `moves` leaves a label out, Conflict while an import brings in
    labels that the new schema may not have.
    """
    actor.require(project_id, "lead")
    checked_name(settings.name, "project")

    def save() -> tuple[Project, Project]:
        project = get_project(store, actor, project_id)
        if based_on is not None and project.settings not in (based_on, settings):
            raise ProjectChanged(
                "Another lead saved this project while you were editing. Nothing was overwritten: "
                "save again to replace their settings with yours, or start over from theirs."
            )
        _refuse_taken_name(store, settings.name, project_id)
        changed = replace(project, settings=settings)
        if settings.label_schema != project.settings.label_schema:
            move_labels(store, actor, project, settings.label_schema, moves or {})
        store.projects.change(changed, actor.person_id)
        store.overlaps.settings_change()
        store.disagreements.settings_change()
        accepting.settings_changed(
            store, project_id, project.settings.reviewers, settings.reviewers
        )
        store.gold_examples.settings_change()
        return project, changed

    before, changed = store.transact(save)
    schemas = before.settings.label_schema, settings.label_schema
    schema_changed(store, project_id, *schemas, moves or {})
    if store.overlaps.of_project(project_id).ever:
        collecting.send_on(store, project_id)
    return changed


def delete_project(store: Store, actor: Actor, project_id: str) -> None:
    """Hide a project and everything in it; `restore_project` brings it back."""
    actor.require(project_id, "lead")

    def save() -> None:
        project = get_project(store, actor, project_id)
        store.projects.mark_deleted(project, True, actor.person_id)

    store.transact(save)


def restore_project(store: Store, actor: Actor, project_id: str) -> None:
    """Undo a deletion. Raises NameTaken while another project has taken the name."""
    actor.require(project_id, "lead")

    def save() -> None:
        gone = {project.project_id: project for project in store.projects.deleted()}
        if project_id not in gone:
            raise NotFound("There is no such deleted project. Reload the page.")
        project = gone[project_id]
        _refuse_taken_name(store, project.name, project_id)
        store.projects.mark_deleted(project, False, actor.person_id)

    store.transact(save)


def deleted_projects(store: Store, actor: Actor) -> list[Project]:
    """The deleted projects that this person may bring back, newest deletion first."""
    return [p for p in store.projects.deleted() if actor.has(p.project_id, "lead")]


def _refuse_taken_name(store: Store, name: str, own_id: str) -> None:
    other = store.projects.by_name(name)
    if other is not None and other.project_id != own_id:
        raise NameTaken(f"There is a project called “{other.name}” already. Choose another name.")
