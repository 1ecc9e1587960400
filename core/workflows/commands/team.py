"""Terminal commands of the team: people, backups, and the status of the workspace."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actor import ROLES, Role, role_named, system_actor
from core.clock import new_id
from core.errors import InvalidInput, NameTaken
from core.projects import Project
from core.workflows.commands.command import Answer, project_named
from core.workflows.jobs.supervisor import observe_all
from core.workflows.team import accounts, backup
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store


def users_add(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """A person with a role: name, password, role (admin or one in a project), project (a name).

    Without `role`, a person who can sign in and sees nothing yet. Somebody who exists already and
    gets another role keeps the password. Without a password for somebody new nothing is saved, and
    the answer is {"needs_password": True}.
    """
    actor = system_actor()
    role = str(arguments.get("role") or "")
    name, password = str(arguments["name"]), arguments.get("password")
    held, project = _role_in_project(store, role, arguments)
    person = accounts.person_named(store, actor, name)
    if person is not None and not project:
        raise NameTaken(f"Somebody is called “{person.name}” already. Choose another name.")
    if person is None and password is None:
        return {"needs_password": True}
    person_id = (
        person.person_id
        if person
        else accounts.add_person(store, actor, name, str(password), is_admin=role == "admin")
    )
    if project and held:
        accounts.set_role(store, actor, project.project_id, person_id, held, True)
    return {
        "person_id": person_id,
        "name": name,
        "role": role,
        "project": project.name if project else "",
        "added": person is None,
    }


def _role_in_project(
    store: Store, role: str, arguments: dict[str, Any]
) -> tuple[Role | None, Project | None]:
    held = None if role in ("", "admin") else role_named(role)
    if bool(held) != bool(arguments.get("project")):
        raise InvalidInput(
            f"The roles {', '.join(ROLES)} are held in a project, admin in none. "
            "Name one with --project, or leave it out for an admin."
        )
    return held, project_named(store, arguments) if held else None


def make_backup(store: Store, workspace: Workspace, _arguments: dict[str, Any]) -> Answer:
    """A backup file in the workspace's folder for them."""
    target = workspace.backups / f"{new_id('backup')}.tar.gz"
    backup.back_up(store, system_actor(), workspace, target)
    return target


def status(store: Store, workspace: Workspace, _arguments: dict[str, Any]) -> Answer:
    """Every project with its counts, and the jobs that run or wait, as they are now."""
    observe_all(store)
    projects = store.projects.all()
    names = {project.project_id: project.name for project in projects}
    return {
        "workspace": str(workspace.path),
        "projects": [
            {
                "project_id": project.project_id,
                "name": project.name,
                "examples": store.examples.counts(project.project_id),
            }
            for project in projects
        ],
        "jobs": [
            {
                "job_id": job.job_id,
                "kind": job.kind,
                "project": names.get(job.project_id, ""),
                "title": job.title,
                "status": job.status,
                "step": job.step,
                "total": job.total,
            }
            for job in store.jobs.unsettled()
        ],
    }
