"""Freeze: accepted examples become an immutable dataset version with a split."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id, now
from core.errors import InvalidInput, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.versions.splitting import SPLITS, content_hash, split
from core.versions.version import DatasetVersion
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

RATIOS = (0.8, 0.1, 0.1)
MIN_EXAMPLES = 10


class NothingToFreeze(InvalidInput):
    """Too few examples are accepted."""

    title = "There is too little to freeze"


def start_freeze(
    store: Store,
    actor: Actor,
    project_id: str,
    *,
    name: str = "",
    notes: str = "",
    seed: int = 42,
    evaluation_only: bool = False,
    version_id: str = "",
) -> str:
    """Snapshot what is accepted now and queue the near-duplicate check; the version's id.

    A `version_id` made when the form was opened makes a repeated click one version.
    `evaluation_only` puts every example into test, so that nobody can train on it.
    Raises NothingToFreeze below 10 accepted, unflagged examples.
    """
    actor.require(project_id, "lead")
    if version_id and store.jobs.of_subject(version_id):
        return version_id
    accepted = store.examples.accepted(project_id)
    if accepted.num_rows < MIN_EXAMPLES:
        raise NothingToFreeze(
            f"{accepted.num_rows} examples are accepted and unflagged; a version needs at least "
            f"{MIN_EXAMPLES}. Accept more on the Review page."
        )
    version_id = version_id or new_id("ver")
    jobs.submit(
        store,
        actor,
        kind="check",
        project_id=project_id,
        subject_id=version_id,
        title=f"Freeze {accepted.num_rows:,} examples".replace(",", "\u202f"),
        spec={
            "name": name.strip()[:80],
            "notes": notes.strip(),
            "seed": seed,
            "ratios": [0.0, 0.0, 1.0] if evaluation_only else list(RATIOS),
        },
        tables={"examples.parquet": accepted},
    )
    return version_id


def freezable(store: Store, actor: Actor, project_id: str) -> int:
    """How many examples `start_freeze` would take now: accepted and not flagged."""
    actor.require(project_id)
    return store.examples.count_accepted(project_id)


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Split the checked snapshot and insert the version; twice is once."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    spec = folder.spec()
    examples = pq.read_table(folder.data / "examples.parquet")
    groups = dict(
        zip(*pq.read_table(folder.final / "groups.parquet").to_pydict().values(), strict=True)
    )
    report = json.loads((folder.final / "report.json").read_text())
    ids = examples.column("example_id").to_pylist()
    group_ids = [str(groups[example_id]) for example_id in ids]
    everything_is_test = spec["ratios"][2] == 1.0
    texts = [examples.column(name).to_pylist() for name in ("instruction", "input", "output")]
    # Groups are named by their text, not by ids made at random: the same examples and seed give
    # the same split in every workspace.
    named = {
        example_id: content_hash([("", *words, "")])
        for example_id, *words in zip(ids, *texts, strict=True)
    }
    splits = (
        ["test"] * len(ids)
        if everything_is_test
        else list(
            split([named[g] for g in group_ids], seed=spec["seed"], ratios=tuple(spec["ratios"]))
        )
    )
    members = pa.table(
        {
            "example_id": ids,
            "revision_id": examples.column("revision_id"),
            "split": splits,
            "group_id": group_ids,
            "position": list(range(len(ids))),
        }
    )
    counted = Counter(splits)

    def save() -> None:
        if store.versions.by_id(job.subject_id) is not None:
            return
        number = store.versions.next_number(job.project_id)
        version = DatasetVersion(
            version_id=job.subject_id,
            project_id=job.project_id,
            number=number,
            name=spec["name"] or f"v{number}",
            notes=spec["notes"],
            content_hash=content_hash(zip(ids, *texts, splits, strict=True)),
            seed=spec["seed"],
            ratios=tuple(spec["ratios"]),
            counts={name: counted.get(name, 0) for name in SPLITS},
            groups=len(set(group_ids)),
            warnings=tuple(report["warnings"]),
            evaluation_only=everything_is_test,
            actor_id=job.created_by,
            created_at=now(),
        )
        store.versions.add(version, members)
        store.audit.record(
            "frozen",
            "version",
            version.version_id,
            version.actor_id,
            project_id=version.project_id,
            name=version.name,
            content_hash=version.content_hash,
        )

    store.transact(save)


def versions_of(store: Store, actor: Actor, project_id: str) -> list[DatasetVersion]:
    """A project's versions, newest first."""
    actor.require(project_id)
    return store.versions.of_project(project_id)


def get_version(store: Store, actor: Actor, version_id: str) -> DatasetVersion:
    """One version. Raises NotFound, NotAllowed."""
    version = store.versions.by_id(version_id)
    if version is None:
        raise NotFound("This dataset version does not exist. Choose one from the list.")
    actor.require(version.project_id)
    return version


def version_examples(
    store: Store, actor: Actor, version_id: str, split_name: str | None = None, limit: int = 1000
) -> list[dict[str, Any]]:
    """The version's first examples, in its fixed order."""
    get_version(store, actor, version_id)
    found: list[dict[str, Any]] = store.versions.examples(version_id, split_name, limit).to_pylist()
    return found


def start_export(store: Store, actor: Actor, version_id: str) -> str:
    """Queue the export of a version as JSONL files; the job's id. Done or under way is not done
    again: a version never changes."""
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, "lead")
    earlier = export_of(store, actor, version_id)
    if earlier and (not earlier.job.taken_in or earlier.files):
        return earlier.job.job_id
    again = f"#{new_id('again')}" if earlier else ""
    return jobs.submit(
        store,
        actor,
        kind="export",
        project_id=version.project_id,
        subject_id=f"export_{version_id}{again}",
        title=f"Export {version.name}",
        spec={"about": _about(version)},
        tables={"examples.parquet": store.versions.examples(version_id)},
    )


def _about(version: DatasetVersion) -> dict[str, Any]:
    """What an export's manifest says of its version."""
    return {
        "version_id": version.version_id,
        "name": version.name,
        "number": version.number,
        "content_hash": version.content_hash,
        "seed": version.seed,
        "ratios": list(version.ratios),
        "counts": dict(version.counts),
        "groups": version.groups,
        "evaluation_only": version.evaluation_only,
    }


@dataclass(frozen=True)
class Export:
    """A version as JSONL files: the job that writes them, and name → path once it has."""

    job: Job
    files: Mapping[str, Path]


def export_of(store: Store, actor: Actor, version_id: str) -> Export | None:
    """The export of a version; None where nobody has asked for one."""
    get_version(store, actor, version_id)
    job = store.jobs.newest_about(f"export_{version_id}")
    if job is None:
        return None
    final = jobs.folder_of(store, job).final
    done = job.status == "completed" and final.is_dir()
    return Export(job, {p.name: p for p in sorted(final.iterdir())} if done else {})
