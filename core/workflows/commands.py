"""What the terminal can ask for: one table for the server's API and for a workspace without one.

A command takes the store, the workspace and its arguments, and answers with what is to be printed
as JSON, or with a file to hand over (which then is the caller's). A file that was sent along is
`arguments["file"]`; it never comes from the JSON.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import ROLES, system_actor
from core.clock import new_id
from core.errors import InvalidInput, NotFound
from core.projects import ProjectSettings
from core.workflows import demo
from core.workflows.curation import importing
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team import accounts, backup
from core.workflows.team.projects import create_project
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store

Answer = dict[str, Any] | Path
Command = Callable[["Store", Workspace, dict[str, Any]], Answer]


def users_add(store: Store, _workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """A person with a role: name, password, role (admin or one in a project), project (a name).

    Without `role`, a person who can sign in and sees nothing yet. Somebody who exists already and
    gets another role keeps the password.
    """
    actor = system_actor()
    role, project_name = arguments.get("role") or "", arguments.get("project") or ""
    name, password = str(arguments["name"]), str(arguments.get("password") or "")
    if role not in ("", "admin", *ROLES):
        raise InvalidInput(f"There is no role “{role}”. Choose admin, {', '.join(ROLES)}.")
    if (role in ROLES) != bool(project_name):
        raise InvalidInput(
            f"The roles {', '.join(ROLES)} are held in a project, admin in none. "
            "Name one with --project, or leave it out for an admin."
        )
    project = store.projects.by_name(project_name) if project_name else None
    if project_name and project is None:
        raise NotFound(f"There is no project called “{project_name}”. Make it first.")

    person = accounts.person_named(store, actor, name)
    if person is not None and not project:
        raise InvalidInput(f"Somebody is called “{person.name}” already. Choose another name.")
    person_id = (
        person.person_id
        if person
        else accounts.add_person(store, actor, name, password, is_admin=role == "admin")
    )
    if project:
        held = next(one for one in ROLES if one == role)
        accounts.set_role(store, actor, project.project_id, person_id, held, True)
    return {
        "person_id": person_id,
        "name": name,
        "role": role,
        "project": project.name if project else "",
        "added": person is None,
    }


def make_backup(store: Store, workspace: Workspace, _arguments: dict[str, Any]) -> Answer:
    """A backup file in the workspace's folder for them."""
    target = workspace.backups / f"{new_id('backup')}.tar.gz"
    backup.back_up(store, system_actor(), workspace, target)
    return target


def import_examples(store: Store, workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Import a file into a project, which is made if it is missing.

    Answers accepted, duplicates, rejected and rejects [{line, reason}].
    """
    actor, name = system_actor(), str(arguments.get("project") or "")
    if not name.strip():
        raise InvalidInput("Name the project to import into with --project.")
    project = store.projects.by_name(name) or create_project(store, actor, ProjectSettings(name))
    copy = workspace.inbox / new_id("upload")
    shutil.copyfile(arguments["file"], copy)
    try:
        import_id = importing.start_import(
            store, actor, project.project_id, copy, str(arguments["file_name"])
        )
    finally:
        copy.unlink(missing_ok=True)
    job = store.jobs.of_subject(import_id)
    assert job is not None
    detail = wait_for(store, job["job_id"])["detail"]
    rejects = importing.rejects_of(store, actor, project.project_id, import_id)
    return {
        "project": project.name,
        **{key: detail[key] for key in ("accepted", "duplicates", "rejected")},
        "rejects": [{"line": r["line"], "reason": r["reason"]} for r in rejects],
    }


def run_demo(store: Store, _workspace: Workspace, _arguments: dict[str, Any]) -> Answer:
    """The whole loop in the demo project, up to the queue of blind pairs."""
    return demo.run_demo(store, system_actor())


COMMANDS: dict[str, Command] = {
    "users.add": users_add,
    "backup": make_backup,
    "import": import_examples,
    "demo": run_demo,
}


def command(name: str) -> Command:
    """The command of that name. Raises NotFound."""
    if name not in COMMANDS:
        raise NotFound(f"There is no command “{name}”. `touchstone --help` lists them.")
    return COMMANDS[name]
