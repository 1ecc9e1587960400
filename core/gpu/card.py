"""The model card that travels with an adapter: what it is, what it learned from, how well."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.gpu.adapters import base_name
from core.tuning.run_spec import RunSpec

SETTINGS = (
    "method lora_r lora_alpha lora_dropout target_modules prompt_style learning_rate "
    "num_train_epochs max_steps "
    "per_device_train_batch_size gradient_accumulation_steps warmup_steps lr_scheduler_type "
    "weight_decay max_grad_norm max_length overlong early_stopping_patience eval_steps seed"
)
CARD = """---
base_model: {base_model}
library_name: peft
pipeline_tag: text-generation
---

# {name}

A {method} adapter for `{base}`, trained with Touchstone (run `{run_id}`).

- Base weights: SHA-256 `{base_hash}`
- Dataset version: `{version_id}` (hash `{version_hash}`): {train} training and {validation} \
validation examples
- Adapter weights: SHA-256 `{adapter_hash}`

## Use

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

base = AutoModelForCausalLM.from_pretrained({base!r})
model = PeftModel.from_pretrained(base, "this folder")
tokenizer = AutoTokenizer.from_pretrained("this folder")
```

The prompt is {prompt}. The answer ends with the tokenizer's stop token.

## Results

| | |
|---|---|
{results}

Validation loss is in nats per answer token. It is no proof of quality: see the study, if there is
one, for how people judged the answers.

## Settings

| | |
|---|---|
{settings}
"""
_PROMPTS = {
    True: "the tokenizer's chat template, with the instruction and the input as the user's turn",
    False: "`template.txt` with `{instruction}` and `{input}` filled in; an empty input takes its "
    "section away",
}
RESULTS = (
    "initial_validation_loss best_validation_loss steps total_steps stopped_early seconds tokens "
    "trainable_parameters total_parameters device precision peak_memory_bytes"
)


def model_card(spec: RunSpec, metrics: Mapping[str, Any]) -> str:
    """Markdown with the hub's front matter."""
    settings = spec.settings()
    return CARD.format(
        name=spec.name,
        prompt=_PROMPTS[bool(metrics["prompt"]["chat_template"])],
        run_id=spec.run_id,
        method=spec.method.label,
        base=base_name(spec),
        base_model=json.dumps(base_name(spec)),
        base_hash=metrics["base_model_hash"],
        adapter_hash=metrics["adapter_hash"],
        version_id=spec.data.version_id,
        version_hash=spec.data.version_hash or "not given",
        train=metrics["data"]["train"]["examples"],
        validation=metrics["data"]["validation"]["examples"],
        results=_table({name: metrics[name] for name in RESULTS.split()}),
        settings=_table({name: settings[name] for name in SETTINGS.split()}),
    )


def _table(values: Mapping[str, Any]) -> str:
    return "\n".join(f"| {name} | {value} |" for name, value in values.items())
