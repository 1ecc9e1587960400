"""Runs that learn to choose a label, on a real tiny decoder and a real tiny encoder."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from core.gpu import checkpoints, generation, training
from core.gpu.adapters import load_adapter
from core.gpu.label_models import pad_token
from core.gpu.labelled import ChosenLabel, class_logits, encode_labelled
from core.gpu.models import load_model
from core.jobs.context import JobContext, JobStopped
from core.jobs.events import read_events
from core.jobs.folder import JobFolder
from core.prompts import PromptTemplate
from core.scoring.answers import Answer, ScoringPlan, score_answers
from core.tuning.generation_config import GenerationConfig
from core.tuning.labels import Labels, UnfitLabels
from core.tuning.weights import weights_hash
from tests.label_builders import LABELS, leads, make_tiny_encoder
from tests.tiny_model import a_run, a_training, make_tiny_model, write_rows

# peft 0.21 asks transformers 5.23 by an older name.
pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

TEMPLATE = "{instruction} {input}"
BASES = ("decoder", "encoder")
FOUND = Labels(tuple(sorted(LABELS)))


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    workspace = tmp_path_factory.mktemp("workspace")
    make_tiny_model(workspace / "models" / "decoder")
    make_tiny_encoder(workspace / "models" / "encoder")
    return workspace


@pytest.fixture(autouse=True)
def _same_chance() -> Iterator[None]:
    with torch.random.fork_rng():
        yield


def a_classification(home: Path, name: str, base: str = "decoder", **changes: Any) -> JobFolder:
    rows = {one: changes.pop(one, None) for one in ("train", "validation")}
    settings = {
        "head": "classification",
        "template": TEMPLATE,
        "num_train_epochs": 16.0,
        "per_device_train_batch_size": 16,
        **changes,
    }
    spec = a_run(f"models/{base}", **settings)
    return a_training(
        home / "runs" / name,
        spec,
        leads(120) if rows["train"] is None else rows["train"],
        leads(40, seed=1) if rows["validation"] is None else rows["validation"],
    )


def train_here(folder: JobFolder) -> dict[str, Any]:
    training.run(JobContext(folder))
    metrics: dict[str, Any] = json.loads((folder.final / "metrics.json").read_text())
    return metrics


def losses_of(folder: JobFolder, kind: str = "log") -> dict[int, float]:
    events, _ = read_events(folder.events_file)
    return {event["step"]: event["loss"] for event in events if event["kind"] == kind}


def plain_logits(home: Path, base: str, run: str, pad: int | None) -> tuple[Any, Any]:
    """Tokenizer and logits of three validation examples, made without a line of ours."""
    final = home / "runs" / run / "final"
    tokenizer = AutoTokenizer.from_pretrained(final)
    model = AutoModelForSequenceClassification.from_pretrained(
        home / "models" / base, num_labels=3, pad_token_id=pad
    )
    model = PeftModel.from_pretrained(model, str(final)).eval()
    texts = [f"{row['instruction']} {row['input']}" for row in leads(3, seed=1)]
    with torch.no_grad():
        return model, model(**tokenizer(texts, padding=True, return_tensors="pt")).logits


@pytest.mark.parametrize("method", ["lora", "full"])
@pytest.mark.parametrize("base", BASES)
def test_a_run_learns_to_choose_the_label_and_leaves_a_proven_model(
    home: Path, base: str, method: str
) -> None:
    rate = 0.01 if method == "lora" else 0.003
    folder = a_classification(home, f"{base}-{method}", base, method=method, learning_rate=rate)
    metrics = train_here(folder)
    found = metrics["classification"]
    assert found["n"] == 40
    assert found["majority"] < 0.65
    assert found["accuracy"] > 0.85, found
    assert found["macro_f1"] > 0.7
    assert sum(map(sum, found["matrix"])) == 40
    assert metrics["labels"] == {"names": sorted(LABELS), "field": ""}
    checks = metrics["checks"]
    assert checks["reloaded_equals_trained"]["largest_difference"] == 0.0
    assert all(check["ok"] for name, check in checks.items() if name != "logits_sha256")
    assert metrics["base_writes"] == (base == "decoder")
    if method == "lora":
        assert checks["base_equals_fresh_base"]["largest_difference"] == 0.0
        assert 0 < metrics["trainable_parameters"] < 0.35 * metrics["total_parameters"]
    card = (folder.final / "README.md").read_text()
    assert "pipeline_tag: text-classification" in card
    assert "AutoModelForSequenceClassification" in card
    assert "“" not in card.partition("---")[0]


@pytest.mark.parametrize("base", BASES)
def test_an_example_in_a_batch_gets_the_logits_that_it_gets_alone(home: Path, base: str) -> None:
    loaded = load_model(f"models/{base}", home, labels=FOUND)
    rows = leads(6, seed=2)
    found = encode_labelled(loaded, PromptTemplate(TEMPLATE).prompt, rows, 200, "refuse")
    pad = pad_token(loaded.tokenizer)
    assert len(set(map(len, found.tokens))) > 1
    with torch.inference_mode():
        together = class_logits(loaded.model, found.tokens, loaded.device, pad)
        alone = [class_logits(loaded.model, [one], loaded.device, pad)[0] for one in found.tokens]
        loss = ChosenLabel(pad).loss(
            loaded.model,
            ChosenLabel(pad).collate(found.split.examples),  # type: ignore[arg-type]
        )
    torch.testing.assert_close(together, torch.stack(alone), rtol=1e-4, atol=1e-5)
    targets = torch.tensor([sorted(LABELS).index(row["output"]) for row in rows])
    wanted = torch.nn.functional.cross_entropy(torch.stack(alone), targets, reduction="sum")
    assert loss.item() == pytest.approx(wanted.item(), rel=1e-4)


def test_a_decoder_without_a_padding_token_of_its_own_is_read_at_the_last_real_token(
    home: Path, tmp_path: Path
) -> None:
    bare = tmp_path / "models" / "bare"
    make_tiny_model(bare)
    for name in ("config.json", "tokenizer_config.json"):
        said = json.loads((bare / name).read_text())
        said["pad_token_id" if name == "config.json" else "pad_token"] = None
        (bare / name).write_text(json.dumps(said))
    loaded = load_model("models/bare", tmp_path, labels=FOUND)
    assert loaded.tokenizer.pad_token_id is None
    prompt = PromptTemplate("{instruction} {input}</s>").prompt
    tokens = encode_labelled(loaded, prompt, leads(4), 200, "refuse").tokens
    assert all(one[-1] != loaded.tokenizer.eos_token_id for one in tokens)
    with torch.inference_mode():
        for one in tokens:
            hidden = loaded.model.model(input_ids=torch.tensor([one])).last_hidden_state[0, -1]
            both = class_logits(
                loaded.model, [one, (*one, *one)], loaded.device, pad_token(loaded.tokenizer)
            )
            torch.testing.assert_close(both[0], loaded.model.score(hidden), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("base", BASES)
def test_plain_transformers_and_peft_read_the_same_logits(home: Path, base: str) -> None:
    folder = a_classification(home, f"plain-{base}", base, max_steps=6)
    train_here(folder)
    spec = json.loads((folder.final / "adapter_config.json").read_text())
    assert spec["task_type"] == "SEQ_CLS"
    pad = json.loads((folder.final / "metrics.json").read_text())["pad_token_id"]
    _, theirs = plain_logits(home, base, f"plain-{base}", pad)
    loaded = load_model(f"models/{base}", home, labels=FOUND, seed=7)
    ours = load_adapter(loaded, folder.final)
    prompt = PromptTemplate(TEMPLATE).prompt
    tokens = encode_labelled(loaded, prompt, leads(3, seed=1), 200, "refuse").tokens
    with torch.inference_mode():
        mine = class_logits(ours, tokens, loaded.device, pad)
    torch.testing.assert_close(mine, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_run_that_was_stopped_ends_as_an_unbroken_one(home: Path, method: str) -> None:
    changes = {"eval_steps": 8, "max_steps": 24, "method": method, "learning_rate": 0.003}
    broken = a_classification(home, f"broken-{method}", "encoder", **changes)
    job = JobContext(broken)
    seen = job.progress

    def stop_at_thirteen(step: int, total: int) -> None:
        seen(step, total)
        if step == 13:
            broken.stop_flag.touch()

    job.progress = stop_at_thirteen  # type: ignore[assignment]
    with pytest.raises(JobStopped):
        training.run(job)
    assert checkpoints.folder_of(broken.checkpoints, 13).is_dir()
    assert not broken.final.exists()
    broken.stop_flag.unlink()
    train_here(broken)
    unbroken = a_classification(home, f"unbroken-{method}", "encoder", **changes)
    metrics = train_here(unbroken)
    assert losses_of(broken) == losses_of(unbroken)
    assert losses_of(broken, "eval") == losses_of(unbroken, "eval")
    assert weights_hash(broken.final) == weights_hash(unbroken.final) == metrics["adapter_hash"]


def test_out_of_memory_cuts_the_micro_batches_and_the_loss_stays(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    changes: dict[str, Any] = {"max_steps": 3, "lora_dropout": 0.0}
    roomy = a_classification(home, "roomy", **changes)
    train_here(roomy)
    whole = ChosenLabel.loss

    def too_large(self: ChosenLabel, model: Any, batch: Any) -> torch.Tensor:
        if model.training and len(batch.ids) > 5:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 MiB")
        return whole(self, model, batch)

    monkeypatch.setattr(ChosenLabel, "loss", too_large)
    tight = a_classification(home, "tight", **changes)
    assert train_here(tight)["micro_batch"] == 4
    for step, loss in losses_of(roomy).items():
        assert losses_of(tight)[step] == pytest.approx(loss, rel=1e-3)


def test_the_validation_that_was_best_is_kept_and_reported(home: Path) -> None:
    # Every validation label contradicts training, so that learning soon makes it worse.
    turned = {"hot": "cold", "cold": "warm", "warm": "hot"}
    validation = [{**row, "output": turned[row["output"]]} for row in leads(24, seed=1)]
    folder = a_classification(
        home,
        "early",
        validation=validation,
        method="full",
        learning_rate=0.003,
        eval_steps=2,
        early_stopping_patience=3,
    )
    metrics = train_here(folder)
    assert metrics["stopped_early"]
    assert metrics["best_validation_loss"] < metrics["validation_loss"]
    loaded = load_model("models/decoder", home, "fp32", "full", labels=FOUND)
    kept = load_adapter(loaded, folder.final)
    split = encode_labelled(
        loaded, PromptTemplate(TEMPLATE).prompt, validation, 200, "refuse"
    ).split
    objective = ChosenLabel(pad_token(loaded.tokenizer))
    with torch.inference_mode():
        batch = objective.collate(split.examples)  # type: ignore[arg-type]
        loss = objective.loss(kept, batch).item() / 24
    assert loss == pytest.approx(metrics["best_validation_loss"], rel=1e-4)


def generate(home: Path, name: str, run: JobFolder, kinds: tuple[str, ...]) -> list[dict[str, Any]]:
    rows = leads(30, seed=1)
    metrics = json.loads((run.final / "metrics.json").read_text())
    spec = {
        "kind": "generate",
        "base_model": json.loads(run.spec_file.read_text())["base"]["location"],
        "adapter": f"runs/{run.path.name}/final",
        "prompt": metrics["prompt"],
        "config": GenerationConfig(max_new_tokens=8, batch_size=7, shots=2).to_json(),
        "shots": leads(2, seed=9),
        "systems": [{"system_id": kind, "kind": kind} for kind in kinds],
        "precision": metrics["precision"],
        "base_model_hash": metrics["base_model_hash"],
        "classifier": {"labels": metrics["labels"], "max_length": 200, "overlong": "refuse"},
    }
    folder = JobFolder.create(home / "generations" / name, spec)
    kept = ("example_id", "instruction", "input")
    write_rows(
        folder.data / "examples.parquet",
        [{k: row[k] for k in kept} | {"revision_id": "r"} for row in rows],
    )
    generation.run(JobContext(folder))
    summary = json.loads((folder.final / "summary.json").read_text())
    assert summary["adapter_hash"] == metrics["adapter_hash"]
    found: list[dict[str, Any]] = pq.read_table(folder.final / "answers.parquet").to_pylist()
    return found


@pytest.mark.parametrize("field", ["", "status"])
def test_the_tuned_answers_are_labels_and_the_bases_are_written(home: Path, field: str) -> None:
    folder = a_classification(
        home,
        f"answers{field}",
        method="full",
        learning_rate=0.003,
        label_field=field,
        train=leads(120, label_field=field),
        validation=leads(40, seed=1, label_field=field),
    )
    train_here(folder)
    answers = generate(home, f"of{field}", folder, ("base", "prompted", "tuned"))
    assert len(answers) == 90
    tuned = [row for row in answers if row["system_id"] == "tuned"]
    assert {row["finish"] for row in tuned} == {"stop"}
    assert {row["new_tokens"] for row in tuned} == {0}
    assert all(row["new_tokens"] > 0 for row in answers if row["system_id"] != "tuned")
    wanted = {row["example_id"]: row for row in leads(30, seed=1, label_field=field)}
    plan = ScoringPlan("extraction" if field else "classification", label_field=field or None)
    given = [
        Answer("tuned", row["example_id"], "r", wanted[row["example_id"]]["output"], row["text"])
        for row in tuned
    ]
    rows, summaries = score_answers(given, plan)
    report = summaries["tuned"].label_report
    assert report is not None
    assert (report.accuracy or 0) > 0.9
    assert set(report.classes) == set(LABELS)
    if not field:
        right = {a.example_id for a in given if a.text == a.reference}
        exact = {row.example_id: row.value for row in rows if row.metric == "exact_match"}
        assert exact == {a.example_id: float(a.example_id in right) for a in given}


def test_an_encoders_run_answers_by_itself_with_labels(home: Path) -> None:
    folder = a_classification(home, "alone", "encoder", method="full", learning_rate=0.003)
    train_here(folder)
    texts = [row["text"] for row in generate(home, "alone", folder, ("tuned",))]
    right = [t == row["output"] for t, row in zip(texts, leads(30, seed=1), strict=True)]
    assert set(texts) <= set(LABELS)
    assert sum(right) / 30 > 0.8


def test_labels_that_training_lacks_are_noted_and_count_as_wrong(home: Path) -> None:
    strange = [{**row, "output": "lost"} for row in leads(2, seed=3)]
    nothing = [{**row, "output": " "} for row in leads(1, seed=4)]
    folder = a_classification(
        home,
        "strange",
        max_steps=1,
        validation=[*leads(6, seed=1), *strange, *nothing],
    )
    found = train_here(folder)["classification"]
    assert found["n"] == 8
    assert found["rows"] == ["cold", "hot", "warm", "lost"]
    assert sum(found["matrix"][3]) == 2
    assert found["classes"][3]["recall"] == 0
    notes = " ".join(e["text"] for e in read_events(folder.events_file)[0] if e["kind"] == "note")
    assert "2 examples have a label that training lacks" in notes
    assert "1 examples have no label and are left out" in notes


def test_splits_without_labels_to_choose_from_are_refused(home: Path) -> None:
    for name, rows, sentence in (
        ("one", [{**row, "output": "hot"} for row in leads(9)], "Every training example has the"),
        ("texts", [{**row, "output": f"note {k}"} for k, row in enumerate(leads(9))], "rather"),
        ("none", [{**row, "output": ""} for row in leads(9)], "No training example has a label"),
    ):
        folder = a_classification(home, f"refused-{name}", train=rows)
        with pytest.raises(UnfitLabels, match=sentence):
            training.run(JobContext(folder))
        assert not folder.final.exists()
