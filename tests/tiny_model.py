"""Builders for tests of training and generation: a tiny random Llama, examples, job folders.

The model (about 90,000 random parameters, byte-level BPE) is made in well under a second, once
torch is imported.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.jobs.folder import JobFolder
from core.tuning.methods import METHODS, Lora
from core.tuning.run_spec import RunSpec

NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Tony")
TOWNS = ("Oslo", "Lima", "Cairo", "Kyoto", "Perth", "Quito", "Turin", "Delhi")


LORA: dict[str, Any] = {"lora_r": 4, "lora_alpha": 8, "learning_rate": 0.01}


def make_tiny_model(folder: Path, *, seed: int = 0, max_positions: int = 256) -> Path:
    """Writes a random Llama (hidden 64, 2 layers) and its tokenizer to `folder`, and returns it."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    tokenizer = _tokenizer()
    config = LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        max_position_embeddings=max_positions,
        tie_word_embeddings=True,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    # Wider than usual, so that different prompts get visibly different answers without training.
    config.initializer_range = 0.2
    LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(str(folder))
    return folder


def _tokenizer() -> Any:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    bpe = ByteLevelBPETokenizer()
    bpe.train_from_iterator(
        [f"{row['instruction']}\n{row['input']}\n{row['output']}" for row in some_rows(50)],
        vocab_size=400,
        min_frequency=1,
        special_tokens=["<s>", "</s>", "<pad>"],
        show_progress=False,
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=bpe._tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )


def some_rows(count: int, *, seed: int = 0) -> list[dict[str, str]]:
    """Examples that a few steps of training learn something from."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        name, town = rng.choice(NAMES), rng.choice(TOWNS)
        extra = " We met at the fair and talked for long." * rng.randint(0, 2)
        rows.append(
            {
                "example_id": f"e{number}",
                "instruction": "Write the record.",
                "input": f"{name} lives in {town}.{extra}",
                "output": f"name: {name}; town: {town}",
            }
        )
    return rows


def write_rows(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Writes `rows` as parquet."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist([dict(row) for row in rows]), path)


def a_run(base_model: Path | str, **changes: Any) -> RunSpec:
    """A short training on a CPU, by LoRA unless `changes` name another method."""
    settings: dict[str, Any] = {
        "run_id": "run-1",
        "name": "A short run",
        "base_model": str(base_model),
        "version_id": "v1",
        **(LORA if issubclass(METHODS.get(changes.get("method", "lora"), Lora), Lora) else {}),
        "per_device_train_batch_size": 4,
        "num_train_epochs": 2.0,
        "max_length": 200,
        "logging_steps": 1,
        "early_stopping_patience": 0,
        "eval_samples": 0,
    }
    return RunSpec.from_settings({**settings, **changes})


def a_training(
    path: Path,
    spec: RunSpec,
    train: Sequence[Mapping[str, Any]] | None = None,
    validation: Sequence[Mapping[str, Any]] | None = None,
) -> JobFolder:
    """A job folder for `spec` with 24 training and 8 validation examples, unless given."""
    folder = JobFolder.create(path, spec.job_spec())
    write_rows(folder.data / "train.parquet", some_rows(24) if train is None else train)
    held_out = some_rows(8, seed=1) if validation is None else validation
    write_rows(folder.data / "validation.parquet", held_out)
    return folder
