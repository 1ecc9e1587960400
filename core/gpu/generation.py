"""The "generate" job: what base, prompted base and tuned model answer, from one loaded model.

    python -m core.worker JOB_DIR

spec.json: base_model, adapter (a folder, or null), prompt (Prompt), config (GenerationConfig),
shots [{instruction, input, output}], systems [{system_id, kind: base|prompted|tuned}], and of the
run the precision (bf16, fp32, 4bit), base_model_hash, and, where it learned to choose a label, a
classifier (labels, max_length, overlong): tuned answers are then labels. Reads
data/examples.parquet (example_id, revision_id, instruction, input); writes final/answers.parquet
(see ANSWERS) and final/summary.json. Every answer ends at the prompt's stop strings, whichever
system gave it.

Each answer that was written has its confidence (`core.gpu.confidence`); a label that was chosen has
none. With reference_perplexity in the spec, examples.parquet has the output too, and each row the
loss of it under its system, which costs one forward pass more.

A prompt that fills the model's context is not cut: its text is empty, its finish "too_long", and a
note names it. Answers are kept in checkpoints/answers.jsonl batch by batch; a stopped or killed job
goes on behind them.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import GenerationConfig as DecodingConfig
from transformers import logging as transformers_logging

from core.errors import InvalidInput
from core.gpu.adapters import load_adapter
from core.gpu.choosing import Choosing
from core.gpu.data import read_rows
from core.gpu.decoding import stop_tokens
from core.gpu.generator import Question, Writing
from core.gpu.labelled import cut_in_the_middle, read_tokens, readable_length
from core.gpu.memory import free_memory
from core.gpu.models import LoadedModel, load_model, refuse_changed
from core.gpu.prompting import prompt_texts, prompt_tokens
from core.gpu.references import note_unmeasured, references_of
from core.jobs.context import JobContext
from core.jobs.folder import read_json, write_json
from core.prompts import Prompt, PromptTemplate
from core.tuning.generation_config import GenerationConfig
from core.tuning.labels import Labels
from core.tuning.weights import weights_hash

KINDS = ("base", "prompted", "tuned")
FINISHES = ("stop", "stop_string", "length", "too_long")
ANSWERS = {
    "system_id": "string",
    "example_id": "string",
    "revision_id": "string",
    "text": "string",
    "cut": "string",
    "prompt_tokens": "int32",
    "new_tokens": "int32",
    "seconds": "double",
    "finish": "string",
    "confidence": "double",
    "reference_loss": "double",
}


class InvalidGeneration(InvalidInput):
    """The job's systems, adapter and shots do not fit together."""

    title = "These answers cannot be generated"


def run(job: JobContext) -> None:
    """Generates and writes final/; see the module's text for the files."""
    answers, facts = answers_of(job, read_rows(job.data("examples.parquet")))
    with job.final() as folder:
        _write_parquet(folder / "answers.parquet", answers)
        write_json(folder / "summary.json", {**summary(answers, job.spec["systems"]), **facts})
    job.note(f"Completed: {len(answers)} answers.")


