"""What a real worker imports for a run."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from core.gpu.imports import leave_out_unused
from core.jobs.context import JobContext
from core.jobs.folder import JobFolder
from tests.job_builders import imports_of_worker
from tests.tiny_model import a_run, a_training, make_tiny_model


@pytest.mark.parametrize(("method", "brings"), [("lora", set[str]()), ("qlora", {"bitsandbytes"})])
def test_only_4bit_weights_bring_bitsandbytes_and_nothing_brings_scipy(
    tmp_path: Path, method: str, brings: set[str]
) -> None:
    tiny = make_tiny_model(tmp_path / "models" / "tiny")
    folder = a_training(tmp_path / "runs" / "r", a_run(tiny, method=method, max_steps=2))
    imported = imports_of_worker(folder)
    assert {"torch", "peft"} <= imported
    assert imported & {"bitsandbytes", "scipy"} == brings


@pytest.mark.parametrize(
    "config", ["", "{", '{"quantization_config": {"quant_method": "bitsandbytes"}}']
)
def test_a_model_that_may_lie_in_4bit_in_its_folder_keeps_bitsandbytes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, config: str
) -> None:
    monkeypatch.setattr(sys, "modules", dict(sys.modules))
    sys.modules.pop("bitsandbytes", None)
    model = tmp_path / "models" / "small"
    model.mkdir(parents=True)
    if config:
        (model / "config.json").write_text(config)
    spec = a_run(model).job_spec() | {"workspace": str(tmp_path)}
    leave_out_unused(JobContext(JobFolder.create(tmp_path / "runs" / "r", spec)))
    assert "bitsandbytes" not in sys.modules
