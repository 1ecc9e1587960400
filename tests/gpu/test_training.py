"""Training on a real tiny model: in this process where that is enough, in workers where not."""

from __future__ import annotations

import json
import math
import os
import shutil
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from core.gpu import checkpoints, training, validation_samples
from core.gpu.adapters import attach_adapter, load_adapter
from core.gpu.data import (
    NothingToLearn,
    OverlongExamples,
    collate,
    encode,
)
from core.gpu.decoding import answer_batch
from core.gpu.diverging import TrainingDiverged
from core.gpu.loop import TrainingLoop
from core.gpu.models import ChangedModel, MissingModel, UnusableModel, load_model
from core.gpu.objective import answer_loss
from core.jobs import lock
from core.jobs.context import JobContext, JobStopped
from core.jobs.events import read_events
from core.jobs.faults import fault_of
from core.jobs.folder import JobFolder, write_json
from core.jobs.local import launch, status_of
from core.prompts import PromptTemplate
from core.tuning.settings import InvalidRunSpec
from core.tuning.weights import weights_hash
from tests.disks import a_small_disk, filled
from tests.odd_jobs import wait_for, wait_for_end
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        yield


def train_here(folder: JobFolder) -> dict[str, Any]:
    """Runs the job in this process and returns its metrics."""
    training.run(JobContext(folder))
    metrics: dict[str, Any] = json.loads((folder.final / "metrics.json").read_text())
    return metrics


def losses_of(folder: JobFolder, kind: str = "log") -> dict[int, float]:
    events, _ = read_events(folder.events_file)
    return {event["step"]: event["loss"] for event in events if event["kind"] == kind}


def wait_until_step(folder: JobFolder, step: int) -> None:
    def is_there() -> bool:
        assert not status_of(folder).is_terminal, folder.log_file.read_text()
        return checkpoints.is_whole(checkpoints.folder_of(folder.checkpoints, step))

    wait_for(is_there)


def stop_after(folder: JobFolder, step: int) -> None:
    while not checkpoints.folder_of(folder.checkpoints, step).is_dir():
        time.sleep(0.005)
    folder.stop_flag.touch()


def test_a_run_that_was_stopped_and_killed_ends_as_an_unbroken_one(
    tiny: Path, tmp_path: Path
) -> None:
    spec = a_run(tiny, num_train_epochs=25.0, eval_steps=10, lora_dropout=0.1, learning_rate=0.003)
    broken = a_training(tmp_path / "runs" / "broken", spec)

    pid = launch(broken)
    wait_until_step(broken, 10)
    os.kill(pid, signal.SIGKILL)
    assert wait_for_end(broken).status == "lost"
    assert not lock.is_held(broken.lock_file)

    asking = threading.Thread(target=stop_after, args=(broken, 30))
    asking.start()
    with pytest.raises(JobStopped):
        training.run(JobContext(broken))
    asking.join()
    assert not broken.final.exists()
    at = checkpoints.latest(broken.checkpoints)
    assert at is not None
    assert 30 <= at[1].step < 150

    launch(broken)
    assert wait_for_end(broken).status == "completed", broken.log_file.read_text()
    notes = [e["text"] for e in read_events(broken.events_file)[0] if e["kind"] == "note"]
    assert sum(note.startswith("Goes on from the checkpoint") for note in notes) == 2

    unbroken = a_training(tmp_path / "runs" / "unbroken", spec)
    metrics = train_here(unbroken)
    assert losses_of(broken) == losses_of(unbroken)
    assert losses_of(broken, "eval") == losses_of(unbroken, "eval")
    assert weights_hash(broken.final) == weights_hash(unbroken.final) == metrics["adapter_hash"]


