"""The jobs "paraphrase" and "model_negatives": a local model writes instructions in other words, or
answers the questions of accepted examples.

    python -m core.worker JOB_DIR

spec.json: augmentation_id, plan (AugmentationPlan), and what a "generate" job's spec has of the
model: base_model, base_model_hash, precision, adapter, prompt, config, systems (one per proposal of
a source, so that each draws its own chance). See core/augmentation/files.py for the tables. Answers
are kept batch by batch; a stopped or killed job goes on behind them.
"""

from __future__ import annotations

from core.augmentation.files import publish, publish_negatives, sources_in
from core.augmentation.negatives import negatives_by_model
from core.augmentation.plan import AugmentationPlan
from core.augmentation.proposals import Source, by_model
from core.gpu.generation import answers_of
from core.jobs.context import JobContext


def run(job: JobContext) -> None:
    """Ask, drop what is of no use, write final/. Raises JobStopped."""
    plan = AugmentationPlan.from_json(job.spec["plan"])
    texts, sources = _asked(job, plan)
    publish(job, job.spec["augmentation_id"], by_model(texts, plan), sources)


def run_negatives(job: JobContext) -> None:
    """The same with answers to the sources' own questions. Raises JobStopped."""
    plan = AugmentationPlan.from_json(job.spec["plan"])
    texts, sources = _asked(job, plan)
    publish_negatives(job, job.spec["augmentation_id"], negatives_by_model(texts, plan), sources)


def _asked(job: JobContext, plan: AugmentationPlan) -> tuple[list[tuple[Source, str, bool]], int]:
    """Each answer with its source and whether it was cut off; how many sources there were."""
    sources = {one.example_id: one for one in sources_in(job.data("sources.parquet"))}
    own = plan.makes == "negatives"
    asked = [
        {
            "example_id": one.example_id,
            "revision_id": one.revision_id,
            "instruction": one.instruction if own else plan.request,
            "input": one.input if own else one.instruction,
        }
        for one in sources.values()
    ]
    answers, _ = answers_of(job, asked)
    texts = [
        (sources[str(row["example_id"])], str(row["text"]), row["finish"] == "length")
        for row in answers
    ]
    return texts, len(sources)
