"""Adding pairs to an open study: no pair twice, probabilities of the union, a seal of their own."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from cli import app
from core.decision.report import BrokenReport, read_report, report_text
from core.decision.verification import verify_report
from core.errors import Conflict, InvalidInput, NotAllowed
from core.study.risk import RISK
from core.study.sampling import draw, draw_more
from core.study.sealing import BrokenSeal, check_opened, seal_of
from core.workflows.commands import evaluation as commands
from core.workflows.evaluation import extending, rating, reporting, results, seals, studies
from core.workspace import Workspace
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture
from tests.job_builders import run_here
from tests.study_builders import a_judgement, a_system, answers_of, rate_all


def add(place: Place, study_id: str, size: int) -> str:
    extension_id = extending.add_pairs(place.store, place.lead, study_id, size)
    run_here(place.store, extension_id)
    return extension_id


def pairs_of(place: Place, study_id: str) -> list[dict[str, Any]]:
    return place.store.database.rows(
        "SELECT * FROM pairs WHERE study_id = $study ORDER BY number", {"study": study_id}
    )


def test_further_pairs_are_other_examples_and_wait_behind_the_first(place: Place) -> None:
    study_id = place.study(size=12, overlap=0.5)
    first = pairs_of(place, study_id)
    add(place, study_id, 10)
    pairs = pairs_of(place, study_id)
    assert [pair["number"] for pair in pairs] == list(range(1, 23))
    assert len({pair["pair_id"] for pair in pairs}) == 22
    assert len({pair["example_id"] for pair in pairs}) == 22
    assert [pair["pair_id"] for pair in pairs[:12]] == [pair["pair_id"] for pair in first]
    assert [pair["extension"] for pair in pairs] == [0] * 12 + [1] * 10
    assert sum(pair["places"] for pair in pairs[12:]) == 15
    at = rating.progress(place.store, place.rater(), study_id)
    assert (at.pairs, at.open) == (22, 33)
    assert rate_all(place.store, place.rater(), study_id, a_judgement) == 22
    assert results.count_pairs(place.store, place.lead, study_id, "rated") == 22


def test_the_sample_has_the_probability_of_the_union_in_every_stratum(place: Place) -> None:
    study_id = place.study(size=9)
    add(place, study_id, 11)
    add(place, study_id, 5)
    sizes = Counter(
        ["short", "medium", "long"][sum(len(text) > cut for cut in place_cuts(place))]
        for text in references(place)
    )
    drawn = Counter(pair["stratum"] for pair in pairs_of(place, study_id))
    assert sum(drawn.values()) == 25
    for pair in pairs_of(place, study_id):
        stated = pair["sample_probability"] or pair["inclusion_probability"]
        assert stated == pytest.approx(drawn[pair["stratum"]] / sizes[pair["stratum"]])


def references(place: Place) -> list[str]:
    rows = place.store.database.rows("SELECT output FROM example_current")
    return [row["output"] for row in rows]


def place_cuts(place: Place) -> Any:
    lengths = [len(text) for text in references(place)]
    return np.quantile(lengths, [1 / 3, 2 / 3], method="inverted_cdf")


def test_over_many_draws_every_example_comes_as_often_as_is_said_of_it() -> None:
    ids, strata = [f"e{k}" for k in range(24)], ["a"] * 12 + ["b"] * 8 + ["c"] * 4
    came: Counter[str] = Counter()
    for seed in range(600):
        rng = np.random.default_rng(seed)
        there = {one.example_id for one in draw(ids, strata, 6, rng)}
        more, probabilities = draw_more(ids, strata, there, 6, rng)
        assert not there & {one.example_id for one in more}
        assert probabilities == {"a": 0.5, "b": 0.5, "c": 0.5}
        came.update(there | {one.example_id for one in more})
    # A binomial of 600 at one half, six standard deviations of which are 73.
    assert all(300 - 73 < came[example_id] < 300 + 73 for example_id in ids)


def test_one_of_the_riskiest_that_is_drawn_moves_into_the_sample(place: Place) -> None:
    study_id = place.study(size=6, risk=20, overlap=0.0)
    before = pairs_of(place, study_id)
    rate_all(place.store, place.rater(), study_id, lambda pair: place.vote(pair, "tuned"))
    verdicts = place.result(study_id).found.comparisons[0].verdicts
    assert verdicts == {"candidate": 6}
    add(place, study_id, 34)  # all that is left
    study = studies.get_study(place.store, place.lead, study_id)
    (added,) = study.extensions
    beside = sum(pair["stratum"] == RISK for pair in before)
    assert (len(added.moved), study.plan.risk_pairs, study.pairs_each) == (beside, 0, 40)
    assert len(pairs_of(place, study_id)) == study.plan.pairs == 40
    found = place.compared(study_id)
    assert (found.judged, found.verdicts) == (6 + beside, {"candidate": 6 + beside})
    said = place.store.judgements.of_study(study_id)
    assert {one.probability for one in said} == {1.0}
    late = [j for j in said if j.created_at > added.created_at]
    assert {j.pair_id for j in late} == set(added.moved)  # no earlier look saw them in the sample
    studies.set_closed(place.store, place.lead, study_id, True)
    report = reporting.report_files(place.store, place.lead, study_id)["json"]
    assert verify_report(report)["sealed_pairs"] == 40


def test_it_is_said_when_pairs_were_added_and_what_was_known(place: Place) -> None:
    study_id = place.study(size=8)
    place.vote_all(study_id, ["tuned"] * 8)
    whole = place.compared(study_id)
    assert whole.criteria[0].p is not None
    add(place, study_id, 8)
    study = studies.get_study(place.store, place.lead, study_id)
    (said,) = study.added
    assert said.startswith("8 pairs were added on 20")
    assert said.endswith(", when 8 judgements existed.")
    assert [(note.kind, note.text) for note in study.notes] == [("pairs_added", said)]
    done = [e.action for e in place.store.audit.of_subject("study", study_id)]
    assert (done[:2], done[-2:]) == (
        ["study_queued", "study_opened"],
        ["pairs_queued", "pairs_added"],
    )
    content = read_report(reporting.report_files(place.store, place.lead, study_id)["json"])
    assert content["study"]["extensions"][0]["sentence"] == said
    place.vote_all(study_id, ["tuned"] * 8)
    grown = place.compared(study_id)
    assert grown.judged == 16
    # Who goes on because of what was seen must not look as if they looked once.
    assert [c.p for c in grown.criteria] == [None] * 4


def test_sides_stay_balanced_over_the_pairs_that_were_added(place: Place) -> None:
    study_id = place.study(size=10)
    rate_all(place.store, place.rater(), study_id, a_judgement)
    add(place, study_id, 30)
    rate_all(place.store, place.rater(), study_id, a_judgement)
    rows = place.store.database.rows(
        """
        SELECT b.stratum, count(*) FILTER (s.left_system_id = b.system_a) AS a,
               count(*) FILTER (s.left_system_id = b.system_b) AS b
        FROM presentations s JOIN pairs b USING (pair_id) WHERE done GROUP BY b.stratum
        """
    )
    assert sum(row["a"] + row["b"] for row in rows) == 40
    assert all(abs(row["a"] - row["b"]) <= 2 for row in rows)


def closed(place: Place) -> tuple[str, dict[str, str]]:
    """A study that grew twice, rated and closed; its report."""
    study_id = place.study(size=8, seed=None)
    place.vote_all(study_id, ["tuned"] * 5)
    for size in (6, 4):
        add(place, study_id, size)
        place.vote_all(study_id, ["tuned"] * 4 + ["base"])
    studies.set_closed(place.store, place.lead, study_id, True)
    return study_id, reporting.report_files(place.store, place.lead, study_id)


def test_each_extension_has_a_seal_that_was_published_and_opens_at_the_close(
    place: Place, tmp_path: Path
) -> None:
    study_id, files = closed(place)
    study = studies.get_study(place.store, place.lead, study_id)
    audited = place.store.audit.of_subject("study", study_id)
    published = [e.detail["seal"] for e in audited if e.action in ("study_opened", "pairs_added")]
    assert published == [study.seal, *(one.seal for one in study.extensions)]
    assert len(set(published)) == 3
    found = verify_report(files["json"], seal=study.last_seal[:16])
    assert (found["sealed_pairs"], found["judgements"]) == (18, 15)
    opened = json.loads(json.dumps(seals.opened_seal(place.store, place.lead, study_id)))
    for seal in published:
        check_opened(opened, seal[:12])
    path = tmp_path / "seal.json"
    path.write_text(json.dumps(opened), encoding="utf-8")
    done = CliRunner().invoke(app, ["verify", str(path), "--seal", study.last_seal])
    assert done.stdout.startswith("The seal holds: 18 pairs, ")
    arguments = {"study": study_id}
    printed = commands.seal(place.store, Workspace(place.store.workspace), arguments)
    assert isinstance(printed, dict)
    assert [printed["seal"], *printed["added"]] == published
    path = tmp_path / "report.json"
    path.write_text(files["json"], encoding="utf-8", newline="")
    done = CliRunner().invoke(app, ["verify", str(path), "--seal", study.last_seal])
    assert done.exit_code == 0, done.stderr
    assert "its 18 pairs are those that were sealed" in done.stdout


def _another_answer(content: dict[str, Any]) -> None:
    content["opened_seal"]["extensions"][0]["content"]["pairs"][0]["answer_a"] = "0" * 64


def _fewer_judgements(content: dict[str, Any]) -> None:
    content["study"]["extensions"][0]["judgements"] = 0


def _another_size(content: dict[str, Any]) -> None:
    one = content["study"]["extensions"][1]
    one["sentence"] = one["sentence"].replace("4 pairs", "2 pairs")


def _left_out(content: dict[str, Any]) -> None:
    content["opened_seal"]["extensions"].pop()
    content["study"]["extensions"].pop()


def _sealed_anew(content: dict[str, Any]) -> None:
    """As if the first had been drawn earlier: its seal fits, the next one's does not."""
    one = content["opened_seal"]["extensions"][0]
    one["content"]["judgements"] = 0
    content["study"]["extensions"][0]["judgements"] = 0
    one["seal"] = content["study"]["extensions"][0]["seal"] = seal_of(one["content"])


