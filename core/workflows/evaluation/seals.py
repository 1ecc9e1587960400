"""Seals of studies: what was fixed when a study opened, shown once it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.errors import Conflict
from core.projects import rubric_to_json
from core.study.sealing import seal_content, seal_of
from core.study.study import Study
from core.workflows.evaluation.studies import get_study_as_lead
from core.workflows.evaluation.unblinding import note_seen

if TYPE_CHECKING:
    from storage.store import Store


def opened_seal(store: Store, actor: Actor, study_id: str) -> dict[str, Any]:
    """What a closed study's seal stands for, with the seed; for leads. It tells who answered what,
    so that the ledger notes it.

    Raises Conflict while the study is open, and for one that an earlier version opened.
    """
    study = get_study_as_lead(store, actor, study_id)
    if not study.closed:
        raise Conflict("The seal is opened when the study is closed: it tells who stood where.")
    opened = seal_if_open(store, study)
    if opened is None:
        raise Conflict(
            "What this study's seal stands for cannot be shown: an earlier version opened it, or "
            "its data were changed since."
        )
    note_seen(store, actor, study, "answers")
    return opened


def seal_if_open(store: Store, study: Study) -> dict[str, Any] | None:
    """The same, or None where it may not or cannot be shown."""
    if not study.closed:
        return None
    content = seal_content(
        study.study_id,
        study.plan.seed,
        [system.system_id for system in study.systems],
        store.studies.sealed_pairs(study.study_id),
        rubric_to_json(study.rubric),
        study.plan.to_json(),
    )
    return {"seal": study.seal, "content": content} if seal_of(content) == study.seal else None
