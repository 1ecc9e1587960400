"""The proof that a saved adapter is the trained one: in units of the precision, on bf16 models."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from core.gpu.adapter_check import (
    AdapterNotProven,
    Readings,
    measure,
    prove,
    read_both,
    read_logits,
)
from core.gpu.adapters import attach_adapter
from core.gpu.data import EncodedSplit, encode
from core.gpu.models import LoadedModel, load_model
from core.prompts import PromptTemplate
from tests.tiny_model import a_run, make_tiny_model, some_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "tiny")
    make_tiny_model(workspace / "models" / "other", seed=1)
    return workspace


def a_base(home: Path, name: str = "tiny", *, attention: str = "sdpa") -> LoadedModel:
    """In bf16, its logits as large as those of real models."""
    base = load_model(f"models/{name}", home, "bf16")
    base.model.set_attn_implementation(attention)
    with torch.no_grad():
        base.model.model.norm.weight.mul_(4)
    return base


def probes(base: LoadedModel) -> EncodedSplit:
    return encode(base.tokenizer, PromptTemplate().prompt, some_rows(3), 200, "refuse")


def tuned(base: LoadedModel, *, strength: float, seed: int = 1) -> Any:
    """A PeftModel whose adapter changes a little, as a short training leaves it."""
    model = attach_adapter(base, a_run("models/tiny", precision="bf16", seed=seed))
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "lora_B" in name:
                parameter.copy_(torch.randn(parameter.shape, generator=generator) * strength)
    return model.eval()


def readings(home: Path, *, attention: str = "sdpa", seed: int = 1) -> Readings:
    base = a_base(home, attention=attention)
    examples = probes(base).examples
    return read_both(tuned(base, strength=0.05, seed=seed), examples, base.device)


def fresh_logits(home: Path, name: str = "tiny", *, attention: str = "sdpa") -> list[Any]:
    base = a_base(home, name, attention=attention)
    return read_logits(base.model, probes(base).examples, base.device)


def test_other_kernels_of_one_model_are_within_the_tolerance_of_bf16(home: Path) -> None:
    trained = readings(home)
    reloaded = readings(home, attention="eager")
    fresh = fresh_logits(home, attention="eager")
    assert max(float(one.abs().max()) for one in fresh) > 25
    gap = measure(reloaded.tuned, trained.tuned, 7)
    assert gap.largest > 0.1, "an absolute bound of 0.1 threw this good run away"
    checks = prove(trained, fresh, reloaded, "bf16")
    assert all(check["ok"] for name, check in checks.items() if name != "logits_sha256")


def test_another_adapter_and_another_base_are_not_proven_in_bf16(home: Path) -> None:
    trained, fresh = readings(home), fresh_logits(home)
    another = readings(home, seed=2)
    with pytest.raises(AdapterNotProven, match="reloaded equals trained"):
        prove(trained, fresh, replace(another, adapter=trained.adapter), "bf16")
    with pytest.raises(AdapterNotProven, match="saved weights equal trained"):
        prove(trained, fresh, replace(trained, adapter=another.adapter), "bf16")
    with pytest.raises(AdapterNotProven, match="base equals fresh base"):
        prove(trained, fresh_logits(home, "other"), trained, "bf16")


def test_an_adapter_that_changes_nothing_or_reloads_differently_is_not_proven() -> None:
    base, tuned = [torch.zeros(2, 3)], [torch.ones(2, 3)]
    good = Readings(base, tuned)
    assert prove(good, base, good, "fp32")["base_equals_fresh_base"]["ok"]
    with pytest.raises(AdapterNotProven, match="reloaded equals trained"):
        prove(good, base, Readings(base, [torch.ones(2, 3) + 0.01]), "fp32")
    with pytest.raises(AdapterNotProven, match="tuned differs from base"):
        prove(Readings(base, base), base, Readings(base, base), "fp32")
    with pytest.raises(AdapterNotProven, match="base equals fresh base"):
        prove(good, [base[0] + 1], good, "fp32")
    with pytest.raises(AdapterNotProven):
        prove(good, base, Readings(base, [torch.full((2, 3), math.nan)]), "fp32")
    with pytest.raises(AdapterNotProven):
        prove(Readings([torch.full((2, 3), math.nan)], tuned), base, good, "fp32")
