"""Rate: the next blind pairs under a lease, and one submission per presentation.

Which system stood on which side is read and used here, on the server, and goes no further.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id, now
from core.errors import Conflict, InvalidInput, NotFound
from core.projects import Criterion
from core.study.order import count_repeats, repeat_due
from core.study.pairs import (
    SIDES,
    BlindJudgement,
    BlindPair,
    Presentation,
    RatedPair,
    Rating,
    Side,
    outcome_of,
)
from core.study.spans import check_within, spans_json
from core.study.study import OpenStudy, RatedStudy, StudyProgress
from core.workflows.evaluation.leasing import lease, lease_end, lease_repeat

if TYPE_CHECKING:
    from storage.store import Store

COMPACT_EVERY = 25
LATELY = timedelta(days=1)


class StudyClosed(Conflict):
    """The study takes no more judgements."""

    title = "This study is closed"


class AlreadyJudged(Conflict):
    """This rater has said something else of the presentation."""

    title = "This pair is rated"


def open_studies(store: Store, actor: Actor, project_id: str) -> list[OpenStudy]:
    """Studies to rate in; never which systems."""
    actor.require(project_id, "reviewer", "lead")
    return store.studies.open_studies(project_id)


def newest_open_study(store: Store, actor: Actor, project_id: str) -> str | None:
    """The id of the first of the `open_studies`."""
    actor.require(project_id, "reviewer", "lead")
    return store.studies.newest_open(project_id)


def rubric_of(store: Store, actor: Actor, study_id: str) -> tuple[Criterion, ...]:
    """The rubric as it was when the study opened."""
    return rated_study(store, actor, study_id).rubric


def next_pairs(
    store: Store,
    actor: Actor,
    study_id: str,
    count: int = 2,
    *,
    but: Sequence[str] = (),
    first: str = "",
    study: RatedStudy | None = None,
    at: StudyProgress | None = None,
) -> list[BlindPair]:
    """The pair to rate now and the ones after it, each leased to this rater; [] when done.

    `but` leaves out presentations that the browser has already, which stay leased and count as
    coming before; `first` is the id of one of this rater's that comes before all others; `study`
    and `at`, how far this rater is, are given where they are known already.
    """
    study = study or rated_study(store, actor, study_id)
    if study.closed:
        return []
    taken = lease(store, study, actor.person_id, count, but, first)
    at = at or store.judgements.progress(study, actor.person_id)
    if at.mine % COMPACT_EVERY == 0:
        store.transact(lambda: store.judgements.compact(study_id))
    if again := repeat_due(study.seed, actor.person_id, study.repeats, at.mine):
        repeat = lease_repeat(store, study, actor.person_id, again)
        taken += [repeat] if repeat and len(taken) < count else []
    own = at.for_this_rater
    repeats = count_repeats(study.seed, actor.person_id, study.repeats, own)
    whole = own + repeats + at.gold + at.gold_open
    return [
        blind_pair(store, study, presentation_id, at.done_by_this_rater + k, whole)
        for k, presentation_id in enumerate(taken, start=1 if first else 1 + len(but))
    ]


def blind_pair(
    store: Store, study: RatedStudy, presentation_id: str, number: int, total: int
) -> BlindPair:
    """A presentation as its rater sees it, whenever they do: the same texts on the same sides."""
    shown = store.presentations.shown_pair(presentation_id)
    assert shown is not None
    left, right = (shown.answers[shown.presentation.system_on(side)] for side in SIDES)
    return BlindPair(
        presentation_id=presentation_id,
        number=number,
        total=total,
        instruction=shown.instruction,
        input=shown.input,
        reference=shown.reference if study.show_reference and shown.reference.strip() else None,
        left=left,
        right=right,
    )


def judge(store: Store, actor: Actor, study_id: str, judgement: BlindJudgement) -> None:
    """Save a judgement; the same one again changes nothing, nor does one that was taken back.

    A judgement that comes after its lease has run out is kept as one more view of the pair.
    Raises StudyClosed, AlreadyJudged, NotFound, InvalidInput.
    """

    def save() -> None:
        study = rated_study(store, actor, study_id)
        judgement.check_against(study.rubric)
        judgement_id, presentation_id = judgement.judgement_id, judgement.presentation_id
        shown = store.presentations.by_id(presentation_id)
        if shown is None or (shown.study_id, shown.rater_id) != (study_id, actor.person_id):
            raise NotFound("This pair is not yours to rate here. Reload the page for the next one.")
        if known := store.judgements.by_id(judgement_id):
            if known["presentation_id"] != presentation_id:
                raise InvalidInput("This judgement belongs to another pair. Reload the page.")
            return
        if store.judgements.of(presentation_id):
            raise AlreadyJudged(
                "You have rated this pair already, perhaps in another tab; what you said first "
                "counts. To change it, undo it."
            )
        if store.judgements.was_withdrawn(judgement_id, presentation_id):
            return
        if study.closed:
            raise StudyClosed(
                "A lead has closed this study; this judgement was not saved. Ask for it to be "
                "reopened if it should count."
            )
        _save(store, actor, study, judgement, shown)
        store.drafts.drop(actor.person_id, draft_form(presentation_id))

    store.transact(save)


def draft_form(presentation_id: str) -> str:
    """The name under which a rater's draft about a pair is kept."""
    return f"rate {presentation_id}"


