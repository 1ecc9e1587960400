"""Export: a version, or the examples that a filter matches, as files of one format, by a job."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.errors import InvalidInput
from core.examples.listing import ExampleFilter
from core.exporting.formats import ExportFormat, format_named
from core.jobs.job import Job
from core.versions.version import DatasetVersion
from core.wording import counted
from core.workflows.curation.freezing import get_version
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store


class NothingToExport(InvalidInput):
    """No example matches."""

    title = "There is nothing to export"


@dataclass(frozen=True)
class Wish:
    """What an export is to be: its format, with or without provenance, a folder zipped or not."""

    format: ExportFormat = "jsonl"
    provenance: bool = False
    zip: bool = False

    def __post_init__(self) -> None:
        format_named(self.format)

    @property
    def key(self) -> str:
        """Stands behind the subject of a version's export; "" for the plain JSONL."""
        parts = (self.format, "provenance" * self.provenance, "zip" * self.zip)
        named = "_".join(part for part in parts if part)
        return "" if named == "jsonl" else f"_{named}"


@dataclass(frozen=True)
class Export:
    """An export: the job that writes it, and name → path once it has."""

    job: Job
    files: Mapping[str, Path]


def start_version_export(
    store: Store, actor: Actor, version_id: str, wish: Wish | None = None
) -> str:
    """Queue the export of a version; the job's id. Done or under way is not done again: a version
    never changes. For leads."""
    wish = wish or Wish()
    version = get_version(store, actor, version_id)
    actor.require(version.project_id, "lead")
    earlier = version_export(store, actor, version_id, wish)
    if earlier and (not earlier.job.taken_in or earlier.files):
        return earlier.job.job_id
    query = store.exports.version(version_id, version.created_at, provenance=wish.provenance)
    return jobs.submit(
        store,
        actor,
        kind="export",
        project_id=version.project_id,
        subject_id=jobs.subject_again(store, _subject(version_id, wish)),
        title=f"Export {version.name}",
        spec={"about": _about(version), "format": wish.format, "zip": wish.zip},
        tables={"examples.parquet": query},
        also=lambda job_id: store.audit.record(
            "exported",
            "version",
            version_id,
            actor.person_id,
            project_id=version.project_id,
            job_id=job_id,
            format=wish.format,
            provenance=wish.provenance,
        ),
    )


def _subject(version_id: str, wish: Wish) -> str:
    return f"export_{version_id}{wish.key}"


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


def version_export(
    store: Store, actor: Actor, version_id: str, wish: Wish | None = None
) -> Export | None:
    """The newest such export of a version; None where nobody has asked for one."""
    get_version(store, actor, version_id)
    job = store.jobs.newest_about(_subject(version_id, wish or Wish()))
    return _export(store, job) if job else None


def start_examples_export(
    store: Store,
    actor: Actor,
    project_id: str,
    wanted: ExampleFilter | None = None,
    wish: Wish | None = None,
    *,
    export_id: str,
) -> str:
    """Queue the export of the examples that a filter matches, as they are now, in import order; the
    job's id. An `export_id` made when the form was opened makes a repeated click one export. For
    leads. Raises NothingToExport.
    """
    actor.require(project_id, "lead")
    wanted, wish = wanted or ExampleFilter(), wish or Wish()
    subject = _of_project(project_id, actor, export_id)
    if earlier := store.jobs.of_subject(subject):
        return earlier.job_id
    count = store.exports.count(project_id, wanted)
    if not count:
        raise NothingToExport("No example matches. Take a filter away, or import examples first.")
    return jobs.submit(
        store,
        actor,
        kind="export",
        project_id=project_id,
        subject_id=subject,
        title=f"Export {counted(count, 'example')}",
        spec={
            "about": {"project_id": project_id, "filter": _said(wanted)},
            "format": wish.format,
            "zip": wish.zip,
        },
        tables={
            "examples.parquet": store.exports.examples(
                project_id, wanted, provenance=wish.provenance
            )
        },
        detail={"examples": count, "format": wish.format},
        also=lambda job_id: store.audit.record(
            "exported",
            "examples",
            project_id,
            actor.person_id,
            project_id=project_id,
            job_id=job_id,
            examples=count,
            format=wish.format,
            provenance=wish.provenance,
        ),
    )


def _of_project(project_id: str, actor: Actor, export_id: str = "") -> str:
    mine = f"export_{project_id}_{hashlib.sha256(actor.person_id.encode()).hexdigest()[:12]}"
    return f"{mine}#{export_id}" if export_id else mine


def _said(wanted: ExampleFilter) -> dict[str, Any]:
    """The filter as the manifest says it: what it names."""
    named = {
        name: value for name, value in asdict(wanted).items() if value not in (None, "", False)
    }
    for name in ("order", *(() if wanted.label else ("label_test",))):
        named.pop(name, None)
    return dict(json.loads(json.dumps(named, default=str)))


def my_last_export(store: Store, actor: Actor, project_id: str) -> Export | None:
    """The newest export of a project's examples that this person asked for."""
    actor.require(project_id, "lead")
    job = store.jobs.newest_about(_of_project(project_id, actor))
    return _export(store, job) if job else None


def export_of_job(store: Store, actor: Actor, job_id: str) -> Export:
    """An export by its job. Raises NotFound."""
    job = jobs.get_job(store, actor, job_id)
    actor.require(job.project_id, "lead")
    return _export(store, job)


def _export(store: Store, job: Job) -> Export:
    final = jobs.folder_of(store, job).final
    done = job.status == "completed" and final.is_dir()
    return Export(job, {p.name: p for p in sorted(final.iterdir())} if done else {})
