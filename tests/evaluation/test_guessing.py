"""The questions after rating: asked once about one's own pairs, told to nobody, counted for all."""

from __future__ import annotations

from typing import Any

import pytest

from core.actor import Actor
from core.errors import NotFound
from core.statistics.estimates import says_better
from core.study.blinding import BlindGuess, Blinding, GuessedSide
from core.study.pairs import BlindPair
from core.workflows.evaluation import gating, guessing, rating, reporting, results, studies
from core.workflows.evaluation.rating import StudyClosed
from pages.evaluation.evidence_view import sensitivity_rows
from pages.server.work_rate import rate
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.job_builders import run_here
from tests.study_builders import rate_all


def guess_all(
    place: Place, rater: Actor, study_id: str, choose: Any, most: int = 99
) -> list[BlindPair]:
    """Answer every question that waits; `choose(pair)` gives a side. What was asked."""
    asked: list[BlindPair] = []
    while len(asked) < most and (pair := guessing.next_question(place.store, rater, study_id)):
        given = BlindGuess(f"gue_{rater.name}_{len(asked)}", pair.presentation_id, choose(pair))
        guessing.guess(place.store, rater, study_id, given)
        asked.append(pair)
    return asked


def tuned_side(place: Place, pair: BlindPair) -> GuessedSide:
    return "right" if place.left_is_base(pair) else "left"


def blinding(place: Place, study_id: str) -> Blinding:
    found = place.compared(study_id).blinding
    assert found is not None
    return found


def test_ten_of_the_raters_own_pairs_are_shown_again_exactly_as_they_were(place: Place) -> None:
    study_id, rater, shown = place.study(size=16), place.rater(), {}

    def prefers(pair: BlindPair) -> Any:
        shown[pair.presentation_id] = (pair.instruction, pair.input, pair.left, pair.right)
        return place.vote(pair, "tuned")

    rate_all(place.store, rater, study_id, prefers)
    asked = guess_all(place, rater, study_id, lambda pair: tuned_side(place, pair))
    assert [(pair.number, pair.total) for pair in asked] == [(k, 10) for k in range(1, 11)]
    assert len({pair.presentation_id for pair in asked}) == 10
    for pair in asked:
        again = (pair.instruction, pair.input, pair.left, pair.right)
        assert again == shown[pair.presentation_id]
    found = blinding(place, study_id)
    assert (found.right, found.index.value, found.index.n) == (10, 1.0, 10)
    assert (found.won, found.rest.n) == (6, 6)
    assert says_better(found.index) == "better"
    said = place.result(study_id).headline(place.compared(study_id))
    assert said.endswith("raters guessed the candidate beyond chance.")


def test_wrong_guesses_and_not_knowing_are_counted_and_skipping_ends_the_questions(
    place: Place,
) -> None:
    study_id, rater = place.study(size=12), place.rater()
    place.vote_all(study_id, ["tuned"] * 12)
    answers = iter(["wrong"] * 3 + ["unknown"] * 2)

    def choose(pair: BlindPair) -> GuessedSide:
        wrong: GuessedSide = "left" if place.left_is_base(pair) else "right"
        return wrong if next(answers) == "wrong" else "unknown"

    guess_all(place, rater, study_id, choose, most=5)
    guessing.skip_questions(place.store, rater, study_id)
    assert guessing.next_question(place.store, rater, study_id) is None
    found = blinding(place, study_id)
    assert (found.right, found.wrong, found.unknown, found.skipped) == (0, 3, 2, 5)
    assert found.index.value == pytest.approx(-3 / 5)
    done = [event.action for event in place.store.audit.of_subject("study", study_id)]
    assert (done.count("guessed"), done.count("guesses_skipped")) == (5, 1)
    assert place.result(study_id).headline(place.compared(study_id)).endswith("blindness held.")


def test_a_pair_is_left_out_for_the_guess_of_the_rater_who_fixed_its_verdict(place: Place) -> None:
    study_id = place.study(size=4, overlap=1.0)
    for name, verdict in (("ann", "tuned"), ("bob", "base")):
        place.vote_all(study_id, [verdict] * 4, name)
    for name, most in (("ann", 1), ("bob", 4)):
        guess_all(place, place.rater(name), study_id, lambda p: tuned_side(place, p), most=most)
    found = blinding(place, study_id)
    assert (found.right, found.left_out, found.rest.n, found.won) == (5, 1, 3, 3)
    page = reporting.report_files(place.store, place.lead, study_id)["html"]
    assert "<td>Without the 1 pair whose rater guessed right</td><td>100 (" in page


