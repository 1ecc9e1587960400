"""Check: findings, duplicates and health of a project's examples, by a worker and after edits."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.checks.check import Check, FoundExample, KindTotal, MapPoint, Result
from core.checks.settings import CheckSettings
from core.clock import new_id
from core.errors import Conflict, InvalidInput
from core.examples.current import CurrentExample
from core.findings.finding import Finding
from core.findings.settings import FindingSettings
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.wording import counted
from core.workflows.curation import gold_lists
from core.workflows.jobs import jobs
from core.workflows.team.projects import get_project

if TYPE_CHECKING:
    from core.findings.checking import Rows
    from core.findings.facts import Facts
    from storage.store import Store

KIND = "check_examples"
MOST_REFRESHED = 200
"""So many changed examples are checked again at once, in the server; more are a worker's."""
MOST_FACTS = 100_000
"""In larger sets the checks of the whole set wait for the next whole check."""


class NothingToCheck(InvalidInput):
    """The project has no examples."""

    title = "There is nothing to check"


def settings_of(store: Store, actor: Actor, project_id: str) -> CheckSettings:
    """The project's settings for checks: what a lead chose last, else what suits its task."""
    project = get_project(store, actor, project_id)
    return store.checks.settings(project_id) or CheckSettings.suggested(project.settings)


def start_check(
    store: Store, actor: Actor, project_id: str, settings: CheckSettings, check_id: str = ""
) -> str:
    """Keep the settings, take a snapshot and queue the job that checks it; the check's id.

    A `check_id` made when the form was opened makes a repeated click one check. Leads only. Raises
    NothingToCheck, Conflict while another check of the project is on its way, InvalidInput.
    """
    actor.require(project_id, "lead")
    project = get_project(store, actor, project_id)
    if check_id and store.jobs.of_subject(check_id):
        return check_id
    findings = settings.finding_settings(project.settings)
    if job_under_way(store, actor, project_id):
        raise Conflict(
            "A check of this project is on its way already. Wait until it is there, or cancel it."
        )
    counts = store.examples.counts(project_id)
    count = counts["total"] - counts["set_aside"]
    if not count:
        raise NothingToCheck("Every example is set aside, or there is none. Import a file first.")
    check_id = check_id or new_id("chk")

    def also(_job_id: str) -> None:
        store.checks.keep_settings(project_id, settings, actor.person_id)
        store.audit.record(
            "check_asked", "project", project_id, actor.person_id,
            project_id=project_id, settings=settings.to_json(),
        )  # fmt: skip

    jobs.submit(
        store,
        actor,
        kind=KIND,
        project_id=project_id,
        subject_id=check_id,
        title=f"Check {counted(count, 'example')}",
        spec={
            "over": settings.over,
            "settings": settings.to_json(),
            "findings": findings.to_json(),
        },
        tables={"examples.parquet": store.checks.to_check(project_id)},
        also=also,
    )
    return check_id


def job_under_way(store: Store, actor: Actor, project_id: str) -> Job | None:
    """The check that waits or runs, if one does."""
    actor.require(project_id)
    return jobs.under_way(store, project_id, KIND)


