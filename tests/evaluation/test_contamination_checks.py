"""Check contamination: a real worker probes a real model; what it finds reaches scores and gate."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.clock import new_id
from core.errors import InvalidInput, NotAllowed
from core.scoring.contamination import Probe, contamination
from core.scoring.contamination_check import ContaminationCheck
from core.study.study import Study
from core.workflows.evaluation import contamination as checks
from core.workflows.evaluation import gating, results, score_report, studies
from core.workflows.jobs.supervisor import wait_for
from tests.builders import an_actor
from tests.evaluation.test_comparable import Place
from tests.job_builders import run_here
from tests.study_builders import a_judgement, a_study, example_ids, rate_all
from tests.tiny_model import make_tiny_model

HASH = "f" * 64


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def two_of_one_model(place: Place) -> tuple[str, str]:
    """A scored base and a tuned system of the base model with the hash HASH."""
    base, tuned = place.system("Base", 0), place.system("Tuned", 5, "tuned")
    spec = json.dumps({"model": "demo", "base_model_hash": HASH})
    for system_id in (base, tuned):
        place.store.database.execute(
            "UPDATE systems SET spec = $spec WHERE system_id = $id",
            {"spec": spec, "id": system_id},
        )
    place.score(base, tuned)
    return base, tuned


def checked(place: Place, suspects: list[str], model_hash: str = HASH) -> None:
    """A check of the test split in which the model completes these examples word for word."""
    tests = place.store.versions.examples(place.version_id, "test").column("example_id")
    probes = [Probe(i, False, float(i in suspects), -1.0, 2.0) for i in tests.to_pylist()]
    path = place.store.workspace / "inbox" / "probes.parquet"
    pq.write_table(pa.Table.from_pylist([one._asdict() for one in probes]), path)
    check = ContaminationCheck(
        new_id("con"), place.project_id, place.version_id, "test", "demo", model_hash, None,
        contamination(probes),
    )  # fmt: skip
    place.store.transact(lambda: place.store.contamination.add(check, path, "person_ada"))


def of_test(place: Place) -> list[str]:
    return example_ids(place.store, place.version_id)[20:]


def criterion(place: Place, study: Study, candidate_id: str) -> tuple[str, str]:
    report = results.study_report(place.store, place.lead, study.study_id).content
    assert report is not None
    found = gating.gate_checks(place.store, place.lead, report, candidate_id)
    [one] = [check for check in found if check.name == "contamination"]
    return one.state, one.seen


def test_a_worker_probes_the_model_that_a_lead_names_and_what_it_finds_is_kept(
    place: Place,
) -> None:
    make_tiny_model(place.store.workspace / "models" / "tiny")
    check_id = checks.start_check(place.store, place.lead, place.version_id, model_id="tiny")
    job = place.store.jobs.of_subject(check_id)
    assert job is not None
    assert wait_for(place.store, job.job_id).status == "completed"
    [check] = checks.checks_of(place.store, place.lead, place.version_id, "test")
    assert (check.model_id, check.split, check.result.completed.n) == ("tiny", "test", 10)
    assert len(check.base_model_hash) == 64
    assert check.result.suspects == ()
    assert checks.checks_of(place.store, place.lead, place.version_id, "train") == []
    count = "SELECT count(*) FROM contamination_probes WHERE NOT suspect AND min_k < 0"
    assert place.store.database.value(count) == 10


def test_controls_are_other_examples_and_only_a_lead_starts_a_check(place: Place) -> None:
    ask = (place.store, place.lead, place.version_id)
    with pytest.raises(InvalidInput, match="Every example of that version is probed"):
        checks.start_check(*ask, model_id="demo", split="all", controls_version_id=place.version_id)
    check_id = checks.start_check(*ask, model_id="demo", controls_version_id=place.version_id)
    job = place.store.jobs.of_subject(check_id)
    assert job is not None
    table = pq.read_table(place.store.workspace / job.folder / "data" / "examples.parquet")
    assert table.column("control").to_pylist() == [False] * 10 + [True] * 20
    with pytest.raises(NotAllowed):
        checks.start_check(
            place.store, an_actor(place.project_id, "reviewer"), place.version_id, model_id="demo"
        )


def test_scores_stand_with_and_without_the_examples_that_the_model_may_have_seen(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    base, tuned = two_of_one_model(place)
    before = score_report.score_stamp(place.store, place.lead, place.version_id)
    assert place.table().suspects == 0
    checked(place, of_test(place)[:3])
    assert score_report.score_stamp(place.store, place.lead, place.version_id) != before
    report = place.table(baseline_id=base)
    assert report.suspects == 3
    [scores] = [s for s in report.systems if s.system.system_id == tuned]
    assert scores.against["token_f1"].difference.n == 10
    assert scores.without_suspects["token_f1"].difference.n == 7
    assert scores.means_without["token_f1"].mean.n == 7
    assert place.table(split="train").suspects == 0
    monkeypatch.setattr(score_report, "MANY_ANSWERS", 0)  # a worker says the same
    asked = score_report.score_report(place.store, place.lead, place.version_id, baseline_id=base)
    job = place.store.jobs.by_id(asked.job_id)
    assert job is not None
    run_here(place.store, job.subject_id)
    assert place.table(baseline_id=base) == report


def test_a_check_of_another_model_makes_nothing_suspect(place: Place) -> None:
    two_of_one_model(place)
    checked(place, of_test(place), model_hash="0" * 64)
    assert place.table().suspects == 0


def test_a_check_that_probed_only_some_examples_of_a_study_leaves_the_gate_in_the_dark(
    place: Place,
) -> None:
    base, tuned = two_of_one_model(place)
    study_id = a_study(
        place.store, place.lead, place.project_id, base, tuned,
        version_id=place.version_id, split="all", size=30,
    )  # fmt: skip
    checked(place, [])
    study = studies.get_study(place.store, place.lead, study_id)
    assert criterion(place, study, tuned)[0] == "not known"


def test_a_verdict_is_counted_without_the_suspects_and_the_gate_reads_the_check(
    place: Place,
) -> None:
    base, tuned = two_of_one_model(place)
    study_id = a_study(
        place.store, place.lead, place.project_id, base, tuned,
        version_id=place.version_id, split="test", size=10,
    )  # fmt: skip
    reviewer = an_actor(place.project_id, "reviewer", name="bea")
    rate_all(place.store, reviewer, study_id, lambda pair: a_judgement(pair, "left"))
    study = studies.get_study(place.store, place.lead, study_id)
    assert criterion(place, study, tuned)[0] == "not known"
    stamp = results.study_stamp(place.store, place.lead, study_id)
    checked(place, [])
    assert results.study_stamp(place.store, place.lead, study_id) != stamp
    state, seen = criterion(place, study, tuned)
    assert (state, seen[:18]) == ("passed", "0 of 10 probed exa")
    checked(place, of_test(place)[:4])
    state, seen = criterion(place, study, tuned)
    assert "4 of 10" in seen
    assert "difference without them" in seen
    assert state == "failed"  # two toys that score alike
    report = results.study_report(place.store, place.lead, study_id).content
    assert report is not None
    variants = {one.what: one.net.n for one in report.evidence.of(tuned).sensitivity.variants}
    assert variants["Without the examples that the base model may have seen"] == 6
