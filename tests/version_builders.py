"""A frozen dataset version in one call, without a worker, for tests.

version_id = add_version(store, project_id, ["test"] * 40)     of all that is accepted
"""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pyarrow.parquet as pq

from core.clock import new_id, now
from core.versions.splitting import SPLITS
from core.versions.version import DatasetVersion
from storage.store import Store


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
