"""Whether enough people have the roles that a project's settings ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor, Role
from core.projects import ProjectSettings
from core.workflows.team.assignees import ANNOTATES

if TYPE_CHECKING:
    from storage.store import Store

ACCEPTS: frozenset[Role] = frozenset(("reviewer", "lead"))


def shortages(store: Store, actor: Actor, project_id: str, wanted: ProjectSettings) -> list[str]:
    """What would wait for ever under these settings, saved or not, and what to do: a sentence each;
    nothing where the people are enough. For leads; an admin who asks can accept, whatever roles
    they have."""
    actor.require(project_id, "lead")
    there = [one for one in store.accounts.everybody(project_id) if not one.disabled]
    annotators = sum(bool(one.roles & ANNOTATES) for one in there)
    reviewers = len({one.person_id for one in there if one.roles & ACCEPTS} | {actor.person_id})
    told = []
    if wanted.overlap_share and wanted.overlap > max(1, annotators):
        told.append(
            f"{wanted.overlap} different people must annotate an example, and {annotators} can "
            "here. Give others the role annotator under Team, People: until then such examples "
            "wait."
        )
    if wanted.reviewers > reviewers:
        told.append(
            f"{wanted.reviewers} different people must accept each example, and {reviewers} can "
            "here. Give others the role reviewer under Team, People: until then nothing becomes "
            "accepted."
        )
    return told
