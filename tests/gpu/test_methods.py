"""Every tuning method: it learns, its loss is the plain one, its result loads without this code.

The model is random, so the learning rates are higher than the defaults, which are for real ones;
`test_each_method_learns_with_its_defaults` takes those, on the demo's base.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.demo.notes import make_examples
from core.gpu import generation, training
from core.gpu.adapters import attach_adapter
from core.gpu.data import EncodedExample, collate, encode
from core.gpu.loop import TrainingLoop
from core.gpu.models import load_model
from core.gpu.objective import answer_loss
from core.jobs.context import JobContext
from core.jobs.events import read_events
from core.prompts import PromptTemplate
from core.tuning.base_models import DEMO_FOLDER
from core.tuning.generation_config import GenerationConfig
from core.tuning.methods import METHODS
from core.tuning.run_spec import RunSpec
from core.tuning.settings import InvalidRunSpec
from tests.gpu.test_generation import a_job, generate, texts
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = [
    pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning"),
    # The batches of a learned prompt are not padded, so that nothing is lost with them.
    pytest.mark.filterwarnings("ignore:Position ids are not supported"),
]

# Per method a learning rate for the random model, and the share of the validation loss that is left
# after 30 steps on 24 examples: what was measured, rounded up.
LEARNS = {
    "lora": (0.01, 0.3),
    "qlora": (0.01, 0.4),
    "rslora": (0.01, 0.3),
    "dora": (0.01, 0.3),
    "loha": (0.02, 0.4),
    "ia3": (0.03, 0.6),
    "prompt_tuning": (0.1, 0.6),
    "prefix_tuning": (0.3, 0.8),
    "full": (0.003, 0.3),
}
# The same on the demo's base after 50 steps of eight of its notes, with the method's own defaults.
LEARNS_BY_DEFAULT = {
    "lora": 0.7,
    "qlora": 0.75,
    "rslora": 0.7,
    "dora": 0.7,
    "loha": 0.85,
    "ia3": 0.5,
    "prompt_tuning": 0.4,
    "prefix_tuning": 0.9,
    "full": 0.8,
}


def test_the_tables_of_this_file_name_every_method() -> None:
    assert LEARNS.keys() == LEARNS_BY_DEFAULT.keys() == METHODS.keys()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "tiny")
    return workspace


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        yield


@pytest.mark.parametrize("method", METHODS)
def test_a_method_learns_is_proven_answers_and_loads_without_this_code(
    method: str, home: Path
) -> None:
    rate, left = LEARNS[method]
    spec = a_run("models/tiny", method=method, learning_rate=rate, num_train_epochs=5.0)
    folder = a_training(home / "runs" / method, spec)
    training.run(JobContext(folder))
    metrics = json.loads((folder.final / "metrics.json").read_text())
    assert metrics["best_validation_loss"] < left * metrics["initial_validation_loss"]
    assert all(c["ok"] for name, c in metrics["checks"].items() if name != "logits_sha256")

    # Its answers differ from the base's, and those are the same as without it.
    systems = [{"system_id": "b", "kind": "base"}, {"system_id": "t", "kind": "tuned"}]
    precision: dict[str, Any] = {"precision": metrics["precision"], "shots": []}
    final = f"runs/{method}/final"
    both = generate(a_job(home, method, adapter=final, systems=systems, **precision))
    alone = generate(a_job(home, f"{method}-base", adapter=None, systems=systems[:1], **precision))
    assert texts(both, "b") == texts(alone, "b")
    assert texts(both, "t") != texts(both, "b")
    # One by one it answers as in batches: no padding stands where a training had none.
    config = GenerationConfig(max_new_tokens=24, batch_size=1).to_json()
    single = a_job(
        home, f"{method}-1", adapter=final, systems=systems[1:], config=config, **precision
    )
    assert texts(generate(single), "t") == texts(both, "t")

    if method == "qlora":
        return  # Its base needs a quantisation config, which its reader chooses.
    tokenizer = AutoTokenizer.from_pretrained(folder.final)
    prompt = PromptTemplate().prompt
    held_out = encode(tokenizer, prompt, some_rows(8, seed=1), 200, "refuse").examples
    base = AutoModelForCausalLM.from_pretrained(home / "models" / "tiny").eval()
    assert _plain_loss(base, held_out) == pytest.approx(
        metrics["initial_validation_loss"], rel=1e-4
    )
    if method == "full":
        plain = AutoModelForCausalLM.from_pretrained(folder.final)
    else:
        plain = PeftModel.from_pretrained(base, str(folder.final))
    assert _plain_loss(plain.eval(), held_out) == pytest.approx(
        metrics["best_validation_loss"], rel=1e-4
    )


def _plain_loss(model: Any, examples: tuple[EncodedExample, ...]) -> float:
    """The loss as transformers computes it: padded, with a mask, labels and all logits."""
    width = max(map(len, examples))
    ids = torch.zeros((len(examples), width), dtype=torch.long)
    mask, labels = torch.zeros_like(ids), torch.full_like(ids, -100)
    for row, one in enumerate(examples):
        ids[row, : len(one)] = torch.tensor([*one.prompt, *one.answer])
        mask[row, : len(one)] = 1
        labels[row, len(one.prompt) : len(one)] = torch.tensor(one.answer)
    with torch.no_grad():
        return float(model(input_ids=ids, attention_mask=mask, labels=labels).loss)


def _moved(model: Any) -> None:
    """Puts every trained weight a little elsewhere: a fresh adapter changes nothing."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.requires_grad:
                parameter.add_(0.05 * torch.randn_like(parameter))