@pytest.fixture(scope="module")
def extended(tmp_path_factory: pytest.TempPathFactory) -> Any:
    place = Place(tmp_path_factory.mktemp("extended"))
    yield closed(place)[1]["json"]
    place.store.close()


@pytest.mark.parametrize(
    "change", [_another_answer, _fewer_judgements, _another_size, _left_out, _sealed_anew]
)
def test_a_forged_extension_is_found_although_the_report_has_a_hash_that_fits(
    extended: str, change: Callable[[dict[str, Any]], None]
) -> None:
    content = read_report(extended)
    verify_report(report_text(content))
    change(content)
    with pytest.raises((BrokenReport, BrokenSeal)):
        verify_report(report_text(content))


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE pairs SET answer_b = answer_b || '.' WHERE extension = 1 AND number = 9",
        "UPDATE pairs SET extension = 1 WHERE extension = 2",
        "UPDATE study_extensions SET judgements = 0 WHERE number = 1",
        "DELETE FROM study_extensions WHERE number = 2",
    ],
)
def test_changed_data_of_an_extension_do_not_verify(place: Place, change: str) -> None:
    study_id, _ = closed(place)
    place.store.database.execute(change)
    files = reporting.report_files(place.store, place.lead, study_id)
    with pytest.raises(BrokenReport, match=r"does not open|was judged that was not drawn"):
        verify_report(files["json"])


