"""The model card that travels with what a run made: what it is, how to use it, its limits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

from core.gpu.adapters import base_name
from core.tuning.preferences import left_out_words, sources_words
from core.tuning.run_spec import RunSpec

SETTINGS = (
    "prompt_style learning_rate num_train_epochs max_steps "
    "per_device_train_batch_size gradient_accumulation_steps warmup_steps lr_scheduler_type "
    "weight_decay max_grad_norm max_length overlong early_stopping_patience eval_steps seed"
)
CARD = """---
base_model: {base_model}
library_name: {library}
pipeline_tag: {task}
---

# {name}

{what} `{base}`, trained with Touchstone (run `{run_id}`).

- Base weights: SHA-256 `{base_hash}`{base_commit}
- Dataset version: `{version_id}` (hash `{version_hash}`): {train} training and {validation} \
validation {examples}
{preferences}- These weights: SHA-256 `{adapter_hash}`

## Use

{use}

The prompt is {prompt}. {answer}

## Intended use, limits and risks

- It was trained for the task that its dataset version shows, with the prompt above; on other \
tasks or with another prompt it may answer worse than its base.
- It can state what is wrong, and repeats what its base and its examples are biased towards. Have \
its answers reviewed before they are relied on.
- Its training examples may be recognisable in its answers: do not publish it when they must not be.
- Licence: that of the base model holds, and what the sources of the examples allow; nothing else \
was recorded with the run.

## Results

| | |
|---|---|
{results}

Validation loss is in nats per {unit}. It is no proof of quality: see the study, if there is
one, for how people judged the answers.

## Settings

| | |
|---|---|
{settings}
"""
ADAPTER_USE = """```python
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base = AutoModelForCausalLM.from_pretrained({base!r})
model = PeftModel.from_pretrained(base, "this folder")
tokenizer = AutoTokenizer.from_pretrained("this folder")
```"""
# What vLLM takes as the largest rank; it refuses what lies between.
SERVED_RANKS = (8, 16, 32, 64, 128, 256, 512)
SERVED_ADAPTER = """
Served beside its base by vLLM:

```bash
vllm serve {base} --enable-lora --max-lora-rank {rank} --lora-modules tuned="this folder"
```"""
MODEL_USE = """```python
from transformers import AutoModelForCausalLM, AutoTokenizer

model = AutoModelForCausalLM.from_pretrained("this folder")
tokenizer = AutoTokenizer.from_pretrained("this folder")
```

Served by vLLM, or converted for llama.cpp:

```bash
vllm serve "this folder"
python convert_hf_to_gguf.py "this folder" --outfile model.gguf
```"""
LABEL_ADAPTER_USE = """```python
from peft import PeftModel
from transformers import AutoModelForSequenceClassification, AutoTokenizer

labels = {names!r}
base = AutoModelForSequenceClassification.from_pretrained(
    {base!r},
    num_labels={count},
    id2label=dict(enumerate(labels)),
    label2id={{label: place for place, label in enumerate(labels)}},
    pad_token_id={pad},
)
model = PeftModel.from_pretrained(base, "this folder")
tokenizer = AutoTokenizer.from_pretrained("this folder")
```"""
LABEL_MODEL_USE = """```python
from transformers import AutoModelForSequenceClassification, AutoTokenizer

model = AutoModelForSequenceClassification.from_pretrained("this folder")
tokenizer = AutoTokenizer.from_pretrained("this folder")
```"""
WRITES = "The answer ends with the tokenizer's stop token."
CHOOSES = (
    "The answer is the label with the largest logit; pad on the right, with an attention mask. The "
    "labels, in the order of the logits, are in `labels.json`."
)
_PROMPTS = {
    True: "the model's own chat template, with the texts in `prompt.json`",
    False: "the text in `template.txt`, with `{instruction}` and `{input}` filled in",
}
RESULTS = (
    "initial_validation_loss best_validation_loss best_step steps stopped_early seconds tokens "
    "trainable_parameters total_parameters device precision peak_memory_bytes"
)


def model_card(spec: RunSpec, metrics: Mapping[str, Any]) -> str:
    """Markdown with the hub's front matter."""
    settings = spec.settings()
    own = [field.name for field in fields(spec.method)]
    goal = ("objective", "beta", "sft_weight", "pair_sources") if spec.prefers else ()
    whole = spec.method.peft_config() is None
    labels = metrics.get("labels")
    return CARD.format(
        name=spec.name,
        what=f"{spec.method.label} of" if whole else f"A {spec.method.label} adapter for",
        library="transformers" if whole else "peft",
        use=_label_use(spec, metrics) if labels else _use(spec),
        task="text-classification" if labels else "text-generation",
        answer=CHOOSES if labels else WRITES,
        unit={"labels": "example", "answers": "answer token", "preferences": "pair"}[spec.learns],
        examples="preference pairs" if spec.prefers else "examples",
        preferences=preference_line(spec, metrics),
        prompt=_PROMPTS[bool(metrics["prompt"]["chat_template"])],
        run_id=spec.run_id,
        base=base_name(spec),
        base_model=json.dumps(base_name(spec)),
        base_hash=metrics["base_model_hash"],
        base_commit=f", commit `{spec.base.commit}`" if spec.base.commit else "",
        adapter_hash=metrics["adapter_hash"],
        version_id=spec.data.version_id,
        version_hash=spec.data.version_hash or "not given",
        train=metrics["data"]["train"]["examples"],
        validation=metrics["data"]["validation"]["examples"],
        results=_table({**_shares(metrics), **{n: metrics[n] for n in RESULTS.split()}}),
        settings=_table(
            {name: settings[name] for name in ("method", *own, *goal, *SETTINGS.split())}
        ),
    )


