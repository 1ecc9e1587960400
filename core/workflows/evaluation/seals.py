"""Seals of studies: what was fixed when a study opened, shown once it is closed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.errors import Conflict
from core.projects import rubric_to_json
from core.study.sealing import extension_content, seal_content, seal_of
from core.study.study import Extension, Study
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
    """The same, or None where it may not or cannot be shown. `extensions`, where pairs were added,
    holds the opened seal of each time."""
    if not study.closed:
        return None
    pairs = store.studies.sealed_pairs(study.study_id)
    content = seal_content(
        study.study_id,
        study.plan.seed,
        [system.system_id for system in study.systems],
        [pair for pair in pairs if not pair["extension"]],
        rubric_to_json(study.rubric),
        study.plan.to_json(),
    )
    added = [extension_seal(store, study, one) for one in study.extensions]
    if [seal_of(content), *(one["seal"] for one in added)] != [
        study.seal,
        *(one.seal for one in study.extensions),
    ]:
        return None
    return {"seal": study.seal, "content": content} | ({"extensions": added} if added else {})


def extension_seal(store: Store, study: Study, added: Extension) -> dict[str, Any]:
    """The seal of pairs that were added, and what it stands for."""
    before = [study.seal, *(one.seal for one in study.extensions)][added.number - 1]
    pairs = store.studies.sealed_pairs(study.study_id)
    content = extension_content(
        study.study_id,
        study.plan.seed,
        added.number,
        before,
        [pair for pair in pairs if pair["extension"] == added.number],
        moved=added.moved,
        probabilities=added.probabilities,
        judgements=added.judgements,
    )
    return {"seal": seal_of(content), "content": content}
