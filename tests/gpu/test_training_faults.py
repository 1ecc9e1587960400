"""Faults of a training on a real tiny model: killed in each phase, and files that do not fit."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoTokenizer

from core.gpu import checkpoints, training
from core.gpu.adapters import UnusableAdapter, attach_adapter, load_adapter, save_adapter
from core.gpu.data import ChangedExamples, collate, encode
from core.gpu.diverging import TrainingDiverged
from core.gpu.loop import TrainingLoop
from core.gpu.models import ChangedModel, UnusableModel, load_model
from core.gpu.objective import answer_loss
from core.jobs.context import JobContext, JobStopped
from core.jobs.folder import JobFolder
from core.jobs.local import ROOT
from core.prompts import PromptTemplate
from core.tuning.weights import weights_hash
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows, write_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

# One process imports torch; a child of it for each phase trains, and kills itself there.
DIES = """
import os, signal, sys
from pathlib import Path
import torch
from core.gpu import adapters, checkpoints, preparing, training
from core.jobs.context import JobContext
from core.jobs.folder import JobFolder

def die(*given, **named):
    os.kill(os.getpid(), signal.SIGKILL)

def second_save(model, folder, saved=[]):
    saved.append(folder)
    if len(saved) == 2:
        (folder / "adapter_model.safetensors").write_bytes(b"half")
        die()
    return adapters.save_adapter(model, folder)

PHASES = {
    "loading": lambda: setattr(preparing, "load_model", die),
    "checkpoint": lambda: setattr(checkpoints, "save_adapter", second_save),
    "proving": lambda: setattr(training, "prove", die),
}
torch.set_num_threads(1)
for path in sys.argv[1:]:
    child = os.fork()
    if not child:
        PHASES[Path(path).name]()
        training.run(JobContext(JobFolder(Path(path))))
        os._exit(0)
    print("ended", os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    make_tiny_model(tmp_path / "models" / "tiny")
    return tmp_path


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        yield


def train_here(folder: JobFolder) -> dict[str, Any]:
    training.run(JobContext(folder))
    metrics: dict[str, Any] = json.loads((folder.final / "metrics.json").read_text())
    return metrics


def test_an_evaluation_holds_the_logits_of_one_batch_at_a_time(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    alive: set[int] = set()
    most: list[int] = []

    def look(_model: Any, _inputs: Any, output: Any) -> None:
        if torch.is_inference_mode_enabled():
            alive.add(number := len(most))
            weakref.finalize(output.logits, alive.discard, number)
            most.append(len(alive))

    evaluate = TrainingLoop._validation_sum

    def watched(self: TrainingLoop, model: Any) -> torch.Tensor:
        watch = model.register_forward_hook(look)
        try:
            return evaluate(self, model)
        finally:
            watch.remove()

    monkeypatch.setattr(TrainingLoop, "_validation_sum", watched)
    spec = a_run(home / "models" / "tiny", max_steps=2, per_device_train_batch_size=1)
    train_here(a_training(home / "runs" / "r1", spec))
    assert len(most) > 4
    # The one before is let go of once the next one is there.
    assert max(most) <= 2
    assert not alive


def with_more_tokens(folder: Path, *tokens: str) -> None:
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.add_tokens(list(tokens))
    tokenizer.save_pretrained(str(folder))


def an_adapter(home: Path) -> Path:
    """As a completed run leaves it: its files, and the tokenizer beside them."""
    base = load_model("models/tiny", home)
    folder = home / "adapter"
    save_adapter(attach_adapter(base, a_run("models/tiny")), folder)
    base.tokenizer.save_pretrained(str(folder))
    return folder


def test_killed_while_it_loads_writes_a_checkpoint_or_proves_it_ends_as_an_unbroken_run(
    home: Path,
) -> None:
    spec = a_run("models/tiny", max_steps=6, eval_steps=2)
    phases = ("loading", "checkpoint", "proving")
    folders = {name: a_training(home / "runs" / name, spec) for name in phases}
    paths = [str(folder.path) for folder in folders.values()]
    ended = subprocess.run(
        [sys.executable, "-c", DIES, *paths], cwd=ROOT, capture_output=True, text=True, check=False
    )
    codes = [line.split()[1] for line in ended.stdout.splitlines() if line.startswith("ended ")]
    assert codes == [str(-signal.SIGKILL)] * 3, ended.stderr
    found = {name: checkpoints.latest(folder.checkpoints) for name, folder in folders.items()}
    assert {name: at and at[1].step for name, at in found.items()} == {
        "loading": None,
        "checkpoint": 2,
        "proving": 6,
    }
    assert checkpoints.folder_of(folders["checkpoint"].checkpoints, 4).is_dir()
    assert folders["proving"].final_part.is_dir()
    unbroken = a_training(home / "runs" / "unbroken", spec)
    wanted = train_here(unbroken)["adapter_hash"]
    for folder in folders.values():
        assert not folder.final.exists()
        assert train_here(folder)["adapter_hash"] == wanted == weights_hash(folder.final)
        assert not folder.final_part.exists()


def test_a_tokenizer_with_other_tokens_is_refused_when_a_run_goes_on(home: Path) -> None:
    folder = a_training(home / "runs" / "r1", a_run("models/tiny", max_steps=2))
    folder.stop_flag.touch()
    with pytest.raises(JobStopped):
        training.run(JobContext(folder))
    folder.stop_flag.unlink()
    with_more_tokens(home / "models" / "tiny", "<new>")
    with pytest.raises(ChangedModel, match="other tokens than the one that this was made for"):
        training.run(JobContext(folder))


def test_an_adapter_is_refused_on_a_base_with_other_tokens(home: Path) -> None:
    folder = an_adapter(home)
    assert load_adapter(load_model("models/tiny", home), folder)
    with_more_tokens(home / "models" / "tiny", "<new>")
    with pytest.raises(ChangedModel, match="Put its tokenizer back"):
        load_adapter(load_model("models/tiny", home), folder)


@pytest.mark.parametrize("file", ["train.parquet", "validation.parquet"])
def test_a_run_does_not_go_on_with_other_examples_than_it_began_with(
    file: str, tmp_path: Path
) -> None:
    make_tiny_model(tmp_path / "models" / "tiny")
    folder = a_training(tmp_path / "runs" / "r1", a_run("models/tiny", max_steps=2))
    folder.stop_flag.touch()
    with pytest.raises(JobStopped):
        training.run(JobContext(folder))
    folder.stop_flag.unlink()
    path = folder.data / file
    whole = path.read_bytes()
    for change in (
        lambda: write_rows(path, some_rows(24, seed=9)),
        lambda: path.write_bytes(whole[:200]),
        path.unlink,
    ):
        change()
        with pytest.raises(ChangedExamples, match=f"in {file} .* not those that it began with"):
            training.run(JobContext(folder))
        assert not folder.final.exists()
    path.write_bytes(whole)
    training.run(JobContext(folder))
    assert folder.final.is_dir()


def test_examples_that_are_damaged_before_the_first_start_are_told(tmp_path: Path) -> None:
    make_tiny_model(tmp_path / "models" / "tiny")
    folder = a_training(tmp_path / "runs" / "r1", a_run("models/tiny", max_steps=2))
    path = folder.data / "train.parquet"
    path.write_bytes(path.read_bytes()[:300])
    with pytest.raises(ChangedExamples, match=r"train\.parquet in the run's folder is damaged"):
        training.run(JobContext(folder))


def test_tokens_that_the_model_has_no_embedding_for_are_refused(home: Path) -> None:
    with_more_tokens(home / "models" / "tiny", "<new>")
    spec = a_run("models/tiny", max_steps=2)
    rows = some_rows(4)
    train_here(a_training(home / "runs" / "without", spec, rows))
    rows[0]["output"] += " <new>"
    with pytest.raises(UnusableModel, match="has no embedding for: it knows 375"):
        train_here(a_training(home / "runs" / "with", spec, rows))


def test_an_adapter_that_is_short_or_of_another_shape_is_refused(home: Path) -> None:
    folder = an_adapter(home)
    weights, config = folder / "adapter_model.safetensors", folder / "adapter_config.json"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:1000])
    with pytest.raises(UnusableAdapter, match="is damaged or was made for another base model"):
        load_adapter(load_model("models/tiny", home), folder)
    weights.write_bytes(whole)
    config.write_text(json.dumps({**json.loads(config.read_text()), "r": 2}))
    with pytest.raises(UnusableAdapter, match="or train again"):
        load_adapter(load_model("models/tiny", home), folder)


