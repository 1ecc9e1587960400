"""The label schema of a project: what a change of it does to labels, and its earlier versions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotFound
from core.label_changes import (
    LabelImpact,
    Moves,
    SchemaVersion,
    impact_of,
    keeps_all,
    rewritten,
)
from core.projects import SAVING, LabelField, Project, ProjectSettings
from core.workflows.jobs import jobs
from core.workflows.team.label_settling import COMMENT

if TYPE_CHECKING:
    from storage.store import Store


READ_LABELS = ("import", "augment", "paraphrase")
"""Kinds of jobs that bring examples with labels in, as the schema has them when they are queued."""


class LabelsInUse(InvalidInput):
    """The new schema lacks options that examples are labelled with."""

    title = "Labels are in use"


def impact(store: Store, actor: Actor, project_id: str, after: Sequence[LabelField]) -> LabelImpact:
    """What saving this schema would do to the labels of the project's examples now."""
    actor.require(project_id, "lead")
    project = store.projects.by_id(project_id)
    if project is None:
        raise NotFound("This project does not exist, or was deleted. Choose another one.")
    before = project.settings.label_schema
    if before == tuple(after):
        return LabelImpact()
    return impact_of(before, after, store.annotation.labels_in_use(project_id))


def move_labels(
    store: Store, actor: Actor, project: Project, after: Sequence[LabelField], moves: Moves
) -> int:
    """Bring the labels of all examples in line with a new schema, inside the caller's transaction:
    a revision of each that changes, its state as before. How many.

    Raises LabelsInUse when `moves` does not say what becomes of an option that is in use, Conflict
    while a job brings in labels that the new schema may not have.
    """
    if not keeps_all(project.settings.label_schema, after):
        _refuse_meanwhile(store, project.project_id)
    in_use = store.annotation.labels_in_use(project.project_id)
    found = impact_of(project.settings.label_schema, after, in_use)
    if left := [one for one in found.lost if (one.field, one.option) not in moves]:
        named = ", ".join(f"“{one.field}: {one.option}” in {one.examples}" for one in left[:5])
        raise LabelsInUse(
            f"Examples have labels that the new schema does not: {named}. Say what becomes of "
            f"them, or keep the options."
        )
    if not (found.lost or found.narrowed):
        return 0
    before = project.settings.label_schema
    labels = {text: rewritten(json.loads(text), before, after, moves) for text in in_use}
    changed = {text: after for text, after in labels.items() if after != json.loads(text)}
    batch_id = new_id("bat")
    n = store.annotation.rewrite_labels(
        project.project_id, changed, batch_id, actor.person_id, COMMENT
    )
    store.audit.record(
        "relabelled", "project", project.project_id, actor.person_id,
        project_id=project.project_id, batch_id=batch_id, n=n,
        moves=[
            f"{': '.join(old)} → {': '.join(new) if new else 'none'}" for old, new in moves.items()
        ],
    )  # fmt: skip
    return n


def _refuse_meanwhile(store: Store, project_id: str) -> None:
    if job := jobs.under_way(store, project_id, *READ_LABELS):
        raise Conflict(
            f"“{job.title}” is under way, with labels of the present schema. Wait until it has "
            "ended, then change the labels. Options can be added now."
        )


def versions(store: Store, actor: Actor, project_id: str) -> list[SchemaVersion]:
    """Every label schema that the project had, oldest first, from the audit log."""
    actor.require(project_id)
    found: list[SchemaVersion] = []
    for event in store.audit.of_subject("project", project_id):
        if event.action not in SAVING:
            continue
        schema = ProjectSettings.from_json(event.detail["settings"]).label_schema
        if not found or found[-1].schema != schema:
            found.append(SchemaVersion(len(found) + 1, schema, event.person, event.created_at))
    return found
