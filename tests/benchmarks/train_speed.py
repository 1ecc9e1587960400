"""Training speed here, by transformers' Trainer and by TRL: same model, tokens and batch size.

    pip install --no-deps trl==1.16.0
    python -m tests.benchmarks.train_speed GSM8K_TRAIN_JSONL [--steps 60] [--rounds 2]
    python -m tests.benchmarks.train_speed GSM8K_TRAIN_JSONL --shape 8b --batch 4 --steps 40 \
        --method qlora --checkpointing            # a GPU with 40 GB

The models have random weights. "tiny": a Llama of hidden 256, 4 layers, on GSM8K's examples. "8b":
the shape of Llama 3.1 8B, on stretches of GSM8K of 512 to 2,048 tokens whose last quarter is the
answer, each seen once. LoRA of rank 16 on all linear layers; float32 on a CPU, bfloat16 on a GPU.
Each contender is a process of its own, in turn, and counts real tokens only, after its first five
steps. Printed per contender: tokens a second (the best round), the ratio to TRL as it is by
default, peak memory, the loss of the first batch (the same examples); on a GPU also the share of
the rate that it reaches in a bfloat16 product of 8,192 squared: 4 operations a token for each
weight, since frozen weights need no gradient; what is computed twice to save memory is not counted.
With --checkpointing every layer computes its activations again, and one more contender leaves that
out for as many layers as the memory holds (`activation_checkpointing: selective`).
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from tests.benchmarks.train_contenders import CONTENDERS, SELECTIVE, Setup, run

SHAPES: dict[str, dict[str, int]] = {
    "tiny": {
        "hidden_size": 256, "intermediate_size": 688, "num_hidden_layers": 4,
        "num_attention_heads": 8, "num_key_value_heads": 4, "max_position_embeddings": 1024,
    },
    "8b": {
        "vocab_size": 128_256, "hidden_size": 4096, "intermediate_size": 14336,
        "num_hidden_layers": 32, "num_attention_heads": 32, "num_key_value_heads": 8,
        "max_position_embeddings": 8192,
    },
}  # fmt: skip
EXAMPLES = 2000
SHORTEST, LONGEST = 512, 2048


def main() -> None:
    """Every contender in turn, `--rounds` times, then the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("file", type=Path, help="JSONL with question and answer")
    parser.add_argument("--steps", type=int, default=60)
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--shape", choices=SHAPES, default="tiny")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--method", choices=("lora", "qlora"), default="lora")
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--contenders", nargs="+", choices=CONTENDERS)
    parser.add_argument("--home", type=Path, help="where the model lies, or is put; kept")
    parser.add_argument("--only", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.only:
        print("RESULT", json.dumps(run(asked.only, asked.home)))
        return
    able = [one for one in CONTENDERS if one != SELECTIVE or asked.checkpointing]
    contenders = asked.contenders or able
    with tempfile.TemporaryDirectory() as temporary:
        home = asked.home or Path(temporary)
        setup = Setup(asked.steps, asked.batch, asked.method, asked.checkpointing)
        operations = _prepare(home, asked.file, asked.shape, setup)
        found: dict[str, list[dict[str, float]]] = {name: [] for name in contenders}
        for _ in range(asked.rounds):
            for name in contenders:
                found[name] += _in_a_process(name, home, asked.file)
    _print({name: rounds for name, rounds in found.items() if rounds}, operations)


def _in_a_process(name: str, home: Path, file: Path) -> list[dict[str, float]]:
    """What it reached, as a list of one; empty, and said, where it ended without a result."""
    command = [sys.executable, "-W", "ignore", "-m", "tests.benchmarks.train_speed", str(file)]
    started = time.monotonic()
    command += ["--only", name, "--home", str(home)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    lines = [line for line in ended.stdout.splitlines() if line.startswith("RESULT ")]
    took = time.monotonic() - started
    print(f"{name}: {took:.0f} s {lines[-1:] or ended.stderr[-2000:]}", file=sys.stderr)
    return [json.loads(line.removeprefix("RESULT ")) for line in lines[-1:]]


def _print(found: dict[str, list[dict[str, float]]], operations: float) -> None:
    speeds = {
        name: max(one["tokens_per_second"] for one in rounds) for name, rounds in found.items()
    }
    rate = _gpu_rate()
    print("| | tokens/s | of TRL's | peak memory | first loss |" + " of the GPU |" * bool(rate))
    print("|---|---|---|---|---|" + "---|" * bool(rate))
    for name, rounds in found.items():
        peak, loss = min(one["peak_mb"] for one in rounds), rounds[0]["first_loss"]
        ratio = f"{speeds[name] / speeds['trl']:.2f}" if "trl" in speeds else "–"
        share = f" {operations * speeds[name] / rate:.0%} |" if rate else ""
        print(f"| {name} | {speeds[name]:,.0f} | {ratio} | {peak:,.0f} MB | {loss:.6f} |{share}")
    if rate:
        print(f"bfloat16 product of 8,192 squared: {rate / 1e12:,.0f} TFLOP/s")


def _gpu_rate() -> float:
    """Operations a second of this GPU in a large bfloat16 product of random numbers; 0 without."""
    import torch

    if not torch.cuda.is_available():
        return 0.0
    a, b = (torch.randn(8192, 8192, device="cuda", dtype=torch.bfloat16) for _ in range(2))
    for _ in range(3):
        a @ b
    torch.cuda.synchronize()
    started = time.monotonic()
    for _ in range(20):
        a @ b
    torch.cuda.synchronize()
    return 20 * 2 * 8192**3 / (time.monotonic() - started)


def _prepare(home: Path, file: Path, shape: str, setup: Setup) -> float:
    """Model, tokenizer and the tokens of the examples, for all contenders; how many operations a
    token takes, forward and backward through frozen weights."""
    from tokenizers import ByteLevelBPETokenizer
    from transformers import PreTrainedTokenizerFast

    home.mkdir(parents=True, exist_ok=True)
    rows = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()][:EXAMPLES]
    bpe = ByteLevelBPETokenizer()
    texts = [f"{row['question']}\n{row['answer']}" for row in rows]
    bpe.train_from_iterator(texts, vocab_size=8000, special_tokens=["<s>", "</s>", "<pad>"])
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bpe._tokenizer, bos_token="<s>", eos_token="</s>", pad_token="<pad>"
    )
    tokenizer.save_pretrained(str(home))
    tokens = [
        {
            "prompt": tokenizer(row["question"] + "\n")["input_ids"],
            "answer": [*tokenizer(row["answer"])["input_ids"], 1],
        }
        for row in rows
    ]
    if shape != "tiny":
        tokens = _stretches(tokens, setup.steps * setup.batch)
    (home / "tokens.json").write_text(json.dumps(tokens))
    setup.write(home)
    return _save_model(home, {"vocab_size": len(tokenizer), **SHAPES[shape]})


