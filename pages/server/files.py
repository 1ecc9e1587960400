"""Files that a terminal command leaves outside the workspace: whole, and never over others."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from core.errors import InvalidInput

EXPORTED = ("train.jsonl", "validation.jsonl", "test.jsonl", "manifest.json")


def refuse_existing(folder: Path, names: Sequence[str], *, force: bool) -> None:
    """Raise InvalidInput when the folder is a file, or has one of the files and not `force`."""
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is a file. Name a folder.")
    if not force and (there := [name for name in names if (folder / name).exists()]):
        raise InvalidInput(
            f"{folder} has {there[0]} already. Choose another folder, or add --force."
        )


def copied_to(folder: Path, files: Mapping[str, str], names: Sequence[str]) -> dict[str, str]:
    """Copy the named files into the folder, the last one when all others are there; their paths."""
    folder.mkdir(parents=True, exist_ok=True)
    placed = {}
    for name in names:
        part = folder / f".{name}.part"
        shutil.copyfile(files[name], part)
        placed[name] = str(part.replace(folder / name))
    return placed
