"""A copy of a study that is not blind, whose answers are shown changed on all sides alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput
from core.study.sealing import secret_seed
from core.study.transforming import TRANSFORMATIONS, Changes
from core.workflows.evaluation.drawing import queue_draw
from core.workflows.evaluation.studies import compared_because, get_study_as_lead

if TYPE_CHECKING:
    from storage.store import Store


def open_changed_copy(
    store: Store, actor: Actor, study_id: str, changes: Sequence[str], *, copy_id: str | None = None
) -> str:
    """Queue a study of the same systems and examples that shows its answers with `changes`
    (`core.study.transforming`); its id. The answers themselves and the first study stay.

    Order and sides are drawn anew; gold pairs, whose answers nobody changed, stay behind. Who has
    seen results of the first study is not blind in its copy.
    `copy_id` was made when the form was opened: a second submission of it queues nothing. Raises
    InvalidInput without a change or for one unknown, Conflict where the study is blind.
    """
    study = get_study_as_lead(store, actor, study_id)
    if copy_id and store.jobs.of_subject(copy_id):
        return copy_id
    if not changes:
        raise InvalidInput("Choose at least one change to what raters see.")
    if study.blind:
        raise Conflict("The scan found nothing in this study that a change would have to close.")
    keys = tuple(key for key in TRANSFORMATIONS if key in {*study.plan.changes, *changes})
    Changes((*keys, *changes))  # refuses what is unknown
    plan = replace(
        study.plan, changes=keys, changed=None, risk_pairs=0, gold=0.0, gold_pairs=0, kept_out=(),
        seed=secret_seed(),
    )  # fmt: skip
    copy_id = copy_id or new_id("stu")
    reason = compared_because(study)
    queue_draw(
        store, actor, study.project_id, study.version_id, copy_id,
        [system.system_id for system in study.systems], plan, study.pairs_each,
        {
            "name": f"{study.name[:60]}, answers changed",
            "reason": reason.text if reason else "",
            "differences": [one.to_json() for one in study.differences],
        },
        store.extensions.drawn(study_id),
    )  # fmt: skip
    return copy_id
