"""Freeze: accepted examples become an immutable dataset version with a split."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput, NameTaken, NotFound
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.labels.field import SHARED
from core.names import checked_name, free_name
from core.versions.protected import Firewall
from core.versions.split_plan import AT_RANDOM, SplitPlan
from core.versions.splitting import Split
from core.versions.time_values import refuse_mixed
from core.versions.usefulness import MIN_EXAMPLES
from core.versions.version import DatasetVersion, LargeGroup, LeftOut
from core.wording import counted
from core.workflows.curation import gold_lists
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

RATIOS = (0.8, 0.1, 0.1)
SEED = 42
LARGEST_SEED = 2**31 - 1
KINDS = ("freeze", "check")


@dataclass(frozen=True)
class Freezable:
    """Examples that are ready, how many of them an earlier version put into each split, and what
    keeps some of them out of train and validation."""

    ready: int
    decided: Mapping[Split, int]
    firewall: Firewall

    @property
    def new(self) -> int:
        """Examples that no version has frozen yet."""
        return self.ready - sum(self.decided.values())


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
    seed: int = SEED,
    evaluation_only: bool = False,
    plan: SplitPlan = AT_RANDOM,
    version_id: str = "",
) -> str:
    """Snapshot what is accepted now and queue the job that splits and hashes it; the version's id.

    A `version_id` made when the form was opened makes a repeated click one version.
    `evaluation_only` puts every example into test, for ever: nobody can train on it.
    Raises InvalidInput, UnorderedTimes, NameTaken, NothingToFreeze below 10 accepted, unflagged
    examples, and Conflict while the project's last version is still being frozen. A split of no use
    is refused by the job.
    """
    actor.require(project_id, "lead")
    plan = AT_RANDOM if evaluation_only else plan
    if version_id and store.jobs.of_subject(version_id):
        return version_id
    name = _new_name(store, project_id, name)
    if not 0 <= seed <= LARGEST_SEED:
        raise InvalidInput(
            f"The seed is a whole number from 0 to {LARGEST_SEED}. Choose another one."
        )
    _refuse_unknown(store, project_id, plan)
    ready = store.examples.count_accepted(project_id)
    if ready < MIN_EXAMPLES:
        raise NothingToFreeze(
            f"{ready} examples are accepted and unflagged; a version needs at least "
            f"{MIN_EXAMPLES}. Accept more on the Review page."
        )
    if jobs.under_way(store, project_id, *KINDS):
        raise Conflict(
            "Another version of this project is being frozen, and decides splits that this one "
            "will keep. Wait until it is there."
        )
    version_id = version_id or new_id("ver")
    wall = store.firewall.now(project_id)
    jobs.submit(
        store,
        actor,
        kind="freeze",
        project_id=project_id,
        subject_id=version_id,
        title=f"Freeze {counted(ready, 'example')}",
        spec={
            "name": name,
            "notes": notes.strip(),
            "seed": seed,
            "ratios": [0.0, 0.0, 1.0] if evaluation_only else list(RATIOS),
            "evaluation_only": evaluation_only,
            "plan": plan.to_json(),
            "protected": dict(wall.files),
            "studied": store.firewall.studied(project_id),
        },
        tables={
            "examples.parquet": store.freezing.to_freeze(project_id, plan),
            "earlier.parquet": store.freezing.frozen_earlier(project_id, plan),
            "barred.parquet": store.firewall.barred(project_id),
        },
    )
    return version_id


def metadata(store: Store, actor: Actor, project_id: str) -> Sequence[str]:
    """The names of metadata that examples of the project have, which a plan to split can use."""
    actor.require(project_id)
    return store.freezing.metadata(project_id)


def how_split(store: Store, actor: Actor, version_id: str) -> str:
    """How a version's new examples were drawn, in a sentence; "" at random."""
    get_version(store, actor, version_id)
    return str(store.cards.facts(version_id).get("split", ""))


