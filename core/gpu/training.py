"""The "train" job: a base model and a dataset version become a proven adapter in final/.

    python -m core.worker JOB_DIR

spec.json is RunSpec.job_spec(); data/train.parquet and data/validation.parquet have the columns
example_id, instruction, input, output.

A stopped run keeps a checkpoint and no final/: starting the job again goes on from there, and so it
does after the worker was killed. final/ holds the best adapter by validation loss.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from transformers import logging as transformers_logging

from core.gpu.adapter_check import Readings, prove, read_both, read_logits
from core.gpu.adapters import attach_adapter, load_adapter, parameter_counts, save_adapter
from core.gpu.card import model_card
from core.gpu.data import EncodedSplit, NothingToLearn, encode, read_rows
from core.gpu.loop import TrainingLoop
from core.gpu.memory import free_memory, peak_memory_bytes
from core.gpu.models import LoadedModel, load_model, refuse_changed
from core.gpu.prompting import choose_prompt
from core.gpu.validation_samples import ValidationSamples
from core.jobs.context import JobContext
from core.jobs.folder import read_json, write_json
from core.prompts import Prompt, cut_answer
from core.tuning.outcome import learning_warnings, unseen_inputs_warning
from core.tuning.run_spec import RunSpec
from core.tuning.weights import weights_hash
from core.wording import figure

_OVERLONG = {"refuse": "refused", "drop": "left out", "truncate": "cut at the end"}


def run(job: JobContext) -> None:
    """Trains, saves, reloads and proves; see the module's text for the files."""
    transformers_logging.disable_progress_bar()
    spec = RunSpec.from_json(job.spec)
    spec.refuse_unsupported()
    base = _load_base(job, spec)
    prompt = _freeze(job, spec, base)
    train, validation = (_read(job, spec, base, prompt, name) for name in ("train", "validation"))
    if not train.examples:
        raise NothingToLearn("The training split has no example. Freeze a version that has some.")
    model = attach_adapter(base, spec)
    metrics = _facts(base, model, train, validation) | {
        "prompt": prompt.to_json(),
        "prompt_hash": prompt.hash,
    }
    job.note(
        f"{spec.method.label} on {base.device}, {base.precision}: trains "
        f"{figure(metrics['trainable_parameters'])} of "
        f"{figure(metrics['total_parameters'])} parameters."
    )
    rows = read_rows(job.data("validation.parquet"))
    samples = ValidationSamples(job, base, model, prompt, rows, spec.budget.eval_samples)
    loop = TrainingLoop(job, spec, model, base.device, train, validation, samples)
    if loop.resume():
        job.note(f"Goes on from the checkpoint at step {loop.progress.step}.")
    loop.run()
    metrics |= _outcome(loop)
    metrics["warnings"] = [*_unseen_inputs(job, prompt), *_learning(spec, loop)]
    for warning in metrics["warnings"]:
        job.note(warning)
    job.note(f"Trained {loop.progress.step} of {loop.plan.total} steps; proving the adapter.")
    with job.final() as folder:
        save_adapter(model, folder)
        trained = read_both(model, train.examples, base.device)
        # The fresh base must fit beside nothing: let go of the trained one first.
        del model, loop, samples
        base.model = None
        free_memory()
        metrics["checks"] = _reload(job, spec, folder, train, trained)
        metrics |= {"peak_memory_bytes": peak_memory_bytes(base.device)}
        _write_beside(folder, spec, base, metrics)
    job.note("Completed: final/ holds the adapter.")


def _load_base(job: JobContext, spec: RunSpec) -> LoadedModel:
    job.note("Loading the base model.")
    base = load_model(spec.base.location, job.workspace, spec.base.precision, spec.method.name)
    refuse_changed(base, spec.base.hash)
    base.virtual_tokens = spec.method.virtual_tokens
    return base


