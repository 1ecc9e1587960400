"""The frozen settings of runs and generations."""

from __future__ import annotations

import json
import math

import pytest

from core.prompts import PromptTemplate
from core.tuning.run_spec import GenerationConfig, InvalidRunSpec, RunSpec, library_versions
from tests.tiny_model import a_run


def test_a_spec_comes_back_exactly_and_refuses_to_be_wrong() -> None:
    spec = a_run("models/tiny", library_versions=library_versions(), learning_rate=0.1 + 0.2)
    assert RunSpec.from_json(json.loads(json.dumps(spec.job_spec()))) == spec
    assert spec.template_hash == PromptTemplate(spec.template).hash
    RunSpec(run_id="r", name="n", base_model="b", version_id="v", **RunSpec.defaults())
    for changes, sentence in (
        ({"lora_r": 0}, "lora_r must be a whole number from 1"),
        ({"learning_rate": math.nan}, "learning_rate must be above 0"),
        ({"seed": True}, "seed must be"),
        ({"method": "full"}, "method must be lora or qlora"),
        ({"method": "lora", "precision": "4bit"}, "set method to qlora"),
        ({"method": "qlora", "precision": "bf16"}, "set precision to auto or 4bit"),
        ({"template_hash": "0"}, "not the hash"),
    ):
        with pytest.raises(InvalidRunSpec, match=sentence):
            a_run("models/tiny", **changes)
    with pytest.raises(InvalidRunSpec, match="Unknown settings: lora_rank"):
        RunSpec.from_json({**spec.to_json(), "lora_rank": 3})
    with pytest.raises(InvalidRunSpec, match="missing: base_model, name"):
        RunSpec.from_json({"run_id": "r", "version_id": "v"})


def test_a_generation_config_is_named_by_its_hash() -> None:
    config = GenerationConfig(max_new_tokens=64, shots=2)
    assert GenerationConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    assert config.hash == GenerationConfig(max_new_tokens=64, shots=2, temperature=0).hash
    assert config.hash != GenerationConfig(max_new_tokens=65, shots=2).hash
    with pytest.raises(InvalidRunSpec, match="temperature must be between 0"):
        GenerationConfig(temperature=-1)
