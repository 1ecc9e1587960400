"""core.importing.folders: dataset folders as the datasets library and the hub have them."""

from __future__ import annotations

import json
from pathlib import Path

import datasets
import pytest

from core.importing.limits import UnreadableFile
from core.importing.pipeline import open_source
from tests.import_builders import imported, put, texts

TRAIN = {"question": ["a", "b", ""], "answer": ["1", "2", "3"]}
TEST = {"question": ["c"], "answer": ["4"]}


def test_what_save_to_disk_wrote_comes_in_with_its_splits(tmp_path: Path) -> None:
    both = datasets.DatasetDict(
        train=datasets.Dataset.from_dict(TRAIN), test=datasets.Dataset.from_dict(TEST)
    )
    both.save_to_disk(tmp_path / "saved")
    found = imported(tmp_path / "saved")
    assert texts(found) == [("c", "", "4"), ("a", "", "1"), ("b", "", "2")]
    assert [one.meta["split"] for one in found.accepted] == ["test", "train", "train"]
    assert [(one.line, "both empty" in one.reason) for one in found.rejects] == [(4, True)]


def test_files_named_by_split_come_in_as_on_the_hub(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    put(tmp_path, "README.md", "# A dataset")
    train, test = datasets.Dataset.from_dict(TRAIN), datasets.Dataset.from_dict(TEST)
    train.to_parquet(tmp_path / "data" / "train-00000-of-00001.parquet")
    test.to_parquet(tmp_path / "data" / "test-00000-of-00001.parquet")
    found = imported(tmp_path)
    splits = {one.instruction: one.meta["split"] for one in found.accepted}
    assert splits == {"a": "train", "b": "train", "c": "test"}


def test_json_lines_by_split_and_a_lone_file_are_folders_too(tmp_path: Path) -> None:
    line = json.dumps({"question": "a", "answer": "b"})
    lone = tmp_path / "lone"
    lone.mkdir()
    put(lone, "records.jsonl", line)
    assert imported(lone).accepted[0].meta == {}
    named = tmp_path / "named"
    named.mkdir()
    for name in ("train", "validation"):
        put(named, f"{name}.jsonl", line.replace('"a"', f'"{name}?"'))
    splits = {one.meta["split"] for one in imported(named).accepted}
    assert splits == {"train", "validation"}


def test_a_folder_without_a_dataset_and_a_damaged_one_are_refused(tmp_path: Path) -> None:
    put(tmp_path, "notes.md", "# Nothing")
    with pytest.raises(UnreadableFile, match="holds no dataset"):
        open_source(tmp_path)
    saved = tmp_path / "saved"
    datasets.Dataset.from_dict(TEST).save_to_disk(saved)
    (saved / "data-00000-of-00001.arrow").write_bytes(b"no arrow")
    with pytest.raises(UnreadableFile, match="damaged or incomplete"):
        open_source(saved)
