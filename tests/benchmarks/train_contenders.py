"""Who trains in `train_speed`: Touchstone's loop, a `Trainer` with the same loss, TRL, Unsloth.

Each trains the model that lies in `home` on the tokens beside it, on a process of its own, as
`home/setup.json` says, and returns how many real tokens a second it took after its first steps and
the loss of the first batch.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.tuning.spec_parts import Precision

WARM_UP = 5
SELECTIVE = "touchstone-selective"
LORA = {"r": 16, "lora_alpha": 32, "lora_dropout": 0.0, "target_modules": "all-linear"}


@dataclass(frozen=True)
class Setup:
    """What all contenders train with: `batch` examples a step, `method` lora or qlora."""

    steps: int
    batch: int
    method: str = "lora"
    checkpointing: bool = False

    @classmethod
    def read(cls, home: Path) -> Setup:
        """What `write` wrote."""
        return cls(**json.loads((home / "setup.json").read_text()))

    def write(self, home: Path) -> None:
        """Beside the model."""
        (home / "setup.json").write_text(json.dumps(asdict(self)))


def run(name: str, home: Path) -> dict[str, float]:
    """What contender `name` reached: tokens a second, first loss, peak memory in MB (of the GPU
    where there is one, else of this process)."""
    import torch

    from core.gpu.memory import peak_memory_bytes

    tokens = json.loads((home / "tokens.json").read_text())
    speed, first = CONTENDERS[name](home, tokens)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    peak = peak_memory_bytes(device) / 2**20
    return {"tokens_per_second": speed, "first_loss": first, "peak_mb": peak}


class _Clock:
    """Tokens a second after the first WARM_UP steps, the last of them included."""

    def __init__(self) -> None:
        self.steps = self.tokens = 0
        self.started = 0.0

    def count(self, tokens: int) -> None:
        """A step with so many real tokens was asked for."""
        self.steps += 1
        if self.steps == WARM_UP:
            self.started = _now()
        elif self.steps > WARM_UP:
            self.tokens += tokens

    def speed(self) -> float:
        """Once all is done: a GPU works on after it was asked."""
        return self.tokens / (_now() - self.started)


def _now() -> float:
    import torch

    if torch.cuda.is_available():
        torch.cuda.synchronize()
    return time.monotonic()


def _model(home: Path) -> Any:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM, set_seed

    from core.gpu.models import weights_as

    set_seed(0)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    plain: Precision = "bf16" if torch.cuda.is_available() else "fp32"
    precision: Precision = "4bit" if Setup.read(home).method == "qlora" else plain
    how = weights_as(precision, device)
    model = AutoModelForCausalLM.from_pretrained(home, device_map={"": device}, **how)
    model.requires_grad_(False)
    return get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", **LORA))


def _touchstone(
    home: Path, tokens: list[dict[str, Any]], *, selective: bool = False
) -> tuple[float, float]:
    import torch

    from core.gpu.data import EncodedExample, EncodedSplit, collate
    from core.gpu.loop import TrainingLoop
    from core.gpu.objective import answer_loss
    from core.gpu.probe import keep_what_fits
    from core.jobs.context import JobContext
    from core.jobs.folder import JobFolder
    from core.tuning.run_spec import RunSpec

    setup = Setup.read(home)
    examples = tuple(EncodedExample(tuple(t["prompt"]), tuple(t["answer"])) for t in tokens)
    spec = RunSpec.from_settings(
        {
            "run_id": "r", "name": "r", "version_id": "v", "base_model": str(home),
            "max_steps": setup.steps, "per_device_train_batch_size": setup.batch,
            "gradient_accumulation_steps": 1, "eval_steps": setup.steps + 1, "save_minutes": 600,
            "early_stopping_patience": 0, "eval_samples": 0, "lora_dropout": 0.0,
            "activation_checkpointing": "selective" if selective else setup.checkpointing,
        }
    )  # fmt: skip
    model = _model(home)
    device = next(model.parameters()).device
    first = collate(examples[: setup.batch])
    with torch.no_grad():
        loss = float(answer_loss(model, first.to(device))) / len(first.targets)
    folder = JobFolder.create(home / "job" / str(time.time_ns()), spec.job_spec())
    loop = TrainingLoop(
        JobContext(folder), spec, model, device, EncodedSplit(examples), EncodedSplit(())
    )
    if selective:
        print(keep_what_fits(loop), file=sys.stderr)
    clock = _Clock()
    step = loop._step

    def timed() -> Any:
        before = loop.progress.tokens
        norm = step()
        clock.count(loop.progress.tokens - before)
        return norm

    loop._step = timed  # type: ignore[method-assign]
    loop.run()
    return clock.speed(), loss


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


def _arguments(setup: Setup, **more: Any) -> dict[str, Any]:
    import torch

    return {
        "output_dir": tempfile.mkdtemp(), "max_steps": setup.steps,
        "per_device_train_batch_size": setup.batch,
        "learning_rate": 2e-4, "logging_steps": 10, "save_strategy": "no", "report_to": [],
        "seed": 42, "disable_tqdm": True, "optim": "adamw_torch_fused",
        "bf16": torch.cuda.is_available(), "use_cpu": not torch.cuda.is_available(),
        "gradient_checkpointing": setup.checkpointing,
        "gradient_checkpointing_kwargs": {"use_reentrant": False},
        "dataloader_num_workers": 0, "dataloader_pin_memory": False, **more,
    }  # fmt: skip


def _trainer(home: Path, tokens: list[dict[str, Any]]) -> tuple[float, float]:
    """transformers' Trainer with the loss on labelled tokens alone and batches of like length."""
    import torch
    from transformers import Trainer, TrainingArguments

    from core.gpu.data import Batch, EncodedExample, collate
    from core.gpu.objective import answer_loss

    clock, setup = _Clock(), Setup.read(home)

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
        args=TrainingArguments(**_arguments(setup, **more)),
        train_dataset=data,
        data_collator=batch_of,
    )
    first = trainer._prepare_inputs(batch_of([data[i] for i in range(setup.batch)]))
    with torch.no_grad():
        loss = float(trainer.compute_loss(model, first))
    trainer.train()
    return clock.speed(), loss


