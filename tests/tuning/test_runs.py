"""The frozen settings of runs and generations."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from core.prompts import PromptTemplate
from core.tuning.generation_config import GenerationConfig
from core.tuning.methods import METHODS, Lora, Qlora
from core.tuning.run_spec import RunSpec, complaint_about, library_versions
from core.tuning.settings import InvalidRunSpec
from tests.tiny_model import a_run

# As the first version of Touchstone wrote it into spec.json and into the table of runs.
FLAT: dict[str, Any] = {
    "kind": "train",
    "run_id": "run_1",
    "name": "Notes v1",
    "base_model": "models/tiny",
    "version_id": "ver_1",
    "base_model_hash": "a" * 64,
    "version_hash": "b" * 64,
    "template": "Q: {instruction}\n\n{input}\n\nA:",
    "template_hash": PromptTemplate("Q: {instruction}\n\n{input}\n\nA:").hash,
    "method": "qlora",
    "lora_r": 8,
    "lora_alpha": 16,
    "lora_dropout": 0.1,
    "target_modules": "all-linear",
    "learning_rate": 0.001,
    "num_train_epochs": 2.0,
    "max_steps": -1,
    "per_device_train_batch_size": 4,
    "gradient_accumulation_steps": 2,
    "warmup_steps": 0.1,
    "lr_scheduler_type": "linear",
    "weight_decay": 0.01,
    "max_grad_norm": 0.5,
    "max_length": 512,
    "overlong": "drop",
    "precision": "auto",
    "early_stopping_patience": 2,
    "eval_steps": 5,
    "logging_steps": 3,
    "seed": 7,
    "library_versions": {"torch": "2.13.0"},
    "model_id": "tiny",
}


def test_a_spec_is_nested_and_comes_back_exactly() -> None:
    spec = a_run("models/tiny", library_versions=library_versions(), learning_rate=0.1 + 0.2)
    written = json.loads(json.dumps(spec.job_spec()))
    assert RunSpec.from_json(written) == spec
    assert written["method"] == {
        "name": "lora",
        "lora_r": 4,
        "lora_alpha": 8,
        "lora_dropout": 0.05,
        "target_modules": "all-linear",
    }
    assert written["optimiser"]["learning_rate"] == 0.1 + 0.2
    assert written["head"] == "generation"
    assert RunSpec.from_settings(spec.settings()) == spec


def test_a_flat_spec_of_an_older_workspace_still_reads() -> None:
    spec = RunSpec.from_json(FLAT)
    assert spec.method == Qlora(8, 16, 0.1)
    assert (spec.base.location, spec.base.model_id, spec.base.hash) == (
        "models/tiny",
        "tiny",
        "a" * 64,
    )
    assert (spec.data.version_id, spec.data.overlong, spec.seed) == ("ver_1", "drop", 7)
    assert (spec.optimiser.lr_scheduler_type, spec.budget.effective_batch_size) == ("linear", 8)
    plain = spec.settings()
    assert {name: plain[name] for name in FLAT if name not in ("kind", "template_hash")} == {
        name: value for name, value in FLAT.items() if name not in ("kind", "template_hash")
    }
    with pytest.raises(InvalidRunSpec, match="not the hash"):
        RunSpec.from_json({**FLAT, "template_hash": "0"})


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"lora_r": 0}, r"LoRA rank \(lora_r\) must be a whole number from 1 to 1024"),
        ({"learning_rate": math.nan}, r"Learning rate \(learning_rate\) must be above 0"),
        ({"seed": True}, r"Seed \(seed\) must be"),
        ({"method": "adalora"}, r"Method \(method\) must be lora or qlora"),
        ({"method": "lora", "precision": "4bit"}, "called QLoRA"),
        ({"method": "qlora", "precision": "bf16"}, "must be auto or 4bit for QLoRA"),
        ({"lora_r": 0, "max_length": 1}, "LoRA rank|Max sequence length"),
        ({"lora_rank": 3}, "Unknown settings: lora_rank"),
    ],
)
def test_a_setting_that_cannot_be_used_is_refused_under_its_usual_name(
    changes: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(InvalidRunSpec, match=sentence):
        a_run("models/tiny", **changes)


def test_what_is_missing_is_named() -> None:
    with pytest.raises(InvalidRunSpec, match="missing: base_model, name"):
        RunSpec.from_json({"run_id": "r", "version_id": "v"})


def test_a_classification_is_trained_by_lora_or_whole_and_by_no_other_method() -> None:
    spec = a_run("models/tiny", head="classification", label_field="status")
    assert RunSpec.from_json(spec.to_json()) == spec
    assert spec.classifies
    assert spec.data.label_field == "status"
    assert a_run("models/tiny", head="classification", method="full").classifies
    for method in sorted(set(METHODS) - {"lora", "full"}):
        with pytest.raises(InvalidRunSpec, match="must be lora or full to choose a label"):
            a_run("models/tiny", head="classification", method=method)
        settings = {**RunSpec.defaults(method), "head": "classification"}
        assert "lora or full" in complaint_about("method", settings)


def test_the_defaults_fill_a_form_and_make_a_spec() -> None:
    settings = RunSpec.defaults()
    given = {"run_id": "r", "name": "n", "base_model": "b", "version_id": "v"}
    assert RunSpec.from_settings({**given, **settings}).method == Lora()
    assert not given.keys() & settings.keys()


def test_a_generation_config_is_named_by_its_hash() -> None:
    config = GenerationConfig(max_new_tokens=64, shots=2)
    assert GenerationConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert config.hash == GenerationConfig(max_new_tokens=64, shots=2, temperature=0).hash
    assert config.hash != GenerationConfig(max_new_tokens=65, shots=2).hash
    with pytest.raises(InvalidRunSpec, match=r"Temperature \(temperature\) must be between 0"):
        GenerationConfig(temperature=-1)


def test_a_form_gets_the_sentence_for_the_field_that_is_wrong() -> None:
    settings = RunSpec.defaults()
    assert not any(complaint_about(name, settings) for name in settings)
    wrong = {**settings, "lora_r": 0, "method": "qlora", "precision": "bf16"}
    assert complaint_about("lora_r", wrong) == (
        "LoRA rank must be a whole number from 1 to 1024; 8 to 64 is usual."
    )
    assert complaint_about("precision", wrong) == "Precision must be auto or 4bit for QLoRA."
    assert complaint_about("learning_rate", wrong) == ""
