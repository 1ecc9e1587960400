"""A backup's archive: .tar.gz, the manifest first, then the files; packed, verified, unpacked."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import time
from pathlib import Path, PurePosixPath
from typing import IO, Any

from core.clock import now
from core.errors import DiskFull, InvalidInput, is_disk_full

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "touchstone.duckdb"
LARGEST_MANIFEST = 64 * 1024 * 1024
CHUNK = 1024 * 1024
NO_ROOM = (
    "There is no space left where the workspace lies. Nothing was restored: free some space on "
    "that disk, then try again."
)
UNREADABLE = "The backup cannot be read or unpacked, and nothing was restored"
Entry = dict[str, Any]


class UnusableBackup(InvalidInput):
    """The file is no backup, or is damaged."""

    title = "This backup cannot be used"


class FileChanged(Exception):
    """A file is not what was described a moment ago, or is gone."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


# Packing ----------------------------------------------------------------------------------------


def pack(files: dict[str, Path], target: Path, work: Path) -> dict[str, Entry]:
    """Write `files` (name → path) to `target`; what the manifest says of them.

    A file that changes meanwhile is copied to `work` and everything is packed again, so that the
    manifest and the archive always agree; one that is gone meanwhile is left out.
    """
    files = dict(files)
    while True:
        try:
            return _pack_once(files, target)
        except FileChanged as changed:
            # A copy changes no more, so each file can lead here only once.
            copy = work / f"copy-{sum(1 for _ in work.iterdir())}"
            try:
                shutil.copyfile(files[changed.name], copy)
                files[changed.name] = copy
            except FileNotFoundError:
                del files[changed.name]


def _pack_once(files: dict[str, Path], target: Path) -> dict[str, Entry]:
    listed = {name: _described(name, path) for name, path in files.items()}
    manifest = {"format": FORMAT, "made_at": now().isoformat(), "files": listed}
    with tarfile.open(target, "w:gz", compresslevel=1) as archive:
        _add_bytes(archive, MANIFEST, json.dumps(manifest).encode())
        for name, path in files.items():
            _add_file(archive, name, path, listed[name])
    return listed


def _described(name: str, path: Path) -> Entry:
    digest, size = hashlib.sha256(), 0
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
    except FileNotFoundError:
        raise FileChanged(name) from None
    return {"size": size, "sha256": digest.hexdigest()}


class _Hashed:
    """A file that is hashed as it is read."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """The next bytes."""
        chunk = self._file.read(size)
        self.digest.update(chunk)
        return chunk


def _add_file(archive: tarfile.TarFile, name: str, path: Path, entry: Entry) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = entry["size"], int(time.time())
    try:
        with path.open("rb") as file:
            source = _Hashed(file)
            archive.addfile(info, source)
            longer = bool(file.read(1))
    except FileNotFoundError:
        raise FileChanged(name) from None
    except OSError as error:
        if error.errno is not None:
            raise
        raise FileChanged(name) from None  # tarfile's "unexpected end of data"
    if longer or source.digest.hexdigest() != entry["sha256"]:
        raise FileChanged(name)


def _add_bytes(archive: tarfile.TarFile, name: str, data: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(data)
    archive.addfile(info, io.BytesIO(data))


def verify(archive: Path, listed: dict[str, Entry]) -> None:
    """Read a finished archive again. Raises UnusableBackup unless it holds what was packed."""
    with tarfile.open(archive, "r:gz") as opened:
        found = {
            member.name: _digest(source)
            for member in opened
            if member.name != MANIFEST and (source := opened.extractfile(member))
        }
    if found != {name: entry["sha256"] for name, entry in listed.items()}:
        raise UnusableBackup(
            "The backup does not hold what was put into it, so it was thrown away. Check the disk, "
            "then make it again."
        )


def _digest(source: IO[bytes]) -> str:
    digest = hashlib.sha256()
    while chunk := source.read(CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


# Unpacking --------------------------------------------------------------------------------------


def unpack(archive: Path, folder: Path) -> int:
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
    except OSError as error:
        if is_disk_full(error):
            raise DiskFull(NO_ROOM) from error
        if error.errno is not None:  # of the system, not of what is packed wrongly
            raise UnusableBackup(f"{UNREADABLE} ({error.strerror}).") from error
        raise _damaged(type(error).__name__) from error
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
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


def _damaged(what: str) -> UnusableBackup:
    return UnusableBackup(
        f"The backup is damaged or was changed ({what}). Nothing was restored; use another copy."
    )
