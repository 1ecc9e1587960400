"""A dataset folder as records: one that `datasets` saved, or files named by split as on the hub.

    data/  state.json, data-00000-of-00001.arrow                     Dataset.save_to_disk
    data/  dataset_dict.json, train/, test/                          DatasetDict.save_to_disk
    data/  train.jsonl, test.csv, data/train-00000-of-00002.parquet  files by split

Each record keeps its split's name in the column "split". Nothing is fetched, no code is loaded.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.importing.formats import FORMATS, FileKind, identify
from core.importing.limits import Limits, UnreadableFile
from core.importing.parquet import BATCH_ROWS, records_of
from core.importing.readers import read
from core.importing.records import SourceRecord

SPLIT = "split"
_ARROW = ".arrow"
_SUFFIXES = {suffix for one in FORMATS.values() for suffix in one.suffixes}


@dataclass(frozen=True)
class Part:
    """The records of one split in one file, or in a folder that `datasets` saved."""

    split: str
    path: Path
    size: int


def read_folder(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """The records of all splits; the line is the position in the folder, from 1.

    Raises UnreadableFile when it holds no dataset, and what reading one of its files raises.
    """
    line = before = 0
    for part in parts_of_folder(path):
        for record in _records(part, limits):
            line += 1
            values = record.values
            if values is not None and part.split and SPLIT not in values:
                values = {**values, SPLIT: part.split}
            at_byte = before + min(record.at_byte, part.size)
            yield record._replace(line=line, values=values, at_byte=at_byte)
        before += part.size


def parts_of_folder(folder: Path) -> list[Part]:
    """What a dataset folder consists of. Raises UnreadableFile."""
    if (folder / "state.json").is_file():
        return [_part("", folder)]
    if (folder / "dataset_dict.json").is_file():
        splits = sorted(one.parent for one in folder.glob("*/state.json"))
        return [_part(split.name, split) for split in splits]
    parts = [_part(split, path) for split, path in _files_by_split(folder)]
    if not parts:
        raise UnreadableFile(
            "The folder holds no dataset. Expected is what `save_to_disk` of the datasets library"
            " writes, or files such as train.jsonl and data/test-00000-of-00001.parquet."
        )
    return parts


def _part(split: str, path: Path) -> Part:
    files = path.rglob("*") if path.is_dir() else (path,)
    return Part(split, path, sum(one.stat().st_size for one in files if one.is_file()))


def _files_by_split(folder: Path) -> Iterator[tuple[str, Path]]:
    """(split, file) by the naming rules of the hub, which the datasets library knows."""
    from datasets.data_files import EmptyDatasetError, get_data_patterns, resolve_pattern

    try:
        patterns = get_data_patterns(str(folder))
    except EmptyDatasetError:
        return
    several = len(patterns) > 1
    seen: set[Path] = set()
    for split, wanted in patterns.items():
        for pattern in wanted:
            try:
                found = resolve_pattern(pattern, str(folder))
            except FileNotFoundError:  # no file is named by this rule
                continue
            for path in sorted(map(Path, found)):
                if path not in seen and path.suffix.lower() in _SUFFIXES | {_ARROW}:
                    seen.add(path)
                    # One file of no particular name counts as "train": that says nothing.
                    named = several or str(split) in path.relative_to(folder).as_posix()
                    yield (str(split) if named else ""), path


def _records(part: Part, limits: Limits) -> Iterator[SourceRecord]:
    if part.path.is_dir() or part.path.suffix.lower() == _ARROW:
        return _arrow_records(part, limits)
    kind = identify(part.path, limits)
    return read(part.path, kind, limits)


def _arrow_records(part: Part, limits: Limits) -> Iterator[SourceRecord]:
    import datasets

    try:
        if part.path.is_dir():
            found: Any = datasets.load_from_disk(str(part.path))
        else:
            found = datasets.Dataset.from_file(str(part.path))
        row, total = 0, max(1, found.num_rows)
        for table in found.with_format("arrow").iter(batch_size=BATCH_ROWS):
            for batch in table.to_batches():
                yield from records_of(batch, row, limits, part.size * row // total)
                row += batch.num_rows
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnreadableFile(
            f"The dataset in '{part.path.name}' is damaged or incomplete. Save it again with"
            " save_to_disk, or as Parquet."
        ) from error
