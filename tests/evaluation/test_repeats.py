"""Repeats: some pairs come back to their rater, sides swapped, and never enter a verdict."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from core.clock import now
from core.errors import InvalidInput
from core.study import order
from core.study.order import count_repeats, repeat_due
from core.study.pairs import BlindPair
from core.study.study import StudyPlan
from core.workflows.evaluation import rating, results, seals, studies
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.job_builders import run_here
from tests.study_builders import a_judgement, a_study, rate_all


@pytest.fixture(autouse=True)
def after_five(monkeypatch: pytest.MonkeyPatch) -> None:
    """Five pairs between a pair and its repeat, so that studies of fifteen have two."""
    monkeypatch.setattr(order, "REPEAT_AFTER", 5)


def rated(place: Place, study_id: str, say: Callable[[bool], str]) -> list[BlindPair]:
    """What a rater was shown until nothing was left; `say(again)` gives each verdict."""
    shown: list[BlindPair] = []

    def prefers(pair: BlindPair) -> Any:
        again = any(pair.input == one.input for one in shown)
        shown.append(pair)
        return place.vote(pair, say(again))

    rate_all(place.store, place.rater(), study_id, prefers)
    return shown


def test_pairs_come_back_swapped_many_pairs_later_as_extra_ones(place: Place) -> None:
    study_id = place.study(size=15, repeats=0.2)
    shown = rated(place, study_id, lambda again: "base" if again else "tuned")
    assert [(pair.number, pair.total) for pair in shown] == [(k, 17) for k in range(1, 18)]
    first: dict[str, int] = {}
    back = []
    for k, pair in enumerate(shown):
        if pair.input in first:
            before = shown[first[pair.input]]
            assert (pair.left, pair.right) == (before.right, before.left)
            back.append(k - first[pair.input])
        first.setdefault(pair.input, k)
    assert len(back) == 2
    assert min(back) > 5
    found = place.result(study_id).found
    assert found.comparisons[0].verdicts == {"candidate": 15}
    assert (found.judged, found.judgements, found.made) == (15, 15, 17)
    at = rating.progress(place.store, place.rater(), study_id)
    assert (at.judged, at.mine, at.repeats, at.open, at.pairs) == (15, 15, 2, 0, 15)


def test_self_consistency_and_the_side_are_told_with_exact_intervals(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    study_id = place.study(size=15, repeats=0.2)
    again_says = iter(["tuned", "base"])
    rated(place, study_id, lambda again: next(again_says) if again else "tuned")
    result = place.result(study_id)
    told = result.found.repeats
    assert told is not None
    assert (told.same_verdict.value, told.same_verdict.n, told.same_verdict.kind) == (
        0.5,
        2,
        "exact",
    )
    assert (told.same_side.value, told.same_side.n) == (0.5, 2)
    assert result.found.agreement[0].raw.n == 0
    text = results.export_judgements(place.store, place.lead, study_id)
    assert text.count(",2,") >= 2
    again = [p.again for p in results.pairs_page(place.store, place.lead, study_id, limit=40)]
    assert sorted(again)[-2:] == sorted([(place.base,), (place.tuned,)])
    monkeypatch.setattr(results, "MANY_JUDGEMENTS", 0)
    job = place.store.jobs.by_id(results.study_report(place.store, place.lead, study_id).job_id)
    assert job is not None
    run_here(place.store, job.subject_id)
    assert place.result(study_id) == result


def test_a_repeat_that_is_taken_back_comes_again_and_counts_once(place: Place) -> None:
    study_id, rater = place.study(size=15, repeats=0.2), place.rater()
    repeat = None
    while repeat is None:
        (pair,) = rating.next_pairs(place.store, rater, study_id, 1)
        shown = place.store.presentations.by_id(pair.presentation_id)
        assert shown is not None
        judgement = place.vote(pair, "tuned")
        rating.judge(place.store, rater, study_id, judgement)
        repeat = judgement if shown.occasion > 1 else None
    before = rating.progress(place.store, rater, study_id)
    again = rating.take_back(place.store, rater, study_id, repeat.judgement_id)
    after = rating.progress(place.store, rater, study_id)
    assert (before.repeats, after.repeats) == (1, 0)
    assert (before.mine, before.judged) == (after.mine, after.judged)
    (pair,) = rating.next_pairs(place.store, rater, study_id, 1, first=again)
    assert pair.presentation_id == again
    assert place.result(study_id).withdrawn == 1
    rest = rate_all(place.store, rater, study_id, lambda pair: place.vote(pair, "tuned"))
    assert rating.progress(place.store, rater, study_id).repeats == 2
    assert rest == 17 - before.mine


def test_nobody_else_is_given_a_repeat_whose_lease_ran_out(place: Place) -> None:
    study_id, rater = place.study(size=15, repeats=0.2), place.rater()
    rate_all(place.store, rater, study_id, lambda pair: place.vote(pair, "tuned"), most=14)
    place.store.database.execute(
        "UPDATE presentations SET lease_until = $past WHERE rater_id IS NOT NULL",
        {"past": now() - timedelta(minutes=1)},
    )
    before = rating.progress(place.store, rater, study_id)
    done = rate_all(
        place.store, place.rater("cem"), study_id, lambda pair: place.vote(pair, "tuned")
    )
    assert done == 15 - before.mine


def test_who_has_fewer_pairs_left_and_a_study_without_repeats_get_none(place: Place) -> None:
    few = place.study(size=5, repeats=0.2)
    assert len(rated(place, few, lambda again: "tuned")) == 5
    assert place.result(few).found.repeats is None


def test_one_pair_of_each_block_of_twenty_comes_back_after_thirty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(order, "REPEAT_AFTER", 30)
    due = [repeat_due(3, "bea", 0.05, judged) for judged in range(131)]
    back = [one for one in due if one]
    assert [(one - 1) // 20 for one in back] == list(range(len(back)))
    assert len(back) == count_repeats(3, "bea", 0.05, 130) in (4, 5)
    assert all(due[one + 30] == one for one in back)
    assert count_repeats(3, "bea", 0.0, 130) == count_repeats(3, "bea", 0.05, 30) == 0
    assert repeat_due(3, "bea", 0.0, 50) is None
    others = [repeat_due(3, "cem", 0.05, judged) for judged in range(131)]
    assert others != due


def test_a_plan_without_repeats_is_written_as_before_and_its_seal_opens(place: Place) -> None:
    assert "repeats" not in StudyPlan(40, 40, 4).to_json()
    assert StudyPlan.from_json({"outputs": 40, "pairs": 40, "least": 4}).repeats == 0
    for share in (0.0, 0.05):
        study_id = place.study(size=10, repeats=share)
        studies.set_closed(place.store, place.lead, study_id, True)
        opened = seals.opened_seal(place.store, place.lead, study_id)
        assert opened["content"]["plan"].get("repeats", 0.0) == share
    with pytest.raises(InvalidInput, match="between 0 and a half"):
        StudyPlan(40, 40, 4, repeats=0.7)


def test_a_repeat_whose_first_judgement_was_taken_back_makes_no_pair_reviewed(place: Place) -> None:
    other = place.third()
    study_id = a_study(
        place.store, place.lead, place.project_id, place.base, place.tuned, other, size=8,
        repeats=0.2,
    )  # fmt: skip
    rate_all(place.store, place.rater(), study_id, a_judgement)
    judged = place.store.judgements.of_study(study_id)
    (again, *_) = (one for one in judged if one.occasion == 2)
    (first,) = (one for one in judged if one.pair_id == again.pair_id and one.occasion == 1)
    rating.take_back(place.store, place.rater(), study_id, first.judgement_id)
    assert place.result(study_id).reviewed == 7
    study = studies.get_study(place.store, place.lead, study_id)
    assert results.reviewed_of(place.store, place.lead, study, 15) == 7
