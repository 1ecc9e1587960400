"""After rating: which of the two answers a rater takes for the candidate's, pair by pair.

A rater is asked about ten of their own pairs at most, which the study's secret seed draws, shown
exactly as they were. Neither the question nor what follows on an answer tells who stood where.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.actor import Actor
from core.clock import new_id
from core.errors import NotFound
from core.study.blinding import MOST_GUESSES, BlindGuess
from core.study.order import asked_about
from core.study.pairs import BlindPair
from core.study.study import RatedStudy
from core.workflows.evaluation.rating import StudyClosed, blind_pair, rated_study

if TYPE_CHECKING:
    from storage.store import Store


def next_question(store: Store, actor: Actor, study_id: str) -> BlindPair | None:
    """The pair to guess about now, `number` of `total` questions; None where all are answered, the
    study is closed, or this person has seen results or names."""
    study = rated_study(store, actor, study_id)
    asked, waiting = _questions(store, actor, study)
    if not waiting:
        return None
    return blind_pair(store, study, waiting[0], len(asked) - len(waiting) + 1, len(asked))


def _questions(store: Store, actor: Actor, study: RatedStudy) -> tuple[list[str], list[str]]:
    """The presentations that this rater is asked about, and those that wait for an answer."""
    about = study.study_id, actor.person_id
    if study.closed or store.unblindings.seen_by(*about):
        return [], []
    given = store.guesses.given_by(*about)
    judged = store.guesses.judged_by(*about)
    drawn = [judged[k] for k in asked_about(study.seed, actor.person_id, judged, MOST_GUESSES)]
    waiting = [one for one in drawn if one not in given][: max(0, MOST_GUESSES - len(given))]
    return [*given, *waiting], waiting


def guess(store: Store, actor: Actor, study_id: str, given: BlindGuess) -> None:
    """Save a guess; the first about a pair counts, and the same one again changes nothing.

    Raises StudyClosed, and NotFound for a pair that this rater has not judged here.
    """

    def save() -> None:
        study = rated_study(store, actor, study_id)
        shown = store.presentations.by_id(given.presentation_id)
        if shown is None or (shown.study_id, shown.rater_id) != (study_id, actor.person_id):
            raise NotFound("This pair is not one that you rated here. Reload the page.")
        if given.presentation_id in store.guesses.given_by(study_id, actor.person_id):
            return
        if study.closed:
            raise StudyClosed("A lead has closed this study; your guess was not saved.")
        if not shown.done:
            raise NotFound("You have not rated this pair, or undone it. Reload the page.")
        side = given.guess
        system = shown.system_on(side) if side == "left" or side == "right" else None
        store.guesses.add(study_id, actor.person_id, given, system)
        store.audit.record(
            "guessed", "study", study_id, actor.person_id, project_id=study.project_id,
            guess=given.guess_id,
        )  # fmt: skip

    store.transact(save)


def skip_questions(store: Store, actor: Actor, study_id: str) -> None:
    """A rater does not want to guess: the questions that wait are not asked again."""

    def save() -> None:
        study = rated_study(store, actor, study_id)
        _, waiting = _questions(store, actor, study)
        for presentation_id in waiting:
            skipped = BlindGuess(new_id("gue"), presentation_id, "skipped")
            store.guesses.add(study_id, actor.person_id, skipped, None)
        if waiting:
            store.audit.record(
                "guesses_skipped", "study", study_id, actor.person_id,
                project_id=study.project_id, questions=len(waiting),
            )  # fmt: skip

    store.transact(save)
