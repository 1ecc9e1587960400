"""Bulk actions: one change of all examples that match a filter, and taking the last back: for
leads.

Decisions and labels are a few statements in one transaction, whatever their number; masking reads
every text, so a worker does it, and what it found is taken in in one transaction.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Collection, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput, NotFound
from core.examples.bulk import AUDITED, UNDONE, BulkAction, BulkDone, BulkPreview
from core.examples.listing import ExampleFilter
from core.findings.personal import MASKS
from core.jobs.folder import JobFolder
from core.jobs.job import Job
from core.labels.field import SHARED
from core.labels.values import fit, problem_of
from core.projects import LabelField
from core.workflows.curation import accepting, gold_marks, masking
from core.workflows.curation.annotating import LATELY
from core.workflows.jobs import jobs
from core.workflows.team import assignees
from core.workflows.team.label_settling import settles_labels

if TYPE_CHECKING:
    from storage.store import Store

# Two leads who change the same examples at once: one waits instead of starting again.
_one_at_a_time = threading.Lock()


def preview(
    store: Store, actor: Actor, project_id: str, wanted: ExampleFilter, action: BulkAction
) -> BulkPreview:
    """How many examples the action would change now, and how many stay as they are, why. Raises
    InvalidInput where more would be gold than a project can have."""
    actor.require(project_id, "lead")
    found = store.annotation.preview(project_id, wanted, action, actor.person_id)
    if action.kind == "gold":
        gold_marks.refuse_too_many(_gold_now(store, project_id), found.changes)
    return found


@settles_labels
def act(
    store: Store, actor: Actor, project_id: str, wanted: ExampleFilter, action: BulkAction
) -> int:
    """A lead decides on, or labels, every example that matches and can be changed; how many.

    What `preview` counts under a reason stays as it is. `undo` takes it back. Raises InvalidInput
    for a label that the project does not have, for masking, which `start_masking` does, and for
    somebody who does not annotate here.
    """
    actor.require(project_id, "lead")
    batch_id = new_id("bat")
    if action.kind == "mask":
        raise InvalidInput("Masking is a job of a worker. Start it as one.")
    field = _field(store, project_id, action)
    names = assignees.names_of(store, project_id, action.to)

    def save() -> int:
        store.annotation.choose(project_id, wanted, action, actor.person_id)
        n = _change_chosen(store, actor, project_id, action, batch_id, field)
        _record(
            store, actor.person_id, AUDITED[action.kind], project_id, batch_id, n, action, names
        )
        return n

    with _one_at_a_time:
        return store.transact(save)


def _change_chosen(
    store: Store,
    actor: Actor,
    project_id: str,
    action: BulkAction,
    batch_id: str,
    field: LabelField | None,
) -> int:
    comment = action.comment.strip()
    if action.kind in ("assign", "unassign"):
        return store.annotation.assign_chosen(action.to or ("",), batch_id, actor.person_id)
    if action.kind in ("critical", "uncritical"):
        return _mark(store, actor, project_id, action, batch_id)
    if action.kind in ("gold", "ungold"):
        return _mark_gold(store, actor, project_id, action, batch_id)
    if field is None:
        return store.annotation.decide_chosen(action.kind, batch_id, actor.person_id, comment)
    values = {
        value: action.labelled(json.loads(value), field)
        for value in store.annotation.label_values(field.name)
    }
    return store.annotation.relabel_chosen(field.name, values, batch_id, actor.person_id, comment)


def _mark(store: Store, actor: Actor, project_id: str, action: BulkAction, batch_id: str) -> int:
    """Mark the chosen examples; what one reviewer is enough for again may be accepted by that."""
    critical, comment = action.kind == "critical", action.comment.strip()
    n = store.annotation.mark_chosen(critical, batch_id, actor.person_id, comment)
    if not critical:
        accepting.accept_enough(store, project_id, store.acceptances.wished(project_id), batch_id)
    return n


def _mark_gold(
    store: Store, actor: Actor, project_id: str, action: BulkAction, batch_id: str
) -> int:
    gold, before = action.kind == "gold", _gold_now(store, project_id)
    n = store.gold_examples.mark_chosen(project_id, batch_id, actor.person_id, gold=gold)
    if gold:
        gold_marks.refuse_too_many(before, n)
    return n


def _schema(store: Store, project_id: str) -> Sequence[LabelField]:
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    return project.settings.label_schema


def _field(store: Store, project_id: str, action: BulkAction) -> LabelField | None:
    if action.label is None:
        return None
    name, option = action.label
    for field in _schema(store, project_id):
        if field.name == name and field.kind in SHARED and not problem_of(field, option):
            return field
    raise InvalidInput(
        f"“{name}: {option}” is not in the project's label schema. Reload the page; a lead may "
        f"have changed it."
    )


# Masking ----------------------------------------------------------------------------------------


def start_masking(
    store: Store, actor: Actor, project_id: str, wanted: ExampleFilter, action: BulkAction
) -> str:
    """Queue the masking of personal data in the examples that match; the job's id. What `preview`
    counts under a reason, and examples that change before the worker is done, stay as they are."""
    actor.require(project_id, "lead")
    if action.kind != "mask" or not set(action.mask) <= MASKS.keys():
        raise InvalidInput(f"Choose kinds of personal data out of {', '.join(MASKS)}.")
    return jobs.submit(
        store,
        actor,
        kind="mask",
        project_id=project_id,
        subject_id=new_id("bat"),
        title="Mask personal data",
        spec={"kinds": list(action.mask)},
        tables={
            "examples.parquet": store.annotation.to_mask(
                project_id, wanted, action, actor.person_id
            )
        },
        detail={"comment": action.comment.strip(), "mask": list(action.mask)},
    )


def take_in_masked(store: Store, job: Job, folder: JobFolder) -> None:
    """Make the masked texts revisions of the lead who asked for them, and mask negatives alike."""
    action = BulkAction("mask", job.detail["comment"], mask=tuple(job.detail["mask"]))

    def save() -> None:
        n = store.annotation.take_in_masked(
            job.project_id, folder.final / "masked.parquet", job.subject_id, job.created_by,
            action.comment,
        )  # fmt: skip
        more = masking.also_mask(store, job.project_id, job.subject_id, action.mask, job.created_by)
        _record(
            store, job.created_by, AUDITED["mask"], job.project_id, job.subject_id, n, action,
            more=more,
        )  # fmt: skip

    store.transact(save)


# Taking back ------------------------------------------------------------------------------------


def last_action(store: Store, actor: Actor, project_id: str) -> BulkDone | None:
    """The newest bulk action of the last days, unless it was undone: for leads, as it may say which
    examples are gold."""
    actor.require(project_id, "lead")
    return store.own_work.last_bulk_action(project_id, now() - LATELY)


@settles_labels
def undo(store: Store, actor: Actor, project_id: str, batch_id: str) -> int:
    """Take the last bulk action back wherever nothing happened to the example since and the label
    schema still has what it was labelled with; how many.

    Raises Conflict when it is not the last one, or was undone.
    """
    actor.require(project_id, "lead")

    def save() -> int:
        last = last_action(store, actor, project_id)
        if last is None or last.batch_id != batch_id:
            raise Conflict("This bulk action can no longer be undone. Change single examples.")
        undo_id, schema = new_id("bat"), cache(lambda: _schema(store, project_id))
        n = store.annotation.undo_batch(
            project_id, batch_id, undo_id, actor.person_id,
            lambda labels: not labels or fit(schema(), labels),
        )  # fmt: skip
        if last.action in (AUDITED["critical"], AUDITED["uncritical"]):
            n = store.annotation.undo_marks(project_id, batch_id, undo_id, actor.person_id)
        if last.action in (AUDITED["gold"], AUDITED["ungold"]):
            n = _undo_gold(store, actor, project_id, last, undo_id)
        accepting.accept_enough(store, project_id, store.acceptances.wished(project_id))
        n += store.annotation.undo_assignments(
            project_id, batch_id, undo_id, actor.person_id,
            list(assignees.assignees_of(store, project_id)),
        )  # fmt: skip
        store.audit.record(
            UNDONE[0], "project", project_id, actor.person_id, project_id=project_id,
            batch_id=batch_id, n=n,
        )  # fmt: skip
        return n

    with _one_at_a_time:
        return store.transact(save)


def _undo_gold(store: Store, actor: Actor, project_id: str, last: BulkDone, undo_id: str) -> int:
    gold, before = last.action == AUDITED["gold"], _gold_now(store, project_id)
    n = store.gold_examples.undo_batch(
        project_id, last.batch_id, undo_id, actor.person_id, gold=gold
    )
    if not gold:
        gold_marks.refuse_too_many(before, n)
    return n


def _gold_now(store: Store, project_id: str) -> int:
    return len(store.gold_examples.of_project(project_id).examples)


def _record(
    store: Store,
    person_id: str,
    action: str,
    project_id: str,
    batch_id: str,
    n: int,
    what: BulkAction,
    to: Collection[str] = (),
    more: Mapping[str, int] | None = None,
) -> None:
    detail = {"label": ": ".join(map(str, what.label))} if what.label else {}
    detail |= {"mask": ", ".join(what.mask)} if what.mask else {}
    detail |= {"to": ", ".join(to)} if to else {}
    detail |= {"comment": what.comment.strip()} if what.comment.strip() else {}
    store.audit.record(
        action, "project", project_id, person_id, project_id=project_id, batch_id=batch_id, n=n,
        **detail, **(more or {}),
    )  # fmt: skip
