"""Labels and metrics on request of a version's answers: what the terminal says of the same file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.errors import InvalidInput, NotAllowed
from core.evidence.slices import Slice
from core.scoring.answer_report import AnswerReport
from core.scoring.prediction_file import Prediction
from core.scoring.score_file import chosen_metrics, score_file
from core.workflows.evaluation import answer_reports, results, studies, systems, topics
from core.workflows.evaluation.reports import Report
from tests.builders import a_project, a_store, an_actor
from tests.evaluation.test_comparable import ALIKE, Place
from tests.evaluation.test_results import Place as StudyPlace
from tests.job_builders import run_here
from tests.study_builders import a_system, a_version, answers_of, two_systems


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path)
    yield made
    made.store.close()


def ran(place: Place, asked: Report[AnswerReport]) -> None:
    job = place.store.jobs.by_id(asked.job_id)
    assert job is not None
    run_here(place.store, job.subject_id)


def labelled(place: Place) -> tuple[str, str]:
    """A project that classifies, whose label is the reference; one answer in ten is another's."""
    project = place.store.projects.by_id(place.project_id)
    assert project is not None
    changed = replace(project, settings=replace(project.settings, task_kind="classification"))
    place.store.projects.change(changed, "person_ada")
    right = {
        row["example_id"]: row["output"]
        for row in place.store.versions.examples(place.version_id).to_pylist()
    }
    wrong = dict(zip(right, [*list(right.values())[1:], "no label at all"], strict=True))
    made = [
        a_system(
            place.store, place.project_id, place.version_id, name, answers, "base",
            job_id=None, conditions=ALIKE,
        )
        for name, answers in (("Right", right), ("Shifted", wrong))
    ]  # fmt: skip
    place.score(*made)
    return made[0], made[1]


def test_the_label_report_reads_a_split_alone_and_is_kept_until_scores_change(
    place: Place,
) -> None:
    right, wrong = labelled(place)
    ask = (place.store, place.lead, place.version_id, "test", right)
    asked = answer_reports.label_report(*ask)
    assert asked.content is None
    assert answer_reports.label_report(*ask).job_id == asked.job_id
    ran(place, asked)
    found = answer_reports.label_report(*ask).content
    assert found is not None
    assert found.labels is not None
    assert found.examples == 10
    first, second = found.labels[right], found.labels[wrong]
    assert (first.scores.accuracy.value, first.scores.macro_f1.value) == (1.0, 1.0)
    assert first.scores.accuracy.n == 10
    assert (second.scores.accuracy.value, second.parsed.value) == (0.0, 0.9)
    assert second.scores.matrix[0][-1] + sum(row[-1] for row in second.scores.matrix[1:]) == 1
    place.score(place.system("Third", 2))
    assert answer_reports.label_report(*ask).content is None


def test_a_report_is_there_again_when_a_system_was_removed_and_restored(place: Place) -> None:
    right, wrong = labelled(place)
    ask = (place.store, place.lead, place.version_id, "test", right)
    ran(place, answer_reports.label_report(*ask))
    both = answer_reports.label_report(*ask).content
    systems.remove_system(place.store, place.lead, wrong)
    ran(place, answer_reports.label_report(*ask))
    alone = answer_reports.label_report(*ask).content
    assert alone is not None
    assert set(alone.labels or {}) == {right}
    systems.restore_system(place.store, place.lead, wrong)
    assert both is not None
    assert answer_reports.label_report(*ask).content == both


def test_without_a_label_in_the_settings_there_is_no_label_report(place: Place) -> None:
    place.score(place.system("One", 0))
    assert not answer_reports.has_labels(place.store, place.lead, place.version_id)


def test_bleu_on_request_is_what_the_terminal_gives_and_leaves_out_what_a_system_has_seen(
    place: Place,
) -> None:
    base = place.system("Base", 0)
    tuned = place.system("Tuned", 5, "tuned", run_id=place.run(place.version_id))
    place.score(base, tuned)
    ask = (place.store, place.lead, place.version_id, "all", base, ["chrf", "bleu"])
    assert answer_reports.metrics_on_request(*ask) == Report(None, "")
    ran(place, answer_reports.metrics_on_request(*ask, compute=True))
    found = answer_reports.metrics_on_request(*ask).content
    assert found is not None
    assert (found.examples, found.left_out) == (10, 20)  # train and validation are its own
    rows = place.store.versions.examples(place.version_id, "test").to_pylist()
    lines = [
        Prediction(k, system, row["example_id"], row["group_id"], given[row["example_id"]],
                   row["output"], None)
        for system, given in (
            (base, answers_of(place.store, place.version_id, 0)),
            (tuned, answers_of(place.store, place.version_id, 5)),
        )
        for k, row in enumerate(rows)
    ]  # fmt: skip
    wanted = score_file(lines, chosen_metrics(["bleu", "chrf"]))
    assert found.means == wanted.means
    assert list(found.differences) == wanted.differences
    assert found.corpus is not None
    assert found.corpus["bleu"].values == wanted.corpus["bleu"].values