def _save(
    store: Store, actor: Actor, study: RatedStudy, judgement: BlindJudgement, shown: Presentation
) -> None:
    outcome, preferred = outcome_of(judgement.choice, shown)
    _refuse_spans_beyond(store, judgement)
    ratings = [
        Rating(
            judgement.judgement_id, shown.pair_id, actor.person_id, shown.system_on(side),
            criterion, value, judgement.remarks.get(side, {}).get(criterion, "").strip(),
        )
        for side in SIDES
        for criterion, value in judgement.ratings.get(side, {}).items()
    ]  # fmt: skip
    apart = bool(store.unblindings.seen_by(study.study_id, actor.person_id))
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
            "spans": {
                shown.system_on(side): spans_json(spans)
                for side, spans in judgement.spans.items()
                if spans
            },
            "comment": judgement.comment.strip(),
            "correction": judgement.correction.strip(),
            "seconds": judgement.seconds,
        },
        shown,
        ratings,
        apart=apart,
    )
    if apart and shown.occasion == 1 and not shown.lapsed:
        # Its place is left to somebody who is blind.
        store.presentations.add(
            replace(
                shown, presentation_id=new_id("pre"), rater_id=None, left_system_id=None,
                right_system_id=None, lease_until=None, done=False,
            )
        )  # fmt: skip
    store.audit.record(
        "judged", "study", study.study_id, actor.person_id, project_id=study.project_id,
        judgement=judgement.judgement_id,
    )  # fmt: skip


def _refuse_spans_beyond(store: Store, judgement: BlindJudgement) -> None:
    if not any(judgement.spans.values()):
        return
    shown = store.presentations.shown_pair(judgement.presentation_id)
    assert shown is not None
    for side, spans in judgement.spans.items():
        check_within(side, spans, shown.answers[shown.presentation.system_on(side)])


def take_back(store: Store, actor: Actor, study_id: str, judgement_id: str) -> str:
    """Withdraw one's own judgement while the study is open; the presentation to rate it again, or
    "" where somebody else rates it by now.

    What was said stays in the log, and the pair is shown again on the same sides. Raises
    StudyClosed; Conflict once this rater has seen results or names; NotFound for what is not this
    rater's, or was taken back already.
    """

    def save() -> str:
        study, found = rated_study(store, actor, study_id), store.judgements.by_id(judgement_id)
        if found is None or (found["study_id"], found["rater_id"]) != (study_id, actor.person_id):
            raise NotFound("There is no judgement of yours to undo here. Nothing was changed.")
        if study.closed:
            raise StudyClosed("A lead has closed this study; its judgements stay as they are.")
        if store.unblindings.seen_by(study_id, actor.person_id):
            raise Conflict(
                "You have seen results or names of this study since: what you judged before stays."
            )
        shown = store.presentations.by_id(found["presentation_id"])
        assert shown is not None
        store.judgements.withdraw(judgement_id, shown)
        store.audit.record(
            "judgement_withdrawn", "study", study_id, actor.person_id,
            project_id=study.project_id, judgement=judgement_id,
        )  # fmt: skip
        if shown.lapsed:  # it came late, and somebody else has its place
            return ""
        again = replace(
            shown, presentation_id=new_id("pre"), lease_until=lease_end(), done=False, lapsed=False
        )
        store.presentations.add(again)
        return again.presentation_id

    return store.transact(save)


def rated_lately(store: Store, actor: Actor, study_id: str) -> list[RatedPair]:
    """What this rater judged within a day and could take back, newest first, at most 100."""
    study = rated_study(store, actor, study_id)
    if study.closed or store.unblindings.seen_by(study_id, actor.person_id):
        return []
    return store.judgements.rated_since(study_id, actor.person_id, now() - LATELY)


def last_judgement(store: Store, actor: Actor, study_id: str) -> str | None:
    """The id of what this rater said last in a study and could take back, or None."""
    study = rated_study(store, actor, study_id)
    return None if study.closed else store.judgements.last_of(study_id, actor.person_id)


def said(store: Store, actor: Actor, study_id: str, judgement_id: str) -> BlindJudgement:
    """One's own judgement as it was entered, by sides. Raises NotFound."""
    rated_study(store, actor, study_id)
    found = store.judgements.said(judgement_id)
    if found is None or (found.study_id, found.rater_id) != (study_id, actor.person_id):
        raise NotFound("There is no judgement of yours here.")
    shown = store.presentations.by_id(found.presentation_id)
    assert shown is not None
    marks = store.judgements.ratings_of(judgement_id)

    def on(side: Side) -> list[Rating]:
        return [r for r in marks if r.system_id == shown.system_on(side)]

    return BlindJudgement(
        judgement_id=judgement_id,
        presentation_id=found.presentation_id,
        choice=found.choice,
        ratings={side: {r.criterion: r.value for r in on(side)} for side in SIDES},
        remarks={side: {r.criterion: r.remark for r in on(side) if r.remark} for side in SIDES},
        flags={side: found.flags.get(shown.system_on(side), ()) for side in SIDES},
        comment=found.comment,
        correction=found.correction,
        seconds=found.seconds,
        spans={side: found.spans.get(shown.system_on(side), ()) for side in SIDES},
    )


def progress(store: Store, actor: Actor, study_id: str) -> StudyProgress:
    """How far the study is, for this rater; nothing says which system is ahead."""
    return progress_in(store, actor, rated_study(store, actor, study_id))


def progress_in(store: Store, actor: Actor, study: RatedStudy) -> StudyProgress:
    """`progress` in a study that was just read."""
    actor.require(study.project_id, "reviewer", "lead")
    return store.judgements.progress(study, actor.person_id)


def rated_study(store: Store, actor: Actor, study_id: str) -> RatedStudy:
    """A study for whoever may rate in it. Raises NotFound, NotAllowed."""
    study = store.studies.rated(study_id)
    if study is None:
        raise NotFound("This study does not exist. Choose one from the list.")
    actor.require(study.project_id, "reviewer", "lead")
    return study
