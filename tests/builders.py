"""Real things for tests, one line each: a store, people, a project, examples, a dataset version.

store = a_store(tmp_path)
project = a_project(store)
lead = an_actor(project.project_id, "lead")
ids = some_examples(store, project.project_id, 20)
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from collections.abc import Iterable, Sequence
from functools import cache, partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.actor import Actor, Role
from core.clock import new_id
from core.examples.current import CurrentExample
from core.examples.example import Example, content_hash
from core.projects import Project, ProjectSettings
from core.workflows.curation.annotating import Edit
from core.workflows.curation.reviewing import ReviewTask
from core.workflows.demo import ensure_demo
from core.workspace import Workspace
from storage.database import Database, migration_files
from storage.store import Store

Triple = tuple[str, str, str]


def a_store(folder: Path) -> Store:
    """A store in a prepared workspace. Close it when the test ends."""
    workspace = Workspace(folder)
    workspace.prepare()
    if not workspace.database.exists():
        shutil.copyfile(new_database(), workspace.database)
    return Store(folder)


@cache
def new_database(*, with_demo: bool = False) -> Path:
    """A database as a first start leaves it, made once, to copy: a tenth of the time."""
    folder = Path(tempfile.mkdtemp(prefix="touchstone-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    store = Store(folder)
    if with_demo:
        ensure_demo(store)
    store.close()
    return Workspace(folder).database


def an_earlier_database(folder: Path, migrations: Iterable[str]) -> Database:
    """A workspace's database as a release left it that knew these migrations alone; still open."""
    database = Database(Workspace(folder).database)
    database.migrations()
    files = migration_files()
    for name in migrations:
        database.transact(partial(database.apply, files[name], {name: files[name]}))
    return database


def an_admin(name: str = "ada") -> Actor:
    """An admin of the server; may do everything in every project."""
    return Actor(f"person_{name}", name, is_admin=True)


def an_actor(project_id: str, *roles: Role, name: str = "ada") -> Actor:
    """Somebody with these roles in the project; a lead when none is named."""
    return Actor(f"person_{name}", name, roles={project_id: frozenset(roles or ("lead",))})


def a_project(store: Store, name: str = "Notes", **settings: Any) -> Project:
    """A stored project; `settings` are fields of ProjectSettings."""
    project = Project(
        new_id("prj"), ProjectSettings(name=name, **settings), created_by="person_ada"
    )
    store.projects.add(project, "person_ada")
    return project


def triples(n: int) -> list[Triple]:
    """So many examples that are no near-duplicates of each other."""
    return [
        (
            f"Say what number {k} times {k + 7} makes.",
            " ".join(f"w{(k * 131 + j * 17) % 9973}" for j in range(12)),
            f"It makes {k * (k + 7)}.",
        )
        for k in range(n)
    ]


def some_examples(store: Store, project_id: str, examples: int | Sequence[Triple]) -> list[str]:
    """Take new examples in, in order; their ids. A number makes so many different ones."""
    chosen = triples(examples) if isinstance(examples, int) else list(examples)
    ids = [new_id("ex") for _ in chosen]
    table = pa.table(
        {
            "row": list(range(len(chosen))),
            "example_id": ids,
            "revision_id": [new_id("rev") for _ in chosen],
            "external_id": pa.array([None] * len(chosen), pa.string()),
            "line": list(range(1, len(chosen) + 1)),
            "instruction": [one[0] for one in chosen],
            "input": [one[1] for one in chosen],
            "output": [one[2] for one in chosen],
            "labels": ["{}"] * len(chosen),
            "meta": ["{}"] * len(chosen),
            "content_hash": [content_hash(Example(*one)) for one in chosen],
        }
    )
    path = store.workspace / f"{new_id('examples')}.parquet"
    pq.write_table(table, path)

    def take_in() -> None:
        begun = store.imports.begin(
            new_id("imp"),
            project_id=project_id,
            file_name="examples.parquet",
            entered_as="new",
            warnings=(),
            actor_id="person_ada",
        )
        store.imports.take_in(begun, path, 0, len(chosen))

    store.transact(take_in)
    path.unlink()
    return ids


def accepted_examples(store: Store, project_id: str, examples: int | Sequence[Triple]) -> list[str]:
    """The same, each accepted as it is."""
    ids = some_examples(store, project_id, examples)
    store.transact(
        lambda: store.annotation.accept_these(ids, new_id("bat"), "person_ada", "as imported")
    )
    return ids


def an_edit(task: CurrentExample | ReviewTask, **changes: Any) -> Edit:
    """What a person saves who was shown `task` and changed these fields."""
    shown = task.example if isinstance(task, ReviewTask) else task
    texts = {**shown.fields, "labels": shown.labels, "quality": shown.quality}
    return Edit(
        changes.pop("submission_id", new_id("rev")),
        shown.example_id,
        changes.pop("based_on", shown.revision_id),
        **(texts | changes),
    )
