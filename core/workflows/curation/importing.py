"""Import: a file becomes a job, the job's result becomes examples; nothing of a file is lost."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, NotFound
from core.importing.imports import EnteredAs, Import
from core.importing.limits import LIMITS, Limits
from core.importing.pipeline import Reject
from core.importing.summary import read_summary
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

PART_ROWS = 65_536
"""Rows taken in per transaction: some row groups of storage/connection.py, each of which is written
while it is inserted. Parts below one row group go through the log at their commit, and each makes a
checkpoint that everybody waits for."""
REST_SHARE = 0.2
"""How long others go first after a part, as a share of the time it took."""
LOOK_SECONDS = 1.0
"""How long parts are taken in before the other jobs are looked at again."""
REJECTS_LISTED = 100_000


def start_import(
    store: Store,
    actor: Actor,
    project_id: str,
    path: Path,
    file_name: str,
    mapping: Mapping[str, Any] | None = None,
    *,
    allow_empty_output: bool = False,
    entered_as: EnteredAs = "new",
    import_id: str = "",
    in_place: bool = False,
    limits: Limits = LIMITS,
) -> str:
    """Queue an import of `path`; the import's id.

    The file is moved into the job, or, `in_place`, read where it lies. An `import_id` made when the
    form was opened makes a repeated click one import. `mapping` is a ColumnMapping as JSON, None
    for the one detected. As accepted: for leads.
    """
    actor.require(project_id, "annotator", "lead")
    if entered_as == "accepted":
        actor.require(project_id, "lead")
    if import_id and store.jobs.of_subject(import_id):
        return import_id
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
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
            "file": str(path.resolve()) if in_place else stored_as,
            "in_place": in_place,
            "limits": asdict(limits),
            "mapping": dict(mapping) if mapping else None,
            "allow_empty_output": allow_empty_output,
            "label_schema": project.settings.to_json()["label_schema"],
        },
        files={} if in_place else {stored_as: path},
        detail={"file_name": file_name, "entered_as": entered_as},
    )
    return import_id


def take_in_part(store: Store, job: Job, folder: JobFolder) -> bool:
    """Insert parts of what the worker read, a transaction each; whether there are more."""
    return _save_parts(store, folder.final, LOOK_SECONDS, **_about(job)).next_row is not None


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Remember what came in, once every part has. Taking the same job in twice adds nothing."""
    found = save_import(store, folder.final, **_about(job))
    counts = {name: getattr(found, name) for name in ("accepted", "duplicates", "rejected")}
    store.jobs.set_detail(job.job_id, {**job.detail, **counts})


def _about(job: Job) -> dict[str, Any]:
    return {
        "project_id": job.project_id,
        "import_id": job.subject_id,
        "file_name": job.detail["file_name"],
        "actor_id": job.created_by,
        "entered_as": job.detail.get("entered_as", "new"),
    }


def save_import(store: Store, final: Path, **about: Any) -> Import:
    """Insert an import's tables, part by part: a break between parts is gone on from.

    `about`: project_id, import_id, file_name, actor_id and entered_as.
    """
    return _save_parts(store, final, float("inf"), **about)


def _save_parts(store: Store, final: Path, seconds: float, **about: Any) -> Import:
    end = time.monotonic() + seconds
    while True:
        began = time.monotonic()
        found = _save_part(store, final, **about)
        ended = time.monotonic()
        if found.next_row is None or ended > end:
            return found
        time.sleep(REST_SHARE * (ended - began))


def _save_part(
    store: Store,
    final: Path,
    *,
    project_id: str,
    import_id: str,
    file_name: str,
    actor_id: str,
    entered_as: EnteredAs = "new",
) -> Import:
    summary = read_summary(final)

    examples, rows = final / "examples.parquet", summary.accepted

    def next_part() -> Import:
        found = store.imports.by_id(import_id)
        if found is None:
            found = store.imports.begin(
                import_id,
                project_id=project_id,
                file_name=file_name,
                entered_as=entered_as,
                warnings=summary.warnings,
                actor_id=actor_id,
            )
        if found.next_row is None:
            return found
        if found.undone_at:
            raise Conflict("This import broke off and was undone. Import the file again.")
        until = min(found.next_row + PART_ROWS, rows)
        if until > found.next_row:
            store.imports.take_in(found, examples, found.next_row, until)
        if until < rows:
            return replace(found, next_row=until)
        store.imports.finish(import_id, final / "rejects.parquet", summary.duplicates)
        return _recorded(store, import_id)

    return store.transact(next_part)


def _recorded(store: Store, import_id: str) -> Import:
    found = store.imports.by_id(import_id)
    assert found is not None
    store.audit.record(
        "imported",
        "import",
        import_id,
        found.actor_id,
        project_id=found.project_id,
        file_name=found.file_name,
        accepted=found.accepted,
        duplicates=found.duplicates,
        rejected=found.rejected,
        entered_as=found.entered_as,
    )
    return found


def undo_import(store: Store, actor: Actor, project_id: str, import_id: str) -> int:
    """Undo an import: its examples that nobody has touched go; how many.

    What somebody worked on, and what a version holds, stays. The same file can be imported again.
    For leads, and for whoever imported it. Raises NotFound, Conflict.
    """
    actor.require(project_id)
    found = _import_of(store, project_id, import_id)
    if found.actor_id != actor.person_id:
        actor.require(project_id, "lead")
    if found.next_row is not None and not _has_broken_off(store, import_id):
        raise Conflict("This import is still going on. Wait until it has ended, then undo it.")

    def undo() -> int:
        if _import_of(store, project_id, import_id).undone_at:
            raise Conflict("This import was undone already.")
        deleted = store.imports.undo(found)
        store.audit.record(
            "undone",
            "import",
            import_id,
            actor.person_id,
            project_id=project_id,
            file_name=found.file_name,
            deleted=deleted,
        )
        return deleted

    return store.transact(undo)


def _has_broken_off(store: Store, import_id: str) -> bool:
    """Whether nothing will bring the rest of the import, unless somebody resumes its job."""
    job = store.jobs.of_subject(import_id)
    return job is not None and job.taken_in and job.status != "completed"


def imports_of(store: Store, actor: Actor, project_id: str) -> list[Import]:
    """A project's imports, newest first."""
    actor.require(project_id)
    return store.imports.of_project(project_id)


def rejects_of(
    store: Store, actor: Actor, project_id: str, import_id: str, limit: int = REJECTS_LISTED
) -> list[Reject]:
    """What stayed out of an import, in the order of the file."""
    actor.require(project_id)
    _import_of(store, project_id, import_id)
    return store.imports.rejects(import_id, limit)


def _import_of(store: Store, project_id: str, import_id: str) -> Import:
    found = store.imports.by_id(import_id)
    if found is None or found.project_id != project_id:
        raise NotFound("This import does not exist in this project. Choose one from the list.")
    return found
