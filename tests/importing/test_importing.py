"""core.importing: columns, preview, the job, and real files."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from core.importing.columns import ColumnMapping, InvalidMapping, UnknownColumn
from core.importing.detection import detect
from core.importing.job import import_file
from core.importing.pipeline import open_source
from core.importing.preview import preview
from core.jobs.folder import JobFolder
from tests.import_builders import (
    GOOD,
    SHARED,
    imported,
    put,
    shared,
    texts,
)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ("instruction input output", ("instruction", "input", "output")),
        ("Prompt Completion", ("Prompt", None, "Completion")),
        ("id QUESTION context answer", ("QUESTION", "context", "answer")),
        ("text label", (None, "text", "label")),
        ("article summary", (None, "article", "summary")),
        ("question response ground_truth", ("question", None, "ground_truth")),
        ("Source-Text Target", (None, "Source-Text", "Target")),
        ("instruction input output text", ("instruction", "input", "output")),
        ("instruction", ("instruction", None, None)),
    ],
)
def test_columns_are_recognised_by_name(
    columns: str, expected: tuple[str | None, str | None, str | None]
) -> None:
    found = detect(columns.split())
    assert found is not None
    assert (found.instruction, found.input, found.output) == expected


def test_nothing_is_guessed_from_other_names(tmp_path: Path) -> None:
    assert detect(["a", "b"]) is None
    path = put(tmp_path, "x.csv", "a,b\n1,2\n")
    with pytest.raises(InvalidMapping, match="the file has: a, b"):
        open_source(path)
    shown = preview(path)
    assert shown.mapping is None
    assert shown.rows[0].cells == {"a": "1", "b": "2"}
    assert "Choose the columns by hand" in shown.problems[0]


def test_a_mapping_survives_json_and_refuses_what_contradicts_itself() -> None:
    mapping = ColumnMapping(None, "text", "label", constant_instruction="Classify.", meta=("src",))
    assert ColumnMapping.from_json(json.loads(json.dumps(mapping.to_json()))) == mapping
    for data in (
        {},
        {"instruction": "a", "output": "a"},
        {"instruction": "a", "constant_instruction": "b"},
        {"instruction": "a", "outptu": "b"},
        {"instruction": 3},
        {"instruction": "a", "meta": "b"},
    ):
        with pytest.raises(InvalidMapping):
            ColumnMapping.from_json(data)


def test_an_unknown_column_is_refused_with_those_there_are(tmp_path: Path) -> None:
    path = put(tmp_path, "x.csv", "question,answer\nq,a\n")
    wrong = ColumnMapping("question", output="answr")
    with pytest.raises(
        UnknownColumn, match=r"no column 'answr'. Its columns are: question, answer"
    ):
        open_source(path, wrong)
    assert "no column 'answr'" in preview(path, wrong).problems[0]


def test_options_fix_the_instruction_allow_empty_outputs_and_write_json(tmp_path: Path) -> None:
    path = put(tmp_path, "x.jsonl", '{"text": "a", "record": {"b": [1, null]}}\n{"text": "c"}')
    mapping = ColumnMapping(None, "text", "record", "Extract.", json_values=True)
    found = imported(path, mapping, allow_empty_output=True)
    assert texts(found) == [("Extract.", "a", '{"b": [1, null]}'), ("Extract.", "c", "")]
    with pytest.raises(InvalidMapping, match="No column is chosen for the output"):
        open_source(path, ColumnMapping(None, "text"))
    assert len(imported(path, ColumnMapping(None, "text"), allow_empty_output=True).accepted) == 2


def test_a_preview_reads_the_beginning_only_and_estimates_the_rest(tmp_path: Path) -> None:
    bad = '{"instruction": "a"}\n'
    path = put(tmp_path, "x.jsonl", bad + f"{GOOD}\n" * 200_000)
    shown = preview(path)
    assert (len(shown.rows), len(shown.outcomes)) == (20, 20)
    assert shown.problems == ("line 1: The column 'output' is missing.",)
    assert not shown.count_exact
    assert 150_000 < shown.count_estimate < 250_000
    small = preview(put(tmp_path, "y.jsonl", f"{GOOD}\n" * 30))
    assert (small.count_estimate, small.count_exact) == (30, True)


def test_the_import_job_runs_in_a_worker_and_leaves_tables(tmp_path: Path) -> None:
    spec = {"kind": "import", "file": "up.csv", "mapping": None, "allow_empty_output": False}
    job = JobFolder.create(tmp_path / "jobs" / "i", spec)
    put(job.data, "up.csv", "question,answer,id\nq,a,7\nq,a,8\nr,,9\n")
    assert work(job) == "completed"
    (example,) = pq.read_table(job.final / "examples.parquet").to_pylist()
    assert (example.pop("example_id")[:3], example.pop("revision_id")[:4]) == ("ex_", "rev_")
    assert example == {
        "row": 0,
        "content_hash": imported(job.data / "up.csv").accepted[0].content_hash,
        "external_id": "7",
        "line": 2,
        "instruction": "q",
        "input": "",
        "output": "a",
        "labels": "{}",
        "meta": "{}",
    }
    assert pq.read_table(job.final / "rejects.parquet").to_pylist() == [
        {"line": 4, "reason": "The output is empty.", "kind": "record"}
        | {"excerpt": '{"question": "r", "answer": "", "id": "9"}'}
    ]
    duplicates = pq.read_table(job.final / "duplicates.parquet").to_pylist()
    assert duplicates == [{"line": 3, "first_line": 2}]
    summary = json.loads((job.final / "summary.json").read_text())
    assert (summary["accepted"], summary["rejected"], summary["duplicates"]) == (1, 1, 1)
    assert summary["mapping"]["output"] == "answer"


def test_a_file_name_never_leads_out_of_the_job(tmp_path: Path) -> None:
    put(tmp_path, "secret.jsonl", GOOD)
    job = JobFolder.create(
        tmp_path / "j" / "i", {"kind": "import", "file": "../../../secret.jsonl"}
    )
    assert work(job) == "failed"
    assert not job.final.exists()


def work(job: JobFolder) -> str:
    command = [sys.executable, "-m", "core.worker", str(job.path)]
    subprocess.run(command, capture_output=True, timeout=60, check=False)
    return job.read_state().status


@shared
def test_all_gsm8k_problems_go_in(tmp_path: Path) -> None:
    source = open_source(SHARED / "gsm8k" / "train.jsonl")
    summary = import_file(source, tmp_path)
    assert (summary.accepted, summary.rejected, summary.duplicates) == (7473, 0, 0)


@shared
@pytest.mark.parametrize(
    ("name", "count"), [("user_oriented_instructions", 252), ("seed_tasks", 175)]
)
def test_self_instruct_tasks_go_in_whole(name: str, count: int) -> None:
    found = imported(SHARED / "self-instruct" / f"{name}.jsonl")
    assert (len(found.accepted), found.rejects, found.duplicates) == (count, [], [])


def test_looking_at_a_csv_file_loads_neither_pandas_nor_pyarrow(tmp_path: Path) -> None:
    path = put(tmp_path, "x.csv", "question,answer\nq,a\n")
    code = (
        "import sys; from pathlib import Path; from core.importing.preview import preview\n"
        f"preview(Path({str(path)!r}))\n"
        "assert not {'pandas', 'pyarrow', 'numpy', 'streamlit'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
