"""What a terminal command is, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput, NotFound
from core.projects import Project
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store

Answer = dict[str, Any] | Path
Command = Callable[["Store", Workspace, dict[str, Any]], Answer]


def project_named(store: Store, arguments: dict[str, Any]) -> Project:
    """The project that `project` names. Raises InvalidInput, NotFound."""
    name = str(arguments.get("project") or "").strip()
    if not name:
        raise InvalidInput("Name the project with --project.")
    project = store.projects.by_name(name)
    if project is None:
        raise NotFound(f"There is no project called “{name}”. `touchstone status` lists them.")
    return project
