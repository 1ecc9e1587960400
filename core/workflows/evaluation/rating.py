"""Rate: the next blind pair under a lease, and one submission per judgement.

The map from side to system is read and used here, on the server, and goes no further.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import now
from core.errors import Conflict, NotFound
from core.projects import Criterion, rubric_from_json
from core.study.pairs import BlindPair, Judgement
from core.study.verdicts import verdict_of

if TYPE_CHECKING:
    from storage.store import Store

LEASE = timedelta(minutes=20)
SPARE = 5
ROUNDS = 6


class StudyClosed(Conflict):
    """The study takes no more judgements."""

    title = "This study is closed"


def open_studies(store: Store, actor: Actor, project_id: str) -> list[dict[str, Any]]:
    """Studies to rate in: study_id, name, pairs, judged, places, done; never which systems."""
    actor.require(project_id, "reviewer", "lead")
    return store.studies.open_studies(project_id)


def rubric_of(store: Store, actor: Actor, study_id: str) -> tuple[Criterion, ...]:
    """The rubric as it was when the study opened."""
    return rubric_from_json(_study(store, actor, study_id)["rubric"])


def next_pairs(
    store: Store,
    actor: Actor,
    study_id: str,
    count: int = 2,
    *,
    but: tuple[str, ...] = (),
    first: str = "",
) -> list[BlindPair]:
    """The pair to rate now and the ones after it, each leased to this rater; [] when done.

    `but` leaves out pairs whose judgement is still on its way; `first` is the id of a pair of this
    rater's that comes before all others.
    """
    study = _study(store, actor, study_id)
    if study["closed_at"]:
        return []

    slot = store.transact(lambda: _slot(store, study_id, actor.person_id), in_turn=True)
    taken = _take(store, actor.person_id, study_id, slot, count, but, first)
    progress = store.judgements.progress(study_id, actor.person_id)
    return [
        _blind(study, pair, progress["mine"] + index + 1, progress["mine"] + progress["open"])
        for index, pair in enumerate(taken)
    ]


def _slot(store: Store, study_id: str, rater_id: str) -> int:
    slot = store.judgements.slot_of(study_id, rater_id)
    if slot is None:
        slot = store.judgements.take_slot(study_id, rater_id)
    return slot % store.judgements.slots(study_id)


def _take(
    store: Store,
    rater_id: str,
    study_id: str,
    slot: int,
    count: int,
    but: tuple[str, ...],
    first: str,
) -> list[dict[str, Any]]:
    """Lease up to `count` pairs, each in a transaction of its own: whoever loses one goes on to
    the next, where one transaction for all of them would lose them all (ten raters at once did)."""
    taken: dict[str, dict[str, Any]] = {}
    for _ in range(ROUNDS):
        if len(taken) == count:
            break
        places = store.judgements.free_places(study_id, rater_id, slot, count + len(but) + SPARE)
        left = [p for p in places if p["pair_id"] not in but and p["pair_id"] not in taken]
        if not left:
            break
        left.sort(key=lambda place: place["pair_id"] != first)
        for place in left:
            pair_id = place["pair_id"]
            if len(taken) == count or pair_id in taken:
                continue
            if _lease(store, pair_id, place["place"], rater_id):
                pair = store.judgements.pair(pair_id, slot)
                assert pair is not None
                taken[pair_id] = pair
    return list(taken.values())


def _lease(store: Store, pair_id: str, place: int, rater_id: str) -> bool:
    until = now() + LEASE
    return store.transact(lambda: store.judgements.take_place(pair_id, place, rater_id, until))


def _blind(study: dict[str, Any], pair: dict[str, Any], number: int, total: int) -> BlindPair:
    texts = [pair["baseline_text"], pair["candidate_text"]]
    left, right = texts if pair["baseline_left"] else reversed(texts)
    # The leak scan looks at answers without their outer white space, so raters must not see it.
    return BlindPair(
        pair_id=pair["pair_id"],
        number=number,
        total=total,
        instruction=pair["instruction"],
        input=pair["input"],
        reference=pair["reference"] if study["plan"]["show_reference"] else None,
        left=left.strip(),
        right=right.strip(),
    )


def judge(store: Store, actor: Actor, study_id: str, judgement: Judgement) -> None:
    """Save a judgement; the same id, or a second one of this rater on the pair, changes nothing,
    nor does one that was taken back.

    A judgement that comes after its lease has run out is kept as one more view of the pair.
    Raises StudyClosed, NotFound, InvalidInput.
    """
    study = _study(store, actor, study_id)
    judgement.check_against(rubric_from_json(study["rubric"]))

    def save() -> None:
        judgement_id = judgement.judgement_id
        if store.judgements.by_id(judgement_id) or store.judgements.was_withdrawn(judgement_id):
            return
        if store.judgements.by_rater(judgement.pair_id, actor.person_id):
            return
        if _study(store, actor, study_id)["closed_at"]:
            raise StudyClosed(
                "A lead has closed this study; this judgement was not saved. Ask for it to be "
                "reopened if it should count."
            )
        _save(store, actor, study_id, judgement)

    store.transact(save)


def _save(store: Store, actor: Actor, study_id: str, judgement: Judgement) -> None:
    slot = store.judgements.slot_of(study_id, actor.person_id)
    pair = (
        None
        if slot is None
        else store.judgements.pair(judgement.pair_id, slot % store.judgements.slots(study_id))
    )
    if pair is None or pair["study_id"] != study_id:
        raise NotFound("This pair is not part of the study. Reload the page for the next one.")
    baseline_left = pair["baseline_left"]
    side_of = {"base": "left" if baseline_left else "right"}
    side_of["tuned"] = "right" if baseline_left else "left"
    ratings = [
        {
            "system": system,
            "criterion": criterion,
            "value": value,
            "remark": judgement.remarks.get(side, {}).get(criterion, "").strip(),  # type: ignore[call-overload]
        }
        for system, side in side_of.items()
        for criterion, value in judgement.ratings.get(side, {}).items()  # type: ignore[call-overload]
    ]
    store.judgements.add(
        {
            "judgement_id": judgement.judgement_id,
            "study_id": study_id,
            "pair_id": judgement.pair_id,
            "place": store.judgements.place_for(judgement.pair_id, actor.person_id),
            "rater_id": actor.person_id,
            "choice": judgement.choice,
            "verdict": verdict_of(judgement.choice, baseline_left),
            "baseline_left": baseline_left,
            "flags": {
                system: list(judgement.flags.get(side, ()))  # type: ignore[call-overload]
                for system, side in side_of.items()
            },
            "comment": judgement.comment.strip(),
            "correction": judgement.correction.strip(),
            "seconds": judgement.seconds,
        },
        ratings,
    )


def take_back(store: Store, actor: Actor, study_id: str, judgement_id: str) -> str:
    """Withdraw one's own judgement while the study is open; the pair's id, to rate it again.

    What was said stays in the log. Raises StudyClosed; NotFound for what is not this rater's, or
    was taken back already.
    """

    def save() -> str:
        study, found = _study(store, actor, study_id), store.judgements.by_id(judgement_id)
        if found is None or (found["study_id"], found["rater_id"]) != (study_id, actor.person_id):
            raise NotFound("There is no judgement of yours to take back here. Nothing was changed.")
        if study["closed_at"]:
            raise StudyClosed("A lead has closed this study; its judgements stay as they are.")
        store.judgements.withdraw(judgement_id, now() + LEASE)
        return str(found["pair_id"])

    return store.transact(save)


def progress(store: Store, actor: Actor, study_id: str) -> dict[str, Any]:
    """`pairs`, `judged` (by anyone), `mine`, `open` (to me), and the 10 % rule: `outputs`, `least`.

    Says nothing about which system is ahead.
    """
    study = _study(store, actor, study_id)
    return {
        **store.judgements.progress(study_id, actor.person_id),
        "outputs": study["plan"]["outputs"],
        "least": study["plan"]["least"],
        "name": study["name"],
        "closed": bool(study["closed_at"]),
    }


def _study(store: Store, actor: Actor, study_id: str) -> dict[str, Any]:
    study = store.studies.by_id(study_id)
    if study is None:
        raise NotFound("This study does not exist. Choose one from the list.")
    actor.require(study["project_id"], "reviewer", "lead")
    return study
