"""Selective activation checkpointing: as many layers as memory holds keep their activations."""

from __future__ import annotations

import gc
import weakref
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import torch

from core.gpu import checkpoints, probe, training
from core.gpu.adapters import attach_adapter
from core.gpu.checkpointed_layers import CheckpointedLayers, activation_bytes
from core.gpu.data import collate, encode
from core.gpu.loop import TrainingLoop
from core.gpu.models import load_model
from core.gpu.objective import answer_loss
from core.jobs.context import JobContext, JobStopped
from core.jobs.events import read_events
from core.jobs.folder import JobFolder
from core.prompts import PromptTemplate
from core.tuning.run_spec import RunSpec
from core.tuning.settings import InvalidRunSpec
from core.tuning.weights import weights_hash
from tests.gpu.test_training import losses_of, train_here
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")
LAYERS = 2  # of the tiny model


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def a_loop(tiny: Path, folder: Path, **changes: Any) -> TrainingLoop:
    dropout = {} if changes.get("method") == "full" else {"lora_dropout": 0.1}
    spec = a_run(tiny, activation_checkpointing="selective", **dropout, **changes)
    base = load_model(str(tiny), tiny.parent, method=spec.method.name)
    torch.manual_seed(3)
    model = attach_adapter(base, spec)
    split = encode(base.tokenizer, PromptTemplate().prompt, some_rows(6), 200, "refuse")
    job = JobContext(a_training(folder, spec))
    return TrainingLoop(job, spec, model, base.device, split, split)


def checkpointed(loop: TrainingLoop) -> CheckpointedLayers:
    assert loop.checkpointed is not None
    return loop.checkpointed


def notes_of(folder: JobFolder) -> list[str]:
    return [e["text"] for e in read_events(folder.events_file)[0] if e["kind"] == "note"]


@pytest.mark.parametrize("method", ["lora", "qlora", "full"])
def test_gradients_are_equal_to_the_last_bit_however_many_layers_keep_theirs(
    method: str, tiny: Path, tmp_path: Path
) -> None:
    loop = a_loop(tiny, tmp_path / "run", method=method)
    found = []
    for kept in range(LAYERS + 1):
        checkpointed(loop).keep(kept)
        loop.model.train()
        torch.manual_seed(4)  # of the dropout
        loop.backward([loop.train.examples])
        found.append([p.grad.clone() for p in loop.parameters if p.grad is not None])
        loop.optimizer.zero_grad()
    for other in found[1:]:
        assert len(other) == len(found[0]) > 0
        assert all(torch.equal(one, two) for one, two in zip(found[0], other, strict=True))


def test_each_layer_that_keeps_its_activations_holds_as_many_bytes_more(
    tiny: Path, tmp_path: Path
) -> None:
    loop = a_loop(tiny, tmp_path / "run")
    batch = collate(loop.train.examples)
    held = []
    for kept in range(LAYERS + 1):
        checkpointed(loop).keep(kept)
        held.append(activation_bytes(loop.model.train(), lambda: answer_loss(loop.model, batch)))
    hidden = loop.model.config.hidden_size
    # What all layers share is counted with the first.
    assert held[1] - held[0] == pytest.approx(held[2] - held[1], rel=0.01)
    assert held[1] - held[0] > 4 * batch.ids.numel() * hidden


def test_what_was_measured_is_free_again() -> None:
    made: list[weakref.ref[torch.Tensor]] = []
    given = torch.randn(16, 16, requires_grad=True)

    def forward() -> torch.Tensor:
        out = torch.sigmoid(given * 2)  # an output that its own step keeps
        made.append(weakref.ref(out))
        return out.sum()

    assert activation_bytes(torch.nn.Linear(1, 1), forward) >= given.nbytes
    gc.collect()
    assert made[0]() is None


