"""Compare techniques: real runs within a budget, the loser ends early, all answer the test."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from core.actor import Actor
from core.errors import InvalidInput, NotAllowed
from core.gpu.rivals import Rivals
from core.jobs.events import EventLog
from core.jobs.folder import JobFolder
from core.workflows.jobs.supervisor import supervise_once
from core.workflows.tuning import techniques
from core.workflows.tuning.techniques import Technique
from storage.store import Store
from tests.builders import an_actor
from tests.tuning.test_training_workflow import a_version

SHORT: dict[str, Any] = {
    "max_steps": 12,
    "eval_steps": 4,
    "max_length": 200,
    "eval_samples": 0,
    "early_stopping_patience": 0,
}


def settle(store: Store) -> None:
    end = time.monotonic() + 150
    while supervise_once(store):
        assert time.monotonic() < end
        time.sleep(0.05)


def test_contenders_are_methods_times_the_values_that_they_have() -> None:
    found = techniques.techniques("tiny", ["lora", "ia3"], {"lora_r": [4, 8]})
    assert [one.name for one in found] == ["LoRA: LoRA rank 4", "LoRA: LoRA rank 8", "IA3"]
    assert [one.settings.get("lora_r") for one in found] == [4, 8, None]
    for methods, grid, sentence in (
        (["lora", "ia3"], {}, r"has 3 to 12 contenders \(these are 2\)"),
        (["lora", "lora"], {"lora_r": [4, 8, 4]}, r"has 3 to 12 contenders \(these are 2\)"),
        (["lora"], {"lora_r": [1, 2, 0]}, "LoRA rank must be a whole number from 1"),
        (["lora", "ia3", "dora"], {"nonsense": [1]}, "Unknown settings: nonsense"),
    ):
        with pytest.raises(InvalidInput, match=sentence):
            techniques.techniques("tiny", methods, grid)


def test_the_median_of_rivals_counts_those_that_got_as_far(tmp_path: Path) -> None:
    def rival(name: str, losses: dict[int, float]) -> Path:
        folder = JobFolder.create(tmp_path / name, {"kind": "train"})
        log = EventLog(folder.events_file)
        for step, loss in losses.items():
            log.append("eval", step=step, loss=loss)
        return folder.path

    folders = [
        rival("a", {0: 9.0, 5: 3.0, 10: 4.0}),
        rival("b", {0: 0.1, 5: 2.0, 10: 1.0}),
        rival("c", {0: 9.0, 5: 1.0}),
        tmp_path / "not-begun",
    ]
    rivals = Rivals(folders)
    assert rivals.median_at(5) == 2.0
    assert rivals.median_at(10) == 2.0  # of 3.0 and 1.0: the lowest so far, without step 0
    assert rivals.median_at(11) is None
    assert Rivals(folders[:1]).median_at(5) is None


def test_a_comparison_trains_all_ends_the_loser_early_and_lets_them_answer(
    store: Store, lead: Actor
) -> None:
    project_id = next(iter(lead.roles))
    version_id = a_version(store, project_id)
    contenders = [
        Technique("Good", {"method": "lora", "learning_rate": 0.02}),
        Technique("Better", {"method": "lora", "learning_rate": 0.03}),
        Technique("Idle", {"method": "lora", "learning_rate": 1e-9}),
    ]
    asked: dict[str, Any] = {"model_id": "tiny", "contenders": contenders, "settings": SHORT}
    reviewer = an_actor(project_id, "reviewer", name="Rev")
    with pytest.raises(NotAllowed):
        techniques.start_comparison(store, reviewer, version_id, minutes=5, **asked)
    with pytest.raises(InvalidInput, match="more than 0 minutes"):
        techniques.start_comparison(store, lead, version_id, minutes=0, **asked)
    techniques.start_comparison(store, lead, version_id, minutes=30, **asked)
    (comparison,) = techniques.comparisons_of(store, lead, project_id)
    assert not comparison.settled
    settle(store)
    (comparison,) = techniques.comparisons_of(store, lead, project_id)
    assert comparison.settled
    ends = {run.name: run.metrics.ended_by for run in comparison.runs if run.metrics}
    assert ends == {"Good": "steps", "Better": "steps", "Idle": "rivals"}
    rows = techniques.contenders_of(store, lead, comparison)
    assert [row.name for row in rows[:3]] == ["Good", "Better", "Idle"]
    assert len(rows) == 5
    assert [(row.answers, row.rouge_l is None) for row in rows] == [(4, False)] * 5
    assert all(row.run is None for row in rows[3:])
