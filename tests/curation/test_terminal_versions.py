"""`touchstone freeze` and `touchstone export`, beside a running server and without one."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from core.versions.splitting import SPLITS
from tests.builders import a_project, a_store, accepted_examples, triples
from tests.curation.test_sticky_splits import of_texts
from tests.disks import MB, a_small_disk, filled
from tests.serving import serve, touchstone_here


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A workspace whose project Reviews has 40 accepted examples, Copies 40 of one text."""
    return a_workspace(tmp_path / "workspace")


def a_workspace(folder: Path) -> Path:
    store = a_store(folder)
    accepted_examples(store, a_project(store, "Reviews").project_id, triples(40))
    copies = [f"the very same long text again and again until it ends {'!' * k}" for k in range(40)]
    accepted_examples(store, a_project(store, "Copies").project_id, of_texts(copies))
    store.close()
    return folder


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Such a workspace for all tests that change nothing in it."""
    return a_workspace(tmp_path_factory.mktemp("shared") / "workspace")


@pytest.fixture(scope="module")
def version(shared: Path) -> dict[str, Any]:
    """What `touchstone freeze` said of Reviews there."""
    return the_answer(shared, "freeze", "--project", "Reviews", "--name", "v1")


def the_answer(home: Path, *arguments: str) -> dict[str, Any]:
    done = touchstone_here(home, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def check_freeze_and_export(home: Path, target: Path) -> None:
    frozen = the_answer(home, "freeze", "--project", "Reviews", "--name", "first", "--seed", "7")
    assert frozen["counts"] == {"train": 32, "validation": 4, "test": 4}
    assert (frozen["name"], frozen["groups"], len(frozen["content_hash"])) == ("first", 40, 64)

    exported = the_answer(home, "export", frozen["version"], str(target))
    assert sorted(path.name for path in target.iterdir()) == [
        "manifest.json",
        "test.jsonl",
        "train.jsonl",
        "validation.jsonl",
    ]
    assert exported["counts"] == frozen["counts"]
    manifest = json.loads((target / "manifest.json").read_text())
    assert manifest["content_hash"] == frozen["content_hash"]
    assert manifest["counts"] == {"all": 40, **frozen["counts"]}
    for split in SPLITS:
        lines = (target / f"{split}.jsonl").read_bytes()
        assert manifest["files"][f"{split}.jsonl"]["sha256"] == hashlib.sha256(lines).hexdigest()
        assert len(lines.splitlines()) == frozen["counts"][split]

    again = touchstone_here(home, "export", frozen["version"], str(target))
    assert again.returncode == 1
    assert "add --force" in again.stderr
    assert (
        touchstone_here(home, "export", frozen["version"], str(target), "--force").returncode == 0
    )


def test_a_version_is_frozen_and_exported_without_a_server(home: Path, tmp_path: Path) -> None:
    check_freeze_and_export(home, tmp_path / "new" / "out")


def test_a_version_is_frozen_and_exported_beside_a_server(home: Path, tmp_path: Path) -> None:
    with serve(home.parent) as server:
        assert server.home == home
        check_freeze_and_export(home, tmp_path / "out")


def test_empty_splits_have_a_file_and_a_count_of_none(home: Path, tmp_path: Path) -> None:
    frozen = the_answer(home, "freeze", "--project", "Reviews", "--evaluation-only")
    assert frozen["counts"] == {"train": 0, "validation": 0, "test": 40}
    the_answer(home, "export", frozen["version"], str(tmp_path / "out"))
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text())
    assert manifest["counts"] == {"all": 40, **frozen["counts"]}
    assert (tmp_path / "out" / "train.jsonl").read_bytes() == b""


def test_a_version_is_exported_as_a_dataset_folder_that_can_be_imported_again(
    shared: Path, version: dict[str, Any], tmp_path: Path
) -> None:
    from datasets import DatasetDict, load_from_disk

    target = tmp_path / "dataset"
    the_answer(shared, "export", version["version"], str(target), "--dataset")
    found = load_from_disk(str(target))
    assert isinstance(found, DatasetDict)
    assert {split: len(rows) for split, rows in found.items()} == version["counts"]
    manifest = json.loads((target / "manifest.json").read_text())
    assert manifest["content_hash"] == version["content_hash"]

    again = touchstone_here(shared, "export", version["version"], str(target), "--dataset")
    assert "add --force" in again.stderr
    the_answer(shared, "export", version["version"], str(target), "--dataset", "--force")
    other = touchstone_here(
        shared, "export", version["version"], str(shared), "--dataset", "--force"
    )
    assert "holds other files" in other.stderr
    imported = the_answer(shared, "import", str(target), "--project", "Reviews")
    assert (imported["accepted"], imported["duplicates"]) == (0, 40)


@pytest.mark.parametrize("name", ["csv", "parquet", "messages", "dataset"])
def test_a_projects_examples_are_exported_in_every_format_and_add_nothing_again(
    shared: Path, tmp_path: Path, name: str
) -> None:
    target, told = tmp_path / "out", ("--project", "Reviews", "--format", name, "--provenance")
    answer = the_answer(shared, "export-examples", str(target), *told)
    assert answer["examples"] == 40
    again = touchstone_here(shared, "export-examples", str(target), *told)
    assert "add --force" in again.stderr
    path = next((one for one in target.glob("examples.*")), target)
    imported = the_answer(shared, "import", str(path), "--project", "Reviews")
    assert (imported["accepted"], imported["duplicates"], imported["rejected"]) == (0, 40, 0)


def test_a_useless_split_is_refused_with_the_group(shared: Path) -> None:
    refused = touchstone_here(shared, "freeze", "--project", "Copies", "--json")
    assert refused.returncode == 1
    assert "40 of 40 examples are one group of near-duplicates" in refused.stderr
    assert "the very same long text" in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("freeze", "--project", "Nobody"), "no project called “Nobody”"),
        (("export", "ver_none", "out"), "does not exist"),
        (("export", "ver_none", "out", "--format", "xml"), "is no export format"),
        (("export-examples", "out", "--project", "Reviews", "--text", "zzz"), "No example matches"),
        (("freeze", "--project", "Reviews", "--seed", "1" + "0" * 30), "from 0 to 2147483647"),
    ],
)
def test_what_is_not_there_is_said_in_a_sentence(
    shared: Path, arguments: tuple[str, ...], said: str
) -> None:
    refused = touchstone_here(shared, *arguments)
    assert refused.returncode == 1
    assert said in refused.stderr


@pytest.mark.parametrize(
    ("options", "leaving"), [((), 0), (("--dataset",), 0), (("--dataset",), 12_288)]
)
def test_a_full_target_is_a_sentence_and_holds_nothing_new_afterwards(
    shared: Path, version: dict[str, Any], tmp_path: Path, options: tuple[str, ...], leaving: int
) -> None:
    with a_small_disk(tmp_path / "disk", 8 * MB) as disk:
        (disk / "old").mkdir()
        the_answer(shared, "export", version["version"], str(disk / "old"), *options)
        before = sorted(path.name for path in (disk / "old").rglob("*"))
        with filled(disk, leaving):
            for name in ("new/out", "old"):
                refused = touchstone_here(
                    shared, "export", version["version"], str(disk / name), "--force", *options
                )
                assert (refused.returncode, refused.stdout) == (1, ""), refused.stdout
                assert f"There is no space left in {disk / name}." in refused.stderr
                assert "Traceback" not in refused.stderr
            assert sorted(path.name for path in disk.iterdir()) == ["filler", "old"]
            assert sorted(path.name for path in (disk / "old").rglob("*")) == before


def test_a_place_where_nothing_can_be_written_is_a_sentence(
    shared: Path, version: dict[str, Any]
) -> None:
    places = ("/proc/x", "/dev/null/x", f"/{'x' * 300}")
    for place, *options in ((places[0],), (places[1], "--dataset"), (places[2],)):
        refused = touchstone_here(shared, "export", version["version"], place, *options)
        assert (refused.returncode, refused.stdout) == (1, ""), refused.stdout
        assert f"{place} cannot be written to" in refused.stderr
        assert refused.stderr.count("\n") == 1


def test_a_name_that_a_version_has_is_refused(shared: Path, version: dict[str, Any]) -> None:
    refused = touchstone_here(shared, "freeze", "--project", "Reviews", "--name", version["name"])
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "This name is taken. This project has a version called “v1” already. Choose another name.\n"
    )
