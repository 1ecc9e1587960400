"""The list of base models: what can be used, and why the rest cannot, without reading weights."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from core.tuning.base_models import UnknownBaseModel, UnusableBaseModel, base_model, base_models
from core.tuning.weights import cached_weights_hash, weights_hash


def a_folder(workspace: Path, name: str, *files: str) -> Path:
    folder = workspace / "models" / name
    folder.mkdir(parents=True)
    for file in files:
        (folder / file).write_bytes(b"weights")
    return folder


def test_a_folder_that_cannot_be_trained_on_is_listed_with_its_reason(tmp_path: Path) -> None:
    a_folder(tmp_path, "whole", "config.json", "model.safetensors", "tokenizer.json")
    a_folder(tmp_path, "gguf", "llama.Q4_K_M.gguf")
    a_folder(tmp_path, "pickled", "config.json", "pytorch_model.bin", "tokenizer.json")
    a_folder(tmp_path, "bare", "config.json", "tokenizer.json")
    a_folder(tmp_path, "weights-only", "model.safetensors")
    a_folder(tmp_path, "mute", "model.safetensors", "config.json")
    problems = {model.id: model.problem for model in base_models(tmp_path)}
    assert problems.pop("demo") == problems.pop("whole") == ""
    assert problems["gguf"].startswith("It has only GGUF weights")
    assert "can run code" in problems["pickled"]
    assert "no .safetensors weights" in problems["bare"]
    assert "no config.json" in problems["weights-only"]
    assert "no tokenizer" in problems["mute"]
    with pytest.raises(UnusableBaseModel, match=r"“gguf” cannot be used. It has only GGUF"):
        base_model(tmp_path, "gguf")
    with pytest.raises(UnknownBaseModel, match=r"\(demo, whole\)") as refusal:
        base_model(tmp_path, "llama")
    assert str(tmp_path / "models") in refusal.value.message


def test_a_hash_is_computed_once_and_anew_when_the_weights_change(tmp_path: Path) -> None:
    folder = a_folder(tmp_path, "whole", "model.safetensors")
    cache = tmp_path / "models" / ".weights.json"
    first = cached_weights_hash(folder, cache)
    assert first == weights_hash(folder)
    known = json.loads(cache.read_text())
    known[str(folder)]["hash"] = "as kept"
    cache.write_text(json.dumps(known))
    assert cached_weights_hash(folder, cache) == "as kept"
    (folder / "model.safetensors").write_bytes(b"others!")
    assert cached_weights_hash(folder, cache) == weights_hash(folder) != first
