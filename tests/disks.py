"""A disk that is small enough to fill: a tmpfs of a few MB, for tests as root."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

MB = 1_000_000


@contextmanager
def a_small_disk(place: Path, size: int = 24 * MB) -> Iterator[Path]:
    """An empty disk of `size` bytes at `place`; the test is skipped where mounting is refused."""
    place.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)]
    done = subprocess.run(mount, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"a small disk needs the right to mount: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "--lazy", str(place)], check=True)


@contextmanager
def filled(disk: Path, leaving: int = 0) -> Iterator[None]:
    """Fills the disk but for `leaving` bytes; afterwards the space is there again."""
    filler = disk / "filler"
    with filler.open("wb", buffering=0) as file:
        space = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize - leaving
        os.posix_fallocate(file.fileno(), 0, max(space, 1))
    try:
        yield
    finally:
        filler.unlink()
