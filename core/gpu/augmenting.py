"""The "paraphrase" job: a local model writes instructions in other words.

    python -m core.worker JOB_DIR

spec.json: augmentation_id, plan (AugmentationPlan), and what a "generate" job's spec has of the
model: base_model, base_model_hash, precision, adapter, prompt, config, systems (one per proposal of
a source, so that each draws its own chance). See core/augmentation/files.py for the tables. Answers
are kept batch by batch; a stopped or killed job goes on behind them.
"""

from __future__ import annotations

from core.augmentation.files import publish, sources_in
from core.augmentation.plan import AugmentationPlan
from core.augmentation.proposals import by_model
from core.gpu.generation import answers_of
from core.jobs.context import JobContext


def run(job: JobContext) -> None:
    """Ask, drop what is of no use, write final/. Raises JobStopped."""
    plan = AugmentationPlan.from_json(job.spec["plan"])
    sources = {one.example_id: one for one in sources_in(job.data("sources.parquet"))}
    asked = [
        {
            "example_id": one.example_id,
            "revision_id": one.revision_id,
            "instruction": plan.request,
            "input": one.instruction,
        }
        for one in sources.values()
    ]
    answers, _ = answers_of(job, asked)
    texts = [
        (sources[str(row["example_id"])], str(row["text"]), row["finish"] == "length")
        for row in answers
    ]
    publish(job, job.spec["augmentation_id"], by_model(texts, plan), len(sources))
