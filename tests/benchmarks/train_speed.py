"""Training speed here, by transformers' Trainer and by TRL: same model, tokens and batch size.

    pip install --no-deps trl==1.16.0
    python -m tests.benchmarks.train_speed GSM8K_TRAIN_JSONL [--steps 60] [--rounds 2]

A random Llama (hidden 256, 4 layers, vocabulary of 8,000 learned from the file), LoRA of rank 16 on
all linear layers, batches of 8, float32 on a CPU and bfloat16 on a GPU. Each contender is a process
of its own, in turn, and counts real tokens only, after its first five steps. Printed per contender:
tokens a second (the best round), peak memory, the loss of the first batch at the start (the same
eight examples), and the ratio to TRL as it is by default.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

BATCH, WARM_UP, EXAMPLES = 8, 5, 2000
CONTENDERS = ("touchstone", "trainer", "trl", "trl-grouped", "trl-padding-free")
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": "all-linear"}


def main() -> None:
    """Every contender in turn, `--rounds` times, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="JSONL with question and answer")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--only", help=argparse.SUPPRESS)
    parser.add_argument("--home", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        print("RESULT", json.dumps(_run(asked.only, asked.home, asked.steps)))
        return
    with tempfile.TemporaryDirectory() as home:
        _prepare(Path(home), asked.file)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in CONTENDERS}
        for _ in range(asked.rounds):
            for name in CONTENDERS:
                found[name].append(_in_a_process(name, Path(home), asked))
        _print(found)


def _in_a_process(name: str, home: Path, asked: argparse.Namespace) -> dict[str, float]:
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.train_speed"]
    command += [str(asked.file), "--only", name, "--home", str(home), "--steps", str(asked.steps)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        sys.exit(f"{name} ended without a result:\n{ended.stderr[-2000:]}")
    result: dict[str, float] = json.loads(lines[-1].removeprefix("RESULT "))
    return result


def _print(found: dict[str, list[dict[str, float]]]) -> None:
    speeds = {
        name: max(one["tokens_per_second"] for one in rounds) for name, rounds in found.items()
    }
    print("| | tokens/s | of TRL's | peak memory | first loss |\n|---|---|---|---|---|")
    for name, rounds in found.items():
        peak, loss = min(one["peak_mb"] for one in rounds), rounds[0]["first_loss"]
        ratio = speeds[name] / speeds["trl"]
        print(f"| {name} | {speeds[name]:,.0f} | {ratio:.2f} | {peak:,.0f} MB | {loss:.6f} |")


def _prepare(home: Path, file: Path) -> None:
    """Model, tokenizer and the tokens of the first examples, for all contenders."""
    import torch
    from tokenizers import ByteLevelBPETokenizer
    from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()][:EXAMPLES]
    bpe = ByteLevelBPETokenizer()
    texts = [f"{row['question']}\n{row['answer']}" for row in rows]
    bpe.train_from_iterator(texts, vocab_size=8000, special_tokens=["<s>", "</s>", "<pad>"])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe._tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    tokenizer.save_pretrained(str(home))
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=256, intermediate_size=688, num_hidden_layers=4,
        num_attention_heads=8, num_key_value_heads=4, max_position_embeddings=1024,
        bos_token_id=0, eos_token_id=1, pad_token_id=2,
    )  # fmt: skip
    LlamaForCausalLM(config).save_pretrained(home)
    tokens = [
        {
            "prompt": tokenizer(row["question"] + "\n")["input_ids"],
            "answer": [*tokenizer(row["answer"])["input_ids"], 1],
        }
        for row in rows
    ]
    (home / "tokens.json").write_text(json.dumps(tokens))


def _run(name: str, home: Path, steps: int) -> dict[str, float]:
    tokens = json.loads((home / "tokens.json").read_text())
    contenders: dict[str, Callable[..., tuple[float, float]]] = {
        "touchstone": _touchstone,
        "trainer": _trainer,
        "trl": _trl,
        "trl-grouped": lambda *args: _trl(*args, train_sampling_strategy="group_by_length"),
        "trl-padding-free": lambda *args: _trl(*args, padding_free=True),
    }
    speed, first = contenders[name](home, tokens, steps)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"tokens_per_second": speed, "first_loss": first, "peak_mb": _gpu_peak() or peak}


def _gpu_peak() -> float:
    import torch

    return torch.cuda.max_memory_allocated() / 1e6 if torch.cuda.is_available() else 0.0


def _model(home: Path) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, set_seed

    set_seed(0)
    kind = torch.bfloat16 if torch.cuda.is_available() else torch.float32
    device = "cuda" if torch.cuda.is_available() else "cpu"
    model = AutoModelForCausalLM.from_pretrained(home, dtype=kind, device_map={"": device})
    return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **LORA))


