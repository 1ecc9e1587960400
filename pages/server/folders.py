"""A folder sent from the terminal to the server: as a tar stream, never held in memory."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from core.errors import InvalidInput

TAR = "application/x-tar"
_BLOCK, _CHUNK = 512, 1024 * 1024


def folder_as_tar(folder: Path) -> Iterator[bytes]:
    """The files of a folder, links followed, as a tar archive in pieces."""
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        entry = tarfile.TarInfo(path.relative_to(folder).as_posix())
        entry.size = path.stat().st_size
        yield entry.tobuf(tarfile.PAX_FORMAT)
        sent = 0
        with path.open("rb") as file:
            while chunk := file.read(min(_CHUNK, entry.size - sent)):
                sent += len(chunk)
                yield chunk
        # A file that shrank meanwhile is filled up, so that the archive stays readable.
        yield bytes(entry.size - sent + (-entry.size) % _BLOCK)
    yield bytes(2 * _BLOCK)


def unpack(archive: Path, folder: Path) -> None:
    """Write the files of a tar archive below `folder`. Raises InvalidInput for anything else."""
    try:
        folder.mkdir()  # an empty one holds nothing that would make it
        with tarfile.open(archive, "r:") as found:
            found.extractall(folder, filter="data")
    except (tarfile.TarError, OSError) as error:
        raise InvalidInput("The folder did not arrive whole. Send it again.") from error
