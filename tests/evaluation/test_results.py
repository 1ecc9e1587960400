"""What the dashboard says: every number against one computed by hand, and what it must not say."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.actor import Actor
from core.clock import new_id, now
from core.errors import NotAllowed
from core.exporting.tables import to_csv
from core.statistics.estimates import says_better
from core.study.findings import Comparison
from core.study.pairs import BlindJudgement, BlindPair
from core.study.system import Scoring, SystemKind
from core.workflows.evaluation import results, score_report, studies
from pages.evaluation.evidence_view import sensitivity_rows
from tests.builders import a_project, a_store, an_actor
from tests.study_builders import (
    CRITERIA,
    a_judgement,
    a_study,
    a_system,
    a_version,
    answers_of,
    example_ids,
    rate_all,
    two_systems,
)


class Place:
    """A store with two systems that answered forty examples."""

    def __init__(self, folder: Path) -> None:
        self.store = a_store(folder)
        self.project_id = a_project(self.store).project_id
        self.lead = an_actor(self.project_id)
        self.version_id = a_version(self.store, self.project_id)
        self.base, self.tuned = two_systems(self.store, self.project_id, self.version_id)

    def third(self, kind: SystemKind = "tuned", **given: Any) -> str:
        """A second candidate."""
        answers = answers_of(self.store, self.version_id, 2)
        about = (self.store, self.project_id, self.version_id, "Third", answers, kind)
        return a_system(*about, **given)

    def study(self, **plan: Any) -> str:
        return a_study(self.store, self.lead, self.project_id, self.base, self.tuned, **plan)

    def result(self, study_id: str) -> results.StudyResult:
        found = results.study_report(self.store, self.lead, study_id).content
        assert found is not None
        return found

    def compared(self, study_id: str) -> Comparison:
        """What is said of the one candidate."""
        (comparison,) = self.result(study_id).found.comparisons
        return comparison

    def rater(self, name: str = "bea") -> Actor:
        return an_actor(self.project_id, "reviewer", name=name)

    def left_is_base(self, pair: BlindPair) -> bool:
        return pair.left in self.store.answers.texts(self.base, self.version_id).values()

    def vote(
        self, pair: BlindPair, verdict: str, base: int = 3, tuned: int = 4, **given: Any
    ) -> BlindJudgement:
        """A judgement that says so of the systems, whichever side they stand on."""
        base_left = self.left_is_base(pair)
        sides = {
            "base": "left" if base_left else "right",
            "tuned": "right" if base_left else "left",
        }
        flags = given.pop("flags", {})
        return a_judgement(
            pair,
            sides.get(verdict, verdict),
            left=base if base_left else tuned,
            right=tuned if base_left else base,
            flags={sides[system]: raised for system, raised in flags.items()},
            **given,
        )

    def vote_all(self, study_id: str, verdicts: list[str], name: str = "bea", **given: Any) -> None:
        votes = iter(verdicts)
        rate_all(
            self.store,
            self.rater(name),
            study_id,
            lambda pair: self.vote(pair, next(votes), **given),
            most=len(verdicts),
        )


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def test_wins_losses_and_ties_are_read_as_a_net_preference(place: Place) -> None:
    study_id = place.study(size=30)
    place.vote_all(study_id, (["tuned"] * 8 + ["base", "tie_good"]) * 3)
    result, compared = place.result(study_id), place.compared(study_id)
    assert compared.verdicts == {"candidate": 24, "baseline": 3, "tie_good": 3}
    assert compared.net.value == pytest.approx(0.7)
    assert compared.net.n == 30
    assert compared.net.low is not None
    assert 0 < compared.net.low < 0.7
    said = result.headline(compared)
    assert said.startswith(
        "Run two is preferred to Model one by these raters: net +70 points (95 %"
    )
    assert said.endswith(
        "24 won, 3 lost, 3 tied of 30 judged pairs, 10 % rule met, blindness held."
    )
    counts = (result.counted_from, result.pairs, result.found.judged, result.found.judgements)
    assert counts == (40, 30, 30, 30)
    assert result.coverage.value == 0.75


def test_six_of_nine_is_not_called_better(place: Place) -> None:
    study_id = place.study(size=10)
    place.vote_all(study_id, ["tuned"] * 6 + ["base"] * 3 + ["tie_bad"])
    said = place.result(study_id).headline(place.compared(study_id))
    assert "not shown to be better" in said
    assert "6 won, 3 lost, 1 tied of 10 judged pairs" in said


def test_ratings_are_paired_by_view_and_named_by_what_the_interval_shows(place: Place) -> None:
    study_id = place.study(size=8)
    place.vote_all(study_id, ["tuned"] * 8, base=2, tuned=5)
    relevance = place.compared(study_id).criteria[0]
    assert relevance.criterion == "relevance"
    assert (relevance.baseline.value, relevance.candidate.value) == (2, 5)
    assert (relevance.difference.value, relevance.difference.n, relevance.says) == (3, 8, "better")
    assert [c.criterion for c in place.compared(study_id).criteria] == list(CRITERIA)


def test_with_few_pairs_a_difference_is_not_shown_however_large(place: Place) -> None:
    study_id = place.study(size=4)
    place.vote_all(study_id, ["tuned"] * 4, base=1, tuned=5)
    assert {c.says for c in place.compared(study_id).criteria} == {"not shown"}


def test_of_two_raters_of_one_pair_the_first_fixes_the_verdict(place: Place) -> None:
    study_id = place.study(size=4, overlap=1.0)
    place.vote_all(study_id, ["tuned"] * 4, "bea")
    second = iter(["tuned", "tuned", "tuned", "base"])
    rate_all(place.store, place.rater("cem"), study_id, lambda pair: place.vote(pair, next(second)))
    found = place.result(study_id).found
    assert (found.judged, found.judgements) == (4, 8)
    assert place.compared(study_id).verdicts == {"candidate": 4}
    assert place.compared(study_id).split == 1
    choice = found.agreement[0]
    assert (choice.what, choice.raw.value, choice.raw.n) == ("choice", 0.75, 4)
    # alpha = 1 - (n - 1) * sum of unlike pairs / sum of n_c * n_k, over 8 values: 1 - 7 * 2 / 14.
    assert choice.alpha.value == pytest.approx(0.0)
    # AC1 = (0.75 - chance) / (1 - chance), chance = 2 * (7/8) * (1/8).
    assert choice.ac.value == pytest.approx((0.75 - 0.21875) / (1 - 0.21875))


def test_who_cannot_judge_is_no_disagreement(place: Place) -> None:
    study_id = place.study(size=4, overlap=1.0)
    place.vote_all(study_id, ["tuned"] * 4, "bea")
    place.vote_all(study_id, ["cannot_judge"] * 4, "cem")
    choice = place.result(study_id).found.agreement[0]
    assert choice.raw.value is None
    assert "No unit was rated by two people" in choice.raw.reason
    assert place.compared(study_id).verdicts == {"candidate": 4}


def test_flags_are_counted_by_pair_with_exact_intervals(place: Place) -> None:
    study_id = place.study(size=6)
    raised: dict[str, Any] = {"tuned": ("hallucination",), "base": ()}
    place.vote_all(study_id, ["base"] * 2, flags=raised)
    place.vote_all(study_id, ["tuned"] * 4)
    baseline, candidate = place.compared(study_id).flags["hallucination"]
    assert candidate.value == pytest.approx(2 / 6)
    assert candidate.n == 6
    assert (baseline.value, baseline.low) == (0, 0)
    assert baseline.high == pytest.approx(1 - 0.025 ** (1 / 6))


def test_side_bias_seconds_and_days_are_reported(place: Place) -> None:
    study_id = place.study(size=6)
    rate_all(place.store, place.rater(), study_id, lambda p: a_judgement(p, "left", seconds=30))
    found = place.result(study_id).found
    assert (found.side_bias.value, found.side_bias.n) == (1.0, 6)
    assert (found.seconds.value, found.seconds.n) == (30, 6)
    assert [count for _, count in found.per_day] == [6]
    assert [(count, seconds) for _, count, seconds in found.per_rater] == [(6, 30)]


def test_a_study_that_nobody_has_rated_says_so_without_numbers(place: Place) -> None:
    study_id = place.study(size=5)
    compared = place.compared(study_id)
    assert (compared.net.value, compared.net.n) == (None, 0)
    assert place.result(study_id).found.seconds.value is None
    assert "not shown to be better" in place.result(study_id).headline(compared)
    assert place.result(study_id).coverage.value == 0


def test_the_table_behind_a_study_has_every_pair_with_its_verdict(place: Place) -> None:
    study_id = place.study(size=5)
    place.vote_all(study_id, ["tuned", "base"], comment="hm")
    pairs = results.pairs_page(place.store, place.lead, study_id)
    assert [pair.number for pair in pairs] == [1, 2, 3, 4, 5]
    verdicts = sorted(verdict for pair in pairs for verdict in pair.verdicts)
    assert verdicts == sorted([place.base, place.tuned])
    rated = results.pairs_page(place.store, place.lead, study_id, "rated")
    assert (len(rated), results.count_pairs(place.store, place.lead, study_id, "open")) == (2, 3)
    assert {pair.comments for pair in rated} == {("hm",)}
    for system_id in (place.base, place.tuned):
        texts = place.store.answers.texts(system_id, place.version_id)
        assert all(pair.answers[system_id] == texts[pair.example_id] for pair in pairs)


# Automatic scores ------------------------------------------------------------------------------


def add_scores(place: Place, system_id: str, metric: str, values: Sequence[float]) -> None:
    ids = example_ids(place.store, place.version_id)[: len(values)]
    examples = place.store.versions.examples(place.version_id)
    table = pa.table(
        {
            "system_id": [system_id] * len(ids),
            "example_id": ids,
            "revision_id": examples.column("revision_id").to_pylist()[: len(ids)],
            "metric": [metric] * len(ids),
            "value": [float(value) for value in values],
        }
    )
    path = place.store.workspace / "inbox" / "scores.parquet"
    pq.write_table(table, path)
    scoring = Scoring(new_id("sco"), system_id, place.version_id, {}, "", {"n": len(ids)}, now())
    before = place.store.database.rows(
        "SELECT * FROM scores WHERE system_id = $id", {"id": system_id}
    )
    place.store.answers.add_scoring(scoring, None)
    place.store.answers.take_in_scores(path, {system_id: scoring.scoring_id})
    for row in before:  # of another metric: one scoring makes all of them at once
        place.store.database.execute(
            "INSERT INTO scores VALUES ($scoring_id, $system_id, $example_id, $revision_id, "
            "$metric, $value)",
            row,
        )


def the_scores(place: Place, **chosen: Any) -> score_report.ScoreReport:
    found = score_report.score_report(place.store, place.lead, place.version_id, **chosen).content
    assert found is not None
    return found


def test_scores_come_with_n_an_interval_and_the_paired_difference(place: Place) -> None:
    add_scores(place, place.base, "token_f1", [0.1, 0.2] * 20)
    add_scores(place, place.tuned, "token_f1", [0.6, 0.9] * 20)
    add_scores(place, place.base, "exact_match", [0] * 40)
    add_scores(place, place.tuned, "exact_match", [1] * 10 + [0] * 30)
    report = the_scores(place)
    base, tuned = report.systems
    assert (report.split, report.metrics) == ("test", ("token_f1", "exact_match"))
    assert base.against == {}
    assert base.means["token_f1"].mean.value == pytest.approx(0.15)
    assert base.means["token_f1"].mean.n == 40
    shown = tuned.against["token_f1"]
    assert shown.difference.value == pytest.approx(0.6)
    assert (shown.difference.n, shown.says) == (40, "better")
    exact = tuned.means["exact_match"].mean
    assert (exact.value, exact.kind) == (0.25, "exact")


def test_equal_scores_are_not_shown_to_be_better_and_lower_ones_are_worse(place: Place) -> None:
    noise = [0.2, 0.8] * 20
    add_scores(place, place.base, "rougeL", noise)
    add_scores(place, place.tuned, "rougeL", noise[1:] + noise[:1])
    add_scores(place, place.base, "token_f1", [0.9] * 40)
    add_scores(place, place.tuned, "token_f1", [0.1] * 40)
    _, tuned = the_scores(place).systems
    assert tuned.against["rougeL"].says == "not shown"
    assert tuned.against["token_f1"].says == "worse"


def test_the_lead_chooses_the_baseline_and_only_shared_examples_are_compared(place: Place) -> None:
    add_scores(place, place.base, "token_f1", [0.5] * 40)
    add_scores(place, place.tuned, "token_f1", [0.5] * 12)
    base, tuned = the_scores(place, baseline_id=place.tuned).systems
    assert tuned.against == {}
    assert base.against["token_f1"].difference.n == 12


def test_without_scores_there_is_nothing_to_report(place: Place) -> None:
    assert the_scores(place).systems == ()


def test_scores_are_for_leads(place: Place) -> None:
    with pytest.raises(NotAllowed):
        score_report.score_report(place.store, place.rater(), place.version_id)


def test_pairs_on_which_two_raters_differ_are_listed_for_a_third_look(place: Place) -> None:
    study_id = place.study(size=4, overlap=1.0)
    place.vote_all(study_id, ["tuned", "tuned", "cannot_judge", "tie_good"], "wilma")
    place.vote_all(study_id, ["tuned"] * 4, "willy")
    split = results.pairs_page(place.store, place.lead, study_id, "split")
    assert [set(one.verdicts) for one in split] == [{"tie_good", place.tuned}]
    assert results.count_pairs(place.store, place.lead, study_id, "split") == 1
    assert place.compared(study_id).split == 1
    assert results.count_pairs(place.store, place.lead, study_id, "rated") == 4


def test_the_stamp_changes_with_what_the_numbers_rest_on(place: Place) -> None:
    study_id = place.study(size=5)

    def stamps() -> tuple[str, str]:
        return (
            results.study_stamp(place.store, place.lead, study_id),
            score_report.score_stamp(place.store, place.lead, place.version_id),
        )

    before = stamps()
    assert stamps() == before
    place.vote_all(study_id, ["tuned"])
    add_scores(place, place.base, "token_f1", [0.5] * 40)
    after = stamps()
    assert before[0] != after[0]
    assert before[1] != after[1]
    with pytest.raises(NotAllowed):
        results.study_stamp(place.store, place.rater(), study_id)


def test_every_study_of_two_systems_is_registered_and_raises_the_bar_of_all(place: Place) -> None:
    first = place.study(size=20)
    place.vote_all(first, ["tuned"] * 20)
    alone = place.compared(first)
    assert says_better(alone.net) == "better"
    assert len(results.register_of(place.store, place.lead, first, place.tuned).studies) == 1
    others = [place.study(size=20) for _ in range(4)]
    studies.set_closed(place.store, place.lead, others[0], True)
    together = place.compared(first)
    assert together.net.level == pytest.approx(0.99)
    assert together.net.low is not None
    assert alone.net.low is not None
    assert together.net.low < alone.net.low
    register = results.register_of(place.store, place.lead, others[3], place.tuned)
    assert [one.study_id for one in register.studies] == [first, *others]
    assert [one.closed for one in register.studies] == [False, True, False, False, False]
    assert (register.studies[0].judged, register.studies[0].won) == (20, 20)
    assert [one.e_value for one in register.studies[1:]] == [1, 1, 1, 1]
    won = register.studies[0].e_value
    assert won is not None
    assert won > 40
    assert register.combined == pytest.approx((won + 4) / 5)
    said = place.result(first).headline(together)
    assert "95 % always valid for 5 comparisons together: " in said


def test_the_ten_percent_rule_counts_what_could_be_judged(place: Place) -> None:
    study_id = place.study(size=10)
    place.vote_all(study_id, ["cannot_judge"] * 4 + ["tuned"] * 3)
    result = place.result(study_id)
    assert (result.found.judged, result.reviewed) == (7, 3)
    assert result.ten_percent_rule == "10 % rule not met yet"


def test_the_csv_of_the_verdict_counted_otherwise_holds_the_numbers_of_the_page(
    place: Place,
) -> None:
    study_id = place.study(size=12)
    place.vote_all(study_id, ["tuned"] * 6, "ann")
    place.vote_all(study_id, ["tuned", "base", "base"] * 2, "bob")
    seen = place.result(study_id).evidence.of(place.tuned).sensitivity
    rows = sensitivity_rows(place.compared(study_id), seen)
    read = list(csv.DictReader(io.StringIO(to_csv(rows))))
    assert read == rows
    assert {row["Net points"] for row in rows[1:]} == {"100", "−33"}
