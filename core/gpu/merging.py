"""The "merge" job: an adapter becomes part of its base's weights, and the difference is measured.

    python -m core.worker JOB_DIR

spec.json: base_model, adapter (a folder), method, precision (the run's), prompt (Prompt), name,
base_model_hash. data/held_out.parquet has the columns example_id, instruction, input, output.
Writes final/: the merged model (safetensors), its tokenizer, a card, and merge.json with the loss
and the scores of the held-out examples before and after.

A base in 4 bits is merged in the precision that the device does best: the adapter was trained
beside rounded weights and now stands beside exact ones, so the answers can differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM
from transformers import logging as transformers_logging

from core.errors import InvalidInput
from core.gpu.adapters import load_adapter
from core.gpu.card import MODEL_USE
from core.gpu.data import collate, encode, read_rows
from core.gpu.memory import free_memory
from core.gpu.models import LoadedModel, load_model, refuse_changed
from core.gpu.objective import answer_loss
from core.gpu.validation_samples import ValidationSamples
from core.jobs.context import JobContext
from core.jobs.folder import write_json
from core.prompts import Prompt
from core.tuning.spec_parts import Precision
from core.tuning.weights import weights_bytes, weights_hash

LONGEST = 2048


class NotMergeable(InvalidInput):
    """The method leaves nothing that could be added to the base's weights."""

    title = "This adapter cannot be merged"


def run(job: JobContext) -> None:
    """Merges, reloads, compares; see the module's text. Raises NotMergeable."""
    transformers_logging.disable_progress_bar()
    spec = job.spec
    rows = read_rows(job.data("held_out.parquet"))
    adapter = job.resolve(spec["adapter"])
    before = _measured_before(job, adapter, rows)
    job.progress(1, 4)
    precision: Precision = "auto" if spec["precision"] == "4bit" else spec["precision"]
    base = load_model(spec["base_model"], job.workspace, precision)
    model = load_adapter(base, adapter)
    _untie(model.get_base_model())
    merged = model.merge_and_unload()
    del model
    job.progress(2, 4)
    with job.final() as folder:
        merged.save_pretrained(str(folder), safe_serialization=True)
        base.tokenizer.save_pretrained(str(folder))
        dtype = next(merged.parameters()).dtype
        del merged
        base.model = None
        free_memory()
        job.progress(3, 4)
        # As anybody else would load it.
        base.model = AutoModelForCausalLM.from_pretrained(
            folder, dtype=dtype, device_map={"": base.device}, use_safetensors=True
        ).eval()
        after = _measured(job, base, base.model, rows)
        same = sum(a == b for a, b in zip(before["answers"], after["answers"], strict=True))
        report = {
            "before": _scores(before),
            "after": _scores(after),
            "examples": before["measured"],
            "answered": len(before["answers"]),
            "same_answers": same,
            "precision": base.precision,
            "weights_hash": weights_hash(folder),
            "bytes": weights_bytes(folder),
        }
        write_json(folder / "merge.json", report)
        write_json(folder / "prompt.json", spec["prompt"])
        (folder / "README.md").write_text(_card(spec, report), encoding="utf-8")
    job.progress(4, 4)
    job.note(f"Merged: {same} of {report['answered']} held-out answers are the same as before.")


def _untie(model: Any) -> None:
    """Where the input embeddings are the output layer's weights too, and an adapter is on one of
    them, merging it must not change the other."""
    both = model.get_input_embeddings(), model.get_output_embeddings()
    into, out = (getattr(one, "base_layer", one) for one in both)
    if (into, out) != both and into.weight is out.weight:
        out.weight = torch.nn.Parameter(out.weight.detach().clone(), requires_grad=False)
        model.config.get_text_config().tie_word_embeddings = False
        model.config.tie_word_embeddings = False


def _measured_before(job: JobContext, adapter: Path, rows: Sequence[Mapping[str, Any]]) -> Any:
    spec = job.spec
    base = load_model(spec["base_model"], job.workspace, spec["precision"], spec["method"])
    refuse_changed(base, spec["base_model_hash"])
    model = load_adapter(base, adapter)
    if not hasattr(model, "merge_and_unload") or base.virtual_tokens:
        raise NotMergeable(
            "This run's method learned tokens that stand before the prompt, which no weights can "
            "hold. Serve it as an adapter beside its base."
        )
    measured = _measured(job, base, model, rows)
    del model
    base.model = None
    free_memory()
    return measured


def _measured(
    job: JobContext, base: LoadedModel, model: Any, rows: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """Loss in nats per answer token over the `measured` examples that fit the context, None of
    none; the answers to those that leave room for one, and their ROUGE-L and token F1 (0..1)."""
    prompt = Prompt.from_json(job.spec["prompt"])
    limit = min(LONGEST, base.context or LONGEST)
    split = encode(base.tokenizer, prompt, [dict(row) for row in rows], limit, "drop")
    loss = 0.0
    with torch.inference_mode():
        for example in split.examples:
            loss += float(answer_loss(model, collate([example]).to(base.device)))
    samples = ValidationSamples(job, base, model, prompt, rows, len(rows))
    answers = samples.answers(model)
    return {
        "loss": loss / split.labelled if split.labelled else None,
        "measured": len(split.examples),
        **samples.scores(answers),
        "answers": [answer.text for answer in answers],
    }


def _scores(measured: Mapping[str, Any]) -> dict[str, float | None]:
    return {name: measured.get(name) for name in ("loss", "rouge_l", "token_f1")}


def _told(report: Mapping[str, Any]) -> str:
    before, after = report["before"]["loss"], report["after"]["loss"]
    if before is None:
        return "No held-out example fits the model's context, so nothing was measured."
    return (
        f"On {report['examples']} held-out examples the loss was {before:.4f} nats per answer "
        f"token with the adapter and is {after:.4f} now; {report['same_answers']} of "
        f"{report['answered']} answers are the same, word for word."
    )


def _card(spec: Mapping[str, Any], report: Mapping[str, Any]) -> str:
    base = spec.get("base_hub_id") or Path(spec["base_model"]).name
    commit = f" (commit `{spec['base_commit']}`)" if spec.get("base_commit") else ""
    return f"""---
library_name: transformers
pipeline_tag: text-generation
---

# {spec["name"]}, merged

The adapter of run `{spec["run_id"]}`, merged into `{base}`{commit} \
in {report["precision"]}. Weights: SHA-256 `{report["weights_hash"]}`. The adapter's card \
says what it was trained on, and its limits.

{_told(report)}

## Use

{MODEL_USE}
"""
