"""Builders for tests of runs that choose a label: a tiny random encoder, leads to qualify."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tests.tiny_model import NAMES

LABELS = ("hot", "warm", "cold")
# Of the towns that the tiny model's tokenizer knows as words.
TOWNS_OF = {"hot": ("Oslo", "Lima"), "warm": ("Cairo", "Kyoto"), "cold": ("Perth", "Quito")}


def leads(count: int, *, seed: int = 0, label_field: str = "") -> list[dict[str, Any]]:
    """Notes whose label follows from the town in them; half are hot. With a `label_field` the
    output is a record that holds the label beside another field."""
    rng = random.Random(seed)
    rows = []
    for number in range(count):
        label = rng.choice(("hot", *LABELS)) if number >= len(LABELS) else LABELS[number]
        name, town = rng.choice(NAMES), rng.choice(TOWNS_OF[label])
        extra = "We met at the fair and talked for long. " * rng.randint(0, 2)
        rows.append(
            {
                "example_id": f"e{number}",
                "instruction": "Qualify the lead.",
                "input": f"{extra}{name} lives in {town}.",
                "output": f"name: {name}\n{label_field}: {label}" if label_field else label,
            }
        )
    return rows


def make_tiny_encoder(folder: Path, *, seed: int = 0) -> Path:
    """Writes a random BERT (hidden 64, 2 layers) as a masked language model, so without pooler, and
    its own word-piece tokenizer to `folder`, and returns it."""
    import torch
    from tokenizers import BertWordPieceTokenizer
    from transformers import BertConfig, BertForMaskedLM, BertTokenizerFast

    pieces = BertWordPieceTokenizer()
    pieces.train_from_iterator(
        [f"{row['instruction']} {row['input']} {row['output']}" for row in leads(200)],
        vocab_size=400,
        min_frequency=1,
        show_progress=False,
    )
    folder.mkdir(parents=True, exist_ok=True)
    pieces.save_model(str(folder))
    tokenizer = BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=64,
        pad_token_id=tokenizer.pad_token_id,
        # Wider than usual, so that words are told apart without pre-training.
        initializer_range=0.1,
    )
    torch.manual_seed(seed)
    BertForMaskedLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(str(folder))
    return folder
