"""Writing job folders: whole and in place before the job's row exists, gone if it never does."""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from secrets import token_hex
from typing import TYPE_CHECKING, Any

from core.errors import Conflict, InvalidInput, TouchstoneError, full_disk_told
from core.jobs import lock
from core.jobs.folder import JobFolder
from core.jobs.state import UNSTARTED, JobState
from core.query import Query

if TYPE_CHECKING:
    from storage.store import Store

log = logging.getLogger("touchstone.jobs")
UNFINISHED = ".new-"
UPLOADED = "up_"
SAFE_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.#-]{0,150}")
Tables = Mapping[str, Any]


def folder_name(parent: str, subject_id: str) -> str:
    """Where the job about a subject lies, from the workspace. Raises InvalidInput."""
    if not SAFE_NAME.fullmatch(subject_id):
        raise InvalidInput(
            "The id of this form cannot be used. Reload the page and try it once more."
        )
    return f"{parent}/{subject_id}"


def write_folder(
    store: Store, target: Path, spec: Mapping[str, Any], tables: Tables, files: Mapping[str, Path]
) -> Path:
    """A waiting job, whole, beside `target`; where. Raises DiskFull.

    `tables` are pyarrow tables or Queries, `files` (or folders) are linked: they stay where they
    were too.
    """
    part = target.with_name(f"{UNFINISHED}{token_hex(6)}")
    try:
        with full_disk_told():
            folder = JobFolder.create(part, spec)
            for name, table in tables.items():
                _write_table(store, folder.data / name, table)
            for name, path in files.items():
                _link(path, folder.data / name)
            folder.write_state(JobState("queued", heartbeat=time.time()))
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise
    return part


def _write_table(store: Store, path: Path, table: Any) -> None:
    if isinstance(table, Query):
        store.database.write_parquet(path, table.sql, table.params)
        return
    import pyarrow.parquet as pq

    pq.write_table(table, path)


def _link(path: Path, target: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, target, copy_function=_link_file)
    else:
        _link_file(path, target)


def _link_file(path: str | Path, target: str | Path) -> None:
    try:
        os.link(path, target)
    except OSError:  # another disk, or one that knows no links
        shutil.copyfile(path, target)


def put_in_place(part: Path, target: Path) -> None:
    """Rename a written folder to the job's own; what an earlier try left there goes.

    Callers know that no row belongs to `target`. Raises Conflict while a worker is at it.
    """
    if target.exists():
        if lock.is_held(target / "worker.lock"):
            raise Conflict("An earlier try of this job is still at work. Wait until it has ended.")
        shutil.rmtree(target)
    part.replace(target)


def sweep(store: Store) -> int:
    """Remove what submissions that were cut off have left; how many folders.

    For the start of the server, when nobody submits: unfinished folders, and waiting ones that
    no row knows. A folder that a worker has seen stays, whoever knows it. What a killed server was
    writing in the inbox goes, too; uploads stay there for their forms.
    """
    for path in (store.workspace / "inbox").glob("*"):
        if not path.name.startswith(UPLOADED):
            log.warning("removing %s, which was left behind", path)
            remove(path)
    known = store.jobs.folders()
    removed = 0
    for parent in ("jobs", "runs"):
        for path in sorted((store.workspace / parent).glob("*")):
            orphan = path.name.startswith(UNFINISHED) or (
                f"{parent}/{path.name}" not in known and _never_started(path)
            )
            if orphan and path.is_dir():
                log.warning("removing %s, which no job knows", path)
                shutil.rmtree(path, ignore_errors=True)
                removed += 1
    return removed


def remove(path: Path) -> None:
    """Remove a file or a folder, if it can be."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        with suppress(OSError):
            path.unlink()


def _never_started(path: Path) -> bool:
    folder = JobFolder(path)
    try:
        waits = folder.spec_file.is_file() and folder.read_state().status in UNSTARTED
    except TouchstoneError:
        return False
    return waits and not folder.log_file.exists() and not lock.is_held(folder.lock_file)