def test_metrics_that_are_not_on_the_list_are_refused(place: Place) -> None:
    place.score(base := place.system("Base", 0))
    for names in ([], ["bleu", "rm -rf"]):
        with pytest.raises(InvalidInput, match="metrics on the list"):
            answer_reports.metrics_on_request(
                place.store, place.lead, place.version_id, "test", base, names, compute=True
            )


def test_annotators_see_no_report_on_answers(place: Place) -> None:
    place.score(base := place.system("Base", 0))
    annotator = an_actor(place.project_id, "annotator")
    with pytest.raises(NotAllowed):
        answer_reports.label_report(place.store, annotator, place.version_id, "test", base)


def test_scores_by_topic_are_made_on_request_and_by_label_only_where_there_is_one(
    place: Place,
) -> None:
    base, other = place.system("One", 0), place.system("Other", 5)
    place.score(base, other)
    ask = (place.store, place.lead, place.version_id, "test", base, "token_f1")
    with pytest.raises(InvalidInput, match="name no label"):
        answer_reports.scores_by_slice(*ask, "label", compute=True)
    assert answer_reports.scores_by_slice(*ask, "topic") == Report(None, "")
    ran(place, answer_reports.scores_by_slice(*ask, "topic", compute=True))
    found = answer_reports.scores_by_slice(*ask, "topic").content
    assert found is not None
    assert found.slices is not None
    assert sum(part.lines[base] for part in found.slices.slices) == 10
    assert {name for part in found.slices.slices for name in part.means} == {"token_f1"}
    assert found.slices.slices[0].differences[0].difference.second == other


class OfTwoTopics(StudyPlace):
    """Forty examples, of parcels and of invoices."""

    def __init__(self, folder: Path) -> None:
        self.store = a_store(folder)
        self.project_id = a_project(self.store).project_id
        self.lead = an_actor(self.project_id)
        about = ("The parcel is late.", "The invoice is paid.")
        examples = [(f"Answer {k}. {about[k % 2]}", "", f"Done {k}.") for k in range(40)]
        self.version_id = a_version(self.store, self.project_id, examples)
        self.base, self.tuned = two_systems(self.store, self.project_id, self.version_id)


def test_judgements_are_sliced_by_the_topics_that_a_worker_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = OfTwoTopics(tmp_path)
    study_id = at.study(size=30)
    at.vote_all(study_id, ["tuned"] * 30)
    assert "topic" not in {one.name for one in parts(at, study_id)}
    before = results.study_stamp(at.store, at.lead, study_id)
    study = studies.get_study(at.store, at.lead, study_id)
    job = at.store.jobs.by_id(topics.find_topics(at.store, at.lead, study.version_id))
    assert job is not None
    run_here(at.store, job.subject_id)
    assert results.study_stamp(at.store, at.lead, study_id) != before
    kept = topics.kept_topics(at.store, study.version_id)
    assert kept is not None
    assert len(kept) == at.store.versions.examples(study.version_id).num_rows
    shown = [one for one in parts(at, study_id) if one.name == "topic"]
    assert len(shown) == 2
    assert {one.value for one in shown} == set(kept.values())
    assert {one.value.split(", ")[0] for one in shown} <= {"parcel", "late", "invoice", "paid"}
    at_once = at.result(study_id)
    monkeypatch.setattr(results, "MANY_JUDGEMENTS", 0)  # a worker says the same
    asked = results.study_report(at.store, at.lead, study_id)
    computing = at.store.jobs.by_id(asked.job_id)
    assert computing is not None
    run_here(at.store, computing.subject_id)
    assert at.result(study_id) == at_once
    at.store.close()


def parts(at: StudyPlace, study_id: str) -> tuple[Slice, ...]:
    found = at.result(study_id)
    return found.evidence.of(found.found.comparisons[0].candidate_id).slices
