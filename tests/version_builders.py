"""Versions frozen for real, in this process: for tests about what is in them."""

from __future__ import annotations

from typing import Any

from core.versions.version import DatasetVersion
from core.workflows.curation import freezing
from storage.store import Store
from tests.builders import an_actor
from tests.job_builders import run_here


def freeze_here(store: Store, project_id: str, **wishes: Any) -> DatasetVersion:
    """Freeze what is accepted; the version. Raises TouchstoneError as the worker would."""
    lead = an_actor(project_id)
    version_id = freezing.start_freeze(store, lead, project_id, **wishes)
    run_here(store, version_id)
    return freezing.get_version(store, lead, version_id)


def splits_of(store: Store, version: DatasetVersion) -> dict[str, str]:
    """Example id → split."""
    rows = store.versions.examples(version.version_id).to_pylist()
    return {row["example_id"]: row["split"] for row in rows}