def answers_of(
    job: JobContext, rows: Sequence[Mapping[str, Any]]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The answers of the spec's systems to `rows` (example_id, revision_id, instruction, input), in
    the columns of ANSWERS, system by system; and the facts of the models. Raises JobStopped."""
    transformers_logging.disable_progress_bar()
    spec = job.spec
    config = GenerationConfig.from_json(spec["config"])
    refuse_misfits(spec)
    prompt = prompt_of(spec)
    facts: dict[str, Any] = {}
    # A head for labels and a head that writes are two models: one after the other.
    for labels, systems in _by_head(spec):
        base, model, own = _load(job, prompt, labels, systems)
        facts |= own
        job.note(f"{len(rows)} examples for {len(systems)} systems on {base.device}.")
        total = len(rows) * len(spec["systems"])
        writing = (Choosing if labels else Writing)(job, base, model, config, prompt, total)
        measured = labels is None and spec.get("reference_perplexity")
        references = references_of(base, prompt, rows) if measured else [()] * len(rows)
        for system in systems:
            questions = _questions(base, prompt, spec, system, rows, references)
            if measured:
                note_unmeasured(job, base, questions, rows)
            writing.answer(questions)
        del model
        base.model = writing.model = None
        free_memory()
    return writing.in_order([str(row["example_id"]) for row in rows]), facts


def prompt_of(spec: Mapping[str, Any]) -> Prompt:
    """The job's prompt; jobs that were queued by an earlier version name a template."""
    if "prompt" in spec:
        return Prompt.from_json(spec["prompt"])
    return PromptTemplate(spec["template"]).prompt


def refuse_misfits(spec: Mapping[str, Any]) -> None:
    """Raises InvalidGeneration when systems, adapter and shots do not fit together."""
    kinds = [system["kind"] for system in spec["systems"]]
    if unknown := sorted(set(kinds) - set(KINDS)):
        raise InvalidGeneration(f"Unknown kinds of system: {', '.join(unknown)}. Use {KINDS}.")
    if not kinds or len({s["system_id"] for s in spec["systems"]}) < len(kinds):
        raise InvalidGeneration("Name at least one system, and each only once.")
    if "tuned" in kinds and not spec.get("adapter"):
        raise InvalidGeneration("A tuned system needs an adapter. Choose a completed run.")
    if "prompted" in kinds and not spec.get("shots"):
        raise InvalidGeneration("A prompted system needs worked examples. Give some shots.")


def _by_head(
    spec: Mapping[str, Any],
) -> list[tuple[Labels | None, list[Mapping[str, str]]]]:
    """The systems that one loaded model answers for, with the labels that it chooses from."""
    if not spec.get("classifier"):
        return [(None, list(spec["systems"]))]
    tuned = [system for system in spec["systems"] if system["kind"] == "tuned"]
    written = [system for system in spec["systems"] if system["kind"] != "tuned"]
    labels = Labels.from_json(spec["classifier"]["labels"])
    # The tuned one last: its facts, the adapter's hash among them, are the job's.
    return [(of, systems) for of, systems in ((None, written), (labels, tuned)) if systems]


def _load(
    job: JobContext,
    prompt: Prompt,
    labels: Labels | None,
    systems: Sequence[Mapping[str, str]],
) -> tuple[LoadedModel, Any, dict[str, Any]]:
    spec = job.spec
    precision = spec.get("precision", "auto")
    base = load_model(spec["base_model"], job.workspace, precision, labels=labels)
    refuse_changed(base, spec.get("base_model_hash", ""))
    facts = {
        "base_model_hash": base.hash,
        "adapter_hash": None,
        "device": str(base.device),
        "precision": base.precision,
        "prompt_hash": prompt.hash,
    }
    # The model's folder may ask for sampling or a penalty; only the job's config counts here.
    if labels is None:
        stops = stop_tokens(base, prompt)
        base.model.generation_config = DecodingConfig(eos_token_id=stops)
    # An adapter with a head for labels cannot stand beside a base that writes.
    only_base = all(system["kind"] != "tuned" for system in systems)
    if not spec.get("adapter") or (spec.get("classifier") and only_base):
        return base, base.model, facts
    folder = job.resolve(spec["adapter"])
    model = load_adapter(base, folder)
    refuse_changed(base, (read_json(folder / "metrics.json") or {}).get("base_model_hash", ""))
    return base, model, {**facts, "adapter_hash": weights_hash(folder)}


def _questions(
    base: LoadedModel,
    prompt: Prompt,
    spec: Mapping[str, Any],
    system: Mapping[str, str],
    rows: Sequence[Mapping[str, Any]],
    references: Sequence[tuple[int, ...]],
) -> list[Question]:
    shots = [(s["instruction"], s["input"] or "", s["output"]) for s in spec.get("shots") or []]
    shots = shots if system["kind"] == "prompted" else []
    asked = [(row["instruction"], row["input"] or "") for row in rows]
    tokens: Sequence[Sequence[int]]
    if base.labels:
        tokens = _read(base, prompt, spec["classifier"], asked)
    else:
        texts = prompt_texts(base.tokenizer, prompt, asked, shots)
        tokens = prompt_tokens(base.tokenizer, prompt, texts)
    return [
        Question(
            system["system_id"],
            system["kind"],
            str(row["example_id"]),
            row.get("revision_id"),
            tuple(ids),
            reference,
        )
        for row, ids, reference in zip(rows, tokens, references, strict=True)
    ]


def _read(
    base: LoadedModel,
    prompt: Prompt,
    classifier: Mapping[str, Any],
    asked: Sequence[tuple[str, str]],
) -> list[tuple[int, ...]]:
    """What the model reads, cut as the run cut its examples, where it did."""
    rows = read_tokens(base, prompt, asked)
    limit = readable_length(base, classifier["max_length"])
    if limit is None or classifier["overlong"] != "truncate":
        return rows
    return [cut_in_the_middle(row, limit) for row in rows]


def summary(
    answers: Sequence[Mapping[str, Any]], systems: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """Seconds, tokens a second and how answers ended, over all and per system.

    `at_cap` counts those that max_new_tokens cut off. `seconds_per_answer` (value,
    standard_error, batches) is of those that were asked: a ratio over batches, whose answers share
    their time (Cochran 1977, "Sampling Techniques", 6.4); {} of fewer than two batches.
    """

    def of(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        seconds, new = sum(r["seconds"] for r in rows), sum(r["new_tokens"] for r in rows)
        ends = {end: sum(r["finish"] == end for r in rows) for end in FINISHES}
        speed = round(new / seconds, 1) if seconds else 0.0
        return {
            "answers": len(rows),
            "seconds": round(seconds, 2),
            "seconds_per_answer": _seconds_per_answer(rows),
            "new_tokens": new,
            "tokens_per_second": speed,
            "finish": ends,
            "at_cap": ends["length"],
        }

    per_system = {
        s["system_id"]: {
            "kind": s["kind"],
            **of([a for a in answers if a["system_id"] == s["system_id"]]),
        }
        for s in systems
    }
    return {**of(answers), "systems": per_system}


def _seconds_per_answer(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    # Answers that a worker of an earlier version kept name no batch.
    batches: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        if "batch" in row:
            batches.setdefault((row["system_id"], row["batch"]), []).append(row["seconds"])
    asked, m = sum(map(len, batches.values())), len(batches)
    if m < 2:
        return {}
    mean = sum(map(sum, batches.values())) / asked
    apart = sum((sum(one) - mean * len(one)) ** 2 for one in batches.values())
    error = math.sqrt(m / (m - 1) * apart) / asked
    return {"value": mean, "standard_error": error, "batches": m}


def _write_parquet(path: Path, answers: list[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    schema = pa.schema([(name, pa.type_for_alias(kind)) for name, kind in ANSWERS.items()])
    pq.write_table(pa.Table.from_pylist(answers, schema=schema), path)
