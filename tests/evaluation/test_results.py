"""What the dashboard says: every number against one computed by hand, and what it must not say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core.actor import Actor
from core.errors import NotAllowed
from core.study.pairs import BlindPair, Judgement
from core.workflows.evaluation import results
from tests.builders import a_project, a_store, an_actor
from tests.study_builders import (
    CRITERIA,
    a_judgement,
    a_study,
    a_version,
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
