"""The unblinding ledger: what of a study a person has opened, noted once, where it is opened.

It is noted of closed studies too: one may be reopened. A study that opens takes over
what people have seen of its systems before (`storage.unblindings.before`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.actor import Actor
from core.study.study import Study
from core.study.unblinding import ANSWERS_READ, Seen, Unblinding
from core.workflows.evaluation.studies import get_study, get_study_as_lead

if TYPE_CHECKING:
    from storage.store import Store


def pairs_left(store: Store, actor: Actor, study_id: str) -> int:
    """How many pairs of the study this person can still rate blind; 0 for who cannot rate, or has
    seen something already."""
    study = get_study(store, actor, study_id)
    if study.closed or not actor.has(study.project_id, "reviewer", "lead"):
        return 0
    if store.unblindings.seen_by(study_id, actor.person_id):
        return 0
    rated = store.studies.rated(study_id)
    assert rated is not None
    at = store.judgements.progress(rated, actor.person_id)
    return at.for_this_rater - at.mine


def is_blind(store: Store, actor: Actor, study_id: str) -> bool:
    """Whether this person has seen nothing that sets their judgements apart; says no more."""
    return not store.unblindings.seen_by(study_id, actor.person_id)


def open_all_the_same(store: Store, actor: Actor, study_id: str, what: Seen) -> None:
    """A person who could still rate chooses to see."""
    note_seen(store, actor, get_study(store, actor, study_id), what)


def note_seen(store: Store, actor: Actor, study: Study, what: Seen) -> None:
    """Note that the person sees something of the study; only the first time writes.

    It is noted of every study of the baseline with one of its candidates, as what is seen in one
    tells of the other.
    """
    ids = [system.system_id for system in study.systems]
    if not store.unblindings.untold(ids, actor.person_id, what, together=2):
        return

    def save() -> None:
        for study_id in store.unblindings.untold(ids, actor.person_id, what, together=2):
            _note(store, actor, study_id, study.project_id, what)

    store.transact(save)


def note_answers_read(
    store: Store, actor: Actor, project_id: str, system_ids: Sequence[str]
) -> None:
    """Note that the person reads answers of these systems under their names: whoever reads those
    of one that a study compares can tell it from the others. The audit log has it of the system,
    for the studies that are still to open."""
    person_id = actor.person_id

    def untold() -> tuple[list[str], list[str]]:
        studies = store.unblindings.untold(system_ids, person_id, "answers", together=1)
        return studies, store.unblindings.unread(system_ids, person_id)

    if not any(untold()):
        return

    def save() -> None:
        studies, systems = untold()
        for study_id in studies:
            _note(store, actor, study_id, project_id, "answers")
        for system_id in systems:
            store.audit.record(ANSWERS_READ, "system", system_id, person_id, project_id=project_id)

    store.transact(save)


def _note(store: Store, actor: Actor, study_id: str, project_id: str, what: Seen) -> None:
    store.unblindings.add(study_id, actor.person_id, what)
    store.audit.record(
        "unblinded", "study", study_id, actor.person_id, project_id=project_id, what=what
    )


def ledger(store: Store, actor: Actor, study_id: str) -> list[Unblinding]:
    """Who has seen what of the study, and when first; leads only."""
    get_study_as_lead(store, actor, study_id)
    return store.unblindings.of_study(study_id)
