"""Before a run starts: steps as the worker counts them, the device, a rough guess at the time."""

from __future__ import annotations

import itertools
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from core.gpu.schedule import StepPlan
from core.prompts import PromptTemplate
from core.tuning.comparing import cautions, differing_settings
from core.tuning.planning import device, expected_seconds, planned_steps
from core.tuning.run import Run, RunMetrics
from core.tuning.run_spec import RunSpec
from pages.components.charts import as_csv

DEFAULTS = RunSpec.defaults()


def a_spec(**changes: Any) -> RunSpec:
    given = {"run_id": "r", "name": "n", "base_model": "m", "version_id": "v", "model_id": "demo"}
    return RunSpec.from_settings({**given, **changes})


@pytest.mark.parametrize(
    ("examples", "batch", "accumulation", "epochs", "most"),
    list(itertools.product((1, 7, 800), (1, 8), (1, 3), (0.5, 1.0, 2.7), (-1, 60))),
)
def test_the_form_counts_steps_as_the_worker_does(
    examples: int, batch: int, accumulation: int, epochs: float, most: int
) -> None:
    settings = {
        "per_device_train_batch_size": batch,
        "gradient_accumulation_steps": accumulation,
        "num_train_epochs": epochs,
        "max_steps": most,
    }
    assert planned_steps(examples, settings) == StepPlan([9] * examples, a_spec(**settings)).total


def a_past_run(name: str = "past", steps: int = 100, seconds: float = 50.0) -> Run:
    spec = a_spec()
    metrics = RunMetrics(steps, steps, seconds, 1, 2, "fp32", "", "")
    return Run(
        "run", "prj", "ver", "job", name, spec, metrics, "ada", "Ada", datetime(2026, 1, 1),
        "completed", steps, steps, None, None, None, "runs/run",
    )  # fmt: skip


def test_the_time_is_guessed_from_the_newest_run_of_the_same_model_and_method() -> None:
    older = a_past_run("older", 1, 999.0)
    assert expected_seconds([a_past_run(), older], "demo", DEFAULTS, 200) == (100.0, "past")
    twice = {**DEFAULTS, "per_device_train_batch_size": 16}
    assert expected_seconds([a_past_run()], "demo", twice, 200) == (200.0, "past")


@pytest.mark.parametrize(
    ("best", "last", "learned"), [(1.0, 1.5, True), (3.1, 3.1, False), (1.0, 3.2, False)]
)
def test_a_run_that_ended_no_better_than_its_base_has_not_learned(
    best: float, last: float, learned: bool
) -> None:
    run = a_past_run()
    assert run.metrics
    metrics = replace(
        run.metrics,
        initial_validation_loss=3.0,
        best_validation_loss=best,
        validation_loss=last,
    )
    assert replace(run, metrics=metrics).learned is learned
    assert run.learned


def test_what_keeps_the_losses_of_two_runs_from_being_compared_is_told() -> None:
    def run_with(version_id: str = "ver", **changes: Any) -> Run:
        return replace(a_past_run(), spec=a_spec(**changes), version_id=version_id)

    plain = run_with()
    assert cautions([plain, run_with(lora_r=4, seed=1, max_length=64)]) == []
    for other, told in (
        (run_with("v2"), "different dataset versions"),
        (run_with(model_id="another"), "different base models"),
        (run_with(head="classification"), "do not learn the same"),
        (run_with(max_length=64, overlong="drop"), "for over-long"),
    ):
        (caution,) = cautions([plain, other])
        assert told in caution


def test_the_settings_in_which_runs_differ_are_told_with_their_templates() -> None:
    runs = [
        replace(a_past_run(), spec=a_spec(**changes))
        for changes in ({"lora_r": 4}, {"method": "ia3", "template": "{instruction} {input} ="})
    ]
    found = differing_settings(runs)
    assert found["method"] == ["lora", "ia3"]
    assert found["lora_r"] == [4, None]
    assert found["template"] == [PromptTemplate(r.spec.prompt.template).hash[:12] for r in runs]
    assert "seed" not in found


def test_no_time_is_guessed_from_what_cannot_be_compared() -> None:
    runs = [replace(a_past_run(), metrics=None)]
    assert expected_seconds(runs, "demo", DEFAULTS, 10) is None
    assert expected_seconds([a_past_run()], "other", DEFAULTS, 10) is None
    assert expected_seconds([a_past_run()], "demo", {**DEFAULTS, "method": "qlora"}, 10) is None


def test_a_card_is_named_as_the_driver_names_it(tmp_path: Path) -> None:
    card = tmp_path / "0000:01:00.0"
    card.mkdir()
    (card / "information").write_text("Model: \t\t NVIDIA H100 80GB HBM3\nIRQ: 12\n")
    found = device(tmp_path)
    assert (found.title, found.is_accelerator) == ("NVIDIA H100 80GB HBM3", True)


def test_the_data_behind_a_chart_cannot_run_as_a_formula() -> None:
    rows = [{"name": "=HYPERLINK(1)", "value": -1.5}, {"name": "plain", "n": 3}]
    assert as_csv(rows).splitlines() == ["name,value,n", "'=HYPERLINK(1),-1.5,", "plain,,3"]