def test_a_run_learns_and_leaves_a_proven_adapter_with_its_facts(
    tiny: Path, tmp_path: Path
) -> None:
    spec = a_run(tiny, version_hash="abc", num_train_epochs=5.0, learning_rate=0.02)
    folder = a_training(tmp_path / "runs" / "r1", spec)
    metrics = train_here(folder)
    losses = losses_of(folder)
    assert losses[30] < 0.5 * losses[1]
    assert losses_of(folder, "eval")[0] == metrics["initial_validation_loss"]
    assert metrics["warnings"] == []
    assert metrics["steps"] == metrics["total_steps"] == 30
    assert metrics["trainable_parameters"] == 8192
    assert 0.05 < metrics["trainable_parameters"] / metrics["total_parameters"] < 0.1
    assert metrics["tokens"] == 5 * metrics["data"]["train"]["tokens"]
    assert metrics["peak_memory_bytes"] > 10**7
    assert metrics["base_model_hash"] == weights_hash(tiny)
    checks = metrics["checks"]
    assert checks["base_equals_fresh_base"]["largest_difference"] == 0.0
    assert checks["reloaded_equals_trained"]["largest_difference"] == 0.0
    assert all(check["ok"] for name, check in checks.items() if name != "logits_sha256")
    assert checks["tuned_differs_from_base"]["largest_difference"] > 0.1
    assert (folder.final / "template.txt").read_text() == spec.prompt.template
    card = (folder.final / "README.md").read_text()
    assert "| learning_rate | 0.02 |" in card
    assert str(tiny) not in card + (folder.final / "adapter_config.json").read_text()
    assert {file.suffix for file in folder.final.iterdir()} == {
        ".safetensors",
        ".json",
        ".md",
        ".txt",
    }
    log = next(e for e in read_events(folder.events_file)[0] if e["kind"] == "log")
    assert log.keys() >= {"step", "total", "loss", "learning_rate", "tokens_per_second"}
    assert log.keys() >= {"seconds_left", "grad_norm"}


@pytest.mark.parametrize(
    ("method", "rate"), [("lora", 0.02), ("prompt_tuning", 0.5), ("prefix_tuning", 0.5)]
)
def test_early_stopping_keeps_the_adapter_that_validated_best(
    method: str, rate: float, tiny: Path, tmp_path: Path
) -> None:
    train = some_rows(8)
    # Each validation example contradicts training, so that learning soon makes it worse.
    validation = [{**row, "output": row["output"][::-1]} for row in some_rows(8, seed=1)]
    spec = a_run(
        tiny,
        method=method,
        learning_rate=rate,
        num_train_epochs=200.0,
        eval_steps=2,
        early_stopping_patience=3,
    )
    folder = a_training(tmp_path / "runs" / "r1", spec, train, validation)
    metrics = train_here(folder)
    evaluated = losses_of(folder, "eval")
    assert metrics["stopped_early"]
    assert metrics["steps"] == metrics["best_step"] + 6 < metrics["total_steps"]
    assert (
        metrics["best_validation_loss"]
        == min(loss for step, loss in evaluated.items() if step)
        < metrics["validation_loss"]
    )

    base = load_model(str(tiny), tmp_path)
    kept_best = load_adapter(base, folder.final)
    split = encode(base.tokenizer, PromptTemplate().prompt, validation, 200, "refuse")
    with torch.inference_mode():
        loss = answer_loss(kept_best, collate(split.examples)).item() / split.labelled
    assert loss == pytest.approx(metrics["best_validation_loss"], rel=1e-5)
    kept = {path.name for path in folder.checkpoints.glob("checkpoint-*")}
    last = metrics["steps"]
    assert kept == {f"checkpoint-{step}" for step in (last, last - 2, metrics["best_step"])}


