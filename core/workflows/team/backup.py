"""Backup and restore: the database, and of every job what its result is made of.

A backup is a .tar.gz: manifest.json first, with the size and hash of every file, then the files.
Left out: secrets, locks, logs, and the checkpoints of trainings under way.
"""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any, Protocol

from core.actor import Actor
from core.clock import now
from core.errors import Conflict, DiskFull, full_disk_told
from core.workflows.team.archive import DATABASE, NO_ROOM, pack, unpack, verify
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store

JOB_FILES = ("spec.json", "state.json", "events.jsonl")
JOB_FOLDERS = ("data", "final")


class DatabaseFiles(Protocol):
    """What `storage.backup` does with a database that is not open here."""

    def refuse_in_use(self, path: Path) -> None:
        """Raise WorkspaceInUse when a process has it open."""

    def make_ready(self, path: Path) -> dict[str, int]:
        """Bring it up to this version; counts of what it holds."""


# Making one -------------------------------------------------------------------------------------


def back_up(store: Store, actor: Actor, workspace: Workspace, target: Path) -> dict[str, int]:
    """Write a backup to `target`, whole and verified or not at all; how many files and bytes.

    The finished archive is read again before it gets its name. Raises DiskFull, UnusableBackup.
    """
    actor.require_admin()
    work = workspace.inbox / f"backup-{token_hex(6)}"
    beside = target.with_name(f".{target.name}.part")
    try:
        with full_disk_told():
            work.mkdir()
            store.backups.copy_to(work / DATABASE)
            listed = pack({DATABASE: work / DATABASE, **_job_files(workspace, work)}, beside, work)
            verify(beside, listed)
            beside.chmod(0o600)
            beside.replace(target)
    finally:
        shutil.rmtree(work, ignore_errors=True)
        beside.unlink(missing_ok=True)
    return {"files": len(listed), "bytes": sum(entry["size"] for entry in listed.values())}


def _job_files(workspace: Workspace, work: Path) -> dict[str, Path]:
    """Name in the backup → file. What a worker may still write to is copied to `work` first."""
    found: dict[str, Path] = {}
    for job in _job_folders(workspace):
        name = job.relative_to(workspace.path).as_posix()
        for file in JOB_FILES:
            with suppress(FileNotFoundError):
                copy = work / f"{len(found)}-{file}"
                shutil.copyfile(job / file, copy)
                found[f"{name}/{file}"] = copy
        for path in (path for folder in JOB_FOLDERS for path in (job / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(workspace.path).as_posix()] = path
    return found


def _job_folders(workspace: Workspace) -> list[Path]:
    parents = [path for path in (workspace.runs, workspace.jobs) if path.is_dir()]
    jobs = [job for parent in parents for job in parent.iterdir() if job.is_dir()]
    return sorted(job for job in jobs if not job.name.startswith("."))  # those are being written


# Taking one back --------------------------------------------------------------------------------


def restore(
    workspace: Workspace, archive: Path, databases: DatabaseFiles, *, force: bool = False
) -> dict[str, Any]:
    """Put a backup in place of an empty workspace; counts of what it holds.

    `force` moves what is there into backups/before-restore-…; nothing is deleted. Everything is
    unpacked and checked before anything moves. Raises WorkspaceInUse, Conflict, UnusableBackup,
    DiskFull.
    """
    workspace.prepare()
    databases.refuse_in_use(workspace.database)
    if workspace.database.exists() and not force:
        raise Conflict(
            f"There is a workspace in {workspace.path} already. Choose an empty folder, or add "
            "--force: what is there is then moved to its folder backups."
        )
    work = workspace.inbox / f"restore-{token_hex(6)}"
    work.mkdir()
    try:
        files = unpack(archive, work)
        counts = _ready(databases, work / DATABASE)
        aside = _move_aside(workspace)
        # The database last: where there is one, everything is there.
        for name in ("runs", "jobs", DATABASE):
            if (work / name).exists():
                (work / name).rename(workspace.path / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    workspace.prepare()
    return {**counts, "files": files, "moved_aside": str(aside) if aside else None}


def _ready(databases: DatabaseFiles, path: Path) -> dict[str, int]:
    try:
        with full_disk_told():
            return databases.make_ready(path)
    except DiskFull:
        raise DiskFull(NO_ROOM) from None


def _move_aside(workspace: Workspace) -> Path | None:
    there = [workspace.database, workspace.runs, workspace.jobs]
    there += workspace.path.glob(f"{DATABASE}.*")
    if not workspace.database.exists():
        there = [workspace.runs, workspace.jobs]
    kept = [path for path in there if path.exists() and (path.is_file() or any(path.iterdir()))]
    for path in there:
        if path.is_dir() and path not in kept:
            path.rmdir()
    if not kept:
        return None
    aside = workspace.backups / f"before-restore-{now():%Y%m%d-%H%M%S}-{token_hex(2)}"
    aside.mkdir(parents=True)
    for path in kept:
        path.rename(aside / path.name)
    return aside
