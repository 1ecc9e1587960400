"""The job kind "augment": proposals by rules. See core/augmentation/files.py for the tables.

Run by `python -m core.worker JOB_DIR`; spec: {"augmentation_id", "plan" (AugmentationPlan), …}.
"""

from __future__ import annotations

from collections.abc import Iterator

from core.augmentation.files import publish, sources_in
from core.augmentation.plan import AugmentationPlan
from core.augmentation.proposals import Source, by_rules
from core.jobs.context import JobContext

_LOOK = 200


def run(job: JobContext) -> None:
    """Rewrite the sources in their order until the plan is fulfilled. Raises JobStopped."""
    import pyarrow.parquet as pq

    path = job.data("sources.parquet")
    total, seen = pq.read_metadata(path).num_rows, 0

    def reported() -> Iterator[Source]:
        nonlocal seen
        for source in sources_in(path):
            if seen % _LOOK == 0:
                job.advance(seen, total)
            seen += 1
            yield source

    drafts = by_rules(reported(), AugmentationPlan.from_json(job.spec["plan"]))
    publish(job, job.spec["augmentation_id"], drafts, seen)
    job.progress(total, total)