@pytest.mark.parametrize("method", METHODS)
def test_the_loss_on_labelled_tokens_is_the_plain_padded_loss(method: str, home: Path) -> None:
    base = load_model("models/tiny", home, method=method)
    model = attach_adapter(base, a_run("models/tiny", method=method))
    _moved(model)
    examples = encode(base.tokenizer, PromptTemplate().prompt, some_rows(6), 200, "refuse").examples
    batch = collate(examples)
    with torch.no_grad():
        ours = float(answer_loss(model.eval(), batch)) / len(batch.targets)
    assert ours == pytest.approx(_plain_loss(model, examples), abs=1e-5)


@pytest.mark.parametrize("method", [m for m in METHODS if "bf16" in METHODS[m].precisions])
def test_beside_a_base_in_bf16_an_adapter_learns_in_bf16_what_it_would_in_fp32(
    method: str, home: Path
) -> None:
    gradients: dict[str, torch.Tensor] = {}
    for precision in ("fp32", "bf16"):
        torch.manual_seed(3)
        base = load_model("models/tiny", home, precision, method=method)
        model = attach_adapter(base, a_run("models/tiny", method=method))
        _moved(model)
        prompt, rows = PromptTemplate().prompt, some_rows(6)
        batch = collate(encode(base.tokenizer, prompt, rows, 200, "refuse").examples)
        asked = _asked_of_adapters(model)
        answer_loss(model.eval(), batch).backward()  # type: ignore[no-untyped-call]
        own = [p for p in model.parameters() if p.requires_grad]
        assert {p.dtype for p in own} == {torch.float32}
        assert asked <= {torch.bfloat16 if precision == "bf16" else torch.float32}
        gradients[precision] = torch.cat([p.grad.flatten() for p in own])
    alike = torch.cosine_similarity(gradients["fp32"], gradients["bf16"], dim=0)
    assert alike > 0.98


def _asked_of_adapters(model: Any) -> set[torch.dtype]:
    """What the linear layers of adapters answer in, once the model has been asked."""
    found: set[torch.dtype] = set()
    for name, module in model.named_modules():
        if "lora_A.default" in name:
            module.register_forward_hook(lambda _, __, answer: found.add(answer.dtype))
    return found


