"""Agreement between annotators of a project, for its leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.examples.annotator_agreement import AnnotatorAgreement, agreement_of
from core.workflows.team.projects import get_project

if TYPE_CHECKING:
    from storage.store import Store

MOST_EXAMPLES = 5_000


def annotator_agreement(store: Store, actor: Actor, project_id: str) -> AnnotatorAgreement:
    """How far people agree who annotated the same examples, over the newest MOST_EXAMPLES of which
    the annotating has ended. For leads."""
    actor.require(project_id, "lead")
    settings = get_project(store, actor, project_id).settings
    names = {one.person_id: one.name for one in store.accounts.everybody(project_id)}
    return agreement_of(
        store.overlaps.newest(project_id, MOST_EXAMPLES),
        fields=[field.name for field in settings.label_schema],
        accepted=store.overlaps.accepted(project_id),
        names=names,
        ratings={one.name: one.points for one in settings.label_schema if one.kind == "rating"},
    )
