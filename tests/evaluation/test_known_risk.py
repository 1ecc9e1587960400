"""What is known of outputs before anybody rates: confidence and findings, from the tables to the
reasons that a lead reads."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.study.risk import RISK, SIGNALS
from core.workflows.evaluation import copies, results, score_report, scoring, studies
from storage.store import Store
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.job_builders import run_here
from tests.study_builders import example_ids


def take_in(place: Place, system_id: str, columns: dict[str, list[Any]]) -> int:
    """Takes in a generation's file with these columns for the system, as a worker writes it."""
    store, count = place.store, len(columns["example_id"])
    file = {
        "system_id": [system_id] * count,
        "text": ["again"] * count,
        "prompt_tokens": [9] * count,
        "new_tokens": [3] * count,
        "seconds": [0.1] * count,
        "finish": ["stop"] * count,
        **columns,
    }
    path = store.workspace / "inbox" / "more.parquet"
    pq.write_table(pa.table(file), path)
    newest = store.systems.newest_generation(system_id)
    assert newest is not None
    return store.transact(
        lambda: store.answers.take_in(path, place.version_id, {system_id: newest.generation_id})
    )


def set_confidence(store: Store, system_id: str, example_id: str, value: float) -> None:
    store.database.execute(
        "UPDATE answers SET confidence = -0.5 WHERE system_id = $s AND confidence IS NULL",
        {"s": system_id},
    )
    store.database.execute(
        "UPDATE answers SET confidence = $v WHERE system_id = $s AND example_id = $e",
        {"s": system_id, "e": example_id, "v": value},
    )


def score(place: Place) -> None:
    both = [place.base, place.tuned]
    scoring.queue_scoring(place.store, place.project_id, place.version_id, both, after="test")
    run_here(place.store, "sco_test")


def find(store: Store, place: Place, found: dict[str, str]) -> None:
    """A check that looked at every example and found something of a severity in some."""
    for row in store.versions.examples(place.version_id).to_pylist():
        about = {"p": place.project_id, "e": row["example_id"], "r": row["revision_id"]}
        about["at"] = store.database.value(
            "SELECT position FROM example_current WHERE example_id = $e", {"e": row["example_id"]}
        )
        store.database.execute(
            "INSERT INTO checked_examples VALUES ($p, $e, $r, 1, 1, 1, '', 0, NULL, NULL, NULL, "
            "$at)",
            about,
        )
        if row["example_id"] in found:
            store.database.execute(
                "INSERT INTO example_findings VALUES ($p, $e, $r, 'secret', $s, 'output', NULL, "
                "NULL, 'A password.', NULL, $at)",
                {**about, "s": found[row["example_id"]]},
            )


def pairs_by_example(place: Place, study_id: str) -> dict[str, Any]:
    pairs = results.pairs_page(place.store, place.lead, study_id, "all", 100, 0)
    return {pair.example_id: pair for pair in pairs}


def test_an_unsure_answer_and_a_finding_put_their_examples_into_the_risk_stratum(
    place: Place,
) -> None:
    plain = place.study(size=4, risk=2, seed=7)
    ids = example_ids(place.store, place.version_id)
    quiet = [i for i in ids if i not in pairs_by_example(place, plain)]
    unsure, flagged, harmless = quiet[-3:]
    set_confidence(place.store, place.tuned, unsure, -6.0)
    find(place.store, place, {flagged: "high", harmless: "medium"})
    study_id = place.study(size=4, risk=2, seed=7)
    pairs = pairs_by_example(place, study_id)
    assert pairs[unsure].stratum == pairs[flagged].stratum == RISK
    assert "confidence" in pairs[unsure].risk_reasons
    assert "findings" in pairs[flagged].risk_reasons
    assert harmless not in pairs
    plan = studies.get_study(place.store, place.lead, study_id).plan
    assert plan.risk_signals == tuple(SIGNALS)
    before = studies.get_study(place.store, place.lead, plain).plan
    assert before.risk_signals == ("metrics", "length")
    sample = {e for e, pair in pairs.items() if pair.stratum != RISK}
    assert sample == {e for e, p in pairs_by_example(place, plain).items() if p.stratum != RISK}


def test_scores_have_confidence_and_reference_perplexity_where_they_are_known(
    place: Place,
) -> None:
    store, lead = place.store, place.lead
    ids = example_ids(store, place.version_id)
    for system_id, loss in ((place.base, 2.0), (place.tuned, 1.0)):
        losses = [loss + k / 100 for k in range(len(ids))]
        # Answers that are there stay as they are; what was made of the references is new.
        assert take_in(place, system_id, {"example_id": ids, "reference_loss": losses}) == 0
        assert take_in(place, system_id, {"example_id": ids, "reference_loss": losses}) == 0
    set_confidence(store, place.tuned, ids[0], -1.0)
    score(place)
    report = score_report.score_report(store, lead, place.version_id).content
    assert report is not None
    assert report.metrics[-2:] == ("confidence", "reference_loss")
    base, tuned = (
        next(s for s in report.systems if s.system.system_id == i)
        for i in (place.base, place.tuned)
    )
    assert "confidence" not in base.means  # of an older answer: nothing, rather than 0
    assert tuned.means["confidence"].mean.n == len(ids)
    lower = tuned.against["reference_loss"]
    assert lower.difference.value == pytest.approx(-1.0)
    assert lower.says == "better"
    assert "confidence" not in tuned.against


def test_systems_of_other_base_models_are_not_compared_by_their_tokens(place: Place) -> None:
    store, ids = place.store, example_ids(place.store, place.version_id)
    for system_id, loss in ((place.base, 2.0), (place.tuned, 1.0)):
        take_in(place, system_id, {"example_id": ids, "reference_loss": [loss] * len(ids)})
        set_confidence(store, system_id, ids[0], -loss)
        newest = store.systems.newest_generation(system_id)
        assert newest is not None
        other = {**newest.spec, "base_model_hash": system_id}
        store.systems.conclude_generation(newest.generation_id, other, newest.summary)
    score(place)
    report = score_report.score_report(store, place.lead, place.version_id).content
    assert report is not None
    (against,) = [s.against for s in report.systems if s.against]
    for metric in ("confidence", "reference_loss"):
        assert (against[metric].difference.value, against[metric].says) == (None, "not shown")
        assert "other base models" in against[metric].note
    assert against["token_f1"].difference.value is not None


def test_confidence_is_neither_better_nor_worse(place: Place) -> None:
    ids = example_ids(place.store, place.version_id)
    for system_id, value in ((place.base, -5.0), (place.tuned, -0.5)):
        set_confidence(place.store, system_id, ids[0], value)
    place.store.database.execute("UPDATE answers SET confidence = confidence - random() / 100")
    score(place)
    report = score_report.score_report(place.store, place.lead, place.version_id).content
    assert report is not None
    (found,) = [s.against["confidence"] for s in report.systems if s.against]
    assert (found.says, found.note) == (
        "not shown",
        "No finding: neither way is better.",
    )


def test_a_copy_of_a_study_says_why_its_pairs_are_risky(place: Place) -> None:
    study_id = place.study(size=4, risk=3)
    place.store.database.execute("UPDATE studies SET blind = false")
    copy_id = copies.open_changed_copy(place.store, place.lead, study_id, ["quotes"])
    run_here(place.store, copy_id)
    first, second = pairs_by_example(place, study_id), pairs_by_example(place, copy_id)
    assert {e: p.risk_reasons for e, p in first.items()} == {
        e: p.risk_reasons for e, p in second.items()
    }
    assert any(pair.risk_reasons for pair in second.values())