def _refuse_unknown(store: Store, project_id: str, plan: SplitPlan) -> None:
    """Raise InvalidInput for a label or metadata that the project does not have, and for times
    without a common order."""
    project = store.projects.by_id(project_id)
    schema = project.settings.label_schema if project else ()
    fields = [field.name for field in schema if field.kind in SHARED]
    if plan.label and plan.label not in fields:
        raise InvalidInput(
            f"The project has no label “{plan.label}”. It has {', '.join(fields) or 'none'}."
        )
    asked = [name for name in (plan.time, plan.together) if name]
    if missing := [one for one in asked if not store.freezing.has_metadata(project_id, one)]:
        known = ", ".join(store.freezing.metadata(project_id)) or "none"
        raise InvalidInput(
            f"No example has the metadata “{missing[0]}”. They have {known}; "
            "metadata is chosen when a file is imported."
        )
    if plan.time:
        seen = store.freezing.times_seen(project_id, plan.time)
        others = store.freezing.has_times(project_id, plan.time)
        refuse_mixed(plan.time, seen, others_have_it=others)


def _new_name(store: Store, project_id: str, name: str) -> str:
    """The name as it is kept; "" for none. Raises InvalidInput, NameTaken whatever the case."""
    name = checked_name(name, "version")
    if any(name.casefold() == taken.casefold() for taken in _names(store, project_id)):
        raise NameTaken(f"This project has a version called “{name}” already. Choose another name.")
    return name


def _names(store: Store, project_id: str) -> list[str]:
    return [version.name for version in store.versions.of_project(project_id)]


def freezable(store: Store, actor: Actor, project_id: str) -> Freezable:
    """What `start_freeze` would take now: accepted and not flagged."""
    actor.require(project_id)
    ready = store.examples.count_accepted(project_id)
    return Freezable(ready, store.freezing.decided(project_id), store.firewall.now(project_id))


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the frozen version; twice is once. Raises Conflict."""
    spec = folder.spec()
    report = json.loads((folder.final / "report.json").read_text(encoding="utf-8"))
    languages = report.pop("languages", {})

    def save() -> None:
        if store.versions.by_id(job.subject_id) is not None:
            return
        _refuse_unheeded(store, job.project_id, spec)
        number = store.versions.next_number(job.project_id)
        version = DatasetVersion(
            version_id=job.subject_id,
            project_id=job.project_id,
            number=number,
            name=free_name(spec["name"] or f"v{number}", _names(store, job.project_id)),
            notes=spec["notes"],
            seed=spec["seed"],
            ratios=tuple(spec["ratios"]),
            evaluation_only=spec["ratios"][2] == 1,
            actor_id=job.created_by,
            created_at=now(),
            **{
                **report,
                "largest": tuple(map(LargeGroup.of_dict, report["largest"])),
                "warnings": tuple(report["warnings"]),
            },
        )
        final = folder.final
        store.versions.add(version, final / "members.parquet", final / "left_out.parquet")
        store.firewall.heed(version.version_id, list(spec.get("protected", {})))
        plan = SplitPlan.from_json(spec.get("plan", {}))
        store.cards.add_facts(version.version_id, {"languages": languages, "split": plan.sentence})
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


def _refuse_unheeded(store: Store, project_id: str, spec: Mapping[str, Any]) -> None:
    """Raise Conflict when a file was protected, or a study drew examples that may be trained on,
    after the freeze was asked for: the worker has not heeded them."""
    if spec["ratios"][2] == 1:
        return
    new = set(store.firewall.now(project_id).files) - set(spec.get("protected", {}))
    if new or store.firewall.studied(project_id) > int(spec.get("studied", 0)):
        what = "A file was protected" if new else "A study drew examples of this project"
        raise Conflict(f"{what} while the version was being frozen. Freeze again to heed it.")


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
    project_id = get_version(store, actor, version_id).project_id
    found: list[dict[str, Any]] = store.versions.examples(version_id, split_name, limit).to_pylist()
    hidden = gold_lists.seen(store, actor, project_id)
    return [one for one in found if one["example_id"] not in hidden]


def left_out(store: Store, actor: Actor, version_id: str, limit: int = 1000) -> list[LeftOut]:
    """Accepted examples that a version leaves out, and why."""
    get_version(store, actor, version_id)
    return store.versions.left_out(version_id, limit)


def left_out_reasons(store: Store, actor: Actor, version_id: str) -> Mapping[str, int]:
    """Reason -> how many accepted examples a version leaves out for it."""
    get_version(store, actor, version_id)
    return store.versions.left_out_reasons(version_id)


def left_out_csv(store: Store, actor: Actor, version_id: str) -> bytes:
    """Everything that a version leaves out, as CSV."""
    get_version(store, actor, version_id)
    return store.downloads.csv(store.versions.left_out_file(version_id))
