"""`touchstone import`: a file or a dataset folder, beside a server and without one."""

from __future__ import annotations

import json
from pathlib import Path

import datasets

from storage.store import Store
from tests.import_builders import put
from tests.serving import serve, touchstone

LINES = "\n".join(json.dumps({"question": f"q{k}", "answer": f"a{k}"}) for k in range(3))


def test_trusted_data_enters_as_accepted_and_the_file_stays_where_it_is(tmp_path: Path) -> None:
    path = put(tmp_path, "train.jsonl", LINES + '\n{"question": "no answer"}')
    home = tmp_path / "home"
    arguments = ["import", str(path), "--project", "Sums", "--accept", "--json"]
    answer = json.loads(touchstone(home, *arguments).stdout)
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
    alone = json.loads(touchstone(tmp_path / "alone", *arguments).stdout)
    assert (alone["accepted"], alone["rejected"]) == (2, 0)
    with serve(tmp_path / "served") as server:
        beside = json.loads(server.touchstone(*arguments).stdout)
        assert (beside["accepted"], beside["rejected"]) == (2, 0)
        assert not list((server.home / "inbox").iterdir())
