"""Candidates that meet each other: pairs for the ranking, none of them in a verdict."""

from __future__ import annotations

from collections import Counter
from itertools import combinations
from typing import Any

import pytest

from core.decision.report import BrokenReport, read_report, report_text
from core.decision.verification import verify_report
from core.study.pairs import BlindPair
from core.study.risk import RISK
from core.study.study import Study
from core.workflows.evaluation import (
    extending,
    guessing,
    rating,
    reporting,
    results,
    studies,
)
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.job_builders import run_here
from tests.study_builders import a_judgement, a_study, rate_all


@pytest.fixture
def third(place: Place) -> str:
    """A second candidate."""
    return place.third()


def opened(place: Place, third: str, **plan: Any) -> Study:
    study_id = a_study(
        place.store, place.lead, place.project_id, place.base, place.tuned, third, among=True,
        **plan,
    )  # fmt: skip
    return studies.get_study(place.store, place.lead, study_id)


def pairs_of(place: Place, study_id: str) -> list[dict[str, Any]]:
    return place.store.database.rows(
        "SELECT * FROM pairs WHERE study_id = $study ORDER BY number", {"study": study_id}
    )


def with_baseline(place: Place, study_id: str) -> set[str]:
    return {p["pair_id"] for p in pairs_of(place, study_id) if p["system_a"] == place.base}


def prefer(place: Place, *order: str) -> Any:
    """Judges by an order of systems, the best first."""
    texts = [set(place.store.answers.texts(one, place.version_id).values()) for one in order]

    def judge(pair: BlindPair) -> Any:
        ranks = [
            next(k for k, own in enumerate(texts) if text in own)
            for text in (pair.left, pair.right)
        ]
        return a_judgement(pair, "left" if ranks[0] < ranks[1] else "right")

    return judge


def test_each_example_of_the_sample_makes_a_pair_of_every_two_systems(
    place: Place, third: str
) -> None:
    study = opened(place, third, size=12, overlap=0.5)
    pairs = pairs_of(place, study.study_id)
    met = Counter((p["system_a"], p["system_b"]) for p in pairs)
    assert met == dict.fromkeys(combinations((place.base, place.tuned, third), 2), 12)
    assert set(Counter(p["example_id"] for p in pairs).values()) == {3}
    assert (study.plan.pairs, study.pairs_each, study.examples_drawn) == (36, 12, 12)
    assert sum(p["places"] for p in pairs) == 54
    assert rating.progress(place.store, place.rater(), study.study_id).least == 3 * study.plan.least


def test_verdicts_rest_on_pairs_with_the_baseline_alone(place: Place, third: str) -> None:
    study = opened(place, third, size=20)
    rate_all(
        place.store, place.rater(), study.study_id, prefer(place, third, place.tuned, place.base)
    )
    result = place.result(study.study_id)
    for one in result.found.comparisons:
        assert (one.judged, one.verdicts, one.net.n) == (20, {"candidate": 20}, 20)
        assert sum(c.difference.n for c in one.criteria) == 20 * len(one.criteria)
    assert (result.found.judged, result.reviewed) == (60, 20)
    assert results.reviewed_of(place.store, place.lead, study, 60) == 20
    for candidate in (place.tuned, third):
        assert place.store.evidence.judged_times(study.study_id, candidate) == 20
        (own,) = results.register_of(place.store, place.lead, study.study_id, candidate).studies
        assert (own.judged, own.won, own.lost) == (20, 20, 0)


def test_the_order_of_all_systems_rests_on_the_candidates_pairs_too(
    place: Place, third: str
) -> None:
    study = opened(place, third, size=20)
    judge = prefer(place, third, place.tuned, place.base)
    rate_all(place.store, place.rater(), study.study_id, judge)
    evidence = place.result(study.study_id).evidence
    assert [one.system_id for one in evidence.ranking] == [third, place.tuned, place.base]
    assert [(one.first, one.last) for one in evidence.ranking] == [(1, 1), (2, 2), (3, 3)]
    (met,) = evidence.meetings
    assert (met.first, met.second, met.tied) == (place.tuned, third, 0)
    assert (met.share.value, met.share.n) == (0.0, 20)
    # Without these pairs both candidates won all that they had.
    alone = a_study(
        place.store, place.lead, place.project_id, place.base, place.tuned, third, size=20
    )
    rate_all(place.store, place.rater(), alone, judge)
    ranks = place.result(alone).evidence.ranking
    assert [(one.first, one.last) for one in ranks[:2]] == [(1, 2), (1, 2)]
    assert place.result(alone).evidence.meetings == ()


