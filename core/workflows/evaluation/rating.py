"""Rate: the next blind pairs under a lease, and one submission per presentation.

Which system stood on which side is read and used here, on the server, and goes no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, NotFound
from core.projects import Criterion
from core.study.order import first_is_left
from core.study.pairs import (
    SIDES,
    BlindJudgement,
    BlindPair,
    Presentation,
    Rating,
    ShownPair,
    outcome_of,
)
from core.study.study import OpenStudy, RatedStudy, StudyProgress

if TYPE_CHECKING:
    from storage.store import Store

LEASE = timedelta(minutes=20)
# Raters who come at once begin at different places of a window of free pairs.
WINDOW = 64
ROUNDS = 6
COMPACT_EVERY = 25


class StudyClosed(Conflict):
    """The study takes no more judgements."""

    title = "This study is closed"


def open_studies(store: Store, actor: Actor, project_id: str) -> list[OpenStudy]:
    """Studies to rate in; never which systems."""
    actor.require(project_id, "reviewer", "lead")
    return store.studies.open_studies(project_id)


def rubric_of(store: Store, actor: Actor, study_id: str) -> tuple[Criterion, ...]:
    """The rubric as it was when the study opened."""
    return _study(store, actor, study_id).rubric


def next_pairs(
    store: Store,
    actor: Actor,
    study_id: str,
    count: int = 2,
    *,
    but: Sequence[str] = (),
    first: str = "",
) -> list[BlindPair]:
    """The pair to rate now and the ones after it, each leased to this rater; [] when done.

    `but` leaves out presentations whose judgement is still on its way; `first` is the id of one of
    this rater's that comes before all others.
    """
    study = _study(store, actor, study_id)
    if study.closed:
        return []
    taken = _take(store, study, actor.person_id, count, but, first)
    at = store.judgements.progress(study_id, actor.person_id)
    if at.mine % COMPACT_EVERY == 0:
        store.transact(lambda: store.judgements.compact(study_id))
    return [
        _blind(study, _shown(store, presentation_id), at.mine + k + 1, at.mine + at.open)
        for k, presentation_id in enumerate(taken)
    ]


def _take(
    store: Store, study: RatedStudy, rater_id: str, count: int, but: Sequence[str], first: str
) -> list[str]:
    """Lease up to `count` presentations, what the rater holds already first. Each is taken in a
    transaction of its own: whoever loses one goes on to the next."""
    held = store.judgements.held(study.study_id, rater_id)
    held.sort(key=lambda p: p.presentation_id != first)
    taken = [p.presentation_id for p in held if p.presentation_id not in but][:count]
    if taken:
        store.transact(lambda: store.judgements.renew(taken, rater_id, _until()))
    for _ in range(ROUNDS):
        if len(taken) >= count:
            break
        free = store.judgements.free(study.study_id, rater_id, WINDOW)
        if not free:
            break
        for found in _from_own_place(free, rater_id):
            if len(taken) < count and (own := _lease(store, study, found, rater_id)):
                taken.append(own)
    return taken


def _from_own_place(free: Sequence[Presentation], rater_id: str) -> list[Presentation]:
    """The window in an order of this rater's own; first views before second ones."""

    def place(p: Presentation) -> tuple[int, str]:
        return p.place, sha256(f"{rater_id} {p.position}".encode()).hexdigest()

    return sorted(free, key=place)


def _lease(store: Store, study: RatedStudy, found: Presentation, rater_id: str) -> str:
    """Take a free presentation, its sides from this rater's permuted blocks; its id, or ""."""

    def take() -> str:
        first, second, stratum = store.judgements.pair_systems(found.pair_id)
        shown = store.judgements.shown(study.study_id, rater_id) or {}
        before = shown.get(stratum, 0)
        if first_is_left(study.seed, rater_id, stratum, before):
            left, right = first, second
        else:
            left, right = second, first
        own = _occupy(store, found, rater_id, left, right)
        if own:
            counted = {**shown, stratum: before + 1}
            store.judgements.set_shown(study.study_id, rater_id, counted)
        return own

    return store.transact(take)


def _occupy(store: Store, found: Presentation, rater_id: str, left: str, right: str) -> str:
    if found.rater_id is None:
        taken = store.judgements.take(found.presentation_id, rater_id, left, right, _until())
        return found.presentation_id if taken else ""
    # Somebody's lease ran out. Their showing stays as it was, should they still answer.
    if not store.judgements.lapse(found.presentation_id):
        return ""
    own = replace(
        found, presentation_id=new_id("pre"), rater_id=rater_id, left_system_id=left,
        right_system_id=right, lease_until=_until(),
    )  # fmt: skip
    store.judgements.add_presentation(own)
    return own.presentation_id


def _until() -> datetime:
    return now() + LEASE


def _shown(store: Store, presentation_id: str) -> ShownPair:
    found = store.judgements.shown_pair(presentation_id)
    assert found is not None
    return found