def last_job(store: Store, actor: Actor, project_id: str) -> Job | None:
    """The job of the newest check, however it ended."""
    found = jobs.jobs_of(store, actor, project_id, (KIND,), limit=1)
    return found[0] if found else None


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Keep a check; its rows replace those of the one before, unless that one looked later."""
    spec = folder.spec()
    text = (folder.final / "result.json").read_text(encoding="utf-8")
    check = Check(
        check_id=job.subject_id,
        project_id=job.project_id,
        settings=CheckSettings.from_json(spec["settings"]),
        finding_settings=FindingSettings.from_json(spec["findings"]),
        result=Result.from_json(json.loads(text)),
        person="",
        created_at=job.created_at,
    )

    def save() -> None:
        newest = store.checks.newest(job.project_id)
        overtaken = newest is not None and newest.created_at > check.created_at
        if overtaken or store.checks.is_known(check.check_id):
            return
        store.checks.add(check, job.created_by, folder.final)
        store.queue_orders.forget()
        store.audit.record(
            "checked", "project", job.project_id, job.created_by,
            project_id=job.project_id, examples=check.result.examples,
        )  # fmt: skip

    store.transact(save)


# What was found ---------------------------------------------------------------------------------


def newest_check(store: Store, actor: Actor, project_id: str) -> Check | None:
    """The check whose findings are shown, or None before the first one."""
    actor.require(project_id)
    return store.checks.newest(project_id)


def totals(store: Store, actor: Actor, project_id: str) -> list[KindTotal]:
    """Examples with findings now, per kind; what weighs most first."""
    actor.require(project_id)
    found = store.findings.totals(project_id)
    return sorted(found, key=lambda one: (-one.weight, one.kind))


def found_examples(
    store: Store, actor: Actor, project_id: str, kind: str, *, limit: int = 10, offset: int = 0
) -> list[FoundExample]:
    """A page of the findings of a kind, in import order."""
    actor.require(project_id)
    found = store.findings.found(project_id, kind, limit=limit, offset=offset)
    hidden = gold_lists.seen(store, actor, project_id)
    return [one for one in found if one.example_id not in hidden]


def findings_of(store: Store, actor: Actor, example: CurrentExample) -> list[Finding]:
    """What is found on an example's present text, under the settings of the newest check.

    A text that changed since is looked at now, for what one example alone shows. Nothing before
    the project's first check.
    """
    project_id = example.project_id
    actor.require(project_id)
    settings = store.checks.finding_settings(project_id)
    if settings is None:
        return []
    known = store.findings.of_present(example)
    if known is not None:
        return known
    from core.checks.check_job import checked_of
    from core.findings.checking import check_chunk

    edited = checked_of(example.example_id, **example.fields, labels=dict(example.labels))
    found, _ = check_chunk([edited], settings)
    return [finding for _, finding in found]


def map_points(store: Store, actor: Actor, project_id: str) -> list[MapPoint]:
    """The topic map of the newest check."""
    actor.require(project_id)
    return store.checks.map_points(project_id)


def seconds_spent(store: Store, actor: Actor, project_id: str) -> float:
    """What people spent on writing and reviewing the project's examples."""
    actor.require(project_id)
    return store.checks.seconds_spent(project_id)


# After edits ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Refreshed:
    """`checked`: examples that were checked again now; `waiting`: changed ones that were not."""

    checked: int
    waiting: int


def refresh(store: Store, actor: Actor, project_id: str) -> Refreshed:
    """Check what changed since the newest check, up to 200 examples; more wait for a whole check.

    Duplicates and the map are those of the whole check.
    """
    actor.require(project_id)
    check = store.checks.newest(project_id)
    if check is None:
        return Refreshed(0, 0)
    waiting = store.checks.count_changed(project_id, check.created_at)
    if not 0 < waiting <= MOST_REFRESHED:
        return Refreshed(0, waiting)
    known = check

    def save() -> Refreshed:
        rows = store.checks.changed(project_id, known.created_at, MOST_REFRESHED)
        if rows:
            _recheck(store, known, rows)
        return Refreshed(len(rows), 0)

    return store.transact(save)


def _recheck(store: Store, check: Check, rows: Sequence[Mapping[str, Any]]) -> None:
    """Check examples again and keep it; inside the caller's transaction."""
    from core.checks.check_job import checked_of
    from core.findings.checking import check_chunk
    from core.findings.facts import SetFacts
    from core.findings.kinds import KINDS
    from core.findings.sets import check_set

    project_id, settings = check.project_id, check.finding_settings
    edited = [
        checked_of(
            one["example_id"], one["instruction"], one["input"], one["output"], one["labels"]
        )
        for one in rows
    ]
    found, facts = check_chunk(edited, settings)
    of_sets: list[str] = []
    if check.result.examples <= MOST_FACTS:
        of_sets = [kind.name for kind in KINDS.values() if kind.scope == "set"]
        together = SetFacts.from_columns(store.checks.facts(project_id))
        together.put(facts)
        found += check_set(together, settings).findings
    store.checks.forget(project_id, [one.id for one in edited], of_sets)
    _keep(store, project_id, rows, facts, found)


def _keep(
    store: Store,
    project_id: str,
    rows: Sequence[Mapping[str, Any]],
    facts: Sequence[Facts],
    found: Rows,
) -> None:
    """Keep which revisions were checked, with their facts, and what was found."""
    from core.checks.tables import write_checked
    from core.findings.table import findings_written

    columns: dict[str, list[Any]] = {
        name: [getattr(one, name) for one in facts]
        for name in ("length", "question", "answer", "label", "gender")
    }
    columns["example_id"] = [one["example_id"] for one in rows]
    columns["revision_id"] = [one["revision_id"] for one in rows]
    path = store.workspace / "inbox" / f"{new_id('chk')}.parquet"
    try:
        write_checked(columns, (), path)
        store.checks.add_checked(project_id, path)
        if found:
            with findings_written(path) as writer:
                writer.add(found)
            store.checks.add_findings(project_id, path)
    finally:
        path.unlink(missing_ok=True)
