"""A viewer reads results and changes nothing; a rater reads none of them."""

from __future__ import annotations

import pytest

from core.errors import NotAllowed
from core.workflows.evaluation import rating, results, score_report, scoring, studies, systems
from tests.builders import an_actor
from tests.evaluation.test_results import Place
from tests.evaluation.test_results import place as place  # the fixture


def test_a_viewer_reads_studies_scores_and_systems(place: Place) -> None:
    viewer = an_actor(place.project_id, "viewer", name="vi")
    study_id, store, version_id = place.study(size=8), place.store, place.version_id
    place.vote_all(study_id, ["tuned"] * 8)
    assert [s.study_id for s in studies.studies_of(store, viewer, place.project_id)] == [study_id]
    assert results.study_stamp(store, viewer, study_id)
    assert results.count_pairs(store, viewer, study_id) == 8
    assert systems.systems_of(store, viewer, version_id)
    assert score_report.score_stamp(store, viewer, version_id)


def test_a_viewer_changes_nothing_and_rates_nothing(place: Place) -> None:
    viewer = an_actor(place.project_id, "viewer", name="vi")
    study_id, store, version_id = place.study(size=8), place.store, place.version_id
    reason = "A reason that is long enough."
    system_id = studies.get_study(store, viewer, study_id).systems[0].system_id
    for refused in (
        lambda: studies.let_count(store, viewer, study_id, reason),
        lambda: studies.withhold_again(store, viewer, study_id),
        lambda: studies.set_closed(store, viewer, study_id, True),
        lambda: results.export_judgements(store, viewer, study_id),
        lambda: scoring.score_again(store, viewer, version_id),
        lambda: systems.remove_system(store, viewer, system_id),
        lambda: score_report.compare_all_the_same(store, viewer, version_id, "a", "b", reason),
        lambda: rating.next_pairs(store, viewer, study_id),
    ):
        with pytest.raises(NotAllowed):
            refused()


def test_a_reviewer_who_rates_reads_no_results(place: Place) -> None:
    rater = an_actor(place.project_id, "reviewer", "annotator", name="rae")
    study_id, store, version_id = place.study(size=8), place.store, place.version_id
    for refused in (
        lambda: studies.get_study(store, rater, study_id),
        lambda: studies.studies_of(store, rater, place.project_id),
        lambda: results.study_report(store, rater, study_id),
        lambda: systems.systems_of(store, rater, version_id),
        lambda: score_report.score_report(store, rater, version_id),
    ):
        with pytest.raises(NotAllowed):
            refused()
