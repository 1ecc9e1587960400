"""The pre-flight on a real tiny model: every line, what it refuses, and that it leaves no trace."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from core.gpu import preflight
from core.gpu.adapters import attach_adapter
from core.gpu.data import encode
from core.gpu.loop import TrainingLoop
from core.gpu.models import load_model
from core.gpu.objective import answer_loss
from core.gpu.probe import probe
from core.jobs.context import JobContext
from core.jobs.folder import JobFolder, read_json
from core.prompts import PromptTemplate
from core.tuning.preflight import NOT_REACHED, TITLES, Preflight
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows, write_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

Rows = Sequence[Mapping[str, Any]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "tiny")
    return workspace


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        yield


def apart(count: int, first: int) -> list[dict[str, str]]:
    """Examples that are no near-duplicates of each other."""
    words = [
        "amber",
        "birch",
        "cedar",
        "delta",
        "ember",
        "fjord",
        "grove",
        "haven",
        "inlet",
        "jetty",
    ]
    return [
        {
            "example_id": f"e{first + n}",
            "instruction": f"Say {words[n % 10]} {(first + n) * 7919}, {words[(n * 3) % 10]}.",
            "input": "",
            "output": f"{words[n % 10]}",
        }
        for n in range(count)
    ]


def found(
    home: Path,
    name: str,
    *,
    train: Rows | None = None,
    validation: Rows | None = None,
    test: Rows | None = None,
    **changes: Any,
) -> Preflight:
    spec = a_run(changes.pop("base_model", "models/tiny"), **changes)
    folder = JobFolder.create(home / "jobs" / name, {**spec.job_spec(), "kind": "preflight"})
    write_rows(folder.data / "train.parquet", apart(24, 0) if train is None else train)
    write_rows(
        folder.data / "validation.parquet", apart(6, 100) if validation is None else validation
    )
    write_rows(folder.data / "test.parquet", apart(6, 200) if test is None else test)
    preflight.run(JobContext(folder))
    report = read_json(folder.final / "preflight.json")
    assert report is not None
    known = Preflight.from_json(report)
    assert report["ok"] == known.ok
    assert [line.name for line in known.lines] == list(TITLES)
    return known


def verdicts(known: Preflight) -> dict[str, str]:
    return {line.name: line.verdict for line in known.lines}


def text_of(known: Preflight, name: str) -> str:
    return next(line.text for line in known.lines if line.name == name)


def test_what_is_left_out_as_over_long_is_told_of_every_split(home: Path) -> None:
    longer = [{**row, "output": "on and on " * 60} for row in apart(4, 300)]
    known = found(home, "dropped", train=longer, overlong="drop")
    assert verdicts(known)["tokens"] == "refused"
    assert "No training example is left: all 4 are over-long" in text_of(known, "tokens")
    known = found(home, "unmeasured", validation=longer, overlong="drop")
    assert verdicts(known)["tokens"] == "noted"
    assert "4 to be measured on are over-long" in text_of(known, "tokens")
    assert "No validation example is left to measure the loss on" in text_of(known, "tokens")


def test_target_modules_that_the_model_does_not_have_are_refused(home: Path) -> None:
    known = found(home, "modules", target_modules="q_proj,query")
    assert verdicts(known)["memory"] == "refused"
    assert "has no query. It has down_proj, " in text_of(known, "memory")


def test_a_run_that_may_start_passes_every_line_and_is_measured(home: Path) -> None:
    known = found(home, "fine")
    assert set(verdicts(known).values()) == {"passed"}, known.lines
    assert known.ok
    assert (known.micro_batch, known.gradient_accumulation) == (4, 1)
    assert known.prompt_hash == PromptTemplate().prompt.hash
    assert known.peak_bytes
    assert known.peak_bytes > 10**7
    assert known.seconds
    assert known.step_seconds
    assert known.disk_bytes
    assert known.base_scores.keys() == {"rouge_l", "token_f1"}
    example = known.tokenized[0]
    assert len(known.tokenized) == 5
    assert "".join(text for text, own in example.pieces if own) == "amber</s>"
    assert "Say amber 0" in "".join(text for text, own in example.pieces if not own)


def test_what_must_be_mended_is_refused_and_nothing_behind_it_is_looked_at(home: Path) -> None:
    def refused(name: str, at: str, sentence: str, **changes: Any) -> None:
        known = found(home, name, **changes)
        assert not known.ok
        told = verdicts(known)
        assert told[at] == "refused"
        assert sentence in text_of(known, at)
        behind = list(TITLES)[list(TITLES).index(at) + 1 :]
        assert all(text_of(known, name) == NOT_REACHED for name in behind)

    refused("a", "model", "There is no model", base_model="models/none")
    refused("b", "model", "not those that this was made for", base_model_hash="0" * 64)
    empty = [{**row, "output": " "} for row in apart(4, 0)]
    refused("c", "examples", "None of the 4 training examples has an output", train=empty)
    refused("d", "tokens", "have more than 16 tokens", max_length=16)


def test_what_can_be_lived_with_is_noted_with_its_numbers(home: Path) -> None:
    rows = apart(8, 0)
    flawed = [*rows, rows[0], {**rows[1], "output": "", "instruction": "Say nothing 17."}]
    known = found(home, "noted", train=flawed, test=rows[:2])
    assert (
        text_of(known, "examples") == "Of 10: 1 without an output, 1 that repeat another exactly."
    )
    assert "In two splits: 2 equal questions" in text_of(known, "overlap")
    assert known.ok


def test_a_probe_leaves_weights_optimizer_and_chance_as_they_were(home: Path) -> None:
    spec = a_run("models/tiny", lora_dropout=0.1)
    base = load_model("models/tiny", home)
    model = attach_adapter(base, spec)
    split = encode(base.tokenizer, PromptTemplate().prompt, some_rows(8), 200, "refuse")
    job = JobContext(a_training(home / "runs" / "probed", spec))
    loop = TrainingLoop(job, spec, model, base.device, split, split)
    before = [p.detach().clone() for p in loop.parameters]
    chance = torch.get_rng_state()
    measured = probe(loop)
    assert measured.micro_batch == 4
    assert measured.seconds > 0
    assert torch.equal(torch.get_rng_state(), chance)
    assert not loop.optimizer.state
    for parameter, kept in zip(loop.parameters, before, strict=True):
        assert torch.equal(parameter, kept)
        assert parameter.grad is None


def test_a_limit_of_minutes_bounds_the_time_that_a_run_is_said_to_take(home: Path) -> None:
    long = found(home, "long", num_train_epochs=1000.0)
    brief = found(home, "brief", num_train_epochs=1000.0, max_minutes=0.05)
    assert long.seconds is not None
    assert long.seconds > 3 == brief.seconds
    assert "It ends after 3 seconds of training, as Max minutes says." in text_of(brief, "cost")
    assert "It ends" not in text_of(long, "cost")


def test_a_probe_finds_the_micro_batch_that_fits_and_keeps_the_effective_one(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(model: Any, batch: Any) -> torch.Tensor:
        if model.training and len(batch.ids) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return answer_loss(model, batch)

    monkeypatch.setattr("core.gpu.objective.answer_loss", too_large)
    known = found(home, "tight", per_device_train_batch_size=8)
    assert (known.micro_batch, known.gradient_accumulation) == (2, 4)
    assert verdicts(known)["memory"] == "noted"
    assert "Not 8: the run will take 4 micro-batches a step" in text_of(known, "memory")

    def never(model: Any, batch: Any) -> torch.Tensor:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")

    monkeypatch.setattr("core.gpu.objective.answer_loss", never)
    known = found(home, "hopeless")
    assert verdicts(known)["memory"] == "refused"
    assert "does not fit into memory" in text_of(known, "memory")


def test_a_probe_that_does_not_fit_tells_that_no_layer_keeps_its_activations(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(model: Any, batch: Any) -> torch.Tensor:
        layers = [one for one in model.modules() if hasattr(one, "gradient_checkpointing")]
        if model.training and not any(one.gradient_checkpointing for one in layers[1:]):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return answer_loss(model, batch)

    known = found(home, "room", activation_checkpointing="selective")
    assert "All 2 layers keep their activations" in text_of(known, "memory")
    monkeypatch.setattr("core.gpu.objective.answer_loss", too_large)
    known = found(home, "less room", activation_checkpointing="selective")
    assert verdicts(known)["memory"] == "passed"
    told = "Every layer computes its activations again: those of 2 do not fit."
    assert text_of(known, "memory").endswith(told)
