"""The "train" job: a base model and a dataset version become a proven adapter in final/.

    python -m core.worker JOB_DIR

spec.json is RunSpec.job_spec(); data/train.parquet and data/validation.parquet have the columns
example_id, instruction, input, output. With the head "classification" the model learns to choose
the example's label instead of writing its output. With the objective "dpo" the rows are preference
pairs (core.tuning.preferences), whose output is the preferred answer, and the base is the
reference. The loop, and all that it keeps, are the same.

A stopped run keeps a checkpoint and no final/: starting the job again goes on from there, and so it
does after the worker was killed. final/ holds the best adapter by validation loss.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import logging as transformers_logging

from core.gpu.adapter_check import Readings, prove, read_both, read_logits
from core.gpu.adapters import attach_adapter, load_adapter, parameter_counts, save_adapter
from core.gpu.card import model_card
from core.gpu.data import EncodedSplit, read_rows, refuse_empty
from core.gpu.learning import LEARNINGS, Learning
from core.gpu.loop import TrainingLoop
from core.gpu.memory import free_memory, peak_memory_bytes
from core.gpu.models import LoadedModel
from core.gpu.preparing import freeze_prompt, learned_labels, load_again, load_base
from core.gpu.probe import keep_what_fits, probe
from core.gpu.rivals import Rivals
from core.gpu.tracking import tracked
from core.jobs.context import JobContext
from core.jobs.folder import read_json, write_json
from core.prompts import Prompt
from core.tuning.base_models import can_write
from core.tuning.outcome import (
    learning_warnings,
    unmeasured_warning,
    unseen_inputs_warning,
)
from core.tuning.run_spec import RunSpec
from core.tuning.weights import weights_bytes, weights_hash
from core.wording import figure


def run(job: JobContext) -> None:
    """Trains, saves, reloads and proves; see the module's text for the files."""
    transformers_logging.disable_progress_bar()
    spec = RunSpec.from_json(job.spec)
    base = load_base(job, spec)
    prompt = freeze_prompt(job, spec, base)
    learning = LEARNINGS[spec.learns](job, spec, base, prompt)
    train = learning.train
    refuse_empty(train, "preference pair" if spec.prefers else "training example")
    model = attach_adapter(base, spec)
    metrics = _facts(base, model, learning) | {
        "prompt": prompt.to_json(),
        "prompt_hash": prompt.hash,
    }
    job.note(
        f"{spec.method.label} on {base.device}, {base.precision}: trains "
        f"{figure(metrics['trainable_parameters'])} of "
        f"{figure(metrics['total_parameters'])} parameters."
    )
    loop = TrainingLoop(
        job,
        spec,
        model,
        base.device,
        train,
        learning.validation,
        learning.samples(model),
        learning.objective,
        Rivals([job.resolve(folder) for folder in job.spec.get("rivals", [])]),
    )
    resumed = loop.resume()
    if spec.budget.activation_checkpointing == "selective":
        job.note(keep_what_fits(loop))
    if resumed:
        job.note(f"Goes on from the checkpoint at step {loop.progress.step}.")
    elif base.device.type == "cuda":
        probe(loop)  # here, what does not fit is cut before hours have passed
    with tracked(job, spec, base.hash, loop.progress.step):
        loop.run()
        metrics |= _outcome(loop)
        metrics |= learning.report(model, loop.micro_batch)
        metrics["warnings"] = [*_unseen_inputs(job, prompt), *_learning(spec, loop)]
        if not learning.validation.examples:
            metrics["warnings"].append(unmeasured_warning(learning.validation.overlong))
        for warning in metrics["warnings"]:
            job.note(warning)
        job.note(f"Trained {loop.progress.step} of {loop.plan.total} steps; proving the adapter.")
        with job.final() as folder:
            save_adapter(model, folder)
            trained = read_both(model, train.examples, base.device)
            # The fresh base must fit beside nothing: let go of the trained one first.
            del model, loop
            base.model = None
            free_memory()
            metrics["checks"] = _reload(job, spec, folder, train, trained)
            metrics |= {"peak_memory_bytes": peak_memory_bytes(base.device)}
            _write_beside(folder, spec, base, metrics)
    job.note("Completed: final/ holds the adapter.")


def _facts(base: LoadedModel, model: Any, learning: Learning) -> dict[str, Any]:
    trainable, total = parameter_counts(model)
    return {
        "trainable_parameters": trainable,
        "total_parameters": total,
        "device": str(base.device),
        "precision": base.precision,
        "base_model_hash": base.hash,
        "base_writes": can_write(read_json(base.folder / "config.json") or {}),
        "data": {
            name: {
                "examples": len(split.examples),
                "tokens": sum(split.lengths),
                "labelled_tokens": split.labelled,
                "overlong": split.overlong,
                "tokens_lost": split.tokens_lost,
            }
            for name, split in (("train", learning.train), ("validation", learning.validation))
        },
    }


def _outcome(loop: TrainingLoop) -> dict[str, Any]:
    at = loop.progress
    return {
        "steps": at.step,
        "total_steps": loop.plan.total,
        "stopped_early": loop.stopped_early,
        "ended_by": loop.ended_by,
        "seconds": round(at.seconds, 2),
        "tokens": at.tokens,
        "tokens_per_second": round(at.tokens / at.seconds, 1) if at.seconds else 0.0,
        "train_loss": at.train_loss,
        "validation_loss": at.last_loss,
        "initial_validation_loss": at.initial_loss,
        "best_validation_loss": at.best_loss,
        "best_step": at.best_step or at.step,
        "micro_batch": loop.micro_batch,
    }


def _learning(spec: RunSpec, loop: TrainingLoop) -> list[str]:
    at, rate = loop.progress, spec.optimiser.learning_rate
    prompt = bool(spec.method.virtual_tokens)
    return learning_warnings(
        at.initial_loss, at.best_loss, at.last_loss, rate, learned_prompt=prompt
    )


def _unseen_inputs(job: JobContext, prompt: Prompt) -> list[str]:
    if any(segment.role == "input" for segment in prompt.segments):
        return []
    rows = read_rows(job.data("train.parquet"))
    unseen = sum(bool((row["input"] or "").strip()) for row in rows)
    return [unseen_inputs_warning(unseen)] if unseen else []


def _reload(
    job: JobContext, spec: RunSpec, folder: Path, train: EncodedSplit, trained: Readings
) -> dict[str, Any]:
    again = load_again(job, spec, learned_labels(job, spec))
    fresh = read_logits(again.model, train.examples, again.device)
    reloaded = read_both(load_adapter(again, folder), train.examples, again.device)
    return prove(trained, fresh, reloaded, again.precision)


def _write_beside(folder: Path, spec: RunSpec, base: LoadedModel, metrics: dict[str, Any]) -> None:
    metrics |= {"adapter_hash": weights_hash(folder), "result_bytes": weights_bytes(folder)}
    base.tokenizer.save_pretrained(str(folder))
    (folder / "template.txt").write_text(spec.prompt.template, encoding="utf-8")
    write_json(folder / "prompt.json", metrics["prompt"])
    if base.labels:
        write_json(folder / "labels.json", base.labels.to_json())
    write_json(folder / "metrics.json", metrics)
    (folder / "README.md").write_text(model_card(spec, metrics), encoding="utf-8")
