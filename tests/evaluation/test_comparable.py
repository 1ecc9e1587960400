"""Comparable or refused: unlike answers, examples that a system has seen, versions, settings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from core.clock import new_id
from core.decision.gate import Check
from core.decision.report import read_report
from core.errors import InvalidInput
from core.study.leak_report import LeakReport
from core.study.system import SystemKind
from core.workflows.evaluation import (
    gating,
    reporting,
    results,
    score_report,
    scoring,
    studies,
    systems,
)
from tests.builders import a_project, a_store, accepted_examples, an_actor
from tests.job_builders import run_here
from tests.study_builders import (
    a_judgement,
    a_study,
    a_system,
    a_version,
    answers_of,
    example_ids,
    rate_all,
)
from tests.version_builders import add_version

ALIKE = {"prompt_hash": "p", "decoding": {"temperature": 0.0}, "cap": 64, "precision": "fp32"}


class Place:
    """A store with a version of thirty examples: ten in each split."""

    def __init__(self, folder: Path) -> None:
        self.store = a_store(folder)
        self.project_id = a_project(self.store).project_id
        self.lead = an_actor(self.project_id)
        accepted_examples(self.store, self.project_id, 30)
        splits = ["train"] * 10 + ["validation"] * 10 + ["test"] * 10
        self.version_id = add_version(self.store, self.project_id, splits)

    def run(self, version_id: str) -> str:
        """A run that was trained on a version."""
        run_id = new_id("run")
        self.store.database.execute(
            "INSERT INTO runs (run_id, project_id, version_id, job_id, name, spec, actor_id, "
            "created_at) VALUES ($run, $project, $version, 'job', 'Run', '{}', 'p', now())",
            {"run": run_id, "project": self.project_id, "version": version_id},
        )
        return run_id

    def system(
        self, name: str, shift: int, kind: SystemKind = "base", version_id: str = "", **given: Any
    ) -> str:
        version_id = version_id or self.version_id
        answers = answers_of(self.store, version_id, shift)
        return a_system(
            self.store, self.project_id, version_id, name, answers, kind, job_id=None,
            **{"conditions": ALIKE, **given},
        )  # fmt: skip

    def prospect(self, *system_ids: str, **given: Any) -> studies.Prospect:
        baseline, *candidates = system_ids
        given = {"version_id": self.version_id, **given}
        return studies.prospect(
            self.store, self.lead, self.project_id, baseline_id=baseline,
            candidate_ids=candidates, **given,
        )  # fmt: skip

    def score(self, *system_ids: str) -> None:
        """Score these as the worker does."""
        scoring.queue_scoring(self.store, self.project_id, self.version_id, system_ids)
        job = self.store.jobs.of_project(self.project_id, ["score"])[0]
        run_here(self.store, job.subject_id)

    def table(self, **chosen: Any) -> score_report.ScoreReport:
        report = score_report.score_report(self.store, self.lead, self.version_id, **chosen)
        assert report.content is not None
        return report.content


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


# Asked differently -----------------------------------------------------------------------------


def test_a_study_of_unlike_answers_is_refused_until_a_lead_writes_why(place: Place) -> None:
    one = place.system("One", 0)
    other = place.system("Other", 5, conditions=ALIKE | {"cap": 16})
    asked: dict[str, Any] = {
        "version_id": place.version_id, "name": "Unlike", "baseline_id": one,
        "candidate_ids": [other],
    }  # fmt: skip
    with pytest.raises(InvalidInput, match=r"not asked alike. Max new tokens: 64 .* 16"):
        studies.open_study(place.store, place.lead, place.project_id, **asked)
    study_id = studies.open_study(
        place.store, place.lead, place.project_id, reason="No answer reached the cap.", **asked
    )
    run_here(place.store, study_id)
    study = studies.get_study(place.store, place.lead, study_id)
    assert [d.what for d in study.differences] == ["Max new tokens"]
    note = studies.compared_because(study)
    assert note is not None
    assert note.text == "No answer reached the cap."


def test_scores_of_unlike_answers_show_no_difference_until_a_lead_writes_why(place: Place) -> None:
    one = place.system("One", 0)
    other = place.system("Imported", 0, "imported", conditions={})
    place.score(one, other)
    refused = place.table().systems[1]
    assert refused.is_refused
    assert refused.against == {}
    assert [d.candidate for d in refused.differences] == ["not stated"] * 4
    with pytest.raises(InvalidInput, match="Write in a sentence"):
        score_report.compare_all_the_same(
            place.store, place.lead, place.version_id, one, other, "ok"
        )
    score_report.compare_all_the_same(
        place.store, place.lead, place.version_id, one, other, "The makers say it was greedy."
    )
    shown = place.table().systems[1]
    assert shown.against["token_f1"].difference.n == 10
    assert shown.reason is not None
    assert (shown.reason.text, len(shown.differences)) == ("The makers say it was greedy.", 4)


# What a system has seen ------------------------------------------------------------------------


def test_examples_that_a_system_was_trained_on_or_shown_are_left_out_of_a_study(
    place: Place,
) -> None:
    base = place.system("Base", 0)
    tuned = place.system("Run", 5, "tuned", run_id=place.run(place.version_id))
    seen = place.prospect(base, tuned)
    assert (seen.outputs, seen.left_out, seen.split_size) == (10, 20, 10)
    assert (place.prospect(base, tuned, split="train").outputs) == 0
    with pytest.raises(InvalidInput, match="was trained on, or was shown"):
        studies.open_study(
            place.store, place.lead, place.project_id, version_id=place.version_id, name="",
            baseline_id=base, candidate_ids=[tuned], split="train",
        )  # fmt: skip
    study_id = a_study(place.store, place.lead, place.project_id, base, tuned)
    drawn = {p.example_id for p in results.pairs_page(place.store, place.lead, study_id, limit=99)}
    assert drawn == set(example_ids(place.store, place.version_id)[20:])
    shots = example_ids(place.store, place.version_id)[20:22]
    prompted = place.system("Base + 2", 3, "prompted", shots=shots)
    assert place.prospect(base, prompted, split="test").left_out == 2


def test_nothing_is_called_better_on_examples_that_a_system_was_trained_on(place: Place) -> None:
    base = place.system("Base", 0)
    examples = place.store.versions.examples(place.version_id)
    columns = (examples.column(n).to_pylist() for n in ("example_id", "output"))
    learned = dict(zip(*columns, strict=True))
    tuned = a_system(
        place.store, place.project_id, place.version_id, "Parrot", learned, "tuned",
        run_id=place.run(place.version_id), job_id=None, conditions=ALIKE,
    )  # fmt: skip
    place.score(base, tuned)
    trained = place.table(split="train").systems[1]
    shown = trained.against["token_f1"]
    assert (trained.means["token_f1"].mean.value, trained.means["token_f1"].exposed) == (1.0, 10)
    assert (shown.says, shown.difference.n, shown.left_out) == ("not shown", 0, 10)
    assert "trained on these" in shown.note
    fair = place.table(split="test").systems[1].against["token_f1"]
    assert (fair.says, fair.difference.n, fair.note) == ("better", 10, "")


def test_the_gate_measures_a_gain_by_the_baseline_on_the_examples_of_the_difference(
    place: Place,
) -> None:
    examples = place.store.versions.examples(place.version_id)
    columns = (examples.column(n).to_pylist() for n in ("example_id", "output"))
    right = dict(zip(*columns, strict=True))
    told = [*list(right.items())[:20], *[(one, f"{right[one]} or not") for one in [*right][20:]]]
    base = a_system(
        place.store, place.project_id, place.version_id, "Base", dict(told), "base", job_id=None,
        conditions=ALIKE,
    )  # fmt: skip
    run_id = place.run(place.version_id)
    tuned = a_system(
        place.store, place.project_id, place.version_id, "Run", right, "tuned", job_id=None,
        conditions=ALIKE, run_id=run_id,
    )  # fmt: skip
    place.score(base, tuned)
    study_id = a_study(place.store, place.lead, place.project_id, base, tuned)
    on_test = place.table(split="test").systems[0].means["token_f1"].mean.value
    assert on_test is not None
    result = results.study_report(place.store, place.lead, study_id).content
    assert result is not None
    checks = gating.gate_checks(place.store, place.lead, result, tuned)
    (check,) = (check for check in checks if check.name == "metric")
    assert check.seen.startswith(f"{on_test:.3f} → 1.000")
    turned = place.table(split="all", baseline_id=tuned).systems
    assert [one.against["token_f1"].baseline_mean for one in turned if one.against] == [1.0]


def test_where_a_studys_baseline_has_no_scores_no_other_system_takes_its_place(
    place: Place,
) -> None:
    base, other, tuned = (place.system(name, k) for k, name in enumerate(("Base", "Other", "Run")))
    study_id = a_study(place.store, place.lead, place.project_id, base, tuned)
    place.score(other, tuned)

    def metric_check() -> Check:
        result = results.study_report(place.store, place.lead, study_id).content
        assert result is not None
        checks = gating.gate_checks(place.store, place.lead, result, tuned)
        return next(check for check in checks if check.name == "metric")

    def differences() -> list[bool]:
        content = read_report(files()["json"])
        return [one["difference"] is not None for one in content["scores"]]

    def files() -> dict[str, str]:
        return reporting.report_files(place.store, place.lead, study_id)

    assert (metric_check().state, set(differences())) == ("not known", {False})
    assert "No difference is shown: Base has no scores." in files()["html"]
    place.score(base)
    assert (metric_check().state != "not known", set(differences())) == (True, {True, False})


def test_the_old_and_the_new_model_meet_on_the_same_test_examples_of_two_versions(
    place: Place,
) -> None:
    old = place.system("Old run", 0, "tuned", run_id=place.run(place.version_id))
    accepted_examples(place.store, place.project_id, [(f"Add {k}.", "", str(k)) for k in range(6)])
    splits = ["train"] * 10 + ["validation"] * 10 + ["test"] * 10 + ["train"] * 6
    newer = add_version(place.store, place.project_id, splits)
    new = place.system("New run", 5, "tuned", newer, run_id=place.run(newer))
    seen = place.prospect(old, new, version_id=newer, split="test")
    assert (seen.outputs, seen.left_out, seen.differences) == (10, 0, ())
    study_id = a_study(place.store, place.lead, place.project_id, old, new, version_id=newer)
    assert studies.get_study(place.store, place.lead, study_id).plan.outputs == 10


# Settings of scores ----------------------------------------------------------------------------


def test_changed_settings_show_which_scores_are_older_and_one_step_scores_again(
    place: Place,
) -> None:
    base = place.system("Base", 0)
    place.score(base)
    assert scoring.outdated(place.store, place.lead, place.version_id) == []
    project = place.store.projects.by_id(place.project_id)
    assert project is not None
    changed = replace(project, settings=replace(project.settings, record_fields=("sum",)))
    place.store.projects.change(changed, "person_ada")
    (old,) = scoring.outdated(place.store, place.lead, place.version_id)
    assert old.name == "Base"
    scoring.score_again(place.store, place.lead, place.version_id)
    run_here(place.store, place.store.jobs.of_project(place.project_id, ["score"])[0].subject_id)
    assert scoring.outdated(place.store, place.lead, place.version_id) == []
    assert "field:sum" in place.table().metrics
    counted = place.store.database.value("SELECT count(*) FROM scores WHERE metric = 'token_f1'")
    assert counted == 30


def test_a_schema_that_a_project_sets_is_scored_and_another_one_makes_scores_older(
    place: Place,
) -> None:
    base = place.system("Base", 0)

    def set_schema(text: str) -> None:
        project = place.store.projects.by_id(place.project_id)
        assert project is not None
        settings = replace(project.settings, json_schema=text)
        place.store.projects.change(replace(project, settings=settings), "person_ada")

    set_schema('{"type": "string"}')
    place.score(base)
    assert "schema_valid" in place.table().metrics
    set_schema('\n{"type" : "string"}')  # the same, with other spaces
    assert scoring.outdated(place.store, place.lead, place.version_id) == []
    set_schema('{"type": "object"}')
    (old,) = scoring.outdated(place.store, place.lead, place.version_id)
    assert old.name == "Base"


def test_how_answers_ended_is_counted_beside_the_scores(place: Place) -> None:
    answers = answers_of(place.store, place.version_id, 0)
    half = dict(list(answers.items())[:12])
    a_system(place.store, place.project_id, place.version_id, "Long", half, finish="length")
    a_system(
        place.store, place.project_id, place.version_id, "Cut", half, finish="stop_string",
        cut="\n### Instruction:",
    )  # fmt: skip
    long, cut = systems.systems_of(place.store, place.lead, place.version_id)
    assert (long.answers, long.capped, long.cut) == (12, 12, 0)
    assert (cut.answers, cut.capped, cut.cut) == (12, 0, 12)


def test_what_a_system_was_not_asked_is_counted_and_neither_scored_nor_compared(
    place: Place,
) -> None:
    base, prompted = place.system("Base", 0), place.system("Prompted", 0)
    place.score(base, prompted)
    test = example_ids(place.store, place.version_id)[20:]
    place.store.database.execute(
        "UPDATE answers SET finish = 'too_long' WHERE system_id = $system AND example_id IN $ids",
        {"system": prompted, "ids": test[:4]},
    )

    def scored() -> list[int]:
        table = place.table()
        against = table.systems[1].against["token_f1"].difference.n
        return [*(one.means["token_f1"].mean.n for one in table.systems), against]

    assert scored() == [10, 6, 6]  # also of scores that an earlier release made
    place.score(base, prompted)
    assert scored() == [10, 6, 6]
    there = systems.systems_of(place.store, place.lead, place.version_id)
    assert [(s.unasked, s.summary["n"]) for s in there] == [(0, 30), (4, 26)]
    assert place.prospect(base, prompted, split="test").outputs == 6


def test_a_system_that_was_asked_nothing_waits_for_no_score(place: Place) -> None:
    answers = answers_of(place.store, place.version_id, 0)
    empty = a_system(
        place.store, place.project_id, place.version_id, "Empty", answers, finish="too_long"
    )
    place.score(place.system("Base", 0), empty)
    there = systems.systems_of(place.store, place.lead, place.version_id)
    told = {s.name: (s.scored, s.unasked) for s in there}
    assert told == {"Base": (True, 0), "Empty": (True, 30)}
    assert [one.system.name for one in place.table().systems] == ["Base"]


# Several candidates ----------------------------------------------------------------------------


def test_a_study_of_three_systems_compares_each_candidate_with_the_baseline(place: Place) -> None:
    base, one, two = (place.system(name, k) for k, name in enumerate(("Base", "One", "Two")))
    study_id = a_study(place.store, place.lead, place.project_id, base, one, two)
    study = studies.get_study(place.store, place.lead, study_id)
    assert (study.plan.pairs, study.plan.outputs) == (60, 30)
    best = place.store.answers.texts(two, place.version_id).values()

    def prefers_two(pair: Any) -> Any:
        sides = {"left": pair.left, "right": pair.right}
        side = next((side for side, text in sides.items() if text in best), "tie_good")
        return a_judgement(pair, side)

    rater = an_actor(place.project_id, "reviewer", name="bea")
    assert rate_all(place.store, rater, study_id, prefers_two) == 60
    report = results.study_report(place.store, place.lead, study_id).content
    assert report is not None
    first, second = report.found.comparisons
    assert (first.candidate_id, first.verdicts) == (one, {"tie_good": 30})
    assert (second.candidate_id, second.verdicts) == (two, {"candidate": 30})
    assert report.headline(second).startswith("Two is preferred to Base by these raters: net +100")
    assert report.coverage.value == 1.0


def test_a_study_of_few_pairs_says_that_it_cannot_tell(place: Place) -> None:
    answers = answers_of(place.store, place.version_id, 0)
    short = dict(list(answers.items())[:3])
    long = {example_id: text * 9 for example_id, text in short.items()}
    pair = [
        a_system(place.store, place.project_id, place.version_id, name, texts)
        for name, texts in (("Short", short), ("Long", long))
    ]
    study_id = a_study(place.store, place.lead, place.project_id, *pair)
    study = studies.get_study(place.store, place.lead, study_id)
    assert (study.blind, study.leaks.enough) == (True, False)
    assert isinstance(study.leaks, LeakReport)
    assert "too few to tell" in study.leaks.findings[0]


def test_a_version_of_another_project_has_none_of_these_systems(place: Place) -> None:
    base = place.system("Base", 0)
    elsewhere = a_project(place.store, "Elsewhere").project_id
    other = a_version(place.store, elsewhere, 4)
    with pytest.raises(Exception, match="not answered this version"):
        place.prospect(base, "sys_x", version_id=other)
