"""Pre-trains the demo's base model from nothing; run by `core.demo.maker.make_base`.

Small enough for two CPU cores: a Llama of under two million parameters. What makes it learn to copy
in minutes: loss on answers only, Muon for the matrices, short sequences first, values drawn anew.
"""

from __future__ import annotations

import contextlib
import ctypes
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from torch.nn.functional import cross_entropy
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

from core.demo.maker.tasks import Task, draw_task
from core.demo.notes import vocabulary

PAD, BOS, EOS = "<pad>", "<bos>", "<eos>"
# A word, or a single digit, keeps the space before it; line breaks stand alone.
_PIECES = Regex(r" ?\p{L}+| ?\p{N}| ?[^\s\p{L}\p{N}]|\s")


@dataclass(frozen=True)
class Recipe:
    """How to pre-train. `tokens` is the size of a batch, padding included.

    With `resume`, training goes on from that model folder, `resumed_at` (0…1) into the curriculum.
    """

    minutes: float = 30.0
    seed: int = 1
    vocabulary: int = 2560
    hidden: int = 192
    layers: int = 4
    heads: int = 6
    intermediate: int = 384
    tokens: int = 3500
    muon_lr: float = 0.02
    adam_lr: float = 3e-3
    threads: int = 1
    resume: Path | None = None
    resumed_at: float = 0.5