def _stretches(tokens: list[dict[str, Any]], count: int) -> list[dict[str, Any]]:
    """`count` stretches of SHORTEST to LONGEST of these tokens in a row, a quarter the answer."""
    chance = random.Random(0)
    line = [one for row in tokens for part in (row["prompt"], row["answer"]) for one in part]
    found = []
    for _ in range(count):
        length = chance.randint(SHORTEST, LONGEST)
        start = chance.randrange(len(line) - length)
        ids = line[start : start + length]
        found.append({"prompt": ids[: -length // 4], "answer": [*ids[-length // 4 : -1], 1]})
    return found


def _save_model(home: Path, shape: dict[str, int]) -> float:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(**shape, bos_token_id=0, eos_token_id=1, pad_token_id=2)
    with torch.device("meta"):
        meta = LlamaForCausalLM(config)
    embedded = meta.get_input_embeddings().weight.numel()
    operations: float = 4.0 * (meta.num_parameters() - embedded)
    if not (home / "config.json").is_file():
        torch.manual_seed(0)
        large = torch.cuda.is_available()
        torch.set_default_dtype(torch.bfloat16 if large else torch.float32)
        with torch.device("cuda" if large else "cpu"):
            model = LlamaForCausalLM(config)
        torch.set_default_dtype(torch.float32)
        model.save_pretrained(home)
        del model
        torch.cuda.empty_cache()
    return operations


if __name__ == "__main__":
    main()
