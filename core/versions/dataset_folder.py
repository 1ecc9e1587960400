"""An exported version as a folder of the `datasets` library, which `load_from_disk` reads."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.versions.exporting import SPLITS

INFO = "dataset_dict.json"


def refuse_other_files(folder: Path, *, force: bool) -> None:
    """Raise InvalidInput when the folder holds anything, unless it is a dataset and `force`."""
    if folder.exists() and not folder.is_dir():
        raise InvalidInput(f"{folder} is a file. Name a folder.")
    if not folder.exists() or not any(folder.iterdir()):
        return
    if not (folder / INFO).is_file():
        raise InvalidInput(f"{folder} holds other files. Name a new folder.")
    if not force:
        raise InvalidInput(f"{folder} has a dataset already. Name another, or add --force.")


def write_dataset_folder(files: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Write an export's splits (`train.jsonl` … → path) and manifest.json in place of `folder`.

    A DatasetDict with a dataset per split that has examples, all with the same columns; there
    whole or not at all. Returns what stands where.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}-", dir=folder.parent) as part:
        whole = Path(part) / "whole"
        _datasets(files, Path(part) / "cache").save_to_disk(str(whole))
        shutil.copyfile(files["manifest.json"], whole / "manifest.json")
        if folder.exists():
            folder.replace(Path(part) / "earlier")
        whole.replace(folder)
    return {"dataset": str(folder), "manifest.json": str(folder / "manifest.json")}


def _datasets(files: Mapping[str, str], cache: Path) -> Any:
    from datasets import DatasetDict, disable_progress_bars, load_dataset

    disable_progress_bars()
    named = {split: files[f"{split}.jsonl"] for split in SPLITS}
    there = {split: path for split, path in named.items() if Path(path).stat().st_size}
    # Read together, so that a label that only one split has is a column of all.
    return DatasetDict(load_dataset("json", data_files=there, cache_dir=str(cache)))
