"""CONTRIBUTING.md does what it says: its examples run, and an added entry is read everywhere."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from core.importing.formats import FORMATS, FileFormat
from core.importing.shapes import Shape
from core.jobs.context import JobContext
from core.jobs.folder import JobFolder
from core.jobs.kinds import KINDS, JobKind, function_of
from core.projects import DEFAULT_RUBRIC, Criterion, ProjectSettings
from core.scoring import answers
from core.scoring.metrics import METRICS, Metric
from core.workflows.commands.command import Answer
from core.workspace import Workspace
from storage.store import Store
from tests.import_builders import imported, put, texts

ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
NAMES: dict[str, Any] = {
    one.__name__: one
    for one in (Metric, JobKind, JobContext, Criterion, Shape, FileFormat, Store, Workspace)
} | {"Any": Any, "Answer": Answer}


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    """Everything that the examples define, by name."""
    found = dict(NAMES)
    for block in BLOCKS:
        exec(block, found)
    return found


def test_every_file_and_folder_that_is_named_exists() -> None:
    named = re.findall(r"`((?:core|storage|tests|\.ci)/[\w./]*|\w+\.py)`", TEXT)
    assert len(named) > 8
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_an_added_metric_is_computed_with_the_others(
    said: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "METRICS", (*METRICS, said["new_metric"]))
    answer = answers.Answer("sys", "ex", "rev", "abcd", "ab")
    rows, summaries = answers.score_answers([answer], answers.ScoringPlan())
    assert {row.metric: row.value for row in rows}["length_ratio"] == 0.5
    assert summaries["sys"].metrics["length_ratio"] == 0.5


def test_an_added_job_kind_runs_in_a_job_folder(said: dict[str, Any], tmp_path: Path) -> None:
    kind = said["new_kind"]
    assert kind.name not in KINDS
    assert kind.device == "light"
    folder = JobFolder.create(tmp_path / "job", {"kind": kind.name, "to": 3})
    said["run"](JobContext(folder))
    assert (folder.final / "done.txt").read_text() == "done"


def test_an_added_criterion_is_part_of_a_project(said: dict[str, Any]) -> None:
    settings = ProjectSettings("Notes", rubric=(*DEFAULT_RUBRIC, said["new_criterion"]))
    assert ProjectSettings.from_json(settings.to_json()) == settings


def test_an_added_shape_and_format_are_read(said: dict[str, Any], tmp_path: Path) -> None:
    shape = said["new_shape"]
    path = put(tmp_path, "x.jsonl", json.dumps(shape.record))
    assert texts(imported(path)) == [shape.example]
    assert callable(function_of(said["new_format"].reader))
    assert said["new_format"].reader == FORMATS["jsonl"].reader


def test_an_added_command_answers(said: dict[str, Any], store: Store, tmp_path: Path) -> None:
    assert said["hello"](store, Workspace(tmp_path), {}) == {"projects": 0}