def _blind(study: RatedStudy, shown: ShownPair, number: int, total: int) -> BlindPair:
    left, right = (shown.answers[shown.presentation.system_on(side)] for side in SIDES)
    return BlindPair(
        presentation_id=shown.presentation.presentation_id,
        number=number,
        total=total,
        instruction=shown.instruction,
        input=shown.input,
        reference=shown.reference if study.show_reference else None,
        left=left,
        right=right,
    )


def judge(store: Store, actor: Actor, study_id: str, judgement: BlindJudgement) -> None:
    """Save a judgement; the same id, or a second one of the presentation, changes nothing, nor does
    one that was taken back.

    A judgement that comes after its lease has run out is kept as one more view of the pair.
    Raises StudyClosed, NotFound, InvalidInput.
    """
    judgement.check_against(_study(store, actor, study_id).rubric)

    def save() -> None:
        judgement_id, presentation_id = judgement.judgement_id, judgement.presentation_id
        if store.judgements.by_id(judgement_id) or store.judgements.is_judged(presentation_id):
            return
        if store.judgements.was_withdrawn(judgement_id, presentation_id):
            return
        shown = store.judgements.presentation(judgement.presentation_id)
        if shown is None or (shown.study_id, shown.rater_id) != (study_id, actor.person_id):
            raise NotFound("This pair is not yours to rate here. Reload the page for the next one.")
        study = _study(store, actor, study_id)
        if study.closed:
            raise StudyClosed(
                "A lead has closed this study; this judgement was not saved. Ask for it to be "
                "reopened if it should count."
            )
        _save(store, actor, study, judgement, shown)

    store.transact(save)


def _save(
    store: Store, actor: Actor, study: RatedStudy, judgement: BlindJudgement, shown: Presentation
) -> None:
    outcome, preferred = outcome_of(judgement.choice, shown)
    ratings = [
        Rating(
            judgement.judgement_id, shown.pair_id, actor.person_id, shown.system_on(side),
            criterion, value, judgement.remarks.get(side, {}).get(criterion, "").strip(),
        )
        for side in SIDES
        for criterion, value in judgement.ratings.get(side, {}).items()
    ]  # fmt: skip
    store.judgements.add(
        {
            "judgement_id": judgement.judgement_id,
            "presentation_id": shown.presentation_id,
            "study_id": study.study_id,
            "pair_id": shown.pair_id,
            "rater_id": actor.person_id,
            "choice": judgement.choice,
            "outcome": outcome,
            "preferred_system_id": preferred,
            "flags": {shown.system_on(s): list(judgement.flags.get(s, ())) for s in SIDES},
            "comment": judgement.comment.strip(),
            "correction": judgement.correction.strip(),
            "seconds": judgement.seconds,
        },
        shown,
        ratings,
    )
    store.audit.record(
        "judged", "study", study.study_id, actor.person_id, project_id=study.project_id,
        judgement=judgement.judgement_id,
    )  # fmt: skip


def take_back(store: Store, actor: Actor, study_id: str, judgement_id: str) -> str:
    """Withdraw one's own judgement while the study is open; the presentation to rate it again, or
    "" where somebody else rates it by now.

    What was said stays in the log, and the pair is shown again on the same sides. Raises
    StudyClosed; NotFound for what is not this rater's, or was taken back already.
    """

    def save() -> str:
        study, found = _study(store, actor, study_id), store.judgements.by_id(judgement_id)
        if found is None or (found["study_id"], found["rater_id"]) != (study_id, actor.person_id):
            raise NotFound("There is no judgement of yours to take back here. Nothing was changed.")
        if study.closed:
            raise StudyClosed("A lead has closed this study; its judgements stay as they are.")
        shown = store.judgements.presentation(found["presentation_id"])
        assert shown is not None
        store.judgements.withdraw(judgement_id, shown)
        store.audit.record(
            "judgement_withdrawn", "study", study_id, actor.person_id,
            project_id=study.project_id, judgement=judgement_id,
        )  # fmt: skip
        if shown.lapsed:  # it came late, and somebody else has its place
            return ""
        again = replace(
            shown, presentation_id=new_id("pre"), lease_until=_until(), done=False, lapsed=False
        )
        store.judgements.add_presentation(again)
        return again.presentation_id

    return store.transact(save)


def progress(store: Store, actor: Actor, study_id: str) -> StudyProgress:
    """How far the study is, for this rater; nothing says which system is ahead."""
    _study(store, actor, study_id)
    return store.judgements.progress(study_id, actor.person_id)


def _study(store: Store, actor: Actor, study_id: str) -> RatedStudy:
    study = store.studies.rated(study_id)
    if study is None:
        raise NotFound("This study does not exist. Choose one from the list.")
    actor.require(study.project_id, "reviewer", "lead")
    return study
