"""Terminal commands of curation: importing examples."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

from core.actor import system_actor
from core.clock import new_id
from core.errors import InvalidInput
from core.projects import ProjectSettings
from core.workflows.commands.command import Answer
from core.workflows.curation import importing
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team.projects import create_project
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store


def import_examples(store: Store, workspace: Workspace, arguments: dict[str, Any]) -> Answer:
    """Import a file into a project, which is created if it is missing.

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
    detail = wait_for(store, job.job_id).detail
    rejects = importing.rejects_of(store, actor, project.project_id, import_id)
    return {
        "project": project.name,
        **{key: detail[key] for key in ("accepted", "duplicates", "rejected")},
        "rejects": [{"line": r["line"], "reason": r["reason"]} for r in rejects],
    }
