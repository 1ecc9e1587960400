"""Look at everything a run needs before it starts: a worker's job, found by its settings."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.errors import Conflict
from core.jobs.folder import read_json
from core.jobs.job import Job
from core.tuning.base_models import base_model
from core.tuning.preflight import Preflight
from core.tuning.run_spec import RunSpec
from core.workflows.curation.freezing import get_version
from core.workflows.jobs import jobs
from core.workflows.tuning.specs import data_tables, planned_spec

if TYPE_CHECKING:
    from storage.store import Store

KIND = "preflight"


class RunRefused(Conflict):
    """A pre-flight of the same settings found what must be mended first."""

    title = "This run cannot start"


@dataclass(frozen=True)
class Looked:
    """A pre-flight job, and what it found once it is completed."""

    job: Job
    found: Preflight | None


def start_preflight(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    model_id: str,
    settings: Mapping[str, Any] | None = None,
) -> str:
    """Queue a pre-flight of what `start_run` would train; the job's id. Leads only.

    One of the same settings that waits or works already is given back. Raises what `start_run`
    raises.
    """
    spec = planned_spec(store, actor, version_id, model_id=model_id, settings=settings)
    earlier = store.jobs.newest_about(_subject(spec))
    if earlier and not earlier.is_terminal:
        return earlier.job_id
    version = get_version(store, actor, version_id)
    tables, beside = data_tables(store, actor, spec)
    return jobs.submit(
        store,
        actor,
        kind=KIND,
        project_id=version.project_id,
        subject_id=jobs.subject_again(store, _subject(spec)),
        title=f"Pre-flight of {spec.name}",
        spec={**spec.job_spec(), **beside, "kind": KIND},
        tables=tables,
        detail={"model": base_model(store.workspace, model_id).title},
    )


def latest_preflight(
    store: Store,
    actor: Actor,
    version_id: str,
    *,
    model_id: str,
    settings: Mapping[str, Any] | None = None,
) -> Looked | None:
    """The newest pre-flight of exactly these settings, or None."""
    spec = planned_spec(store, actor, version_id, model_id=model_id, settings=settings)
    job = store.jobs.newest_about(_subject(spec))
    return Looked(job, found_by(store, job)) if job else None


def refuse_red_lines(store: Store, spec: RunSpec) -> None:
    """Raises RunRefused when the newest pre-flight of these settings refused something."""
    job = store.jobs.newest_about(_subject(spec))
    found = found_by(store, job) if job else None
    if found and not found.ok:
        line = next(line for line in found.lines if line.verdict == "refused")
        raise RunRefused(f"{line.title}: {line.text} Mend it, then check again.")


def found_by(store: Store, job: Job) -> Preflight | None:
    """What a pre-flight job found; None before it is completed."""
    report = read_json(jobs.folder_of(store, job).final / "preflight.json")
    return Preflight.from_json(report) if report else None


def settings_hash(spec: RunSpec) -> str:
    """SHA-256 of all that a pre-flight depends on, so without the run's id and name."""
    own = {name: one for name, one in spec.to_json().items() if name not in ("run_id", "name")}
    return hashlib.sha256(json.dumps(own, sort_keys=True).encode()).hexdigest()


def _subject(spec: RunSpec) -> str:
    return f"{KIND}_{settings_hash(spec)}"