def _trl(home: Path, tokens: list[dict[str, Any]], **more: Any) -> tuple[float, float]:
    from transformers import AutoTokenizer

    return _sft(home, tokens, _model(home), AutoTokenizer.from_pretrained(home), **more)


def _sft(
    home: Path, tokens: list[dict[str, Any]], model: Any, tokenizer: Any, **more: Any
) -> tuple[float, float]:
    import torch
    from trl import SFTConfig, SFTTrainer

    clock, setup = _Clock(), Setup.read(home)

    class Counted(SFTTrainer):  # type: ignore[misc]
        def training_step(self, model: Any, inputs: Any, *rest: Any) -> Any:
            mask = inputs.get("attention_mask")
            count = int(inputs["input_ids"].numel() if mask is None else mask.sum())
            found = super().training_step(model, inputs, *rest)
            clock.count(count)
            return found

    arguments = {**_arguments(setup, **more), "max_length": None, "completion_only_loss": True}
    trainer = Counted(
        model=model,
        args=SFTConfig(**arguments),
        train_dataset=_dataset(tokens),
        processing_class=tokenizer,
    )
    rows = [trainer.train_dataset[i] for i in range(setup.batch)]
    first = trainer._prepare_inputs(trainer.data_collator(rows))
    model.train()
    with torch.no_grad():
        loss = float(trainer.compute_loss(model, first))
    trainer.train()
    return clock.speed(), loss


CONTENDERS: dict[str, Callable[[Path, list[dict[str, Any]]], tuple[float, float]]] = {
    "touchstone": _touchstone,
    SELECTIVE: lambda *args: _touchstone(*args, selective=True),
    "trainer": _trainer,
    "trl": _trl,
    "trl-grouped": lambda *args: _trl(*args, train_sampling_strategy="group_by_length"),
    "trl-padding-free": lambda *args: _trl(*args, padding_free=True),
}
