"""Files that a terminal command leaves outside the workspace: whole, and never over others."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex

from core.errors import DiskFull, InvalidInput, TouchstoneError, is_disk_full

CHUNK = 1024 * 1024


def refuse_existing(folder: Path, names: Sequence[str], *, force: bool) -> None:
    """Raise InvalidInput when the folder is a file, or has one of the files and not `force`."""
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is a file. Name a folder.")
    if not force and (there := [name for name in names if (folder / name).exists()]):
        raise InvalidInput(
            f"{folder} has {there[0]} already. Choose another folder, or add --force."
        )


def copied_to(folder: Path, files: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Copy the named files into the folder, all or none; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {name: folder / f".{name}.part" for name in names}
    try:
        for name, part in parts.items():
            shutil.copyfile(files[name], part)
        return {name: str(part.replace(folder / name)) for name, part in parts.items()}
    finally:
        for part in parts.values():
            part.unlink(missing_ok=True)


@contextmanager
def refusals_of(folder: Path) -> Iterator[None]:
    """Tell as a sentence what the system says against writing to the folder."""
    try:
        yield
    except TouchstoneError:
        raise
    except Exception as error:
        if is_disk_full(error):
            raise DiskFull(
                f"There is no space left in {folder}. Nothing was saved: free some space on that "
                "disk, or choose another place."
            ) from error
        if not isinstance(error, OSError):
            raise
        raise InvalidInput(
            f"{folder} cannot be written to ({error.strerror or error}). Choose another place."
        ) from error


@contextmanager
def made_whole(folder: Path) -> Iterator[None]:
    """As `refusals_of`; after a failure, the folders that had to be made for it are gone."""
    with refusals_of(folder):
        new = [one for one in (folder, *folder.parents) if not one.exists()]
        try:
            yield
        except BaseException:
            for one in new:
                with suppress(OSError):
                    one.rmdir()
            raise


def refuse_no_file(place: Path, *, force: bool) -> None:
    """Raise InvalidInput where no file can be saved, or one is there already and not `force`."""
    if not place.parent.is_dir():
        raise InvalidInput(f"There is no folder {place.parent}. Make it, or choose another place.")
    if place.exists() and not place.is_file():
        raise InvalidInput(f"{place} is no file. Add a file name to it, or choose another place.")
    if place.exists() and not force:
        raise InvalidInput(f"{place} exists already. Choose another name, or add --force.")


def moved_to(place: Path, file: Path) -> None:
    """Give a finished file the name `place`, whole or not at all; it is gone from where it was."""
    try:
        with suppress(OSError):  # another file system, as a rule: it is copied
            file.replace(place)
            return
        with file.open("rb") as source:
            saved_as(place, iter(lambda: source.read(CHUNK), b""))
    finally:
        file.unlink(missing_ok=True)


def saved_as(place: Path, chunks: Iterable[bytes]) -> None:
    """Write a file that only its owner reads: beside `place`, read again, then renamed.

    Raises DiskFull and InvalidInput with the folder's name; then nothing has changed there.
    """
    beside = place.with_name(f".{place.name}.{token_hex(4)}.part")
    try:
        with refusals_of(place.parent):
            written = _written(beside, chunks)
            with beside.open("rb") as file:
                if hashlib.file_digest(file, "sha256").digest() != written:
                    raise InvalidInput(
                        f"{place.parent} does not hold what was written there, so it was thrown "
                        "away. Check the disk, or choose another place."
                    )
            beside.replace(place)
    finally:
        with suppress(OSError):
            beside.unlink(missing_ok=True)


def _written(path: Path, chunks: Iterable[bytes]) -> bytes:
    """Write a new file down to the disk; the hash of what was to be written."""
    digest = hashlib.sha256()
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        for chunk in chunks:
            digest.update(chunk)
            file.write(chunk)
        file.flush()
        os.fsync(file.fileno())
    return digest.digest()
