"""Contamination with a real tiny model that learned some examples by heart, and others not."""

from __future__ import annotations

import json
import math
import random
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from typer.testing import CliRunner

from cli import app
from core.gpu import contamination as contamination_job
from core.gpu.contamination import log_probabilities
from core.gpu.models import load_model
from core.jobs.context import JobContext
from core.jobs.folder import JobFolder
from core.scoring.contamination import Probe, contamination
from core.scoring.contamination_file import ProbedExample
from tests.tiny_model import NAMES, TOWNS, make_tiny_model, write_rows

STEPS = 40
Row = dict[str, str | bool]


def an_example(k: int) -> Row:
    rng = random.Random(k)
    said = " ".join(rng.choice((*NAMES, *TOWNS)) for _ in range(24))
    return {"id": f"e{k}", "instruction": said, "output": rng.choice(NAMES)}


SEEN = [an_example(k) for k in range(4)]
UNSEEN = [an_example(k) for k in range(100, 104)]
CONTROLS: list[Row] = [{**an_example(k), "control": True} for k in range(200, 220)]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny model that was trained on SEEN alone."""
    home = tmp_path_factory.mktemp("models")
    make_tiny_model(home / "tiny", max_positions=512)
    base = load_model(str(home / "tiny"), home, "fp32")
    base.model.requires_grad_(True).train()
    optimizer = torch.optim.AdamW(base.model.parameters(), lr=0.01)
    texts = [f"{one['instruction']}\n{one['output']}" for one in SEEN]
    batch = base.tokenizer(texts, padding=True, return_tensors="pt")
    labels = batch["input_ids"].masked_fill(batch["attention_mask"] == 0, -100)
    for _step in range(STEPS):
        base.model(**batch, labels=labels).loss.backward()
        optimizer.step()
        optimizer.zero_grad()
    base.model.save_pretrained(home / "tiny")
    return home / "tiny"


def test_log_probabilities_are_those_of_the_models_own_loss_whatever_is_beside(
    model: Path, tmp_path: Path
) -> None:
    base = load_model(str(model), tmp_path, "fp32")
    texts = [base.tokenizer(one["instruction"])["input_ids"] for one in (SEEN[0], UNSEEN[0])]
    texts[1] = texts[1][:9]
    together = log_probabilities(base, texts)
    for text, found in zip(texts, together, strict=True):
        ids = torch.tensor([text])
        with torch.inference_mode():
            loss = base.model(input_ids=ids, labels=ids).loss.item()
        assert len(found) == len(text) - 1
        assert -math.fsum(found) / len(found) == pytest.approx(loss, rel=1e-4)


def test_the_job_finds_what_a_model_learned_by_heart(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contamination_job, "NEW_TOKENS", 48)
    spec = {"kind": "contamination", "base_model": str(model)}
    folder = JobFolder.create(tmp_path / "jobs" / "c", spec)
    every: list[Row] = [*SEEN, *UNSEEN, *CONTROLS]
    rows = [
        ProbedExample(str(one["id"]), "control" in one, str(one["instruction"]), str(one["output"]))
        for one in every
    ]
    write_rows(folder.data / "examples.parquet", [row.to_json() for row in rows])
    contamination_job.run(JobContext(folder))
    table = pq.read_table(folder.final / "probes.parquet").to_pylist()
    probes = {row["example_id"]: Probe(**row) for row in table}
    found = contamination(list(probes.values()))
    assert list(found.suspects) == [one["id"] for one in SEEN]
    assert (found.completed.value, found.completed_controls.value) == (0.5, 0)
    assert found.likely is not None
    assert (found.likely.value or 0) >= 0.5
    assert probes["e0"].min_k > max(probes[str(one["id"])].min_k for one in UNSEEN)
    assert (probes["e0"].perplexity or 0) < (probes["e100"].perplexity or 0)


@pytest.mark.slow
def test_the_command_starts_a_worker_and_tells_what_it_found(model: Path, tmp_path: Path) -> None:
    path, out = tmp_path / "e.jsonl", tmp_path / "out.jsonl"
    path.write_text("\n".join(json.dumps(one) for one in (*SEEN, *UNSEEN)))
    arguments = ["contamination", str(path), "--per-example", str(out), "--model"]
    done = CliRunner().invoke(app, [*arguments, str(model), "--json"])
    assert done.exit_code == 0, done.output
    answer = json.loads(done.stdout)
    assert answer["suspects"] == [one["id"] for one in SEEN]
    assert answer["likely"] is None
    assert len(out.read_text().splitlines()) == 8
    done = CliRunner().invoke(app, [*arguments, str(tmp_path)])
    assert done.exit_code == 1
    assert "There is no model in" in done.stderr


def test_a_model_that_is_nowhere_is_told_before_a_worker_starts(tmp_path: Path) -> None:
    path = tmp_path / "e.jsonl"
    path.write_text(json.dumps(SEEN[0]))
    nowhere = str(tmp_path / "nowhere")
    done = CliRunner().invoke(app, ["contamination", str(path), "--model", nowhere])
    assert (done.exit_code, "is no folder" in done.stderr) == (1, True)