@pytest.mark.parametrize(("layers_of_room", "kept"), [(-3, 0), (0.9, 0), (1.1, 1), (90, LAYERS)])
def test_as_many_layers_keep_their_activations_as_the_free_memory_holds(
    layers_of_room: float, kept: int, tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = a_loop(tiny, tmp_path / "run")
    layers = checkpointed(loop)
    batch = collate(sorted(loop.train.examples, key=len)[-4:])
    held = []
    for number in (0, 1):
        layers.keep(number)
        held.append(activation_bytes(loop.model.train(), lambda: answer_loss(loop.model, batch)))
    room = int((held[1] - held[0]) * layers_of_room / probe.SHARE_OF_FREE)
    monkeypatch.setattr(probe, "_room_beside_a_step", lambda loop, longest: room)
    state = torch.get_rng_state()
    told = probe.keep_what_fits(loop)
    some = "All 2" if kept == LAYERS else f"{kept} of {LAYERS}"
    assert told.startswith(f"{some} layers keep their activations")
    flags = [one.gradient_checkpointing for one in layers._layers]
    assert flags == [True] * (LAYERS - kept) + [False] * kept
    assert torch.equal(state, torch.get_rng_state())
    assert all(p.grad is None for p in loop.parameters)


def test_a_run_ends_with_the_same_adapter_however_much_is_kept_and_when_it_goes_on(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def spec(checkpointing: str) -> RunSpec:
        changes = {"num_train_epochs": 8.0, "eval_steps": 10, "lora_dropout": 0.1}
        return a_run(tiny, activation_checkpointing=checkpointing, **changes)

    hashes = set()
    for checkpointing in ("off", "selective", "full"):
        folder = a_training(tmp_path / "runs" / checkpointing, spec(checkpointing))
        train_here(folder)
        hashes.add(weights_hash(folder.final))
    broken = a_training(tmp_path / "runs" / "broken", spec("selective"))
    save = checkpoints.save

    def and_stop(*what: Any) -> None:
        save(*what)
        broken.stop_flag.touch()

    with monkeypatch.context() as patched:
        patched.setattr(checkpoints, "save", and_stop)
        with pytest.raises(JobStopped):
            training.run(JobContext(broken))
    broken.stop_flag.unlink()
    train_here(broken)
    assert losses_of(broken) == losses_of(JobFolder(tmp_path / "runs" / "off"))
    assert hashes == {weights_hash(broken.final)}
    told = [note for note in notes_of(broken) if "keep their activations" in note]
    assert len(told) == 2


def test_out_of_memory_computes_every_layer_again_before_the_micro_batch_is_cut(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(model: Any, batch: Any) -> torch.Tensor:
        layers = [one for one in model.modules() if hasattr(one, "gradient_checkpointing")]
        if model.training and not all(one.gradient_checkpointing for one in layers):
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return answer_loss(model, batch)

    loop = a_loop(tiny, tmp_path / "run")
    checkpointed(loop).keep(LAYERS)
    monkeypatch.setattr("core.gpu.objective.answer_loss", too_large)
    loop.model.train()
    loop.backward([loop.train.examples])
    assert (checkpointed(loop).kept, loop.progress.cut) == (0, 1)
    (told,) = notes_of(loop.job.folder)
    assert told == (
        "Out of memory at step 1: goes on with the activations of every layer computed again."
    )


def an_out_of_memory() -> torch.OutOfMemoryError:
    return torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")


def test_every_layer_computes_its_activations_again_where_those_of_one_do_not_fit(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(*_given: Any) -> int:
        raise an_out_of_memory()

    monkeypatch.setattr("core.gpu.checkpointed_layers.activation_bytes", too_large)
    loop = a_loop(tiny, tmp_path / "run")
    told = probe.keep_what_fits(loop)
    assert told == "Every layer computes its activations again: those of one do not fit."
    assert (checkpointed(loop).kept, loop.progress.cut) == (0, 1)
    loop.backward([loop.train.examples])
    assert all(p.grad is not None for p in loop.parameters)


def test_layers_of_different_sizes_are_measured_one_by_one() -> None:
    from transformers import Qwen3NextConfig, Qwen3NextForCausalLM

    torch.manual_seed(0)
    sizes = {"hidden_size": 32, "intermediate_size": 64, "moe_intermediate_size": 16}
    heads = {"num_attention_heads": 2, "num_key_value_heads": 2, "head_dim": 16}
    linear = {"linear_num_value_heads": 2, "linear_num_key_heads": 2, "linear_key_head_dim": 16}
    more = {"linear_value_head_dim": 16, "shared_expert_intermediate_size": 16, "num_experts": 4}
    config = Qwen3NextConfig(
        vocab_size=50, num_hidden_layers=4, pad_token_id=0, num_experts_per_tok=2,
        **sizes, **heads, **linear, **more,
    )  # fmt: skip
    model = Qwen3NextForCausalLM(config).train()
    layers = CheckpointedLayers(model)
    ids = torch.randint(1, 50, (2, 64))
    held = []
    for kept in range(5):
        layers.keep(kept)
        held.append(activation_bytes(model, lambda: model(input_ids=ids, use_cache=False)))
    grown = [two - one for one, two in pairwise(held)]
    found = layers.sizes(lambda: model(input_ids=ids, use_cache=False))
    assert found[0] > 1.5 * found[3]
    assert found[::-1] == pytest.approx(grown, rel=0.15)
    layers.keep_within(found[3] + found[2], found)
    assert layers.kept == 2


def test_an_evaluation_that_runs_out_of_memory_lets_the_layers_keep_their_activations(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def too_large(model: Any, batch: Any) -> torch.Tensor:
        if not model.training and len(batch.ids) > 4:
            raise an_out_of_memory()
        return answer_loss(model, batch)

    monkeypatch.setattr("core.gpu.objective.answer_loss", too_large)
    loop = a_loop(tiny, tmp_path / "run")
    checkpointed(loop).keep(LAYERS)
    loop.validation(loop.model)
    assert (checkpointed(loop).kept, loop.progress.cut) == (LAYERS, 2)


def test_the_room_is_that_beside_the_micro_batch_that_fits(
    tiny: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size, free, peak = 100, 1000, [0]

    def held(model: Any, batch: Any) -> torch.Tensor:
        peak[0] = max(peak[0], min(free, size * len(batch.ids)))
        if len(batch.ids) > 2:
            raise an_out_of_memory()
        return answer_loss(model, batch)

    loop = a_loop(tiny, tmp_path / "run")
    loop.device = torch.device("cuda")  # of which the numbers are asked
    monkeypatch.setattr(
        loop,
        "_gradients",
        lambda rows: [held(loop.model, collate(part)) for own in rows for part in loop._parts(own)],
    )
    monkeypatch.setattr(
        torch.cuda, "reset_peak_memory_stats", lambda device: peak.__setitem__(0, 0)
    )
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: 0)
    monkeypatch.setattr(probe, "peak_memory_bytes", lambda device: peak[0])
    monkeypatch.setattr(probe, "free_bytes", lambda device: free)
    moments = 2 * sum(p.nbytes for p in loop.parameters)
    room = probe._room_beside_a_step(loop, list(loop.train.examples[:4]))
    assert (loop.progress.cut, room + moments) == (2, free - 2 * size)


def test_a_base_whose_layers_cannot_compute_again_is_refused_with_what_to_choose() -> None:
    from transformers import AlbertConfig, AlbertForSequenceClassification

    sizes = {"vocab_size": 20, "embedding_size": 8, "hidden_size": 8, "intermediate_size": 8}
    model = AlbertForSequenceClassification(AlbertConfig(**sizes, num_attention_heads=2))
    with pytest.raises(InvalidRunSpec, match=r"off for this base model: .* albert cannot"):
        CheckpointedLayers(model)


def test_older_specs_say_true_or_false_and_no_other_word_is_taken(tiny: Path) -> None:
    for older, now in ((True, "full"), (False, "off")):
        flat = {**a_run(tiny).settings(), "activation_checkpointing": older}
        assert RunSpec.from_settings(flat).budget.activation_checkpointing == now
        nested = a_run(tiny).to_json()
        nested["budget"]["activation_checkpointing"] = older
        assert RunSpec.from_json(nested).budget.activation_checkpointing == now
    with pytest.raises(InvalidRunSpec, match="must be off, selective or full"):
        a_run(tiny, activation_checkpointing="some")
