"""Answers end at the prompt's stop strings: a model that really runs on, in batches."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from core.gpu import generation, training
from core.gpu.adapters import load_adapter
from core.gpu.decoding import answer_batch, stop_tokens
from core.gpu.models import load_model
from core.gpu.prompting import prompt_tokens
from core.jobs.context import JobContext
from core.jobs.events import read_events
from core.jobs.folder import JobFolder
from core.prompts import Prompt, PromptTemplate
from core.tuning.generation_config import GenerationConfig
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows, write_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

PROMPT = PromptTemplate().prompt
NEXT = "\n\n### Instruction:\nWrite the record.\n\n### Input:\nAda lives in Oslo."
ANSWER = "name: Ada; town: Oslo"
CAP = 90


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace whose run learned to go on with the next question behind each answer."""
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "tiny", max_positions=512)
    rows = [{**row, "output": ANSWER + NEXT} for row in some_rows(32)]
    spec = a_run(
        "models/tiny", lora_r=16, num_train_epochs=15.0, learning_rate=0.02, max_length=400
    )
    training.run(JobContext(a_training(workspace / "runs" / "on", spec, rows, rows[:4])))
    return workspace


def a_job(home: Path, name: str, prompt: Prompt, cap: int = CAP) -> JobFolder:
    spec = {
        "kind": "generate",
        "base_model": "models/tiny",
        "adapter": "runs/on/final",
        "prompt": prompt.to_json(),
        "config": GenerationConfig(max_new_tokens=cap, batch_size=4).to_json(),
        "systems": [{"system_id": "s", "kind": "tuned"}],
    }
    folder = JobFolder.create(home / "jobs" / name, spec)
    write_rows(folder.data / "examples.parquet", some_rows(7, seed=5))
    generation.run(JobContext(folder))
    return folder


def rows_of(folder: JobFolder) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = pq.read_table(folder.final / "answers.parquet").to_pylist()
    return found


def test_answers_end_at_the_stop_string_and_what_was_cut_is_kept(home: Path) -> None:
    free = rows_of(a_job(home, "free", PROMPT.without_stops(PROMPT.stop_strings)))
    folder = a_job(home, "ended", PROMPT)
    ended = rows_of(folder)
    for runs_on, row in zip(free, ended, strict=True):
        assert "### Instruction:" in runs_on["text"]
        assert runs_on["text"].startswith(row["text"])
        assert row["text"] == ANSWER
        assert "###" not in row["text"]
        assert row["cut"].strip().startswith("### Instruction:")
        assert row["finish"] == "stop_string"
        assert row["new_tokens"] < runs_on["new_tokens"]
    summary = json.loads((folder.final / "summary.json").read_text())
    assert (summary["finish"]["stop_string"], summary["at_cap"]) == (7, 0)


def test_a_batch_ends_when_its_last_row_has_come_to_a_stop(home: Path) -> None:
    base = load_model("models/tiny", home)
    model = load_adapter(base, home / "runs" / "on" / "final")

    class Watched:
        lengths: list[int]

        def generate(self, **asked: Any) -> Any:
            output = model.generate(**asked)
            self.lengths = [len(row) - asked["input_ids"].shape[1] for row in output]
            return output

    rows = some_rows(4, seed=5)
    texts = [PROMPT.render(row["instruction"], row["input"]) for row in rows]
    watched = Watched()
    answers = answer_batch(
        watched,
        base,
        prompt_tokens(base.tokenizer, PROMPT, texts),
        GenerationConfig(max_new_tokens=CAP),
        stop_tokens(base, PROMPT),
        PROMPT.stop_strings,
        chance="",
    )
    assert max(watched.lengths) == max(answer.new_tokens for answer in answers) < CAP / 2


def test_a_stop_string_that_the_cap_cuts_in_two_is_cut_off_and_counted(home: Path) -> None:
    ended = rows_of(a_job(home, "whole", PROMPT))
    cap = min(row["new_tokens"] for row in ended) - 1
    folder = a_job(home, "capped", PROMPT, cap)
    rows = rows_of(folder)
    assert all("###" not in row["text"] for row in rows)
    assert any(row["cut"].strip().startswith("###") for row in rows)
    summary = json.loads((folder.final / "summary.json").read_text())
    assert summary["at_cap"] == sum(row["finish"] == "length" for row in rows) > 0


def test_a_stop_string_that_true_answers_hold_ends_none(home: Path) -> None:
    final = home / "runs" / "on" / "final"
    frozen = Prompt.from_json(json.loads((final / "prompt.json").read_text()))
    assert frozen.stop_strings == ("\n### Response:",)
    notes = [e["text"] for e in read_events(JobFolder(final.parent).events_file)[0] if "text" in e]
    assert any("hold “### Instruction:”, “### Input:”" in note for note in notes)