def test_accumulated_batches_have_the_gradient_of_one_big_batch(tiny: Path, tmp_path: Path) -> None:
    rows = some_rows(8)
    # Answers of very different lengths: a mean of means would weigh their tokens differently.
    rows[0]["output"] *= 5
    grown = []
    for size, accumulation in ((8, 1), (2, 4)):
        spec = a_run(
            tiny,
            max_steps=1,
            per_device_train_batch_size=size,
            gradient_accumulation_steps=accumulation,
            lora_dropout=0.0,
        )
        folder = a_training(tmp_path / "runs" / f"r{size}", spec, rows)
        train_here(folder)
        grown.append(load_file(folder.final / "adapter_model.safetensors"))
    first, second = grown
    for name, tensor in first.items():
        torch.testing.assert_close(tensor, second[name], rtol=1e-3, atol=1e-5)
    norms = [
        next(e["grad_norm"] for e in read_events(path)[0] if e["kind"] == "log")
        for path in sorted(tmp_path.glob("runs/*/events.jsonl"))
    ]
    assert norms[0] == pytest.approx(norms[1], rel=1e-4)


def test_what_cannot_be_trained_is_refused_with_a_sentence(tiny: Path, tmp_path: Path) -> None:
    def refused(name: str, error: type[Exception], sentence: str, **changes: Any) -> None:
        rows = changes.pop("rows", None)
        folder = a_training(
            tmp_path / "runs" / name, a_run(**{"base_model": tiny, **changes}), rows
        )
        with pytest.raises(error, match=sentence):
            training.run(JobContext(folder))
        assert not folder.final.exists()

    pickled = tmp_path / "models" / "pickled"
    pickled.mkdir(parents=True)
    (pickled / "config.json").write_text((tiny / "config.json").read_text())
    (pickled / "pytorch_model.bin").write_bytes(b"pickle")
    refused("a", MissingModel, "There is no model in .*models/none", base_model="models/none")
    refused("b", MissingModel, "There is no model", base_model="nobody/has-this")
    refused("c", UnusableModel, "can run code", base_model="models/pickled")
    refused("d", ChangedModel, "not those", base_model_hash="0" * 64)
    refused("e", NothingToLearn, "no example", rows=some_rows(1)[:0])
    silent = [{**row, "output": " "} for row in some_rows(3)]
    refused("g", NothingToLearn, "None of the 3 training examples has an output", rows=silent)
    refused("f", OverlongExamples, "24 of 24", max_length=16)
    dropped = "No training example is left: all 24 are over-long .* choose to truncate them"
    refused("h", NothingToLearn, dropped, max_length=8, overlong="drop")
    unknown = r"base model, which has no v_porj\. It has .*q_proj, .*v_proj"
    refused("i", InvalidRunSpec, unknown, target_modules="q_proj, v_porj")
    refused("j", InvalidRunSpec, "cannot be put on .* another method", target_modules="norm")


def test_a_run_whose_loss_rose_completes_with_a_warning(tiny: Path, tmp_path: Path) -> None:
    spec = a_run(tiny, learning_rate=0.9, max_steps=6, eval_steps=6)
    other = [{**row, "output": "Met at the fair and talked."} for row in some_rows(8, seed=1)]
    metrics = train_here(a_training(tmp_path / "runs" / "r1", spec, validation=other))
    assert metrics["best_validation_loss"] > metrics["initial_validation_loss"]
    (warning,) = metrics["warnings"]
    assert "did not learn" in warning
    assert "(it was 0.9)" in warning


def test_a_run_whose_loss_nobody_measured_does_not_end_without_a_word(
    tiny: Path, tmp_path: Path
) -> None:
    long = [{**row, "input": "On and on. " * 80} for row in some_rows(4, seed=1)]
    spec = a_run(tiny, max_steps=1, overlong="drop")
    metrics = train_here(a_training(tmp_path / "runs" / "r1", spec, validation=long))
    assert metrics["validation_loss"] is None
    (warning,) = metrics["warnings"]
    assert "no validation example to measure the loss on: all 4 were over-long" in warning


