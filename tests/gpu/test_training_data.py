"""What a training sees: tokens, labels, batches, steps and learning rates."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from core.gpu.data import (
    NothingToLearn,
    OverlongExamples,
    collate,
    encode,
)
from core.gpu.models import load_model
from core.gpu.objective import answer_loss
from core.gpu.preparing import freeze_prompt, load_base, read_split
from core.gpu.prompting import prompt_tokens
from core.gpu.schedule import StepPlan, bucketed, lr_factor, warmup_of
from core.jobs.context import JobContext
from core.prompts import PromptTemplate
from core.tuning.settings import InvalidRunSpec
from tests.tiny_model import a_run, a_training, make_tiny_model, some_rows


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_tiny_model(tmp_path_factory.mktemp("models") / "tiny")


def test_the_loss_is_the_librarys_own_on_answer_tokens_alone(tiny: Path, tmp_path: Path) -> None:
    base = load_model(str(tiny), tmp_path)
    split = encode(base.tokenizer, PromptTemplate().prompt, some_rows(5), 200, "refuse")
    batch = collate(split.examples)
    labels = torch.full_like(batch.ids, -100)
    mask = torch.zeros_like(batch.ids)
    for row, example in enumerate(split.examples):
        labels[row, len(example.prompt) : len(example)] = torch.tensor(example.answer)
        mask[row, : len(example)] = 1
    with torch.inference_mode():
        whole = base.model(input_ids=batch.ids, attention_mask=mask, labels=labels).loss
        ours = answer_loss(base.model, batch)
    assert ours.item() / split.labelled == pytest.approx(whole.item(), rel=1e-5)
    assert all(e.answer[-1] == base.tokenizer.eos_token_id for e in split.examples)
    assert batch.tokens == sum(split.lengths)


def test_a_prompt_changes_no_loss_by_being_longer_or_first_in_its_batch(
    tiny: Path, tmp_path: Path
) -> None:
    base = load_model(str(tiny), tmp_path)
    examples = encode(base.tokenizer, PromptTemplate().prompt, some_rows(6), 200, "refuse").examples
    with torch.inference_mode():
        together = answer_loss(base.model, collate(examples)).item()
        apart = sum(answer_loss(base.model, collate([e])).item() for e in examples)
    assert len({len(e) for e in examples}) > 1
    assert together == pytest.approx(apart, rel=1e-5)


def test_a_training_prompt_is_the_generation_prompt_token_by_token(
    tiny: Path, tmp_path: Path
) -> None:
    tokenizer = load_model(str(tiny), tmp_path).tokenizer
    template, rows = PromptTemplate().prompt, some_rows(10)
    split = encode(tokenizer, template, rows, 200, "refuse")
    texts = [template.render(r["instruction"], r["input"]) for r in rows]
    prompts = prompt_tokens(tokenizer, template, texts)
    assert [list(e.prompt) for e in split.examples] == prompts
    answers = [tokenizer.decode(e.answer, skip_special_tokens=True) for e in split.examples]
    assert answers == [row["output"] for row in rows]


def test_overlong_examples_are_refused_dropped_or_truncated_as_chosen(
    tiny: Path, tmp_path: Path
) -> None:
    tokenizer, template = load_model(str(tiny), tmp_path).tokenizer, PromptTemplate().prompt
    rows = some_rows(4)
    rows[2]["output"] = "town: Oslo; " * 40
    whole = encode(tokenizer, template, rows, 4096, "refuse")
    limit = max(len(e) for i, e in enumerate(whole.examples) if i != 2) + 5
    with pytest.raises(OverlongExamples, match="1 of 4 examples"):
        encode(tokenizer, template, rows, limit, "refuse")
    dropped = encode(tokenizer, template, rows, limit, "drop")
    assert (len(dropped.examples), dropped.overlong) == (3, 1)
    assert dropped.tokens_lost == len(whole.examples[2])
    cut = encode(tokenizer, template, rows, limit, "truncate")
    assert (len(cut.examples), cut.overlong, max(cut.lengths)) == (4, 1, limit)
    assert cut.tokens_lost == len(whole.examples[2]) - limit
    assert cut.examples[2].answer[-1] != tokenizer.eos_token_id, "must not learn to stop there"
    with pytest.raises(NothingToLearn, match="no answer token"):
        encode(tokenizer, template, rows, 8, "truncate")


def test_an_example_that_the_model_cannot_see_is_not_blamed_on_max_length(tmp_path: Path) -> None:
    make_tiny_model(tmp_path / "models" / "short", max_positions=60)
    longer = "The base model sees no more at once: choose one with a longer context, or"
    for length, told in ((60, longer), (1024, longer), (50, "Raise max_length, or")):
        spec = a_run("models/short", max_length=length)
        job = JobContext(a_training(tmp_path / "runs" / f"r{length}", spec))
        base = load_base(job, spec)
        with pytest.raises(OverlongExamples) as refused:
            read_split(job, spec, base, freeze_prompt(job, spec, base), "train")
        assert f"more than {min(length, 60)} tokens (the longest 80). {told}" in str(refused.value)


def test_virtual_tokens_that_leave_no_room_in_the_context_are_refused(
    tiny: Path, tmp_path: Path
) -> None:
    for count in (249, 256, 300):
        spec = a_run(tiny, method="prefix_tuning", num_virtual_tokens=count)
        job = JobContext(a_training(tmp_path / "runs" / f"r{count}", spec))
        with pytest.raises(InvalidRunSpec, match=f"{count} of the 256 tokens .* Choose fewer"):
            load_base(job, spec)


def test_bucketed_batches_hold_every_example_once_with_little_padding() -> None:
    lengths = [(7 * i) % 190 + 10 for i in range(951)]
    batches = bucketed(lengths, 8, seed=1, epoch=0)
    assert sorted(i for batch in batches for i in batch) == list(range(951))
    width = sum(max(lengths[i] for i in batch) * len(batch) for batch in batches)
    assert width / sum(lengths) < 1.06
    assert batches == bucketed(lengths, 8, seed=1, epoch=0)
    assert batches != bucketed(lengths, 8, seed=1, epoch=1)
    assert batches != bucketed(lengths, 8, seed=2, epoch=0)


def test_steps_and_learning_rates_follow_the_spec() -> None:
    spec = a_run("x", gradient_accumulation_steps=2, num_train_epochs=1.5, warmup_steps=0.2)
    plan = StepPlan([10] * 21, spec)
    assert (plan.steps_per_epoch, plan.total, plan.eval_every) == (3, 5, 3)
    assert [len(plan.micro_batches(step)) for step in range(5)] == [2, 2, 2, 2, 2]
    assert StepPlan([10] * 21, a_run("x", max_steps=7)).total == 7
    rates = [plan.learning_rate(step) for step in range(5)]
    assert rates[0] == spec.optimiser.learning_rate
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] > 0
    assert [lr_factor(step, 10, 4, "linear") for step in (0, 3, 4, 7)] == [0.25, 1.0, 1.0, 0.5]
    assert [lr_factor(step, 10, 0, "cosine") for step in (0, 5)] == [1.0, pytest.approx(0.5)]
    assert lr_factor(9, 10, 0, "constant") == 1.0
    assert [warmup_of(0.05, 100), warmup_of(0.05, 3), warmup_of(12, 100)] == [5, 1, 12]
