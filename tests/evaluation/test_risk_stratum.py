"""Risk-first pairs in a study: rated after the sample, told beside the verdict, sealed with it."""

from __future__ import annotations

import json

import pytest

from core.errors import Conflict
from core.study.pairs import BlindJudgement, BlindPair
from core.study.risk import RISK
from core.study.sealing import check_opened
from core.study.verdicts import points
from core.workflows.evaluation import rating, reporting, results, seals, studies
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.study_builders import rate_all


def vote(place: Place, study_id: str, most: int | None = None) -> None:
    """Let the candidate win every pair of the sample and lose every one beside it."""

    def prefers(pair: BlindPair) -> BlindJudgement:
        shown = place.store.presentations.by_id(pair.presentation_id)
        assert shown is not None
        _, _, stratum = place.store.presentations.pair_systems(shown.pair_id)
        return place.vote(pair, "base" if stratum == RISK else "tuned")

    rate_all(place.store, place.rater(), study_id, prefers, most=most)


def test_the_verdict_rests_on_the_sample_and_the_riskiest_are_told_beside_it(place: Place) -> None:
    study_id = place.study(size=8, risk=8, overlap=0.5)
    study = studies.get_study(place.store, place.lead, study_id)
    assert [row["places"] for row in place.store.studies.sealed_pairs(study_id)].count(2) == 4
    beside = study.plan.risk_pairs
    assert (study.plan.risk, study.pairs_each, study.plan.pairs) == (8, 8, 8 + beside)
    assert 0 < beside <= 8
    vote(place, study_id, most=8 + beside - 1)
    halfway = place.compared(study_id)
    assert halfway.risk is not None
    assert halfway.risk.weighted is None
    vote(place, study_id)
    found = place.compared(study_id)
    assert (found.net.value, found.judged, found.count("candidate")) == (1.0, 8, 8)
    assert found.risk is not None
    assert found.risk.verdicts == {"baseline": beside}
    assert found.risk.weighted is not None
    assert found.risk.weighted.value is not None
    assert -1 < found.risk.weighted.value < 1
    page = reporting.report_files(place.store, place.lead, study_id)["html"]
    told = f"Run two: 0 won, {beside} lost, 0 tied of {beside} judged pairs. Over all outputs,"
    assert told in page
    assert f"net {points(found.risk.weighted.value)} points (approximate 95 % interval" in page
    result = place.result(study_id)
    at = rating.progress(place.store, place.lead, study_id)
    assert result.reviewed == at.reviewed == 8 + beside
    (registered,) = results.register_of(place.store, place.lead, study_id, place.tuned).studies
    assert (registered.judged, registered.lost) == (8, 0)


def test_a_study_without_risk_says_nothing_of_it(place: Place) -> None:
    study_id = place.study(size=5)
    place.vote_all(study_id, ["tuned"] * 5)
    assert place.compared(study_id).risk is None


def test_the_seal_covers_the_strata_and_their_probabilities(place: Place) -> None:
    study_id = place.study(size=8, risk=10, seed=None)
    studies.set_closed(place.store, place.lead, study_id, True)
    opened = seals.opened_seal(place.store, place.lead, study_id)
    content = check_opened(json.loads(json.dumps(opened)))
    assert {pair["stratum"] for pair in content["pairs"]} > {RISK}
    assert content["plan"]["risk"] == 10
    place.store.database.execute(
        "UPDATE pairs SET stratum = 'short' WHERE study_id = $id AND stratum = 'risk-first'",
        {"id": study_id},
    )
    with pytest.raises(Conflict, match="were changed since"):
        seals.opened_seal(place.store, place.lead, study_id)


def test_an_export_says_how_each_pair_was_drawn(place: Place) -> None:
    study_id = place.study(size=8, risk=10)
    vote(place, study_id)
    text = results.export_judgements(place.store, place.lead, study_id, file_format="jsonl")
    rows = [json.loads(line) for line in text.splitlines()]
    risky = [row for row in rows if row["stratum"] == RISK]
    assert len(rows) == 8 + len(risky)
    assert {row["probability"] for row in risky} == {1.0}
    assert {row["preferred"] for row in risky} == {"Model one"}
