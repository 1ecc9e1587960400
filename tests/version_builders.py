"""Frozen dataset versions for tests.

version_id = add_version(store, project_id, ["test"] * 40)     of all that is accepted, as given
version = freeze_here(store, project_id)                       frozen for real, in this process
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.clock import new_id, now
from core.versions.splitting import SPLITS
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


def add_version(
    store: Store,
    project_id: str,
    splits: Sequence[str],
    *,
    ratios: tuple[float, float, float] = (0.8, 0.1, 0.1),
    groups: Sequence[str] = (),
) -> str:
    """Insert a version of the accepted examples, each in the split given, and in the group of
    near-duplicates given, else in one of its own; its id."""
    accepted = store.examples.accepted(project_id)
    ids = accepted.column("example_id")
    members = pa.table(
        {
            "example_id": ids,
            "revision_id": accepted.column("revision_id"),
            "split": list(splits),
            "group_id": list(groups) or ids,
            "position": list(range(len(ids))),
        }
    )

    path = store.workspace / f"{new_id('members')}.parquet"
    pq.write_table(members, path)

    def save() -> str:
        number = store.versions.next_number(project_id)
        version = DatasetVersion(
            version_id=new_id("ver"),
            project_id=project_id,
            number=number,
            name=f"v{number}",
            content_hash="0" * 64,
            seed=1,
            ratios=ratios,
            counts={split: list(splits).count(split) for split in SPLITS},
            groups=len(ids),
            actor_id="person_ada",
            created_at=now(),
            evaluation_only=ratios[2] == 1,
        )
        store.versions.add(version, path)
        return version.version_id

    return store.transact(save)