def _touchstone(home: Path, tokens: list[dict[str, Any]], steps: int) -> tuple[float, float]:
    from core.gpu.data import EncodedExample, EncodedSplit, collate
    from core.gpu.loop import TrainingLoop
    from core.gpu.objective import answer_loss
    from core.jobs.context import JobContext
    from core.jobs.folder import JobFolder
    from core.tuning.run_spec import RunSpec

    examples = tuple(EncodedExample(tuple(t["prompt"]), tuple(t["answer"])) for t in tokens)
    spec = RunSpec.from_settings(
        {
            "run_id": "r", "name": "r", "version_id": "v", "base_model": str(home),
            "max_steps": steps, "per_device_train_batch_size": BATCH, "eval_steps": steps + 1,
            "early_stopping_patience": 0, "eval_samples": 0, "lora_dropout": 0.0,
        }
    )  # fmt: skip
    model = _model(home)
    device = next(model.parameters()).device
    first = collate(examples[:BATCH])
    loss = float(answer_loss(model, first.to(device)).detach()) / len(first.targets)
    folder = JobFolder.create(home / "job" / str(time.time_ns()), spec.job_spec())
    loop = TrainingLoop(
        JobContext(folder), spec, model, device, EncodedSplit(examples), EncodedSplit(())
    )
    clock = _Clock()
    step = loop._step

    def timed() -> Any:
        before = loop.progress.tokens
        norm = step()
        clock.count(loop.progress.tokens - before)
        return norm

    loop._step = timed  # type: ignore[method-assign]
    loop.run()
    return clock.speed, loss


class _Clock:
    """Tokens a second after the first WARM_UP steps."""

    def __init__(self) -> None:
        self.steps = self.tokens = 0
        self.started = 0.0

    def count(self, tokens: int) -> None:
        self.steps += 1
        self.ended = time.monotonic()
        if self.steps == WARM_UP:
            self.started = self.ended
        elif self.steps > WARM_UP:
            self.tokens += tokens

    @property
    def speed(self) -> float:
        return self.tokens / (self.ended - self.started)


def _dataset(tokens: list[dict[str, Any]]) -> Any:
    from datasets import Dataset

    return Dataset.from_list(
        [
            {
                "input_ids": [*t["prompt"], *t["answer"]],
                "completion_mask": [0] * len(t["prompt"]) + [1] * len(t["answer"]),
            }
            for t in tokens
        ]
    )


def _arguments(steps: int, **more: Any) -> dict[str, Any]:
    import torch

    return {
        "output_dir": tempfile.mkdtemp(), "max_steps": steps, "per_device_train_batch_size": BATCH,
        "learning_rate": 2e-4, "logging_steps": 10, "save_strategy": "no", "report_to": [],
        "seed": 42, "disable_tqdm": True, "optim": "adamw_torch_fused",
        "bf16": torch.cuda.is_available(), "use_cpu": not torch.cuda.is_available(),
        "dataloader_num_workers": 0, "dataloader_pin_memory": False, **more,
    }  # fmt: skip


def _trainer(home: Path, tokens: list[dict[str, Any]], steps: int) -> tuple[float, float]:
    """transformers' Trainer with the loss on labelled tokens alone and batches of like length."""
    from transformers import Trainer, TrainingArguments

    from core.gpu.data import Batch, EncodedExample, collate
    from core.gpu.objective import answer_loss

    clock = _Clock()

    def batch_of(rows: list[dict[str, Any]]) -> dict[str, Any]:
        cut = [sum(1 for one in row["completion_mask"] if not one) for row in rows]
        batch = collate(
            [
                EncodedExample(tuple(row["input_ids"][:at]), tuple(row["input_ids"][at:]))
                for row, at in zip(rows, cut, strict=True)
            ]
        )
        return {"input_ids": batch.ids, "keep": batch.keep, "targets": batch.targets}

    class LabelledTokens(Trainer):  # type: ignore[misc]
        def compute_loss(self, model: Any, inputs: Any, *_: Any, **__: Any) -> Any:
            batch = Batch(inputs["input_ids"], inputs["keep"], inputs["targets"], 0)
            return answer_loss(model, batch) / len(batch.targets)

        def training_step(self, model: Any, inputs: Any, *rest: Any) -> Any:
            found = super().training_step(model, inputs, *rest)
            clock.count(int((inputs["input_ids"] != 0).sum()))  # padded with 0, which no text has
            return found

    model = _model(home)
    more = {"remove_unused_columns": False, "train_sampling_strategy": "group_by_length"}
    data = _dataset(tokens)
    trainer = LabelledTokens(
        model=model,
        args=TrainingArguments(**_arguments(steps, **more)),
        train_dataset=data,
        data_collator=batch_of,
    )
    first = trainer._prepare_inputs(batch_of([data[i] for i in range(BATCH)]))
    loss = float(trainer.compute_loss(model, first).detach())
    trainer.train()
    return clock.speed, loss


def _trl(home: Path, tokens: list[dict[str, Any]], steps: int, **more: Any) -> tuple[float, float]:
    from transformers import AutoTokenizer
    from trl import SFTConfig, SFTTrainer

    clock = _Clock()

    class Counted(SFTTrainer):  # type: ignore[misc]
        def training_step(self, model: Any, inputs: Any, *rest: Any) -> Any:
            mask = inputs.get("attention_mask")
            count = int(inputs["input_ids"].numel() if mask is None else mask.sum())
            found = super().training_step(model, inputs, *rest)
            clock.count(count)
            return found

    model = _model(home)
    data = _dataset(tokens)
    trainer = Counted(
        model=model,
        args=SFTConfig(
            **_arguments(steps, **more),
            max_length=None,
            completion_only_loss=True,
        ),
        train_dataset=data,
        processing_class=AutoTokenizer.from_pretrained(home),
    )
    rows = [trainer.train_dataset[i] for i in range(BATCH)]
    first = trainer._prepare_inputs(trainer.data_collator(rows))
    model.train()
    loss = trainer.compute_loss(model, first)
    trainer.train()
    return clock.speed, float(loss.detach())


if __name__ == "__main__":
    main()
