"""Import: a file becomes a job, the job's result becomes examples; nothing of a file is lost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store


def start_import(
    store: Store,
    actor: Actor,
    project_id: str,
    path: Path,
    file_name: str,
    mapping: Mapping[str, Any] | None = None,
    *,
    allow_empty_output: bool = False,
    import_id: str = "",
) -> str:
    """Queue an import of `path`, which is moved into the job; the import's id.

    An `import_id` made when the form was opened makes a repeated click one import.
    `mapping` is a ColumnMapping as JSON, None for the one detected.
    """
    actor.require(project_id, "annotator", "lead")
    if import_id and store.jobs.of_subject(import_id):
        return import_id
    import_id = import_id or new_id("imp")
    stored_as = "upload" + Path(file_name).suffix.lower()[:12]
    jobs.submit(
        store,
        actor,
        kind="import",
        project_id=project_id,
        subject_id=import_id,
        title=f"Import {file_name}",
        spec={
            "file": stored_as,
            "mapping": dict(mapping) if mapping else None,
            "allow_empty_output": allow_empty_output,
        },
        files={stored_as: path},
        detail={"file_name": file_name},
    )
    return import_id


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert what the worker read. Taking the same job in twice adds nothing."""
    counts = save_import(
        store,
        folder.final,
        project_id=job.project_id,
        import_id=job.subject_id,
        file_name=job.detail["file_name"],
        actor_id=job.created_by,
    )
    if counts:
        store.jobs.set_detail(job.job_id, {**job.detail, **counts})


def save_import(
    store: Store, final: Path, *, project_id: str, import_id: str, file_name: str, actor_id: str
) -> dict[str, int]:
    """Insert an import's tables: accepted, duplicates, rejected; {} when it was there already."""
    import pyarrow.parquet as pq

    accepted = pq.read_table(final / "examples.parquet")
    rejects = pq.read_table(final / "rejects.parquet")
    inside = pq.read_table(final / "duplicates.parquet").num_rows
    batch = _batch(accepted)

    def save() -> dict[str, int]:
        if store.examples.has_import(import_id):
            return {}
        added = store.examples.take_in(
            batch, project_id=project_id, import_id=import_id, actor_id=actor_id
        )
        counts = {
            "accepted": added,
            "duplicates": inside + accepted.num_rows - added,
            "rejected": rejects.num_rows,
        }
        row = {"import_id": import_id, "project_id": project_id, "file_name": file_name}
        store.examples.add_import({**row, "actor_id": actor_id, **counts}, rejects)
        return counts

    return store.transact(save)


def _batch(accepted: Any) -> Any:
    """The worker's table with ids, as `Examples.take_in` wants it."""
    import pyarrow as pa

    count = accepted.num_rows
    metas = accepted.column("meta").to_pylist()
    known = [json.loads(meta) if meta else {} for meta in metas]
    external = [str(meta["id"]) if meta.get("id") is not None else None for meta in known]
    return pa.table(
        {
            "example_id": [new_id("ex") for _ in range(count)],
            "revision_id": [new_id("rev") for _ in range(count)],
            "external_id": pa.array(external, pa.string()),
            "meta": pa.array([meta or "{}" for meta in metas], pa.string()),
            **{
                name: accepted.column(name)
                for name in ("line", "instruction", "input", "output", "content_hash")
            },
        }
    )


def undo_import(store: Store, actor: Actor, project_id: str, import_id: str) -> int:
    """Take an import back: its examples that nobody has touched go; how many.

    What somebody worked on, and what a version holds, stays. The same file can be imported again.
    For leads, and for whoever imported it. Raises NotFound, Conflict.
    """
    actor.require(project_id)
    found = next(
        (i for i in store.examples.imports(project_id) if i["import_id"] == import_id), None
    )
    if found is None:
        raise NotFound("This import does not exist in this project. Choose one from the list.")
    if found["actor_id"] != actor.person_id:
        actor.require(project_id, "lead")
    if found["undone_at"]:
        raise Conflict("This import was taken back already.")
    return store.transact(lambda: store.examples.undo_import(import_id))


def imports_of(store: Store, actor: Actor, project_id: str) -> list[dict[str, Any]]:
    """A project's imports, newest first: file_name, accepted, duplicates, rejected, person."""
    actor.require(project_id)
    return store.examples.imports(project_id)


def rejects_of(store: Store, actor: Actor, project_id: str, import_id: str) -> list[dict[str, Any]]:
    """Every record an import could not use: line (from 1), reason, excerpt."""
    actor.require(project_id)
    if not any(row["import_id"] == import_id for row in store.examples.imports(project_id)):
        raise NotFound("This import does not exist in this project. Choose one from the list.")
    return store.examples.rejects(import_id)