@pytest.mark.parametrize(("rank", "served"), [(4, "8"), (16, "16"), (24, "32"), (513, "")])
def test_a_card_serves_an_adapter_with_a_rank_that_vllm_takes(
    rank: int, served: str, tiny: Path, tmp_path: Path
) -> None:
    spec = a_run(tiny, max_steps=1, lora_r=rank, target_modules="q_proj")
    folder = a_training(tmp_path / "runs" / "r1", spec)
    train_here(folder)
    card = (folder.final / "README.md").read_text()
    assert (f"--max-lora-rank {served} " in card) if served else ("vllm serve" not in card)


def test_inputs_that_the_template_has_no_place_for_are_told(tiny: Path, tmp_path: Path) -> None:
    spec = a_run(tiny, max_steps=1, template="{instruction}\nA:")
    metrics = train_here(a_training(tmp_path / "runs" / "r1", spec))
    assert metrics["warnings"][0].startswith("24 training examples have an input")


def test_a_model_whose_numbers_overflow_is_said_to_diverge(tiny: Path, tmp_path: Path) -> None:
    broken = tmp_path / "models" / "broken"
    make_tiny_model(broken)
    weights = load_file(broken / "model.safetensors")
    weights["model.norm.weight"][0] = math.inf
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    folder = a_training(tmp_path / "runs" / "r1", a_run("models/broken"))
    with pytest.raises(TrainingDiverged, match="not a number before any training"):
        training.run(JobContext(folder))


def test_stop_before_the_first_step_leaves_a_resumable_run(tiny: Path, tmp_path: Path) -> None:
    folder = a_training(tmp_path / "runs" / "r1", a_run(tiny, max_steps=2))
    folder.stop_flag.touch()
    with pytest.raises(JobStopped):
        training.run(JobContext(folder))
    folder.stop_flag.unlink()
    assert train_here(folder)["steps"] == 2


def test_a_checkpoint_with_a_missing_short_or_changed_file_does_not_count(
    tiny: Path, tmp_path: Path
) -> None:
    folder = a_training(tmp_path / "runs" / "r1", a_run(tiny, max_steps=4, eval_steps=2))
    train_here(folder)
    newest, progress = checkpoints.latest(folder.checkpoints) or (Path(), None)
    assert progress is not None
    assert (newest.name, progress.step) == ("checkpoint-4", 4)
    state = newest / "state.safetensors"
    written = state.read_bytes()
    for damaged in (written[:100], written[:-1] + bytes([written[-1] ^ 1])):
        state.write_bytes(damaged)
        older, _ = checkpoints.latest(folder.checkpoints) or (Path(), None)
        assert older.name == "checkpoint-2"
    state.write_bytes(written)
    assert checkpoints.latest(folder.checkpoints) == (newest, progress)
    sizes = {file.name: file.stat().st_size for file in newest.iterdir() if file.name != "DONE"}
    write_json(newest / "DONE", sizes)
    assert checkpoints.latest(folder.checkpoints) == (newest, progress), "as it was kept before"
    (newest / "DONE").unlink()
    (older / "DONE").unlink()
    assert checkpoints.latest(folder.checkpoints) is None


@pytest.mark.parametrize("damage", ["changed", "gone"])
def test_a_best_checkpoint_that_was_damaged_leaves_the_next_best(
    damage: str, tiny: Path, tmp_path: Path
) -> None:
    other = [{**row, "output": "zz qq zz"} for row in some_rows(8, seed=1)]
    spec = a_run(
        tiny, num_train_epochs=10.0, eval_steps=1, learning_rate=0.3, early_stopping_patience=2
    )
    folder = a_training(tmp_path / "runs" / "r1", spec, validation=other)
    best = train_here(folder)["best_step"]
    losses = losses_of(folder, "eval")
    assert best == min(losses, key=lambda step: losses[step]) == 3
    shutil.rmtree(folder.final)
    damaged = checkpoints.folder_of(folder.checkpoints, best)
    if damage == "gone":
        shutil.rmtree(damaged)
    else:
        weights = damaged / "adapter_model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-4] + b"    ")
    again = train_here(folder)
    left = {step: loss for step, loss in losses.items() if step in (4, 5)}
    assert again["best_step"] == min(left, key=lambda step: left[step])
    assert again["best_validation_loss"] == min(left.values())
    kept = checkpoints.folder_of(folder.checkpoints, again["best_step"])
    adapter = "adapter_model.safetensors"
    assert (folder.final / adapter).read_bytes() == (kept / adapter).read_bytes()


