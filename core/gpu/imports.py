"""Keeps out of a worker what a run or a generation has no use for.

peft imports bitsandbytes, and with it torch's compiler, whatever the weights; transformers imports
scipy for losses on pictures. Together they are a quarter of the imports of such a job.
"""

from __future__ import annotations

import sys

from core.jobs.context import JobContext
from core.jobs.folder import UnreadableJob, read_json
from core.tuning.run_spec import flattened


def leave_out_unused(job: JobContext) -> None:
    """Before torch and what stands on it are imported: what this job never calls cannot be found.

    For a process that does this one job and no other.
    """
    for name in ("scipy", *(() if _has_4bit_weights(job) else ("bitsandbytes",))):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]


def _has_4bit_weights(job: JobContext) -> bool:
    """Whether they are to be loaded so, or lie so in the model's folder; True when not known."""
    spec = flattened(job.spec)
    if spec.get("precision") == "4bit" or spec.get("method") == "qlora":
        return True
    try:
        config = read_json(job.resolve(str(spec.get("base_model"))) / "config.json")
    except UnreadableJob:
        return True
    return config is None or "quantization_config" in config
