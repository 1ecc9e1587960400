"""core.exporting: downloads, the files of every format, and the job with a real worker."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.examples.example import Example, content_hash
from core.exporting.cells import plain_cell, safe_cell
from core.exporting.job import export_file
from core.exporting.layout import InvalidExport
from core.exporting.tables import to_csv
from core.jobs.folder import JobFolder
from tests.import_builders import imported

NASTY = ["Zeile\u2028zwei\u0085drei", '"quoted", comma', "tab\tand\r\nnewline", "=1+1", "日本 🙂"]


def rows() -> list[dict[str, Any]]:
    splits = ["train", "train", "validation", "test", None]
    return [
        {
            "example_id": f"e{number}",
            "split": split,
            "instruction": f"Say {text}",
            "input": text if number % 2 else "",
            "output": text,
            "labels": json.dumps({"quality": number, "kind": text}) if number else None,
            "author": "ada",
        }
        for number, (split, text) in enumerate(zip(splits, NASTY, strict=True))
    ]


def written(path: Path, these: list[dict[str, Any]]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(these), path / "examples.parquet")
    return path / "examples.parquet"


def export(folder: Path, these: list[dict[str, Any]]) -> tuple[dict[str, Any], dict[str, bytes]]:
    source = written(folder / "in", these)
    (folder / "out").mkdir()
    manifest = export_file(source, folder / "out")
    return manifest, {file.name: file.read_bytes() for file in (folder / "out").iterdir()}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r"])
def test_a_cell_that_a_spreadsheet_would_run_is_escaped(start: str) -> None:
    text = f"{start}cmd|'/c calc'!A1"
    assert safe_cell(text) == f"'{text}"
    assert safe_cell(f"'{text}") == f"''{text}"


@given(st.text(alphabet="'=+-@\t\rab"))
def test_every_text_comes_back_from_its_safe_cell(text: str) -> None:
    assert plain_cell(safe_cell(text)) == text


def test_other_cells_stay_as_they_are() -> None:
    assert [safe_cell(cell) for cell in ("a=b", "", "'tis", " =x")] == ["a=b", "", "'tis", " =x"]


def test_csv_reads_back_with_every_cell_and_header_safe() -> None:
    text = to_csv([{"=head": "=1", "b": 'x,"y"\nz'}, {"b": {"k": "ü"}}])
    assert list(csv.reader(io.StringIO(text, newline=""))) == [
        ["'=head", "b"],
        ["'=1", 'x,"y"\nz'],
        ["", '{"k": "ü"}'],
    ]


TEXTS = st.text(st.sampled_from('ab,"\r\n\t\\=é\u2028\x85\x01\x7f🙂'), max_size=6)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(TEXTS, min_size=1, max_size=8), st.booleans())
def test_lines_are_those_of_the_standard_library(
    tmp_path: Path, texts: list[str], alike: bool
) -> None:
    folder = Path(tempfile.mkdtemp(dir=tmp_path))
    these = [
        {
            "example_id": f"e{number}",
            **dict.fromkeys(("instruction", "input", "output"), f"q{text}"),
            "group_id": "" if alike else text,
            "external_id": text,
            "quality": 4 if alike else number,
            "status": None,
        }
        for number, text in enumerate(texts)
    ]
    source = written(folder / "in", these)
    for name in ("csv", "jsonl"):
        (folder / name).mkdir()
        export_file(source, folder / name, format_name=name)
    read = (folder / "csv" / "examples.csv").read_bytes().decode()
    target = io.StringIO(newline="")
    rows = csv.reader(io.StringIO(read, newline=""))
    csv.writer(target, lineterminator="\r\n").writerows(rows)
    assert read == target.getvalue()
    lines = (folder / "jsonl" / "examples.jsonl").read_text(encoding="utf-8").split("\n")[:-1]
    ends = {0x85: "\\u0085", 0x2028: "\\u2028"}
    for line, row in zip(lines, these, strict=True):
        assert json.loads(line)["external_id"] == row["external_id"]
        assert line == json.dumps(json.loads(line), ensure_ascii=False).translate(ends)


def test_exported_examples_come_back_with_the_same_content_hashes(tmp_path: Path) -> None:
    export(tmp_path, rows())
    back = imported(tmp_path / "out" / "all.jsonl")
    expected = [Example(row["instruction"], row["input"], row["output"]) for row in rows()]
    assert [one.content_hash for one in back.accepted] == [content_hash(e) for e in expected]
    assert [one.example for one in back.accepted] == expected
    assert [one.external_id for one in back.accepted] == [row["example_id"] for row in rows()]


def test_each_split_has_its_file_and_the_manifest_counts_and_sums_them(tmp_path: Path) -> None:
    manifest, files = export(tmp_path, rows())
    assert manifest["counts"] == {"all": 5, "train": 2, "validation": 1, "test": 1}
    assert set(files) == {f"{name}.jsonl" for name in manifest["counts"]} | {"manifest.json"}
    for name, told in manifest["files"].items():
        assert told["sha256"] == hashlib.sha256(files[name]).hexdigest()
        assert told["bytes"] == len(files[name])
    first = json.loads(files["validation.jsonl"])
    assert first["id"] == "e2"
    assert first["labels"] == {"kind": NASTY[2], "quality": 2}
    assert len(files["all.jsonl"].decode().splitlines()) == 5


def test_the_same_examples_give_the_same_bytes_in_any_order(tmp_path: Path) -> None:
    assert export(tmp_path / "a", rows()) == export(tmp_path / "b", rows()[::-1])


def test_a_changed_text_or_split_changes_the_content_hash(tmp_path: Path) -> None:
    changed, moved = rows(), rows()
    changed[0]["output"] = "other"
    moved[0]["split"] = "test"
    hashes = {
        export(tmp_path / str(number), these)[0]["content_hash"]
        for number, these in enumerate((rows(), changed, moved))
    }
    assert len(hashes) == 3


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"split": "../../evil"}, "is no split"),
        ({"example_id": "e1"}, "same id"),
    ],
)
def test_a_table_that_is_wrong_is_refused(
    tmp_path: Path, change: dict[str, str], said: str
) -> None:
    these = rows()
    these[0] |= change
    with pytest.raises(InvalidExport, match=said):
        export(tmp_path, these)


def test_a_table_without_the_fields_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidExport, match="instruction, input, output"):
        export(tmp_path, [{"example_id": "e1"}])


def test_the_export_job_runs_in_a_worker(tmp_path: Path) -> None:
    folder = JobFolder.create(
        tmp_path / "jobs" / "x", {"kind": "export", "about": {"version": "v1"}}
    )
    written(folder.data, rows())
    command = [sys.executable, "-m", "core.worker", str(folder.path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert folder.read_state().status == "completed"
    manifest = json.loads((folder.final / "manifest.json").read_text())
    assert manifest["about"] == {"version": "v1"}
    assert (folder.final / "train.jsonl").read_text().count("\n") == 2
