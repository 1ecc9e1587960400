"""The topics of a version's examples, for slices: a worker finds them once, they are kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from core.actor import READS_RESULTS, Actor
from core.jobs.job import Job
from core.workflows.curation.freezing import get_version
from core.workflows.evaluation import reports

if TYPE_CHECKING:
    from storage.store import Store

FOUND_BY = "topics 1"
"""Changes when the same examples would get other topics; versions never change."""


def job_of_topics(store: Store, actor: Actor, version_id: str) -> Job | None:
    """The job that finds, or found, the topics. Leads and viewers."""
    actor.require(get_version(store, actor, version_id).project_id, *READS_RESULTS)
    return reports.job_of(store, _report_id(version_id), FOUND_BY)


def kept_topics(store: Store, version_id: str) -> dict[str, str] | None:
    """Example id → topic, where they were found; for workflows that have checked the role."""
    found: dict[str, str] | None = reports.kept(store, _report_id(version_id), FOUND_BY)
    return found


def find_topics(store: Store, actor: Actor, version_id: str) -> str:
    """Queue the job that finds the topics of a version's examples; its id. Leads and viewers."""
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, *READS_RESULTS)
    path = reports.scratch(store, "texts.parquet")
    store.evidence.write_texts(path, version_id)
    return reports.computing(
        store, actor, version.project_id, _report_id(version_id), FOUND_BY,
        title=f"Topics of {version.name}", spec={"report": "topics"},
        files={"texts.parquet": path},
    )  # fmt: skip


def write_topics(store: Store, version_id: str) -> Path | None:
    """The topics that were found as a table for a worker: example_id, topic."""
    found = kept_topics(store, version_id)
    if found is None:
        return None
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = reports.scratch(store, "topics.parquet")
    pq.write_table(pa.table({"example_id": list(found), "topic": list(found.values())}), path)
    return path


def _report_id(version_id: str) -> str:
    return f"topics {version_id}"
