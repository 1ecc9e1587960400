"""What the dashboard says: every number against one computed by hand, and what it must not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.actor import Actor
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.estimates import Estimate, proportion
from core.study.pairs import BlindPair, Judgement
from core.study.sentences import compared, says_words, written
from core.workflows import results, studies
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

    def study(self, **plan: Any) -> str:
        return a_study(self.store, self.lead, self.project_id, self.base, self.tuned, **plan)

    def result(self, study_id: str) -> results.StudyResult:
        return results.study_result(self.store, self.lead, study_id)

    def rater(self, name: str = "bea") -> Actor:
        return an_actor(self.project_id, "reviewer", name=name)

    def left_is_base(self, pair: BlindPair) -> bool:
        return pair.left in self.store.systems.texts(self.base).values()

    def vote(
        self, pair: BlindPair, verdict: str, base: int = 3, tuned: int = 4, **given: Any
    ) -> Judgement:
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


def test_eight_wins_one_loss_and_a_tie_read_as_eight_of_nine(place: Place) -> None:
    study_id = place.study(size=10)
    place.vote_all(study_id, ["tuned"] * 8 + ["base", "tie_good"])
    result = place.result(study_id)
    assert result.verdicts == {"tuned": 8, "base": 1, "tie_good": 1}
    assert result.win_rate.value == pytest.approx(8 / 9)
    assert result.win_rate.n == 9
    # Clopper-Pearson for 8 of 9, from published tables.
    assert result.win_rate.low == pytest.approx(0.5175, abs=5e-5)
    assert result.win_rate.high == pytest.approx(0.9972, abs=5e-5)
    assert "better than base" in result.headline
    assert (result.outputs, result.pairs, result.judged, result.judgements) == (40, 10, 10, 10)
    assert result.coverage.value == 0.25


def test_six_of_nine_is_not_called_better(place: Place) -> None:
    study_id = place.study(size=10)
    place.vote_all(study_id, ["tuned"] * 6 + ["base"] * 3 + ["tie_bad"])
    result = place.result(study_id)
    assert "not shown to be better" in result.headline
    assert "1 tied (0 both good, 1 both bad)" in result.headline


def test_ratings_are_paired_by_view_and_named_by_what_the_interval_shows(place: Place) -> None:
    study_id = place.study(size=8)
    place.vote_all(study_id, ["tuned"] * 8, base=2, tuned=5)
    relevance = place.result(study_id).criteria[0]
    assert relevance.criterion == "relevance"
    assert (relevance.base.value, relevance.tuned.value) == (2, 5)
    assert (relevance.difference.value, relevance.difference.n, relevance.says) == (3, 8, "better")
    assert [c.criterion for c in place.result(study_id).criteria] == list(CRITERIA)


def test_with_few_pairs_a_difference_is_not_shown_however_large(place: Place) -> None:
    study_id = place.study(size=4)
    place.vote_all(study_id, ["tuned"] * 4, base=1, tuned=5)
    assert {c.says for c in place.result(study_id).criteria} == {"not shown"}


def test_two_raters_of_one_pair_count_once_and_a_disagreement_decides_nothing(place: Place) -> None:
    study_id = place.study(size=4, overlap=1.0)
    place.vote_all(study_id, ["tuned"] * 4, "bea")
    second = iter(["tuned", "tuned", "tuned", "base"])
    rate_all(place.store, place.rater("cem"), study_id, lambda pair: place.vote(pair, next(second)))
    result = place.result(study_id)
    assert (result.judged, result.judgements) == (4, 8)
    assert result.verdicts == {"tuned": 3}
    assert (result.choice_agreement.value, result.choice_agreement.n) == (0.75, 4)
    # alpha = 1 - (n - 1) * sum of unlike pairs / sum of n_c * n_k, over 8 values: 1 - 7 * 2 / 14.
    assert result.choice_alpha.value == pytest.approx(0.0)


def test_who_cannot_judge_is_no_disagreement(place: Place) -> None:
    study_id = place.study(size=4, overlap=1.0)
    place.vote_all(study_id, ["tuned"] * 4, "bea")
    place.vote_all(study_id, ["cannot_judge"] * 4, "cem")
    result = place.result(study_id)
    assert result.choice_agreement.value is None
    assert "No unit was rated by two people" in result.choice_agreement.reason
    assert result.verdicts == {"tuned": 4}


def test_flags_are_counted_by_pair_with_exact_intervals(place: Place) -> None:
    study_id = place.study(size=6)
    raised: dict[str, Any] = {"tuned": ("hallucination",), "base": ()}
    place.vote_all(study_id, ["base"] * 2, flags=raised)
    place.vote_all(study_id, ["tuned"] * 4)
    share = place.result(study_id).flags["hallucination"]
    assert share["tuned"].value == pytest.approx(2 / 6)
    assert share["tuned"].n == 6
    assert (share["base"].value, share["base"].low) == (0, 0)
    assert share["base"].high == pytest.approx(1 - 0.025 ** (1 / 6))


def test_side_bias_seconds_and_days_are_reported(place: Place) -> None:
    study_id = place.study(size=6)
    rate_all(place.store, place.rater(), study_id, lambda p: a_judgement(p, "left", seconds=30))
    result = place.result(study_id)
    assert (result.side_bias.value, result.side_bias.n) == (1.0, 6)
    assert (result.seconds.value, result.seconds.n) == (30, 6)
    assert [count for _, count in result.per_day] == [6]
    assert [(count, seconds) for _, count, seconds in result.per_rater] == [(6, 30)]


def test_a_study_that_nobody_has_rated_says_so_without_numbers(place: Place) -> None:
    result = place.result(place.study(size=5))
    assert (result.win_rate.value, result.win_rate.n) == (None, 0)
    assert result.seconds.value is None
    assert "not shown to be better" in result.headline
    assert result.coverage.value == 0


def test_the_table_behind_a_study_has_every_pair_with_its_verdict(place: Place) -> None:
    study_id = place.study(size=5)
    place.vote_all(study_id, ["tuned", "base"], comment="hm")
    rows = results.pairs_table(place.store, place.lead, study_id)
    assert [row["number"] for row in rows] == [1, 2, 3, 4, 5]
    assert sorted(row["verdicts"] or "" for row in rows) == ["", "", "", "base", "tuned"]
    base, tuned = (place.store.systems.texts(s) for s in (place.base, place.tuned))
    assert all(row["base_text"] == base[row["example_id"]] for row in rows)
    assert all(row["tuned_text"] == tuned[row["example_id"]] for row in rows)


# A study that is not blind ---------------------------------------------------------------------


@pytest.fixture
def told_apart(place: Place) -> str:
    """A study whose tuned answers are all ten times as long."""
    long = {e: text * 10 for e, text in answers_of(place.store, place.version_id, 3).items()}
    place.tuned = a_system(place.store, place.project_id, place.version_id, "Long", long, "tuned")
    return place.study(size=8)


def test_a_study_that_length_gives_away_withholds_its_verdict(
    place: Place, told_apart: str
) -> None:
    study = studies.get_study(place.store, place.lead, told_apart)
    assert not study["blind"]
    assert study["leaks"]["length_auc"] == 1.0
    assert any("Length alone" in finding for finding in study["leaks"]["findings"])
    place.vote_all(told_apart, ["tuned"] * 8)
    result = place.result(told_apart)
    assert "withheld" in result.withheld
    assert result.headline == result.withheld


def test_a_lead_may_let_it_count_with_a_reason(place: Place, told_apart: str) -> None:
    with pytest.raises(InvalidInput, match="Write in a sentence"):
        studies.let_count(place.store, place.lead, told_apart, "ok")
    studies.let_count(place.store, place.lead, told_apart, "Raters never saw either model before.")
    assert place.result(told_apart).withheld == ""
    assert "No pair is decided yet" in place.result(told_apart).headline
    (note,) = studies.get_study(place.store, place.lead, told_apart)["notes"]
    assert note["text"].startswith("Raters never saw")


def test_a_blind_study_needs_no_reason(place: Place) -> None:
    assert place.result(place.study(size=5)).withheld == ""


# Planning --------------------------------------------------------------------------------------


@pytest.mark.parametrize(("outputs", "least"), [(252, 26), (40, 4), (5, 1), (1000, 100)])
def test_ten_per_cent_of_the_outputs_is_the_least(outputs: int, least: int) -> None:
    assert studies.plan_size(outputs) == least


def test_a_study_is_never_smaller_than_ten_per_cent_nor_larger_than_the_outputs(
    place: Place,
) -> None:
    small, large = place.study(size=1), place.study(size=999)
    assert place.result(small).pairs == 4
    assert place.result(large).pairs == 40


def test_opening_twice_with_one_id_opens_one_study(place: Place) -> None:
    assert place.study(study_id="stu_once") == place.study(study_id="stu_once") == "stu_once"
    assert len(studies.studies_of(place.store, place.lead, place.project_id)) == 1


def test_systems_that_cannot_be_compared_are_refused(place: Place) -> None:
    other_version = a_version(place.store, place.project_id, [("Say hi.", "now", "hi")])
    other = a_system(place.store, place.project_id, other_version, "Other", {})
    silent = a_system(place.store, place.project_id, place.version_id, "Silent", {})
    for candidate, why in (
        (place.base, "two different systems"),
        (other, "different dataset versions"),
        (silent, "share no answered example"),
    ):
        with pytest.raises(InvalidInput, match=why):
            studies.open_study(
                place.store, place.lead, place.project_id,
                name="", baseline_id=place.base, candidate_id=candidate,
            )  # fmt: skip
    with pytest.raises(NotFound):
        studies.shared_outputs(place.store, place.lead, place.project_id, place.base, "sys_none")


def test_closing_a_closed_study_says_so(place: Place) -> None:
    study_id = place.study(size=5)
    studies.set_closed(place.store, place.lead, study_id, True, "enough")
    with pytest.raises(Conflict, match="closed already"):
        studies.set_closed(place.store, place.lead, study_id, True)
    studies.set_closed(place.store, place.lead, study_id, False)
    notes = studies.get_study(place.store, place.lead, study_id)["notes"]
    assert [note["kind"] for note in notes] == ["closed", "reopened"]


# Automatic scores ------------------------------------------------------------------------------


def add_scores(place: Place, system_id: str, metric: str, values: Sequence[float]) -> None:
    ids = example_ids(place.store, place.version_id)[: len(values)]
    place.store.systems.add_scores(
        pa.table(
            {
                "system_id": [system_id] * len(ids),
                "example_id": ids,
                "metric": [metric] * len(ids),
                "value": [float(value) for value in values],
            }
        )
    )
    place.store.systems.set_summary(system_id, {"n": len(ids)})


def test_scores_come_with_n_an_interval_and_the_paired_difference(place: Place) -> None:
    add_scores(place, place.base, "token_f1", [0.1, 0.2] * 20)
    add_scores(place, place.tuned, "token_f1", [0.6, 0.9] * 20)
    add_scores(place, place.base, "exact_match", [0] * 40)
    add_scores(place, place.tuned, "exact_match", [1] * 10 + [0] * 30)
    base, tuned = results.score_report(place.store, place.lead, place.version_id)
    assert base.against == {}
    assert base.metrics["token_f1"].value == pytest.approx(0.15)
    assert base.metrics["token_f1"].n == 40
    difference, says = tuned.against["token_f1"]
    assert difference.value == pytest.approx(0.6)
    assert (difference.n, says) == (40, "better")
    exact = tuned.metrics["exact_match"]
    assert (exact.value, exact.kind) == (0.25, "exact")


def test_equal_scores_are_not_shown_to_be_better_and_lower_ones_are_worse(place: Place) -> None:
    noise = [0.2, 0.8] * 20
    add_scores(place, place.base, "rougeL", noise)
    add_scores(place, place.tuned, "rougeL", noise[1:] + noise[:1])
    add_scores(place, place.base, "token_f1", [0.9] * 40)
    add_scores(place, place.tuned, "token_f1", [0.1] * 40)
    _, tuned = results.score_report(place.store, place.lead, place.version_id)
    assert tuned.against["rougeL"][1] == "not shown"
    assert tuned.against["token_f1"][1] == "worse"


def test_the_lead_chooses_the_baseline_and_only_shared_examples_are_compared(place: Place) -> None:
    add_scores(place, place.base, "token_f1", [0.5] * 40)
    add_scores(place, place.tuned, "token_f1", [0.5] * 12)
    base, tuned = results.score_report(place.store, place.lead, place.version_id, place.tuned)
    assert tuned.against == {}
    assert base.against["token_f1"][0].n == 12


def test_without_scores_there_is_nothing_to_report(place: Place) -> None:
    assert results.score_report(place.store, place.lead, place.version_id) == []


def test_scores_are_for_leads(place: Place) -> None:
    with pytest.raises(NotAllowed):
        results.score_report(place.store, place.rater(), place.version_id)


def test_the_stamp_changes_with_what_the_numbers_rest_on(place: Place) -> None:
    study_id = place.study(size=5)

    def stamps() -> tuple[str, str]:
        return (
            results.stamp(place.store, place.lead, study_id=study_id),
            results.stamp(place.store, place.lead, version_id=place.version_id),
        )

    before = stamps()
    assert stamps() == before
    place.vote_all(study_id, ["tuned"])
    add_scores(place, place.base, "token_f1", [0.5] * 40)
    after = stamps()
    assert before[0] != after[0]
    assert before[1] != after[1]
    with pytest.raises(NotAllowed):
        results.stamp(place.store, place.rater(), study_id=study_id)


# Sentences -------------------------------------------------------------------------------------


def a_difference(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, 50, "bootstrap")


def test_a_number_is_written_with_its_interval_and_n() -> None:
    assert written(a_difference(0.5, 0.25, 0.75)) == "0.50 (0.25–0.75, n = 50)"
    assert written(a_difference(-0.1, -0.3, 0.1)) == "−0.10 (−0.30 to 0.10, n = 50)"
    assert written(proportion(1, 4), 0, percent=True) == "25\u202f% (1\u202f%–81\u202f%, n = 4)"
    assert written(proportion(0, 0)) == "— (n = 0)"


def test_a_sentence_says_better_only_when_that_was_decided() -> None:
    difference = a_difference(0.2, 0.1, 0.3)
    assert compared("A", "B", "ROUGE-L", difference, "better") == (
        "A is better than B on ROUGE-L: difference 0.20 (0.10–0.30, n = 50)"
    )
    unclear = compared("A", "B", "ROUGE-L", a_difference(0.2, -0.1, 0.5), "not shown")
    assert unclear.startswith("A is not shown to be better than B on ROUGE-L")
    assert "not shown to be better" in says_words("not shown")
