"""`touchstone import`: a file or a dataset folder, beside a server and without one."""

from __future__ import annotations

import json
from contextlib import ExitStack
from pathlib import Path

import datasets
import pytest

from storage.store import Store
from tests.disks import MB, a_small_disk, filled
from tests.import_builders import put
from tests.serving import serve, touchstone_here

LINES = "\n".join(json.dumps({"question": f"q{k}", "answer": f"a{k}"}) for k in range(3))


def test_trusted_data_enters_as_accepted_and_the_file_stays_where_it_is(tmp_path: Path) -> None:
    path = put(tmp_path, "train.jsonl", LINES + '\n{"question": "no answer"}')
    home = tmp_path / "home"
    arguments = ["import", str(path), "--project", "Sums", "--accept", "--json"]
    answer = json.loads(touchstone_here(home, *arguments).stdout)
    assert (answer["accepted"], answer["rejected"], answer["entered_as"]) == (3, 1, "accepted")
    assert answer["rejects"] == [{"line": 4, "reason": "The column 'answer' is missing."}]
    assert path.is_file()
    assert not list(home.glob("jobs/*/data/*"))
    store = Store(home)
    try:
        project = store.projects.by_name("Sums")
        assert project is not None
        assert store.examples.counts(project.project_id)["accepted"] == 3
    finally:
        store.close()


def test_a_dataset_folder_is_imported_beside_a_server_and_without_one(tmp_path: Path) -> None:
    folder = tmp_path / "saved"
    parts = {
        name: datasets.Dataset.from_dict({"question": [name], "answer": ["yes"]})
        for name in ("train", "test")
    }
    datasets.DatasetDict(parts).save_to_disk(folder)
    arguments = ["import", str(folder), "--project", "Sums", "--json"]
    alone = json.loads(touchstone_here(tmp_path / "alone", *arguments).stdout)
    assert (alone["accepted"], alone["rejected"]) == (2, 0)
    with serve(tmp_path / "served") as server:
        beside = json.loads(touchstone_here(server.home, *arguments).stdout)
        assert (beside["accepted"], beside["rejected"]) == (2, 0)
        assert not list((server.home / "inbox").iterdir())


@pytest.mark.parametrize("served", [False, True])
def test_a_refused_file_leaves_no_project_behind(tmp_path: Path, served: bool) -> None:
    (tmp_path / "folder").mkdir()
    refused_ones = (
        (put(tmp_path, "empty.jsonl", ""), "The file is empty."),
        (
            put(tmp_path, "zip.jsonl", "PK\x03\x04"),
            "This is a zip archive, as XLSX",
        ),
        (put(tmp_path, "x.parquet", "no"), "is not Parquet inside"),
        (put(tmp_path, "x.csv", "a,b\n1,2\n"), "Choose the columns"),
        (tmp_path / "folder", "The folder holds no dataset."),
    )
    good = put(tmp_path, "good.jsonl", LINES)
    with ExitStack() as stack:
        if served:
            stack.enter_context(serve(tmp_path))
        home = tmp_path / "workspace"
        for path, told in refused_ones:
            refused = touchstone_here(home, "import", str(path), "--project", "New")
            assert refused.returncode == 1
            assert told in refused.stderr
            assert "Traceback" not in refused.stderr
        projects = json.loads(touchstone_here(home, "status", "--json").stdout)["projects"]
        assert "New" not in [one["name"] for one in projects]
        assert not list((home / "inbox").iterdir())
        done = touchstone_here(home, "import", str(good), "--project", " New ", "--json")
        assert json.loads(done.stdout)["project"] == "New"


def test_a_full_disk_leaves_no_project_behind(tmp_path: Path) -> None:
    path = put(tmp_path, "good.jsonl", LINES)
    with a_small_disk(tmp_path / "disk", 230 * MB) as disk:
        home = disk / "home"
        assert touchstone_here(home, "import", str(path), "--project", "Old").returncode == 0
        with filled(disk, leaving=100 * MB):
            refused = touchstone_here(home, "import", str(path), "--project", "New")
        assert refused.returncode == 1
        assert "no space left for a job" in refused.stderr
        projects = json.loads(touchstone_here(home, "status", "--json").stdout)["projects"]
        assert [one["name"] for one in projects] == ["Old"]


def test_a_project_of_a_file_that_is_refused_late_is_gone_again(tmp_path: Path) -> None:
    text = "question,answer\n" + "q,a\n" * 600_000
    path = put(tmp_path, "late.csv", text.encode("utf-16") + b"\x00")
    home = tmp_path / "home"
    refused = touchstone_here(home, "import", str(path), "--project", "New")
    assert refused.returncode == 1
    assert "The text of the file is damaged" in refused.stderr
    assert json.loads(touchstone_here(home, "status", "--json").stdout)["projects"] == []


@pytest.mark.parametrize("served", [False, True])
def test_what_cannot_be_imported_is_told_for_what_it_is(tmp_path: Path, served: bool) -> None:
    objects = [{"question": f"q{k}", "answer": "a"} for k in range(3)]
    several = put(tmp_path, "x.json", "\n".join(json.dumps(one, indent=2) for one in objects))
    good = put(tmp_path, "good.jsonl", LINES)
    with ExitStack() as stack:
        if served:
            stack.enter_context(serve(tmp_path))
        home = tmp_path / "workspace"
        for path, project, told in (
            (Path("/dev/null"), "New", "/dev/null is neither a file nor a folder."),
            (several, "New", "or each on a line of its own (JSONL)."),
            (good, "a\nb", "is one line without control characters"),
            (good, "x" * 201, "1 to 80 characters"),
        ):
            refused = touchstone_here(home, "import", str(path), "--project", project)
            assert (refused.returncode, refused.stdout) == (1, "")
            assert told in refused.stderr
            assert refused.stderr.count("\n") == 1


def test_an_import_that_brings_nothing_in_is_refused_and_still_counted(tmp_path: Path) -> None:
    path = put(tmp_path, "x.jsonl", '{"question": "q", "answer": ""}\n' * 2)
    refused = touchstone_here(tmp_path / "home", "import", str(path), "--project", "New", "--json")
    assert refused.returncode == 1
    assert json.loads(refused.stdout)["rejected"] == 2
    assert "Nothing came in: all 2 records" in refused.stderr
    good = put(tmp_path, "good.jsonl", LINES)
    for _ in range(2):  # what is there already is no refusal
        done = touchstone_here(tmp_path / "home", "import", str(good), "--project", "New")
        assert done.returncode == 0
