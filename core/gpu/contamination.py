"""The job kind "contamination": data/examples.parquet in, final/probes.parquet and
summary.json (base_model_hash) out.

Run by `python -m core.worker JOB_DIR`; spec: base_model, precision. Each row of the examples has
example_id, control, question and reference. For each: the model's greedy completion of its first
half beside the true second half, and the likelihood of its tokens. No prompt is put around a text:
it is read as it would have stood in the data that a model was trained on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any

import torch
from transformers import GenerationConfig as DecodingConfig
from transformers.utils import logging as transformers_logging

from core.gpu.data import read_rows
from core.gpu.decoding import answer_batch, batches_of
from core.gpu.models import LoadedModel, load_model
from core.jobs.context import JobContext
from core.scoring.contamination import (
    Probe,
    completion_score,
    halves,
    min_k,
)
from core.tuning.generation_config import GenerationConfig

LONGEST = 2048  # tokens of a text that are looked at
TOKENS_AT_ONCE = 2048
NEW_TOKENS = 96


def run(job: JobContext) -> None:
    """Probes every example. Raises JobStopped when told to stop."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    transformers_logging.disable_progress_bar()
    rows = read_rows(job.data("examples.parquet"))
    base = load_model(job.spec["base_model"], job.workspace, job.spec.get("precision", "auto"))
    base.model.generation_config = DecodingConfig(eos_token_id=base.tokenizer.eos_token_id)
    job.note(f"{len(rows)} examples on {base.device}.")
    likelihoods = _likelihoods(job, base, rows)
    completions = _completions(job, base, rows)
    probes = [
        Probe(row["example_id"], row["control"], done, min_k(every), _perplexity(reference))
        for row, done, (every, reference) in zip(rows, completions, likelihoods, strict=True)
    ]
    with job.final() as folder:
        table = pa.Table.from_pylist([probe._asdict() for probe in probes])
        pq.write_table(table, folder / "probes.parquet")
        summary = {"base_model_hash": base.hash}
        (folder / "summary.json").write_text(json.dumps(summary), encoding="utf-8")


def log_probabilities(base: LoadedModel, batch: Sequence[Sequence[int]]) -> list[list[float]]:
    """The natural log-probability of each token behind the first, text by text."""
    width = max(map(len, batch))
    ids = torch.zeros((len(batch), width), dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, tokens in enumerate(batch):
        ids[row, : len(tokens)] = torch.tensor(tokens)
        mask[row, : len(tokens)] = 1
    ids, mask = ids.to(base.device), mask.to(base.device)
    found = []
    with torch.inference_mode():
        logits = base.model(input_ids=ids, attention_mask=mask).logits
        for row, tokens in enumerate(batch):
            end = len(tokens)
            loss = torch.nn.functional.cross_entropy(
                logits[row, : end - 1].float(), ids[row, 1:end], reduction="none"
            )
            found.append([-one for one in loss.tolist()])
    return found


def _likelihoods(
    job: JobContext, base: LoadedModel, rows: Sequence[dict[str, Any]]
) -> list[tuple[list[float], list[float]]]:
    """Of each example the log-probabilities of all its tokens, and of its reference's."""
    most = min(LONGEST, base.context or LONGEST)
    starts = [len(_ids(base, row["question"] + "\n")) for row in rows]
    texts = [_ids(base, f"{row['question']}\n{row['reference']}")[:most] for row in rows]
    found: list[tuple[list[float], list[float]]] = [([], [])] * len(rows)
    done = 0
    for batch in _batches([len(text) for text in texts]):
        for index, every in zip(
            batch, log_probabilities(base, [texts[k] for k in batch]), strict=True
        ):
            found[index] = every, every[max(0, starts[index] - 1) :]
        done += len(batch)
        job.advance(done, 2 * len(rows))
    return found


def _batches(lengths: Sequence[int]) -> list[list[int]]:
    """Indices by length, longest first, so many at a time that they fit."""
    found: list[list[int]] = []
    room = 0
    for index in sorted(range(len(lengths)), key=lambda k: -lengths[k]):
        if room < 1:
            found.append([])
            room = max(1, TOKENS_AT_ONCE // max(1, lengths[index]))
        found[-1].append(index)
        room -= 1
    return found


def _completions(
    job: JobContext, base: LoadedModel, rows: Sequence[dict[str, Any]]
) -> list[float | None]:
    """Of each example the score of the completion; None where too little is to be completed."""
    parts = [halves(row["question"], row["reference"]) for row in rows]
    asked = [k for k, (_, rest) in enumerate(parts) if rest]
    prompts = [_ids(base, parts[k][0]) for k in asked]
    config = GenerationConfig(max_new_tokens=NEW_TOKENS, batch_size=8)
    found: list[float | None] = [None] * len(rows)
    done = len(rows)
    for batch in batches_of([len(prompt) for prompt in prompts], config, base.context):
        stops = [base.tokenizer.eos_token_id]
        answers = answer_batch(
            base.model, base, [prompts[k] for k in batch], config, stops, (), chance=""
        )
        for k, answer in zip(batch, answers, strict=True):
            found[asked[k]] = completion_score(parts[asked[k]][1], answer.text)
        done += len(batch)
        job.advance(done, 2 * len(rows))
    job.progress(2 * len(rows), 2 * len(rows))
    return found


def _ids(base: LoadedModel, text: str) -> list[int]:
    return list(base.tokenizer(text)["input_ids"])


def _perplexity(reference: Sequence[float]) -> float | None:
    return math.exp(-math.fsum(reference) / len(reference)) if reference else None