@pytest.mark.parametrize("method", [m for m in METHODS if METHODS[m].allows_checkpointing])
def test_activation_checkpointing_changes_no_gradient(method: str, home: Path) -> None:
    found = []
    for checkpointing in ("off", "full"):
        torch.manual_seed(3)
        spec = a_run("models/tiny", method=method, activation_checkpointing=checkpointing)
        base = load_model("models/tiny", home, method=method)
        model = attach_adapter(base, spec)
        _moved(model)
        prompt = PromptTemplate().prompt
        split = encode(base.tokenizer, prompt, some_rows(6), 200, "refuse")
        job = JobContext(a_training(home / "runs" / f"{method}-{checkpointing}", spec))
        loop = TrainingLoop(job, spec, model, base.device, split, split)
        torch.manual_seed(4)
        loss = answer_loss(model.train(), collate(split.examples))
        loss.backward()  # type: ignore[no-untyped-call]
        found.append((loss.item(), [p.grad.clone() for p in loop.parameters]))
        assert model.is_gradient_checkpointing is (checkpointing == "full")
    (kept, plain), (again, checkpointed) = found
    assert kept == pytest.approx(again, rel=1e-6)
    for one, other in zip(plain, checkpointed, strict=True):
        torch.testing.assert_close(one, other)


def test_activation_checkpointing_is_refused_where_it_would_drop_what_is_learned(
    home: Path,
) -> None:
    with pytest.raises(InvalidRunSpec, match="must be off for Prefix tuning"):
        a_run("models/tiny", method="prefix_tuning", activation_checkpointing="full")


def test_virtual_tokens_are_taken_off_the_context(tmp_path: Path) -> None:
    make_tiny_model(tmp_path / "models" / "tiny", max_positions=100)
    base = load_model("models/tiny", tmp_path)
    prompt = PromptTemplate().prompt
    lengths = encode(base.tokenizer, prompt, some_rows(24), 200, "refuse").lengths
    spec = a_run("models/tiny", method="prompt_tuning", num_virtual_tokens=30, overlong="drop")
    folder = a_training(tmp_path / "runs" / "r", spec)
    training.run(JobContext(folder))
    metrics = json.loads((folder.final / "metrics.json").read_text())
    over = sum(length > 70 for length in lengths)
    assert 0 < over < 24
    assert metrics["data"]["train"]["overlong"] == over
    job = a_job(
        tmp_path, "g", adapter="runs/r/final", systems=[{"system_id": "t", "kind": "tuned"}]
    )
    finishes = {row["finish"] for row in generate(job).values()}
    assert finishes <= set(generation.FINISHES)
    notes = [e["text"] for e in read_events(job.events_file)[0] if e["kind"] == "note"]
    assert not any("context of 100" in note for note in notes)


def test_a_prompt_starts_from_the_text_that_was_given_and_names_no_folder(home: Path) -> None:
    spec = a_run("models/tiny", method="prompt_tuning", init_text="Ada lives in Oslo.", max_steps=1)
    folder = a_training(home / "runs" / "from-text", spec)
    training.run(JobContext(folder))
    config = (folder.final / "adapter_config.json").read_text()
    assert "Ada lives in Oslo." in config
    assert str(home) not in config


@pytest.mark.slow
@pytest.mark.timeout(900)  # DoRA and LoHa take minutes on a busy machine
@pytest.mark.parametrize("method", METHODS)
def test_each_method_learns_with_its_defaults(method: str, tmp_path: Path) -> None:
    notes = [e for e in make_examples() if e.flaw is None][:264]
    rows = [
        {
            "example_id": str(n),
            "instruction": e.instruction,
            "input": e.input,
            "output": e.output,
        }
        for n, e in enumerate(notes)
    ]
    settings = {"run_id": "r", "name": "r", "version_id": "v", "base_model": str(DEMO_FOLDER)}
    spec = RunSpec.from_settings({**settings, "method": method, "max_steps": 50, "eval_steps": 50})
    folder = a_training(tmp_path / "run", spec, rows[:240], rows[240:])
    training.run(JobContext(folder))
    metrics = json.loads((folder.final / "metrics.json").read_text())
    left = metrics["best_validation_loss"] / metrics["initial_validation_loss"]
    assert left < LEARNS_BY_DEFAULT[method]
