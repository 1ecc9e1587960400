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


class Reported:
    """The sources of a job, counted for its progress. Iterating raises JobStopped."""

    def __init__(self, job: JobContext) -> None:
        import pyarrow.parquet as pq

        self._job = job
        self._path = job.data("sources.parquet")
        self._total = pq.read_metadata(self._path).num_rows
        self.seen = 0

    def __iter__(self) -> Iterator[Source]:
        for source in sources_in(self._path):
            if self.seen % _LOOK == 0:
                self._job.advance(self.seen, self._total)
            self.seen += 1
            yield source

    def ended(self) -> None:
        """All that is wanted is there, though not every source may have been looked at."""
        self._job.progress(self._total, self._total)


def run(job: JobContext) -> None:
    """Rewrite the sources in their order until the plan is fulfilled. Raises JobStopped."""
    sources = Reported(job)
    drafts = by_rules(sources, AugmentationPlan.from_json(job.spec["plan"]))
    publish(job, job.spec["augmentation_id"], drafts, sources.seen)
    sources.ended()
