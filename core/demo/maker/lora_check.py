"""Measures whether a base model is fit for the demo: LoRA on the notes, then all three systems.

A short loop of its own, not the app's trainer. Run it: `python -m core.demo.maker.check`.
"""

from __future__ import annotations

import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch
from peft import LoraConfig, get_peft_model
from torch.nn.functional import cross_entropy
from transformers import AutoModelForCausalLM, AutoTokenizer

from core.demo.maker.pretraining import Batch, keep_freed_memory, make_batch
from core.demo.maker.tasks import Task
from core.demo.notes import DEMO_FIELDS, DemoExample, make_examples
from core.prompts import PromptTemplate

_TEMPLATE = PromptTemplate()


@dataclass(frozen=True)
class LoraRecipe:
    """Settings of the LoRA run; `epochs` passes over `train` notes."""

    train: int = 950
    test: int = 120
    r: int = 16
    alpha: int = 32
    learning_rate: float = 5e-3
    batch: int = 8
    epochs: int = 6
    seed: int = 3
    threads: int = 2


def check(base: Path, recipe: LoraRecipe, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Per system: token F1 and the share of exactly right values per field, over the test notes."""
    keep_freed_memory()
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(
        base, dtype=torch.float32, attn_implementation="eager"
    )
    examples = [e for e in make_examples() if e.flaw is None]
    Random(recipe.seed).shuffle(examples)
    train, rest = examples[: recipe.train], examples[recipe.train :]
    test, shots = rest[: recipe.test], train[:3]
    zero = [_TEMPLATE.render(e.instruction, e.input) for e in test]
    worked = [(e.instruction, e.input, e.output) for e in shots]
    three = [_TEMPLATE.render_with_shots(worked, e.instruction, e.input) for e in test]
    results: dict[str, Any] = {}
    for name, prompts in (("base", zero), ("prompted", three)):
        start = time.monotonic()
        results[name] = _score(test, generate(model, tokenizer, prompts))
        report(f"{name} {results[name]} {time.monotonic() - start:.1f} s")
    start = time.monotonic()
    tuned = tune(model, tokenizer, train, recipe, report)
    results["train_seconds"] = round(time.monotonic() - start, 1)
    start = time.monotonic()
    texts = generate(tuned, tokenizer, zero)
    results["tuned"] = _score(test, texts)
    report(f"tuned {results['tuned']} {time.monotonic() - start:.1f} s")
    for example, text in zip(test, texts, strict=True):
        report(_difference(example, text))
    return results


def tune(
    model: Any,
    tokenizer: Any,
    train: Sequence[DemoExample],
    recipe: LoraRecipe,
    report: Callable[[str], None],
) -> Any:
    """A LoRA on all linear layers, loss on the record and the end token only."""
    config = LoraConfig(
        r=recipe.r, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM"
    )
    tuned = get_peft_model(model, config)
    weights = [p for p in tuned.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=0.0)
    tuned.train()
    rng, step, start = Random(recipe.seed), 0, time.monotonic()
    total = recipe.epochs * math.ceil(len(train) / recipe.batch)
    for epoch in range(recipe.epochs):
        losses = []
        for tasks in _shuffled(train, recipe.batch, rng):
            optimizer.param_groups[0]["lr"] = recipe.learning_rate * _rate(step, total)
            loss = _loss(tuned, make_batch(tasks, tokenizer))
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            step += 1
        mean, seconds = sum(losses) / len(losses), time.monotonic() - start
        report(f"epoch {epoch + 1}  loss {mean:.4f}  {seconds:.0f} s")
    return tuned


def _shuffled(train: Sequence[DemoExample], batch: int, rng: Random) -> list[list[Task]]:
    """Batches of similar length, in a new order."""
    tasks = [Task(_TEMPLATE.render(e.instruction, e.input), e.output) for e in train]
    tasks.sort(key=lambda t: len(t.prompt) + len(t.answer) + rng.uniform(-30, 30))
    batches = [tasks[at : at + batch] for at in range(0, len(tasks), batch)]
    rng.shuffle(batches)
    return batches


def _rate(step: int, total: int) -> float:
    return min(1.0, (step + 1) / (0.05 * total)) * 0.5 * (1 + math.cos(math.pi * step / total))


def _loss(model: Any, batch: Batch) -> torch.Tensor:
    keep = torch.zeros(batch.ids.numel(), dtype=torch.bool)
    keep[batch.at] = True
    # A boolean mask as logits_to_keep: logits are made for the answer's tokens only.
    output = model(input_ids=batch.ids, logits_to_keep=keep.view(batch.ids.shape), use_cache=False)
    return cross_entropy(output.logits.flatten(0, -2), batch.target)


@torch.no_grad()
def generate(model: Any, tokenizer: Any, prompts: Sequence[str], batch: int = 40) -> list[str]:
    """Greedy answers, at most 120 tokens."""
    model.eval()
    texts: list[str] = []
    for at in range(0, len(prompts), batch):
        coded = tokenizer(list(prompts[at : at + batch]), return_tensors="pt", padding=True)
        out = model.generate(
            input_ids=coded.input_ids,
            attention_mask=coded.attention_mask,
            max_new_tokens=120,
            do_sample=False,
            use_cache=True,
            pad_token_id=tokenizer.pad_token_id,
        )
        new = out[:, coded.input_ids.shape[1] :]
        texts += tokenizer.batch_decode(new, skip_special_tokens=True)
    return texts


def token_f1(reference: str, text: str) -> float:
    """F1 over the multisets of lower-cased words."""
    a, b = Counter(reference.lower().split()), Counter(text.lower().split())
    common = sum((a & b).values())
    return 2 * common / (sum(a.values()) + sum(b.values())) if common else 0.0


def _score(test: Sequence[DemoExample], texts: Sequence[str]) -> dict[str, float]:
    n = len(test)
    scores = {"f1": sum(token_f1(e.output, t) for e, t in zip(test, texts, strict=True)) / n}
    for field in DEMO_FIELDS:
        right = [
            _value(e.output, field) == _value(t, field) for e, t in zip(test, texts, strict=True)
        ]
        scores[field] = sum(right) / n
    return {name: round(value, 3) for name, value in scores.items()}


def _difference(example: DemoExample, text: str) -> str:
    """The fields that came out wrong, as `field: wanted >> got`; empty when all are right."""
    pairs = {f: (_value(example.output, f), _value(text, f)) for f in DEMO_FIELDS}
    return "\n".join(f"  {f}: {a} >> {b}" for f, (a, b) in pairs.items() if a != b)


def _value(text: str, field: str) -> str | None:
    lines = [line for line in text.split("\n") if line.startswith(f"{field}:")]
    return lines[0].partition(":")[2].strip() if lines else None
