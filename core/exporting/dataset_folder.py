"""An exported `datasets` folder, put where somebody wants it: whole or not at all."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from core.errors import InvalidInput
from core.exporting.formats import FOLDER, MANIFEST

KNOWN_BY = ("dataset_dict.json", "state.json")


def refuse_other_files(folder: Path, *, force: bool) -> None:
    """Raise InvalidInput when the folder holds anything, unless it is a dataset and `force`."""
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is a file. Name a folder.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not any((folder / name).is_file() for name in KNOWN_BY):
        raise InvalidInput(f"{folder} holds other files. Name a new folder.")
    if not force:
        raise InvalidInput(f"{folder} has a dataset already. Name another, or add --force.")


def put_dataset_folder(files: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Copy an export (the folder "dataset" and manifest.json, name → path) in place of `folder`.

    Returns what stands where.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as part:
        whole = Path(part) / "whole"
        shutil.copytree(files[FOLDER], whole)
        shutil.copyfile(files[MANIFEST], whole / MANIFEST)
        if folder.exists():
            folder.replace(Path(part) / "earlier")
        whole.replace(folder)
    return {FOLDER: str(folder), MANIFEST: str(folder / MANIFEST)}