def _freeze(job: JobContext, spec: RunSpec, base: LoadedModel) -> Prompt:
    """The prompt and the base's hash, as the run's first start decided them."""
    job.folder.checkpoints.mkdir(exist_ok=True)
    path = job.folder.checkpoints / "frozen.json"
    if frozen := read_json(path):
        refuse_changed(base, frozen["base_model_hash"])
        return Prompt.from_json(frozen["prompt"])
    prompt = choose_prompt(spec.prompt, base.tokenizer)
    answers = [str(row["output"]) for row in read_rows(job.data("train.parquet"))]
    own = [s for s in prompt.stop_strings if any(cut_answer(a, [s]).stopped for a in answers)]
    if own:
        prompt = prompt.without_stops(own)
        shown = ", ".join(f"“{stop.strip()}”" for stop in own)
        job.note(f"Answers of the training split hold {shown}, so no answer is ended there.")
    write_json(path, {"base_model_hash": base.hash, "prompt": prompt.to_json()})
    return prompt


def _read(
    job: JobContext, spec: RunSpec, base: LoadedModel, prompt: Prompt, name: str
) -> EncodedSplit:
    rows = read_rows(job.data(f"{name}.parquet"))
    limit = min(spec.data.max_length, base.context or spec.data.max_length)
    split = encode(base.tokenizer, prompt, rows, limit, spec.data.overlong)
    lost = f"; {_OVERLONG[spec.data.overlong]}: {figure(split.tokens_lost)} tokens lost"
    job.note(
        f"{name}: {figure(len(split.examples))} of {figure(len(rows))} examples, "
        f"{figure(sum(split.lengths))} tokens, {figure(split.labelled)} of them to learn; "
        f"{figure(split.overlong)} over {figure(limit)} tokens{lost if split.overlong else ''}."
    )
    return split


def _facts(
    base: LoadedModel, model: Any, train: EncodedSplit, validation: EncodedSplit
) -> dict[str, Any]:
    trainable, total = parameter_counts(model)
    return {
        "trainable_parameters": trainable,
        "total_parameters": total,
        "device": str(base.device),
        "precision": base.precision,
        "base_model_hash": base.hash,
        "data": {
            name: {
                "examples": len(split.examples),
                "tokens": sum(split.lengths),
                "labelled_tokens": split.labelled,
                "overlong": split.overlong,
                "tokens_lost": split.tokens_lost,
            }
            for name, split in (("train", train), ("validation", validation))
        },
    }


def _outcome(loop: TrainingLoop) -> dict[str, Any]:
    at = loop.progress
    return {
        "steps": at.step,
        "total_steps": loop.plan.total,
        "stopped_early": loop.stopped_early,
        "seconds": round(at.seconds, 2),
        "tokens": at.tokens,
        "tokens_per_second": round(at.tokens / at.seconds, 1) if at.seconds else 0.0,
        "train_loss": at.train_loss,
        "validation_loss": at.last_loss,
        "initial_validation_loss": at.initial_loss,
        "best_validation_loss": at.best_loss,
        "best_step": at.best_step or at.step,
        "micro_batch": math.ceil(loop.spec.budget.per_device_train_batch_size / at.cut),
    }


def _learning(spec: RunSpec, loop: TrainingLoop) -> list[str]:
    at, rate = loop.progress, spec.optimiser.learning_rate
    return learning_warnings(at.initial_loss, at.best_loss, at.last_loss, rate)


def _unseen_inputs(job: JobContext, prompt: Prompt) -> list[str]:
    if any(segment.role == "input" for segment in prompt.segments):
        return []
    rows = read_rows(job.data("train.parquet"))
    unseen = sum(bool((row["input"] or "").strip()) for row in rows)
    return [unseen_inputs_warning(unseen)] if unseen else []


def _reload(
    job: JobContext, spec: RunSpec, folder: Path, train: EncodedSplit, trained: Readings
) -> dict[str, Any]:
    again = load_model(spec.base.location, job.workspace, spec.base.precision, spec.method.name)
    fresh = read_logits(again.model, train.examples, again.device)
    reloaded = read_both(load_adapter(again, folder), train.examples, again.device)
    return prove(trained, fresh, reloaded, again.precision)


def _write_beside(folder: Path, spec: RunSpec, base: LoadedModel, metrics: dict[str, Any]) -> None:
    metrics |= {"adapter_hash": weights_hash(folder)}
    base.tokenizer.save_pretrained(str(folder))
    (folder / "template.txt").write_text(spec.prompt.template, encoding="utf-8")
    write_json(folder / "prompt.json", metrics["prompt"])
    write_json(folder / "metrics.json", metrics)
    (folder / "README.md").write_text(model_card(spec, metrics), encoding="utf-8")
