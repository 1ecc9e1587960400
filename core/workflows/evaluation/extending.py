"""Adding pairs to an open study: drawn by a worker, sealed when they are added.

Why a verdict that is always valid stays so: which examples come does not depend on what was said of
the others, as it follows from a seed that was sealed when the study opened and that nobody knows
before its close; and the interval holds at every number of pairs together. So it holds too for
somebody who goes on because of what was seen. A test that looks once does not; a study that grew
has none (`Study.fixed_size`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.actor import Actor, system_actor
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.study.study import Extension, Study
from core.wording import counted
from core.workflows.evaluation.drawing import gold_candidates
from core.workflows.evaluation.seals import extension_seal
from core.workflows.evaluation.studies import get_study, get_study_as_lead
from core.workflows.jobs import jobs

if TYPE_CHECKING:
    from storage.store import Store

KIND = "extend"
ADDED = "pairs_added"
LOOKED_AT = 200


@dataclass(frozen=True)
class Room:
    """How a study could grow. `drawn`: the examples of its sample; `left`: those of its outputs
    that are not; `claims`: how many comparisons share one chance of a
    false claim; `waiting`: pairs are being
    drawn."""

    drawn: int
    left: int
    claims: int
    waiting: bool


def room_of(store: Store, actor: Actor, study_id: str) -> Room:
    """How a study could grow; leads only."""
    study = get_study_as_lead(store, actor, study_id)
    baseline = study.baseline.system_id
    claims = [store.studies.claims(baseline, one.system_id) for one in study.candidates]
    drawn = study.pairs_each
    left = study.plan.outputs - len(study.plan.kept_out) - drawn
    if study.plan.changes:  # a copy has the examples of another study
        left = 0
    return Room(drawn, left, max(claims), _waiting(store, study))


def _waiting(store: Store, study: Study) -> bool:
    recent = store.jobs.of_project(study.project_id, (KIND,), LOOKED_AT)
    return any(not j.taken_in and j.detail.get("study_id") == study.study_id for j in recent)


def add_pairs(
    store: Store, actor: Actor, study_id: str, size: int, *, extension_id: str | None = None
) -> str:
    """Queue the draw of `size` further examples, with the pairs that an example of the study makes;
    the id of the extension. They are open for rating when a worker has drawn them.

    `extension_id` was made when the form was opened: a second submission of it queues nothing.
    Raises Conflict for a study that is or was closed and while others are drawn, InvalidInput where
    so many are not left.
    """
    study = get_study_as_lead(store, actor, study_id)
    if extension_id and store.jobs.of_subject(extension_id):
        return extension_id
    _refuse_closed(study)
    if study.plan.changes:
        raise Conflict(
            "This copy has the examples of another study. Add the pairs there, and open a new copy."
        )
    room = room_of(store, actor, study_id)
    if room.waiting:
        raise Conflict("Pairs are being added to this study. Wait until they are drawn.")
    if room.left <= 0:
        raise InvalidInput("Every output of this study is drawn. There is none to add.")
    if not 1 <= size <= room.left:
        raise InvalidInput(f"Add 1 to {room.left} examples: so many outputs are not drawn yet.")
    extension_id = extension_id or new_id("ext")
    _queue(store, actor, study, size, extension_id)
    return extension_id


def _queue(store: Store, actor: Actor, study: Study, size: int, extension_id: str) -> None:
    systems, number = [s.system_id for s in study.systems], len(study.extensions) + 1
    path = store.workspace / "inbox" / f"{new_id('tab')}.parquet"
    store.shared_outputs.write(
        path, study.version_id, systems, study.plan.split, exposed=study.plan.for_tuning
    )
    gold = gold_candidates(store, study.version_id, systems, study.plan, size)

    def also(_job_id: str) -> None:
        store.audit.record(
            "pairs_queued", "study", study.study_id, actor.person_id, project_id=study.project_id,
            examples=size,
        )  # fmt: skip

    try:
        jobs.submit(
            store,
            actor,
            kind=KIND,
            project_id=study.project_id,
            subject_id=extension_id,
            title=f"Add {counted(size * study.pairs_per_example, 'pair')} to {study.name}",
            spec={
                "study_id": study.study_id,
                "number": number,
                "systems": systems,
                "size": size,
                "first": store.extensions.last_number(study.study_id) + 1,
                "overlap": study.plan.overlap,
                "outputs": study.plan.outputs,
                "seed": study.plan.seed,
                "gold": study.plan.gold,
                "among": study.plan.among,
                "kept_out": list(study.plan.kept_out),
            },
            tables={"there.parquet": store.extensions.there(study.study_id)},
            files={"answers.parquet": path, **gold},
            detail={"study_id": study.study_id, "number": number},
            also=also,
        )
    finally:
        for one in (path, *gold.values()):
            one.unlink(missing_ok=True)


def take_in(store: Store, job: Job, folder: JobFolder) -> None:
    """Insert the pairs that a worker drew, and their seal: they are open for rating from now on.

    Raises Conflict where the study was closed since, or other pairs came first.
    """
    drawn = json.loads((folder.final / "extension.json").read_text(encoding="utf-8"))

    def save() -> None:
        study = get_study(store, system_actor(), str(job.detail["study_id"]))
        _refuse_closed(study)
        number = int(job.detail["number"])
        if number != len(study.extensions) + 1:
            raise Conflict("Other pairs were added meanwhile. Add these once more.")
        at = now()
        store.extensions.take_in(study.study_id, number, folder.final)
        store.extensions.move(study.study_id, drawn["moved"], at)
        store.extensions.raise_probabilities(study.study_id, drawn["probabilities"])
        added = Extension(
            number=number,
            examples=drawn["examples"],
            moved=tuple(sorted(drawn["moved"])),
            probabilities=drawn["probabilities"],
            judgements=store.judgements.count(study.study_id),
            seal="",
            person="",
            created_at=at,
        )
        added = replace(added, seal=extension_seal(store, study, added)["seal"])
        _write(store, study, added, job, drawn["gold_pairs"])

    store.transact(save)


def _write(store: Store, study: Study, added: Extension, job: Job, gold: int) -> None:
    store.extensions.add(
        {
            "extension_id": job.subject_id,
            "study_id": study.study_id,
            "number": added.number,
            "examples": added.examples,
            "moved": added.moved,
            "probabilities": added.probabilities,
            "judgements": added.judgements,
            "seal": added.seal,
            "actor_id": job.created_by,
            "created_at": added.created_at,
        }
    )
    pairs = added.examples * study.pairs_per_example - len(added.moved)
    plan = replace(
        study.plan,
        pairs=study.plan.pairs + pairs,
        risk_pairs=study.plan.risk_pairs - len(added.moved),
        gold_pairs=study.plan.gold_pairs + gold,
    )
    store.extensions.set_plan(study.study_id, plan)
    said = added.sentence(study.pairs_per_example)
    store.studies.add_note(study.study_id, ADDED, said, job.created_by)
    store.audit.record(
        "pairs_added", "study", study.study_id, job.created_by, project_id=study.project_id,
        pairs=pairs, judgements=added.judgements, seal=added.seal,
    )  # fmt: skip


def _refuse_closed(study: Study) -> None:
    if study.closed:
        raise Conflict("This study is closed, so that none are added. Open a second study.")
    if study.was_closed:
        raise Conflict(
            "This study was closed before, and who opened its seal could tell which outputs come "
            "next. Open a second study."
        )