def test_a_base_that_is_short_or_of_another_shape_is_refused(home: Path) -> None:
    weights = home / "models" / "tiny" / "model.safetensors"
    config = home / "models" / "tiny" / "config.json"
    whole = weights.read_bytes()
    weights.write_bytes(whole[:2000])
    with pytest.raises(UnusableModel, match=r"cannot be loaded: .* Choose another model"):
        load_model("models/tiny", home)
    weights.write_bytes(whole)
    config.write_text(json.dumps({**json.loads(config.read_text()), "vocab_size": 300}))
    with pytest.raises(UnusableModel, match=r"cannot be loaded: .* Choose another model"):
        load_model("models/tiny", home)


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("tokenizer.json", "{}"),
        ("config.json", "[1]"),
        ("config.json", "{"),
        ("config.json", '{"model_type": "llama", "max_position_embeddings": null}'),
    ],
)
def test_a_base_whose_json_is_not_what_it_should_be_is_refused(
    file: str, content: str, home: Path
) -> None:
    (home / "models" / "tiny" / file).write_text(content)
    with pytest.raises(UnusableModel, match=r"cannot be loaded: .* Choose another model"):
        load_model("models/tiny", home)


def test_a_tokenizer_without_a_stop_token_is_refused(home: Path) -> None:
    tokenizer = AutoTokenizer.from_pretrained(home / "models" / "tiny")
    tokenizer.eos_token = None
    tokenizer.save_pretrained(str(home / "models" / "tiny"))
    with pytest.raises(UnusableModel, match=r"has no stop token. Set its eos_token"):
        load_model("models/tiny", home)


def test_a_loss_that_is_no_number_any_more_ends_the_run_with_its_step(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps = []

    def overflows(model: Any, batch: Any) -> torch.Tensor:
        loss = answer_loss(model, batch)
        steps.append(model.training)
        return loss * float("nan") if sum(steps) == 3 else loss

    monkeypatch.setattr("core.gpu.objective.answer_loss", overflows)
    folder = a_training(home / "runs" / "r1", a_run("models/tiny", max_steps=6))
    with pytest.raises(TrainingDiverged, match=r"not a number any more at step 3. Start anew"):
        training.run(JobContext(folder))
    assert not folder.final.exists()


def test_every_example_carries_loss_on_its_stop_token_though_it_is_the_padding_token(
    home: Path,
) -> None:
    base = load_model("models/tiny", home)
    base.tokenizer.pad_token = base.tokenizer.eos_token
    stop = base.tokenizer.eos_token_id
    rows = [*some_rows(3), {**some_rows(1)[0], "output": ""}]
    examples = encode(base.tokenizer, PromptTemplate().prompt, rows, 200, "refuse").examples
    batch = collate(examples)
    assert (batch.targets == stop).sum() == len(examples)
    assert batch.keep.sum(1).tolist() == [len(one.answer) for one in examples]
    assert examples[3].answer == (stop,)
