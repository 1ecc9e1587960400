"""Work route of rating: blind pairs out, judgements in; then the questions whose answer is whose.

Whatever leaves here reaches a rater's browser, so it is made of BlindPair and counts alone: no
system, no run, no path, no map of sides. tests/evaluation/test_blindness.py compares it byte for
byte with that of a study whose systems are swapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput, NotFound
from core.study.blinding import BlindGuess
from core.study.pairs import SIDES, BlindJudgement, BlindPair, RatedPair
from core.study.spans import spans_from, spans_json
from core.study.study import RatedStudy, StudyProgress
from core.workflows.evaluation import guessing, rating, rating_drafts

if TYPE_CHECKING:
    from storage.store import Store

Body = dict[str, Any]
UNREADABLE = "The browser sent a judgement that cannot be read. Reload the page and save it again."
ALL_RATED = {
    "title": "You have rated every pair that is yours to rate",
    "text": "Others may still have some to do.",
}
GO_ON = {"title": "Thank you", "text": "You can go on rating at any time."}
CLOSED = {"title": "This study is closed", "text": "A lead has closed it to ratings."}
NO_STUDY = {"title": "No study is open", "text": "A lead opens one; its pairs then appear here."}


def rate(store: Store, actor: Actor, project_id: str, body: Body) -> Body:
    """Do what a rater asked for and answer with the next pair. Raises TouchstoneError."""
    study_id = _study(store, actor, project_id, body)
    if study_id is None:
        return {"saved": [], "task": None, "figures": {}, "message": NO_STUDY}
    action, saved, first, undone = body.get("action"), [], "", None
    if action in ("guess", "skip", "finish"):
        return questions(store, actor, study_id, body)
    if action in ("draft", "discard"):
        form = body.get("form") if action == "draft" else None
        rating_drafts.keep_draft(
            store, actor, _text(body, "presentation_id"), _text(body, "submission_id"),
            form if isinstance(form, dict) else None,
        )  # fmt: skip
        return {"saved": [], "task": None, "figures": {}, "message": None}
    if action == "rated":
        rated = [rated_view(one) for one in rating.rated_lately(store, actor, study_id)]
        return {"saved": [], "task": None, "figures": {}, "message": None, "rated": rated}
    if action == "judge":
        judgement = judgement_from(body)
        rating.judge(store, actor, study_id, judgement)
        saved = [judgement.judgement_id]
    elif action == "undo":
        undone, first = _undo(store, actor, study_id, body)
    elif action != "next":
        raise InvalidInput(f"There is no action “{action}” here. Reload the page.")
    study = rating.rated_study(store, actor, study_id)
    at = rating.progress_in(store, actor, study)
    pair = None if body.get("next") is False else _next(store, actor, study, body, first, at)
    task = None if pair is None else task_view(store, actor, pair)
    if task and undone and task["presentation_id"] == first:
        task["draft"] = form_view(undone)
    done = at.done_by_this_rater > 0 and at.left_to_this_rater <= 0
    return {
        "saved": saved,
        "task": task,
        "question": _question(store, actor, study_id) if done and task is None else None,
        "figures": _figures(at, bool(saved) or _can_undo(store, actor, study_id)),
        "message": None if pair else CLOSED if at.closed else ALL_RATED,
    }


def _can_undo(store: Store, actor: Actor, study_id: str) -> bool:
    return rating.last_judgement(store, actor, study_id) is not None


def _figures(at: StudyProgress, can_undo: bool) -> Body:
    # A rater's figures count gold pairs like all others, and leave out the rule that does not.
    return {
        "judged": at.judged + at.gold_judged,
        "reviewed": None if at.gold_pairs else at.reviewed,
        "least": None if at.gold_pairs else at.least,
        "pairs": at.pairs + at.gold_pairs,
        "can_undo": can_undo and not at.closed,
    }


def questions(store: Store, actor: Actor, study_id: str, body: Body) -> Body:
    """What is asked after rating: answer, skip what is left, or (finish) be asked now."""
    saved = []
    if body["action"] == "guess":
        given = BlindGuess(
            _text(body, "submission_id"), _text(body, "presentation_id"), body.get("guess", "")
        )
        guessing.guess(store, actor, study_id, given)
        saved = [given.guess_id]
    elif body["action"] == "skip":
        guessing.skip_questions(store, actor, study_id)
    at = rating.progress(store, actor, study_id)
    left = at.left_to_this_rater
    return {
        "saved": saved,
        "task": None,
        "question": _question(store, actor, study_id),
        "figures": _figures(at, _can_undo(store, actor, study_id)),
        "message": CLOSED if at.closed else GO_ON if left > 0 else ALL_RATED,
        "left": left,
    }


def _question(store: Store, actor: Actor, study_id: str) -> Body | None:
    pair = guessing.next_question(store, actor, study_id)
    return None if pair is None else {**pair_view(pair), "submission_id": new_id("gue")}


def _study(store: Store, actor: Actor, project_id: str, body: Body) -> str | None:
    """The study that was named, else the first open one of the project."""
    if isinstance(body.get("study"), str) and body["study"]:
        return str(body["study"])
    return rating.newest_open_study(store, actor, project_id)


def _next(
    store: Store, actor: Actor, study: RatedStudy, body: Body, first: str, at: StudyProgress
) -> BlindPair | None:
    held = body.get("holding")
    holding = tuple(one for one in held if isinstance(one, str)) if isinstance(held, list) else ()
    if not holding and not first:  # a page that was just opened goes on where the rater was
        first = str(body.get("first") or rating_drafts.last_drafted(store, actor))
    pairs = rating.next_pairs(
        store, actor, study.study_id, 1, but=holding, first=first, study=study, at=at
    )
    return pairs[0] if pairs else None


def _undo(store: Store, actor: Actor, study_id: str, body: Body) -> tuple[BlindJudgement, str]:
    """Take back the judgement that was named, else the rater's last: what it said, and the
    presentation to rate again. Raises NotFound, StudyClosed."""
    last = body.get("submission_id") or rating.last_judgement(store, actor, study_id)
    if not isinstance(last, str):
        raise NotFound("There is no judgement of yours to undo here. Nothing was changed.")
    said = rating.said(store, actor, study_id, last)
    return said, rating.take_back(store, actor, study_id, last)


def form_view(said: BlindJudgement) -> Body:
    """What a rater had entered, as the browser's form has it."""
    return {
        "choice": said.choice,
        "ratings": {side: dict(said.ratings.get(side, {})) for side in SIDES},
        "remarks": {side: dict(said.remarks.get(side, {})) for side in SIDES},
        "flags": {side: list(said.flags.get(side, ())) for side in SIDES},
        "comment": said.comment,
        "correction": said.correction,
        "seconds": said.seconds,
        "spans": {side: spans_json(said.spans.get(side, ())) for side in SIDES},
    }