def test_what_cannot_be_added_is_refused(place: Place) -> None:
    study_id = place.study(size=30)
    for size in (0, -1, 11):
        with pytest.raises(InvalidInput, match="Add 1 to 10 examples"):
            extending.add_pairs(place.store, place.lead, study_id, size)
    with pytest.raises(NotAllowed):
        extending.add_pairs(place.store, place.rater(), study_id, 5)
    waiting = extending.add_pairs(place.store, place.lead, study_id, 5)
    assert extending.room_of(place.store, place.lead, study_id).waiting
    with pytest.raises(Conflict, match="are being added"):
        extending.add_pairs(place.store, place.lead, study_id, 5)
    assert (
        extending.add_pairs(place.store, place.lead, study_id, 5, extension_id=waiting) == waiting
    )
    run_here(place.store, waiting)
    add(place, study_id, 5)
    with pytest.raises(InvalidInput, match="none to add"):
        extending.add_pairs(place.store, place.lead, study_id, 1)


def test_a_study_that_was_closed_meanwhile_gets_no_pairs(place: Place) -> None:
    study_id = place.study(size=10)
    waiting = extending.add_pairs(place.store, place.lead, study_id, 5)
    studies.set_closed(place.store, place.lead, study_id, True)
    with pytest.raises(Conflict, match="is closed"):
        run_here(place.store, waiting)
    assert len(pairs_of(place, study_id)) == 10
    with pytest.raises(Conflict, match="is closed"):
        extending.add_pairs(place.store, place.lead, study_id, 5)