def test_results_gate_and_report_agree_on_whether_the_sign_survives(place: Place) -> None:
    study_id = place.study(size=12)
    place.vote_all(study_id, ["tuned", "tuned", "base"] * 2, "ann")
    place.vote_all(study_id, ["tuned", "tuned", "base"] * 2, "bob")

    def guess(pair: BlindPair) -> GuessedSide:
        return tuned_side(place, pair) if won(pair) else "unknown"

    def won(pair: BlindPair) -> bool:
        preferred = place.store.database.value(
            "SELECT preferred_system_id FROM judgements WHERE presentation_id = $id",
            {"id": pair.presentation_id},
        )
        return bool(preferred == place.tuned)

    for name in ("ann", "bob"):
        guess_all(place, place.rater(name), study_id, guess)
    compared, result = place.compared(study_id), place.result(study_id)
    seen = result.evidence.of(place.tuned).sensitivity
    assert (seen.survives, compared.sign_survives(seen.survives)) == (True, False)
    rows = sensitivity_rows(compared, seen)
    assert rows[-1]["Counted"] == "Without the 8 pairs whose rater guessed right"
    checks = gating.gate_checks(place.store, place.lead, result, place.tuned)
    assert next(check.state for check in checks if check.name == "survives") == "failed"
    content = reporting.report_content(place.store, place.lead, result)
    assert content["candidates"][0]["survives"] is False


def test_the_first_guess_about_a_pair_counts_however_often_it_is_sent(place: Place) -> None:
    study_id, rater = place.study(size=6), place.rater()
    place.vote_all(study_id, ["tuned"] * 6)
    pair = guessing.next_question(place.store, rater, study_id)
    assert pair is not None
    for guess_id, side in (("gue_1", "left"), ("gue_1", "left"), ("gue_2", "right")):
        given = BlindGuess(guess_id, pair.presentation_id, side)  # type: ignore[arg-type]
        guessing.guess(place.store, rater, study_id, given)
    assert blinding(place, study_id).index.n == 1
    with pytest.raises(NotFound):
        guessing.guess(place.store, place.rater("cem"), study_id, given)
    studies.set_closed(place.store, place.lead, study_id, True)
    assert guessing.next_question(place.store, rater, study_id) is None
    other = place.store.guesses.judged_by(study_id, rater.person_id).values()
    left = next(one for one in other if one != pair.presentation_id)
    with pytest.raises(StudyClosed):
        guessing.guess(place.store, rater, study_id, BlindGuess("gue_3", left, "left"))


def test_a_judgement_that_is_taken_back_takes_its_guess_along(place: Place) -> None:
    study_id, rater = place.study(size=6), place.rater()
    place.vote_all(study_id, ["tuned"] * 6)
    guess_all(place, rater, study_id, lambda pair: "unknown")
    assert blinding(place, study_id).unknown == 6
    last = rating.last_judgement(place.store, rater, study_id)
    assert last is not None
    rating.take_back(place.store, rater, study_id, last)
    assert blinding(place, study_id).unknown == 5


def test_who_has_seen_results_is_not_asked_and_earlier_guesses_stay(place: Place) -> None:
    study_id = place.study(size=12)
    rate_all(place.store, place.lead, study_id, lambda pair: place.vote(pair, "tuned"))
    guess_all(place, place.lead, study_id, lambda pair: "left", most=4)
    assert blinding(place, study_id).index.n == 4  # a look at the results
    assert guessing.next_question(place.store, place.lead, study_id) is None
    late = place.store.guesses.judged_by(study_id, place.lead.person_id)
    given = place.store.guesses.given_by(study_id, place.lead.person_id)
    after = next(one for one in late.values() if one not in given)
    guessing.guess(place.store, place.lead, study_id, BlindGuess("gue_late", after, "left"))
    assert blinding(place, study_id).index.n == 4


def test_the_route_asks_when_nothing_is_left_to_rate_or_when_a_rater_finishes(
    place: Place,
) -> None:
    study_id, rater = place.study(size=4), place.rater()

    def send(action: str, **more: Any) -> dict[str, Any]:
        body = {"action": action, "study": study_id, **more}
        return rate(place.store, rater, place.project_id, body)

    place.vote_all(study_id, ["tuned"] * 3)
    assert send("next")["question"] is None
    asked = send("finish")
    assert (asked["question"]["number"], asked["question"]["total"], asked["left"]) == (1, 3, 1)
    assert set(asked["question"]) == {
        "presentation_id", "submission_id", "number", "total", "instruction", "input",
        "reference", "left", "right",
    }  # fmt: skip
    rested = send("skip")
    assert (rested["question"], rested["message"]["title"]) == (None, "Thank you")
    place.vote_all(study_id, ["tuned"])
    last = send("next")["question"]
    assert (last["number"], last["total"]) == (4, 4)
    named = {name: last[name] for name in ("submission_id", "presentation_id")}
    done = send("guess", guess="left", **named)
    assert (done["saved"], done["question"]) == ([last["submission_id"]], None)
    assert done["message"]["title"] == "You have rated every pair that is yours to rate"
    assert send("next")["question"] is None
    nowhere = BlindGuess("gue_9", "pre_none", "left")
    with pytest.raises(NotFound):
        guessing.guess(place.store, rater, study_id, nowhere)


def test_a_worker_counts_the_same_guesses(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    study_id = place.study(size=8)
    place.vote_all(study_id, ["tuned"] * 8)
    guess_all(place, place.rater(), study_id, lambda pair: tuned_side(place, pair), most=5)
    at_once = place.result(study_id)
    monkeypatch.setattr(results, "MANY_JUDGEMENTS", 0)
    job = place.store.jobs.by_id(results.study_report(place.store, place.lead, study_id).job_id)
    assert job is not None
    run_here(place.store, job.subject_id)
    assert place.result(study_id) == at_once
    assert at_once.found.comparisons[0].blinding is not None
