"""Protect: a lead registers files that nothing may train on, and takes them back with a reason."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput, NotFound
from core.importing.limits import LIMITS, Limits
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.names import checked_name
from core.versions.protected import ProtectedFile
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

LONGEST_REASON = 500


def start_protect(
    store: Store,
    actor: Actor,
    project_id: str,
    path: Path,
    name: str,
    *,
    file_id: str = "",
    in_place: bool = False,
    limits: Limits = LIMITS,
) -> str:
    """Queue the reading of a file whose texts nothing may train on; the protected file's id.

    The file is moved into the job, or, `in_place`, read where it lies; any format and shape of an
    import will do. Versions that are frozen stay as they are. A `file_id` made when the form was
    opened makes a repeated click one.
    """
    actor.require(project_id, "lead")
    name = checked_name(name, "file")
    if not name:
        raise InvalidInput("Give the file a name, such as the benchmark that it holds.")
    if file_id and store.jobs.of_subject(file_id):
        return file_id
    file_id = file_id or new_id("prf")
    stored_as = "upload" + path.suffix.lower()[:12]
    jobs.submit(
        store,
        actor,
        kind="protect",
        project_id=project_id,
        subject_id=file_id,
        title=f"Protect {name} from training",
        spec={
            "file": str(path.resolve()) if in_place else stored_as,
            "in_place": in_place,
            "limits": asdict(limits),
        },
        files={} if in_place else {stored_as: path},
        detail={"name": name},
    )
    return file_id


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the file with its texts; twice is once."""
    from core.importing.protected_job import read_report

    report = read_report(folder.final)

    def save() -> None:
        if store.firewall.by_id(job.subject_id) is not None:
            return
        file = ProtectedFile(
            file_id=job.subject_id,
            project_id=job.project_id,
            name=job.detail["name"],
            texts=report.texts,
            rejected=report.rejected,
            actor_id=job.created_by,
            person="",
            created_at=now(),
        )
        store.firewall.add(file, folder.final / "texts.parquet")
        store.audit.record(
            "protected", "protected_file", file.file_id, job.created_by,
            project_id=job.project_id, name=file.name, texts=file.texts, rejected=file.rejected,
        )  # fmt: skip

    store.transact(save)


def protected_files(store: Store, actor: Actor, project_id: str) -> list[ProtectedFile]:
    """The files that nothing in a project may train on, newest first."""
    actor.require(project_id)
    return store.firewall.of_project(project_id)


def protected_texts(
    store: Store, actor: Actor, project_id: str, file_id: str, limit: int = 5
) -> list[dict[str, Any]]:
    """The first texts of a protected file (line, instruction, input), for leads."""
    actor.require(project_id, "lead")
    return store.firewall.texts(_file_of(store, project_id, file_id).file_id, limit)


def remove_protected(
    store: Store, actor: Actor, project_id: str, file_id: str, reason: str
) -> None:
    """Stop protecting a file: its texts are deleted, the reason is kept in the audit log.

    Raises InvalidInput without a reason, Conflict where it was removed already.
    """
    actor.require(project_id, "lead")
    reason = reason.strip()
    if not reason:
        raise InvalidInput("Say why its texts may be trained on from now on.")
    if len(reason) > LONGEST_REASON:
        raise InvalidInput(f"The reason has more than {LONGEST_REASON} letters. Shorten it.")

    def save() -> None:
        file = _file_of(store, project_id, file_id)
        if file.removed_at:
            raise Conflict(f"{file.name} was removed already.")
        store.firewall.remove(file_id, now())
        store.audit.record(
            "protection_removed", "protected_file", file_id, actor.person_id,
            project_id=project_id, name=file.name, texts=file.texts, reason=reason,
        )  # fmt: skip

    store.transact(save)


def _file_of(store: Store, project_id: str, file_id: str) -> ProtectedFile:
    file = store.firewall.by_id(file_id)
    if file is None or file.project_id != project_id:
        raise NotFound("This protected file does not exist in this project. Choose another one.")
    return file
