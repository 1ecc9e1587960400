"""What a terminal command is, and what several of them need."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from core.errors import InvalidInput, NotFound
from core.names import refuse_several
from core.projects import Project
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store


class Named(Protocol):
    """What has a name that people gave it."""

    @property
    def name(self) -> str:
        """The name."""
        ...


T = TypeVar("T", bound=Named)


class Repository(Protocol[T]):
    """Where things of one kind are kept, by their ids and by project."""

    def by_id(self, thing_id: str, /) -> T | None:
        """The one with this id."""
        ...

    def of_project(self, project_id: str, /) -> list[T]:
        """Those of a project."""
        ...


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


def by_id_or_name(
    store: Store,
    things: Repository[T],
    named: str,
    *,
    kind: str,
    id_of: Callable[[T], str],
    advice: str,
) -> T:
    """The thing with this id, or with a name that it alone has. Raises NotFound with the advice,
    InvalidInput where several have the name."""
    if found := things.by_id(named):
        return found
    projects = [project.project_id for project in store.projects.all()]
    there = [one for project_id in projects for one in things.of_project(project_id)]
    same = [one for one in there if one.name == named]
    if not same:
        raise NotFound(f"There is no {kind} “{named}”. {advice}")
    refuse_several([id_of(one) for one in same], kind, named)
    return same[0]