def test_who_could_know_the_secret_seed_cannot_add_pairs(place: Place) -> None:
    study_id = place.study(size=10)
    studies.set_closed(place.store, place.lead, study_id, True)
    seals.opened_seal(place.store, place.lead, study_id)
    studies.set_closed(place.store, place.lead, study_id, False)
    with pytest.raises(Conflict, match="was closed before"):
        extending.add_pairs(place.store, place.lead, study_id, 5)


def test_nothing_is_added_where_the_outputs_are_others_than_at_the_opening(place: Place) -> None:
    few = dict(list(answers_of(place.store, place.version_id, 3).items())[:20])
    third = a_system(place.store, place.project_id, place.version_id, "Third", few)
    study_id = studies.open_study(
        place.store, place.lead, place.project_id, version_id=place.version_id, name="Few",
        baseline_id=place.base, candidate_ids=[third], size=6,
        reason="The answers come from elsewhere.",
    )  # fmt: skip
    run_here(place.store, study_id)
    place.store.database.execute(
        "INSERT INTO answers SELECT $third, example_id, revision_id, generation_id, text, cut, "
        "prompt_tokens, new_tokens, seconds, finish, confidence FROM answers a "
        "WHERE system_id = $base AND example_id NOT IN "
        "(SELECT example_id FROM answers WHERE system_id = $third)",
        {"third": third, "base": place.base},
    )
    waiting = extending.add_pairs(place.store, place.lead, study_id, 5)
    with pytest.raises(InvalidInput, match="Open a second study"):
        run_here(place.store, waiting)


def test_several_candidates_each_get_a_pair_of_every_added_example(place: Place) -> None:
    third = place.third("imported")
    study_id = studies.open_study(
        place.store, place.lead, place.project_id, version_id=place.version_id, name="Three",
        baseline_id=place.base, candidate_ids=[place.tuned, third], size=6,
        reason="The answers come from elsewhere.",
    )  # fmt: skip
    run_here(place.store, study_id)
    add(place, study_id, 4)
    pairs = pairs_of(place, study_id)
    assert len(pairs) == 20
    assert set(Counter(pair["example_id"] for pair in pairs).values()) == {2}
    study = studies.get_study(place.store, place.lead, study_id)
    assert (study.pairs_each, study.examples_drawn) == (10, 10)
    assert study.added[0].startswith("8 pairs were added")
