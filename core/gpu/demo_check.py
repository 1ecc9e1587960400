"""Measures whether a base model is fit for the demo: LoRA on the notes, then all three systems.

A short loop of its own, not the app's trainer. Run it as `python -m core.demo.check --base DIR`.
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
    learning_rate: float = 4e-3
    batch: int = 16
    epochs: int = 5
    seed: int = 3
    threads: int = 2


def check(base: Path, recipe: LoraRecipe, report: Callable[[str], None] = print) -> dict[str, Any]:
    """Per system: token F1 and the share of exactly right values per field, over the test notes."""
    torch.set_num_threads(recipe.threads)
    torch.manual_seed(recipe.seed)
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
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
    for example, text in list(zip(test, texts, strict=True))[:3]:
        report(f"---\n{example.output}\n>>>\n{text}")
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
    rows = []
    for e in train:
        prompt = tokenizer(_TEMPLATE.render(e.instruction, e.input)).input_ids
        rows.append((prompt, [*tokenizer(e.output).input_ids, tokenizer.eos_token_id]))
    weights = [p for p in tuned.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(weights, lr=recipe.learning_rate, weight_decay=0.0)
    rng, step = Random(recipe.seed), 0
    total = recipe.epochs * math.ceil(len(rows) / recipe.batch)
    tuned.train()
    for epoch in range(recipe.epochs):
        losses = []
        rng.shuffle(rows)
        for at in range(0, len(rows), recipe.batch):
            rate = (
                min(1.0, (step + 1) / (0.05 * total)) * 0.5 * (1 + math.cos(math.pi * step / total))
            )
            optimizer.param_groups[0]["lr"] = recipe.learning_rate * rate
            loss = _loss(tuned, tokenizer, rows[at : at + recipe.batch])
            loss.backward()  # type: ignore[no-untyped-call]
            torch.nn.utils.clip_grad_norm_(weights, 1.0)
            optimizer.step()
            optimizer.zero_grad()
            losses.append(loss.item())
            step += 1
        report(f"epoch {epoch + 1} loss {sum(losses) / len(losses):.4f}")
    return tuned


def _loss(model: Any, tokenizer: Any, rows: Sequence[tuple[list[int], list[int]]]) -> torch.Tensor:
    length = max(len(p) + len(a) for p, a in rows)
    ids, labels = [], []
    for prompt, answer in rows:
        pad = length - len(prompt) - len(answer)
        ids.append(prompt + answer + [tokenizer.pad_token_id] * pad)
        labels.append([-100] * len(prompt) + answer + [-100] * pad)
    logits = model(input_ids=torch.tensor(ids)).logits[:, :-1]
    return cross_entropy(logits.flatten(0, 1), torch.tensor(labels)[:, 1:].flatten())


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


def _value(text: str, field: str) -> str | None:
    lines = [line for line in text.split("\n") if line.startswith(f"{field}:")]
    return lines[0].partition(":")[2].strip() if lines else None
