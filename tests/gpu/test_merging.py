"""Merging: the merged model is the tuned one, loads without this code, and says what changed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.gpu import merging, training
from core.gpu.data import encode
from core.gpu.merging import NotMergeable
from core.gpu.models import ChangedModel
from core.jobs.context import JobContext
from core.jobs.folder import JobFolder, read_json
from core.prompts import PromptTemplate
from core.tuning.weights import weights_hash
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows, write_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
    pytest.mark.filterwarnings("ignore:Position ids are not supported"),
]
HELD_OUT = some_rows(6, seed=3)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "tiny")
    return workspace


def merge(
    home: Path,
    method: str,
    rate: float,
    held_out: list[dict[str, str]] = HELD_OUT,
    name: str = "",
    **changes: Any,
) -> JobFolder:
    name = name or method
    settings = {"learning_rate": rate, "num_train_epochs": 5.0, **changes}
    trained = a_training(home / "runs" / name, a_run("models/tiny", method=method, **settings))
    training.run(JobContext(trained))
    metrics: dict[str, Any] = read_json(trained.final / "metrics.json") or {}
    values = {
        "kind": "merge",
        "run_id": "r1",
        "name": "Notes",
        "base_model": "models/tiny",
        "adapter": f"runs/{name}/final",
        "method": method,
        "precision": metrics["precision"],
        "prompt": metrics["prompt"],
        "base_model_hash": metrics["base_model_hash"],
    }
    folder = JobFolder.create(home / "jobs" / name, values)
    write_rows(folder.data / "held_out.parquet", held_out)
    merging.run(JobContext(folder))
    return folder


@pytest.mark.parametrize(
    ("method", "rate"),
    [("lora", 0.01), ("dora", 0.01), ("loha", 0.02), ("ia3", 0.03), ("qlora", 0.01)],
)
def test_a_merged_model_loads_by_itself_and_answers_as_its_adapter_did(
    method: str, rate: float, home: Path
) -> None:
    folder = merge(home, method, rate)
    report: dict[str, Any] = read_json(folder.final / "merge.json") or {}
    exact = method != "qlora"  # whose adapter stood beside rounded weights
    tolerance = 1e-4 if exact else 0.5
    assert report["after"]["loss"] == pytest.approx(report["before"]["loss"], rel=tolerance)
    if exact:
        assert report["same_answers"] == report["examples"] == 6
    assert report["precision"] == "fp32"
    assert report["weights_hash"] == weights_hash(folder.final)

    model = AutoModelForCausalLM.from_pretrained(folder.final)
    tokenizer = AutoTokenizer.from_pretrained(folder.final)
    split = encode(tokenizer, PromptTemplate().prompt, HELD_OUT, 200, "refuse")
    loss = 0.0
    for one in split.examples:
        ids = torch.tensor([[*one.prompt, *one.answer]])
        labels = torch.tensor([[-100] * len(one.prompt) + list(one.answer)])
        with torch.no_grad():
            loss += float(model(input_ids=ids, labels=labels).loss) * len(one.answer)
    assert loss / split.labelled == pytest.approx(report["after"]["loss"], rel=1e-4)
    card = (folder.final / "README.md").read_text()
    assert "vllm serve" in card
    assert "convert_hf_to_gguf.py" in card
    assert str(home) not in card


@pytest.mark.parametrize(
    ("words", "examples", "answered", "told"),
    [
        ([0, 0, 0, 12, 80, 80], 4, 3, "On 4 held-out examples .*; 3 of 3 answers are the same"),
        ([80] * 6, 0, 0, "No held-out example fits the model's context, so nothing was measured"),
    ],
)
def test_held_out_examples_that_do_not_fit_the_context_are_not_counted(
    words: list[int], examples: int, answered: int, told: str, home: Path
) -> None:
    rows = [
        {**row, "input": row["input"] + " more words" * more}
        for row, more in zip(HELD_OUT, words, strict=True)
    ]
    folder = merge(home, "lora", 0.01, rows, f"long{examples}", max_steps=2)
    report: dict[str, Any] = read_json(folder.final / "merge.json") or {}
    assert (report["examples"], report["answered"]) == (examples, answered)
    assert (report["after"]["loss"] is None) == (examples == 0)
    assert re.search(told, (folder.final / "README.md").read_text())


@pytest.mark.filterwarnings("ignore:Model has `tie_word_embeddings=True`")
@pytest.mark.parametrize("module", ["lm_head", "embed_tokens"])
def test_an_adapter_on_one_of_two_tied_layers_is_merged_into_that_one_alone(
    module: str, home: Path
) -> None:
    folder = merge(home, "lora", 0.03, name=module, target_modules=module)
    report: dict[str, Any] = read_json(folder.final / "merge.json") or {}
    assert report["after"]["loss"] == pytest.approx(report["before"]["loss"], rel=1e-4)
    assert report["same_answers"] == report["answered"] == 6


def test_learned_tokens_cannot_be_merged_and_a_sentence_says_so(home: Path) -> None:
    with pytest.raises(NotMergeable, match="Serve it as an adapter beside its base"):
        merge(home, "prompt_tuning", 0.1)
    assert not (home / "jobs" / "prompt_tuning" / "final").exists()


def test_a_base_that_changed_since_the_run_is_not_merged_into(home: Path) -> None:
    values = {
        "kind": "merge",
        "base_model": "models/tiny",
        "adapter": "runs/lora/final",
        "method": "lora",
        "precision": "fp32",
        "base_model_hash": "0" * 64,
    }
    folder = JobFolder.create(home / "jobs" / "changed", values)
    write_rows(folder.data / "held_out.parquet", HELD_OUT)
    with pytest.raises(ChangedModel, match="not those that this was made for"):
        merging.run(JobContext(folder))
    assert not folder.final.exists()