def _use(spec: RunSpec) -> str:
    config = spec.method.peft_config()
    if config is None:
        return MODEL_USE
    use = ADAPTER_USE.format(base=base_name(spec))
    if config["peft_type"] == "LORA" and not config.get("use_dora"):
        rank = next((rank for rank in SERVED_RANKS if rank >= config["r"]), None)
        use += "\n" + SERVED_ADAPTER.format(base=base_name(spec), rank=rank) if rank else ""
    return f"{use}\n\nMerge it into its base first to serve it elsewhere or to convert it to GGUF."


def _label_use(spec: RunSpec, metrics: Mapping[str, Any]) -> str:
    if spec.method.peft_config() is None:
        return LABEL_MODEL_USE
    names = metrics["labels"]["names"]
    pad, base = metrics["pad_token_id"], base_name(spec)
    return LABEL_ADAPTER_USE.format(names=names, base=base, count=len(names), pad=pad)


def preference_line(spec: RunSpec, metrics: Mapping[str, Any]) -> str:
    """A line on the preference pairs: where they come from, and what was left out of them."""
    found = metrics.get("preferences")
    if not found:
        return ""
    by_source = found.get("sources", {})
    told = f"- Learned by DPO against the base, beta {spec.objective.beta:g}"
    if not by_source:
        return f"{told}; where the pairs come from was not recorded\n"
    judged = {one: n for one, n in by_source.items() if one != "negative"}
    names = ", ".join(study["name"] for study in found["studies"].values())
    sources = [f"{sources_words(judged)} of the studies {names}"] if names else []
    sources += [sources_words({"negative": by_source.get("negative", 0)})]
    where = " and ".join(filter(None, sources))
    told += f", from {where} (pairs: SHA-256 `{found['hash']}`); no test "
    return f"{told}example is among them. {left_out_words(found['left_out'])}\n"


def _shares(metrics: Mapping[str, Any]) -> dict[str, Any]:
    """Shares of the validation split, where labels or preferred answers were chosen on one."""
    if found := metrics.get("preferences"):
        names = ("validation_preference_accuracy", "validation_reward_margin")
        return {name: round(found[name], 4) for name in names if name in found}
    found = metrics.get("classification")
    if not found:
        return {}
    shares = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
    own = {f"validation_{name}": round(found[name], 4) for name in shares}
    return {**own, "accuracy_of_the_commonest_label": round(found["majority"], 4)}


def _table(values: Mapping[str, Any]) -> str:
    return "\n".join(f"| {name} | {value} |" for name, value in values.items())