def make_tokenizer(seed: int, tokens: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE trained on 30,000 drawn tasks."""
    rng = Random(seed)
    tasks = [draw_task(rng, i / 30_000) for i in range(30_000)]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(_PIECES, "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=tokens,
        special_tokens=[PAD, BOS, EOS],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    texts = [task.prompt + task.answer for task in tasks]
    # Common words should be one token: without this the many names would take all the merges.
    texts += [f"{word} {word}" for word in vocabulary() for _ in range(700)]
    tokenizer.train_from_iterator(texts, trainer)
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token=PAD,
        bos_token=BOS,
        eos_token=EOS,
        padding_side="left",
        model_max_length=2048,
        clean_up_tokenization_spaces=False,
    )


def make_model(recipe: Recipe, tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    """An untrained Llama with tied embeddings and room for 2,048 tokens."""
    torch.manual_seed(recipe.seed)
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=recipe.hidden,
        intermediate_size=recipe.intermediate,
        num_hidden_layers=recipe.layers,
        num_attention_heads=recipe.heads,
        num_key_value_heads=recipe.heads,
        max_position_embeddings=2048,
        tie_word_embeddings=True,
        pad_token_id=tokenizer.pad_token_id,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
    )
    return LlamaForCausalLM(config)


@dataclass(frozen=True)
class Batch:
    """`ids` (rows, length), padded on the right; `at` and `target` name the tokens to predict."""

    ids: torch.Tensor
    at: torch.Tensor
    target: torch.Tensor
    rows: torch.Tensor


def make_batch(tasks: list[Task], tokenizer: PreTrainedTokenizerFast) -> Batch:
    """Token ids of tasks of similar length; only answers and the end are targets."""
    backend = tokenizer.backend_tokenizer
    # A call with padding=True leaves it switched on for everybody.
    backend.no_padding()
    prompts = backend.encode_batch_fast([t.prompt for t in tasks])
    answers = backend.encode_batch_fast([t.answer for t in tasks])
    eos, pad = tokenizer.eos_token_id, tokenizer.pad_token_id
    full = [(p.ids, [*a.ids, eos]) for p, a in zip(prompts, answers, strict=True)]
    length = max(len(p) + len(a) for p, a in full) - 1
    ids: list[list[int]] = []
    at: list[int] = []
    target: list[int] = []
    rows: list[int] = []
    for row, (prompt, answer) in enumerate(full):
        line = (prompt + answer)[:-1]
        ids.append(line + [pad] * (length - len(line)))
        at.extend(row * length + len(prompt) - 1 + i for i in range(len(answer)))
        target.extend(answer)
        rows.extend([row] * len(answer))
    return Batch(*(torch.tensor(x) for x in (ids, at, target, rows)))


def answer_logits(model: LlamaForCausalLM, batch: Batch) -> torch.Tensor:
    """(targets, vocabulary): logits of the answer tokens only."""
    hidden = model.model(input_ids=batch.ids, use_cache=False).last_hidden_state
    logits: torch.Tensor = model.lm_head(hidden.flatten(0, 1)[batch.at])
    return logits


def batches(
    rng: Random, tokenizer: PreTrainedTokenizerFast, tokens: int, progress: Callable[[], float]
) -> Iterator[Batch]:
    """Endless batches of about `tokens` tokens; tasks of one batch have similar lengths."""
    while True:
        pool = [draw_task(rng, progress()) for _ in range(1024)]
        pool.sort(key=lambda task: len(task.prompt) + len(task.answer))
        groups: list[list[Task]] = [[]]
        for task in pool:
            # About two characters a token: the longest task of a group sets its width.
            width = (len(task.prompt) + len(task.answer)) / 2.2
            if groups[-1] and width * (len(groups[-1]) + 1) > tokens:
                groups.append([])
            groups[-1].append(task)
        rng.shuffle(groups)
        for group in groups:
            yield make_batch(group, tokenizer)


@torch.no_grad()
def copy_accuracy(
    model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, progress: float, n: int = 300
) -> dict[str, float]:
    """Share of answers that come out letter for letter, per kind of task, on the demo's values.

    Every answer token being the most likely one given the true ones before it is the same as greedy
    decoding being right.
    """
    rng = Random(99)
    kinds: dict[str, list[Task]] = {}
    for _ in range(n):
        task = draw_task(rng, progress, demo_values=True)
        kinds.setdefault(kind_of(task), []).append(task)
    shares = {}
    for kind, tasks in sorted(kinds.items()):
        batch = make_batch(tasks, tokenizer)
        right = answer_logits(model, batch).argmax(-1) == batch.target
        wrong_rows = set(batch.rows[~right].tolist())
        shares[kind] = 1 - len(wrong_rows) / len(tasks)
    return shares


def kind_of(task: Task) -> str:
    """The first word of the instruction, or `row`."""
    parts = task.prompt.split("\n")
    return parts[1].split()[0] if len(parts) > 1 else "row"


def pretrain(recipe: Recipe, out: Path, report: Callable[[str], None] = print) -> int:
    """Trains for `recipe.minutes` of wall time and writes model and tokenizer (fp16) to `out`.

    Returns the number of parameters.
    """
    keep_freed_memory()
    torch.set_num_threads(recipe.threads)
    if recipe.resume:
        tokenizer = PreTrainedTokenizerFast.from_pretrained(recipe.resume)
        model = LlamaForCausalLM.from_pretrained(recipe.resume, dtype=torch.float32)
    else:
        tokenizer = make_tokenizer(recipe.seed, recipe.vocabulary)
        model = make_model(recipe, tokenizer)
    # On a CPU the fused attention's backward takes half of a step at these lengths.
    model.set_attn_implementation("eager")
    done = recipe.resumed_at if recipe.resume else 0.0
    report(f"{model.num_parameters():,} parameters, {len(tokenizer)} tokens")
    inner = [p for n, p in model.named_parameters() if p.ndim == 2 and "embed" not in n]
    rest = [p for n, p in model.named_parameters() if p.ndim != 2 or "embed" in n]
    muon = torch.optim.Muon(inner, lr=recipe.muon_lr, weight_decay=0.01, momentum=0.95)
    adam = torch.optim.AdamW(rest, lr=recipe.adam_lr, betas=(0.9, 0.95), weight_decay=0.0)
    start, saved = time.monotonic(), time.monotonic()

    def progress() -> float:
        passed = (time.monotonic() - start) / (recipe.minutes * 60)
        return min(1.0, done + (1 - done) * passed)

    stream = batches(Random(recipe.seed), tokenizer, recipe.tokens, progress)
    losses: list[float] = []
    seen, step = 0, 0
    while progress() < 1:
        factor = min(1.0, (step + 1) / 100) * (0.02 + 0.98 * _cosine(progress()))
        for optimizer, rate in ((muon, recipe.muon_lr), (adam, recipe.adam_lr)):
            for group in optimizer.param_groups:
                group["lr"] = rate * factor
        batch = next(stream)
        with torch.autocast("cpu", torch.bfloat16):
            logits = answer_logits(model, batch)
        loss = cross_entropy(logits.float(), batch.target)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(rest, 1.0)
        for optimizer in (muon, adam):
            optimizer.step()  # type: ignore[no-untyped-call]
            optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        seen, step = seen + batch.ids.numel(), step + 1
        if step % 100 == 0:
            report(_line(step, progress(), losses[-100:], seen, time.monotonic() - start))
        if step % 300 == 0:
            shares = copy_accuracy(model, tokenizer, progress())
            report("  " + "  ".join(f"{k} {v:.2f}" for k, v in shares.items()))
        if time.monotonic() - saved > 240:
            save(model, tokenizer, out)
            saved = time.monotonic()
    save(model, tokenizer, out)
    report(f"final {copy_accuracy(model, tokenizer, 1.0, 1000)}")
    return int(model.num_parameters())


def save(model: LlamaForCausalLM, tokenizer: PreTrainedTokenizerFast, out: Path) -> None:
    """Writes safetensors in half precision and the tokenizer; training goes on in fp32."""
    half = {name: value.detach().half() for name, value in model.state_dict().items()}
    model.config.use_cache = True
    model.save_pretrained(out, state_dict=half)
    (out / "model.safetensors").chmod(0o644)
    tokenizer.save_pretrained(out)


def keep_freed_memory() -> None:
    """Stops glibc from handing big blocks back at once: saves about 30 % of a step on a CPU."""
    with contextlib.suppress(OSError, AttributeError):
        libc = ctypes.CDLL("libc.so.6")
        for option, value in ((-1, 2**31 - 1), (-3, 2**30)):  # M_TRIM_THRESHOLD, M_MMAP_THRESHOLD
            libc.mallopt(option, value)


def _cosine(progress: float) -> float:
    return 0.5 * (1 + math.cos(math.pi * progress))


def _line(step: int, progress: float, losses: list[float], seen: int, seconds: float) -> str:
    loss = sum(losses) / len(losses)
    return f"step {step}  {progress:4.0%}  loss {loss:.4f}  {seen / seconds:,.0f} tokens/s"