def test_validation_answers_that_run_out_of_memory_are_asked_in_smaller_batches(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_many(model: Any, base: Any, prompts: Any, *given: Any, **named: Any) -> Any:
        if len(prompts) > 1:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return answer_batch(model, base, prompts, *given, **named)

    monkeypatch.setattr(validation_samples, "answer_batch", too_many)
    folder = a_training(tmp_path / "runs" / "r1", a_run(tiny, max_steps=1, eval_samples=3))
    train_here(folder)
    told = [e for e in read_events(folder.events_file)[0] if e["kind"] == "samples"]
    assert [len(event["answers"]) for event in told] == [3, 3]


def test_qlora_trains_on_a_cpu_even_after_a_forward_in_evaluation(
    tiny: Path, tmp_path: Path
) -> None:
    base = load_model(str(tiny), tmp_path, method="qlora")
    assert base.precision == "4bit"
    examples = encode(base.tokenizer, PromptTemplate().prompt, some_rows(4), 200, "refuse").examples
    with torch.no_grad():
        answer_loss(base.model, collate(examples))
    model = attach_adapter(base, a_run(tiny, method="qlora"))
    assert "Linear4bit" in {type(m).__name__ for m in model.modules()}
    answer_loss(model.train(), collate(examples)).backward()  # type: ignore[no-untyped-call]
    trained = {n: p.grad for n, p in model.named_parameters() if p.requires_grad}
    assert len(trained) == 28
    assert all(grad is not None for grad in trained.values())
    moved = [n for n, grad in trained.items() if grad is not None and grad.abs().sum() > 0]
    assert len(moved) == 14, "lora_B has a gradient, and lora_A none yet because B is zero"

    spec = a_run(tiny, method="qlora", num_train_epochs=4.0, learning_rate=0.02)
    folder = a_training(tmp_path / "runs" / "r1", spec)
    metrics = train_here(folder)
    losses = losses_of(folder)
    assert losses[24] < 0.6 * losses[1]
    assert metrics["precision"] == "4bit"
    assert metrics["checks"]["reloaded_equals_trained"]["ok"]


def test_a_checkpoint_that_finds_no_space_says_so_and_the_one_before_it_is_gone_on_from(
    tiny: Path, tmp_path: Path
) -> None:
    spec = a_run(tiny, num_train_epochs=4.0, eval_steps=5)
    with a_small_disk(tmp_path / "disk") as disk, ExitStack() as stack:
        folder = a_training(disk / "runs" / "r", spec)

        def fill_after_the_first() -> None:
            wait_for(lambda: checkpoints.latest(folder.checkpoints) is not None)
            stack.enter_context(filled(disk, leaving=20_000))

        filling = threading.Thread(target=fill_after_the_first)
        filling.start()
        with pytest.raises(Exception, match="No space left") as told:
            training.run(JobContext(folder))
        filling.join()
        stack.close()
        assert "There is no space left" in fault_of(told.value).sentence
        at = checkpoints.latest(folder.checkpoints)
        assert at is not None
        assert at[1].step < 24
        assert train_here(folder)["steps"] == 24


def test_a_run_stopped_between_two_logged_steps_logs_what_an_unbroken_one_does(
    tiny: Path, tmp_path: Path
) -> None:
    spec = a_run(tiny, num_train_epochs=6.0, logging_steps=7, eval_steps=1000)
    broken = a_training(tmp_path / "runs" / "broken", spec)
    job = JobContext(broken)
    seen = job.progress

    def stop_at_ten(step: int, total: int) -> None:
        seen(step, total)
        if step == 10:
            broken.stop_flag.touch()

    job.progress = stop_at_ten  # type: ignore[assignment]
    with pytest.raises(JobStopped):
        training.run(job)
    assert checkpoints.folder_of(broken.checkpoints, 10).is_dir()
    broken.stop_flag.unlink()
    train_here(broken)
    unbroken = a_training(tmp_path / "runs" / "unbroken", spec)
    train_here(unbroken)
    assert losses_of(broken) == losses_of(unbroken)
    assert {7, 14, 21} <= losses_of(broken).keys()


def test_a_checkpoint_is_written_after_so_many_minutes_without_an_evaluation(
    tiny: Path, tmp_path: Path
) -> None:
    spec = a_run(tiny, max_steps=6, eval_steps=1000, save_minutes=1e-9)
    folder = a_training(tmp_path / "runs" / "often", spec)
    train_here(folder)
    assert {path.name for path in folder.checkpoints.glob("checkpoint-*")} == {
        "checkpoint-5",
        "checkpoint-6",
    }
    assert losses_of(folder, "eval").keys() == {0, 6}


def test_a_run_that_runs_out_of_memory_goes_on_with_smaller_micro_batches(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = a_run(tiny, max_steps=6, per_device_train_batch_size=8, lora_dropout=0.0)
    roomy = a_training(tmp_path / "runs" / "roomy", spec)
    train_here(roomy)

    def too_large(model: Any, batch: Any) -> torch.Tensor:
        if model.training and len(batch.ids) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return answer_loss(model, batch)

    monkeypatch.setattr("core.gpu.objective.answer_loss", too_large)
    tight = a_training(tmp_path / "runs" / "tight", spec)
    metrics = train_here(tight)
    notes = [e["text"] for e in read_events(tight.events_file)[0] if e["kind"] == "note"]
    told = [note for note in notes if note.startswith("Out of memory at step 1")]
    assert [note.partition("micro-batches of ")[2][:13] for note in told] == [
        "4 instead of ",
        "2 instead of ",
    ]
    assert metrics["micro_batch"] == 2
    for step, loss in losses_of(roomy).items():
        assert losses_of(tight)[step] == pytest.approx(loss, rel=1e-4)

    def never(model: Any, batch: Any) -> torch.Tensor:
        if model.training:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return answer_loss(model, batch)

    monkeypatch.setattr("core.gpu.objective.answer_loss", never)
    hopeless = a_training(tmp_path / "runs" / "hopeless", spec)
    with pytest.raises(torch.OutOfMemoryError) as told_of:
        training.run(JobContext(hopeless))
    assert fault_of(told_of.value).code == "out_of_memory"


def test_validation_examples_are_answered_at_each_evaluation_beside_their_reference(
    tiny: Path, tmp_path: Path
) -> None:
    spec = a_run(tiny, num_train_epochs=8.0, eval_steps=24, eval_samples=3, learning_rate=0.02)
    folder = a_training(tmp_path / "runs" / "r1", spec)
    train_here(folder)
    told = [e for e in read_events(folder.events_file)[0] if e["kind"] == "samples"]
    assert [event["step"] for event in told] == [0, 24, 48]
    assert all(len(event["answers"]) == 3 for event in told)
    first, last = told[0]["answers"][0], told[-1]["answers"][0]
    assert first["reference"] == last["reference"] == some_rows(8, seed=1)[0]["output"]
    assert last["answer"].startswith("name: ")
    assert told[-1]["rouge_l"] > told[0]["rouge_l"]
    assert 0 < told[-1]["token_f1"] <= 1


def test_the_evaluation_of_the_base_is_not_taken_for_a_part_of_every_step(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def slow(loop: TrainingLoop, model: Any) -> dict[str, float]:
        time.sleep(2 if loop.progress.step == 0 else 0)
        return evaluate(loop, model)

    evaluate = TrainingLoop.validation
    monkeypatch.setattr(TrainingLoop, "validation", slow)
    folder = a_training(tmp_path / "runs" / "r1", a_run(tiny, max_steps=40))
    assert train_here(folder)["seconds"] > 2
    first = next(e for e in read_events(folder.events_file)[0] if e["kind"] == "log")
    assert first["seconds_left"] < 40
    assert first["tokens_per_second"] > 100


def test_the_time_left_is_never_more_than_the_minutes_of_training_left(
    tiny: Path, tmp_path: Path
) -> None:
    spec = a_run(tiny, max_minutes=0.01, num_train_epochs=1000.0)
    folder = a_training(tmp_path / "runs" / "r1", spec)
    metrics = train_here(folder)
    assert (metrics["ended_by"], metrics["total_steps"]) == ("time", 6000)
    logged = [e for e in read_events(folder.events_file)[0] if e["kind"] == "log"]
    assert max(event["seconds_left"] for event in logged) <= 0.6


@pytest.mark.filterwarnings("ignore:Position ids are not supported")
def test_the_first_answers_and_the_first_loss_are_the_bases_own_whatever_the_method(
    tiny: Path, tmp_path: Path
) -> None:
    found = {}
    for method in ("lora", "prompt_tuning", "prefix_tuning"):
        spec = a_run(tiny, method=method, max_steps=1, eval_samples=3)
        folder = a_training(tmp_path / "runs" / method, spec)
        train_here(folder)
        events = read_events(folder.events_file)[0]
        told = next(event for event in events if event["kind"] == "samples")
        answers = [one["answer"] for one in told["answers"]]
        found[method] = (answers, pytest.approx(losses_of(folder, "eval")[0], rel=1e-5))
    assert found["prompt_tuning"] == found["lora"]
    assert found["prefix_tuning"] == found["lora"]


def test_the_numbers_of_a_run_stand_in_tensorboard_files(tiny: Path, tmp_path: Path) -> None:
    from tensorboardX.proto.event_pb2 import Event

    folder = a_training(tmp_path / "runs" / "r1", a_run(tiny, max_steps=4, eval_steps=2))
    train_here(folder)
    (file,) = (folder.path / "tensorboard").iterdir()
    scalars: dict[str, dict[int, float]] = {}
    content, at = file.read_bytes(), 0
    while at < len(content):  # of each record: its length, a checksum, itself, a checksum
        size = int.from_bytes(content[at : at + 8], "little")
        event = Event.FromString(content[at + 12 : at + 12 + size])
        for value in event.summary.value:
            scalars.setdefault(value.tag, {})[event.step] = value.simple_value
        at += size + 16
    assert scalars["train/loss"] == pytest.approx(losses_of(folder), rel=1e-5)
    assert scalars["validation/loss"] == pytest.approx(losses_of(folder, "eval"), rel=1e-5)
    assert scalars["train/learning_rate"].keys() == {1, 2, 3, 4}
    assert "memory/peak_bytes" in scalars


def test_an_evaluation_that_runs_out_of_memory_is_cut_smaller_too(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(model: Any, batch: Any) -> torch.Tensor:
        if not model.training and len(batch.ids) > 2:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return answer_loss(model, batch)

    spec = a_run(tiny, max_steps=2, per_device_train_batch_size=4, lora_dropout=0.0)
    roomy = a_training(tmp_path / "runs" / "roomy", spec)
    train_here(roomy)
    monkeypatch.setattr("core.gpu.objective.answer_loss", too_large)
    tight = a_training(tmp_path / "runs" / "tight", spec)
    assert train_here(tight)["micro_batch"] == 1
    for step, loss in losses_of(roomy, "eval").items():
        assert losses_of(tight, "eval")[step] == pytest.approx(loss, rel=1e-4)