def rated_view(one: RatedPair) -> Body:
    """A line of what was rated today."""
    return {
        "submission_id": one.judgement_id,
        "at": one.created_at.isoformat(),
        "instruction": one.instruction,
        "choice": one.choice,
    }


def task_view(store: Store, actor: Actor, pair: BlindPair) -> Body:
    """A pair as the browser shows it, with what this rater left unsubmitted."""
    return {
        **pair_view(pair),
        "submission_id": new_id("jdg"),
        "draft": rating_drafts.draft_of(store, actor, pair.presentation_id),
    }


def pair_view(pair: BlindPair) -> Body:
    """A blind pair as JSON has it."""
    return {**asdict(pair), "reference": pair.reference or ""}


def judgement_from(body: Mapping[str, Any]) -> BlindJudgement:
    """One submission as the browser sent it. Raises InvalidInput for anything else."""
    try:
        return BlindJudgement(
            judgement_id=_text(body, "submission_id"),
            presentation_id=_text(body, "presentation_id"),
            choice=body["choice"],
            ratings={side: dict(body["ratings"].get(side) or {}) for side in SIDES},
            flags={side: tuple((body.get("flags") or {}).get(side) or ()) for side in SIDES},
            remarks={side: _remarks((body.get("remarks") or {}).get(side)) for side in SIDES},
            comment=str(body.get("comment") or ""),
            correction=str(body.get("correction") or ""),
            seconds=float(body.get("seconds") or 0),
            spans={side: spans_from((body.get("spans") or {}).get(side)) for side in SIDES},
        )
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        raise InvalidInput(UNREADABLE) from None


def _remarks(given: Any) -> dict[str, str]:
    remarks = dict(given or {})
    if not all(isinstance(remark, str) for remark in remarks.values()):
        raise TypeError(given)
    return remarks


def _text(body: Mapping[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise InvalidInput(UNREADABLE)
    return value
