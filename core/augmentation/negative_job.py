"""The job kind "negatives": worse answers by rules. See core/augmentation/files.py for the tables.

Run by `python -m core.worker JOB_DIR`; spec: {"augmentation_id", "plan" (AugmentationPlan),
"options" (those of each label of the schema)}.
"""

from __future__ import annotations

from core.augmentation.files import publish_negatives
from core.augmentation.negatives import negatives_by_rules
from core.augmentation.plan import AugmentationPlan
from core.augmentation.template_job import Reported
from core.jobs.context import JobContext


def run(job: JobContext) -> None:
    """Spoil the sources' answers in their order until the plan is fulfilled. Raises JobStopped."""
    sources = Reported(job)
    plan = AugmentationPlan.from_json(job.spec["plan"])
    drafts = negatives_by_rules(sources, plan, job.spec["options"])
    publish_negatives(job, job.spec["augmentation_id"], drafts, sources.seen)
    sources.ended()