def test_raters_guess_about_pairs_with_the_baseline_alone(place: Place, third: str) -> None:
    study = opened(place, third, size=12)
    rate_all(place.store, place.rater(), study.study_id, a_judgement)
    judged = place.store.guesses.judged_by(study.study_id, place.rater().person_id)
    shown = [place.store.presentations.by_id(one) for one in judged.values()]
    asked = {one.pair_id for one in shown if one}
    assert asked == with_baseline(place, study.study_id)
    assert guessing.next_question(place.store, place.rater(), study.study_id) is not None


def test_pairs_of_added_and_moved_examples_are_complete(place: Place, third: str) -> None:
    study = opened(place, third, size=8, risk=16)
    beside = study.plan.risk_pairs // 2
    assert beside > 0
    assert {
        p["pair_id"] for p in pairs_of(place, study.study_id) if p["stratum"] == RISK
    } <= with_baseline(place, study.study_id)
    extension = extending.add_pairs(place.store, place.lead, study.study_id, 20)
    run_here(place.store, extension)
    grown = studies.get_study(place.store, place.lead, study.study_id)
    assert (grown.pairs_each, grown.added[0][:19]) == (28, "60 pairs were added")
    assert grown.extensions[0].moved
    pairs = pairs_of(place, study.study_id)
    now = [p for p in pairs if p["stratum"] != RISK or p["pair_id"] in grown.extensions[0].moved]
    met: dict[str, set[tuple[str, str]]] = {}
    for p in now:
        met.setdefault(p["example_id"], set()).add((p["system_a"], p["system_b"]))
    assert len(met) == 28
    assert {len(two) for two in met.values()} == {3}
    assert len(now) == 84
    assert grown.examples_drawn == 28 + grown.plan.risk_pairs // 2


def test_the_report_is_verified_and_refuses_a_pair_of_two_candidates_as_one_of_the_baseline(
    place: Place, third: str
) -> None:
    study = opened(place, third, size=10)
    rate_all(
        place.store, place.rater(), study.study_id, prefer(place, third, place.tuned, place.base)
    )
    studies.set_closed(place.store, place.lead, study.study_id, True)
    text = reporting.report_files(place.store, place.lead, study.study_id)["json"]
    found = verify_report(text, seal=study.seal)
    assert (found["candidates"], found["judgements"], found["sealed_pairs"]) == (2, 20, 30)
    content = read_report(text)
    among = next(
        p["pair_id"] for p in pairs_of(place, study.study_id)
        if (p["system_a"], p["system_b"]) == (place.tuned, third)
    )  # fmt: skip
    content["candidates"][1]["judgements"][0]["pair"] = among
    with pytest.raises(BrokenReport, match="was not drawn"):
        verify_report(report_text(content))
    content = read_report(text)
    (own,) = content["candidates"][0]["register"]
    fewer = [{**own, "claims": 1}, {**own, "claims": 1, "study_id": "stu_of_others"}]
    content["candidates"][0]["register"] = fewer
    with pytest.raises(BrokenReport, match="all its candidates"):
        verify_report(report_text(content))


def test_the_best_of_several_candidates_has_to_show_more(place: Place, third: str) -> None:
    study = opened(place, third, size=20)
    rate_all(
        place.store, place.rater(), study.study_id, prefer(place, third, place.tuned, place.base)
    )
    result = place.result(study.study_id)
    assert [one.net.level for one in result.found.comparisons] == [pytest.approx(0.975)] * 2
    said = result.headline(result.found.comparisons[0])
    assert "95 % always valid for 2 comparisons together: " in said
    later = place.study(size=20)  # of one of both candidates: three comparisons in all
    assert place.compared(later).net.level == pytest.approx(1 - 0.05 / 3)
    seen = studies.prospect(
        place.store, place.lead, place.project_id, place.version_id, place.base,
        [place.tuned, third],
    )  # fmt: skip
    assert seen.claims == 5
