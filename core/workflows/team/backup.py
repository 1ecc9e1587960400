"""Backup and restore: the database, and of every job what its result is made of.

A backup is a .tar.gz: manifest.json first, with the size and hash of every file, then the files.
Left out: secrets, locks, logs, and the checkpoints of trainings under way.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
from pathlib import Path, PurePosixPath
from secrets import token_hex
from typing import IO, TYPE_CHECKING, Any, Protocol

from core.actor import Actor
from core.clock import now
from core.errors import Conflict, InvalidInput
from core.workspace import Workspace

if TYPE_CHECKING:
    from storage.store import Store

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "touchstone.duckdb"
JOB_FILES = ("spec.json", "state.json", "events.jsonl")
JOB_FOLDERS = ("data", "final")
LARGEST_MANIFEST = 64 * 1024 * 1024
CHUNK = 1024 * 1024


class UnusableBackup(InvalidInput):
    """The file is no backup, or is damaged."""

    title = "This backup cannot be used"


class DatabaseFiles(Protocol):
    """What `storage.backup` does with a database that is not open here."""

    def refuse_in_use(self, path: Path) -> None:
        """Raise WorkspaceInUse when a process has it open."""

    def make_ready(self, path: Path) -> dict[str, int]:
        """Bring it up to this version; counts of what it holds."""


# Making one -------------------------------------------------------------------------------------


def back_up(store: Store, actor: Actor, workspace: Workspace, target: Path) -> dict[str, int]:
    """Write a backup to `target`, whole or not at all; how many files and bytes are in it."""
    actor.require_admin()
    work = workspace.inbox / f"backup-{token_hex(6)}"
    work.mkdir()
    beside = target.with_name(f".{target.name}.part")
    try:
        store.backups.copy_to(work / DATABASE)
        files = {DATABASE: work / DATABASE, **_job_files(workspace, work)}
        listed = {name: _described(path) for name, path in files.items()}
        manifest = {"format": FORMAT, "made_at": now().isoformat(), "files": listed}
        with tarfile.open(beside, "w:gz", compresslevel=1) as archive:
            _add_bytes(archive, MANIFEST, json.dumps(manifest).encode())
            for name, path in files.items():
                archive.add(path, name, recursive=False)
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
            if (job / file).is_file():
                found[f"{name}/{file}"] = work / f"{len(found)}-{file}"
                shutil.copyfile(job / file, found[f"{name}/{file}"])
        for path in (path for folder in JOB_FOLDERS for path in (job / folder).rglob("*")):
            if path.is_file() and not path.is_symlink():
                found[path.relative_to(workspace.path).as_posix()] = path
    return found


def _job_folders(workspace: Workspace) -> list[Path]:
    parents = [path for path in (workspace.runs, workspace.jobs) if path.is_dir()]
    return sorted(job for parent in parents for job in parent.iterdir() if job.is_dir())


def _described(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {
            "size": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


# Taking one back --------------------------------------------------------------------------------


def restore(
    workspace: Workspace, archive: Path, databases: DatabaseFiles, *, force: bool = False
) -> dict[str, Any]:
    """Put a backup in place of an empty workspace; counts of what it holds.

    `force` moves what is there into backups/before-restore-…; nothing is deleted. Everything is
    unpacked and checked before anything moves. Raises WorkspaceInUse, Conflict, UnusableBackup.
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
        files = _unpack(archive, work)
        counts = databases.make_ready(work / DATABASE)
        aside = _move_aside(workspace)
        for name in (DATABASE, "runs", "jobs"):
            if (work / name).exists():
                (work / name).rename(workspace.path / name)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    workspace.prepare()
    return {**counts, "files": files, "moved_aside": str(aside) if aside else None}


def _unpack(archive: Path, folder: Path) -> int:
    try:
        with tarfile.open(archive, "r:gz") as opened:
            listed = _manifest(opened)
            wanted = dict(listed)
            for member in opened.getmembers()[1:]:
                entry = wanted.pop(member.name, None)
                if entry is None or not member.isfile() or member.size != entry["size"]:
                    raise _damaged(f"{member.name!r} does not belong there")
                source = opened.extractfile(member)
                assert source is not None
                _write_checked(source, safe_place(folder, member.name), entry)
    except FileNotFoundError:
        raise UnusableBackup(f"There is no file {archive}. Check the name.") from None
    except (tarfile.TarError, OSError, EOFError, ValueError, KeyError, TypeError) as error:
        raise _damaged(type(error).__name__) from error
    if wanted or DATABASE not in listed:
        raise _damaged(f"{len(wanted) or 1} of its files are missing")
    return len(listed)


def _manifest(opened: tarfile.TarFile) -> dict[str, Any]:
    first = opened.next()
    source = opened.extractfile(first) if first and first.name == MANIFEST else None
    if first is None or source is None or first.size > LARGEST_MANIFEST:
        raise UnusableBackup("This file is no backup of Touchstone: it begins without a manifest.")
    manifest = json.loads(source.read())
    if manifest["format"] != FORMAT:
        raise UnusableBackup(
            f"This backup has the format {manifest['format']}, and this version reads {FORMAT}. "
            "Restore it with the version that made it."
        )
    return dict(manifest["files"])


def safe_place(folder: Path, name: str) -> Path:
    """Where a file of a backup goes: always inside `folder`. Raises UnusableBackup."""
    parts = PurePosixPath(name).parts
    place = (folder / name).resolve()
    known = name == DATABASE or (parts and parts[0] in ("runs", "jobs"))
    if not known or not place.is_relative_to(folder.resolve()) or place == folder.resolve():
        raise _damaged(f"{name!r} does not belong there")
    return place


def _write_checked(source: IO[bytes], place: Path, entry: dict[str, Any]) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256()
    with place.open("xb") as file:
        while chunk := source.read(CHUNK):
            digest.update(chunk)
            file.write(chunk)
    if digest.hexdigest() != entry["sha256"]:
        raise _damaged(f"{place.name} is not what was saved")


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


def _damaged(what: str) -> UnusableBackup:
    return UnusableBackup(
        f"The backup is damaged or was changed ({what}). Nothing was restored; use another copy."
    )
