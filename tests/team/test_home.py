"""My work: the one next step follows from where the project stands and who asks."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.actor import ROLES, Actor, Role, any_of
from core.clock import new_id
from core.errors import NotAllowed
from core.stations import STEPS, NextStep, Standing, next_step, stations, waiting
from core.workflows.curation import reviewing, skipping
from core.workflows.curation.annotating import next_to_annotate, save_annotation
from core.workflows.team.home import standing
from tests.builders import a_project, a_store, an_actor, an_admin, an_edit, some_examples

LEAD: frozenset[Role] = frozenset({"lead"})
ANNOTATOR: frozenset[Role] = frozenset({"annotator"})
REVIEWER: frozenset[Role] = frozenset({"reviewer"})
FROZEN = Standing(total=40, accepted=40, versions=1)
TRAINED = replace(FROZEN, runs=1)
GENERATED = replace(TRAINED, scored=3, tuned_scored=1)
STUDIED = replace(GENERATED, studies=1, open=1, pairs=10, judged=4, to_rate=6)


def step(at: Standing, roles: frozenset[Role]) -> NextStep:
    return next_step(stations(at), at, roles)


@pytest.mark.parametrize(
    ("at", "place"),
    [
        (Standing(), "import"),
        (Standing(total=40, new=40, to_annotate=40), "annotate"),
        (Standing(total=40, new=30, to_annotate=30, annotated=10, to_review=10), "review"),
        (Standing(total=40, new=20, to_annotate=20, accepted=20), "freeze"),
        (Standing(total=40, accepted=40, active_jobs=1), "jobs"),
        (FROZEN, "train"),
        (replace(FROZEN, active_jobs=1), "jobs"),
        (TRAINED, "generate"),
        (GENERATED, "study"),
        (STUDIED, "rate"),
        (replace(STUDIED, judged=10, to_rate=0), "decide"),
        (replace(STUDIED, judged=10, to_rate=0, open=0), "decide"),
    ],
)
def test_a_lead_is_led_from_station_to_station(at: Standing, place: str) -> None:
    assert step(at, LEAD).place == place


def test_exactly_one_station_is_next_until_all_are_done() -> None:
    for at in (Standing(), FROZEN, TRAINED, GENERATED, STUDIED):
        assert [one.state for one in stations(at)].count("next") == 1
    finished = replace(STUDIED, judged=10, open=0)
    assert {one.state for one in stations(finished)} == {"done"}


def test_new_examples_after_a_freeze_leave_their_stations_open_but_not_next() -> None:
    line = stations(replace(FROZEN, total=50, new=10))
    assert [one.state for one in line[:5]] == ["done", "open", "done", "done", "next"]


def test_the_station_marked_next_is_the_one_the_next_step_leads_to() -> None:
    enough = Standing(total=40, new=20, to_annotate=20, accepted=20)
    waits = replace(enough, new=15, annotated=5, to_review=5)
    begun = Standing(total=20, new=17, to_annotate=17, annotated=3, to_review=3)
    led = ((Standing(), "import"), (enough, "freeze"), (waits, "review"), (begun, "review"))
    for at, name in led:
        assert [one.name for one in stations(at) if one.state == "next"] == [name]
        assert step(at, LEAD).place == name


def test_what_waits_is_counted_in_words_and_one_is_not_many() -> None:
    at = Standing(total=2, annotated=1, to_review=1, to_rate=2, active_jobs=1)
    assert [one.text for one in waiting(at, LEAD)] == [
        "1 example to review",
        "2 pairs to rate",
        "1 job running or queued",
    ]


def test_a_version_of_imported_answers_needs_no_run_here() -> None:
    imported = replace(FROZEN, scored=2)
    assert step(imported, LEAD).place == "study"


def test_what_came_back_is_more_pressing_than_what_is_new() -> None:
    at = Standing(total=9, new=5, to_annotate=7, sent_back=2, sent_back_to_anyone=2)
    assert step(at, ANNOTATOR).title == "Revise what was sent back"
    assert step(at, LEAD).title == "Revise what was sent back"


def test_a_reviewer_reviews_before_rating_and_is_never_told_to_train() -> None:
    at = replace(STUDIED, annotated=3, to_review=3)
    assert step(at, REVIEWER).place == "review"
    assert step(replace(at, to_review=0), REVIEWER).place == "rate"
    assert step(FROZEN, REVIEWER).title == "See the project's jobs"


def test_a_viewer_is_led_to_what_can_be_read_and_never_to_work() -> None:
    viewer: frozenset[Role] = frozenset({"viewer"})
    busy = replace(STUDIED, to_annotate=3, to_review=3, active_jobs=1)
    assert waiting(busy, viewer) == []
    assert step(busy, viewer).place == "decide"
    assert step(FROZEN, viewer).place == "examples"


def test_an_annotator_sees_neither_reviews_nor_ratings_waiting() -> None:
    at = replace(STUDIED, annotated=3, to_review=3, to_annotate=2)
    assert [item.kind for item in waiting(at, ANNOTATOR)] == ["to_annotate"]


def test_every_step_names_what_it_counts_in_the_right_number() -> None:
    one = step(Standing(total=1, new=1, to_annotate=1), ANNOTATOR)
    assert one.why == "Waiting for you: 1 example."
    many = step(Standing(total=7473, new=7473, to_annotate=7473), ANNOTATOR)
    assert many.why == "Waiting for you: 7\u202f473 examples."
    for title, why, _, noun in STEPS.values():
        assert ("{n}" in title + why) == bool(noun)


def test_an_admin_counts_as_lead_everywhere() -> None:
    assert "lead" in an_admin().roles_in("prj_any")
    assert an_actor("prj_a", "annotator").roles_in("prj_b") == frozenset()


def test_the_counts_follow_the_queues_of_each_person(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    project = a_project(store).project_id
    some_examples(store, project, 6)
    ada = an_actor(project, "annotator")
    bob = an_actor(project, "annotator", "reviewer", name="bob")
    saved = next_to_annotate(store, ada, project)
    assert saved is not None
    save_annotation(store, ada, project, an_edit(saved, quality=4))
    held = next_to_annotate(store, ada, project)
    assert held is not None
    assert _queues(standing(store, ada, project)) == (5, 0, 1)
    assert _queues(standing(store, bob, project)) == (4, 0, 1)
    task = reviewing.next_to_review(store, bob, project)
    assert task is not None
    edit = an_edit(task, comment="Which town?")
    reviewing.decide(store, bob, project, new_id("rev"), "send_back", edit)
    assert _queues(standing(store, ada, project)) == (6, 1, 0)
    skipping.skip(store, ada, project, new_id("evt"), held.example_id, "not mine")
    assert _queues(standing(store, ada, project)) == (5, 1, 0)
    store.close()


def test_the_number_to_annotate_is_what_the_queue_hands_out(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    project = a_project(store).project_id
    some_examples(store, project, 4)
    ada = an_actor(project, "annotator")
    told, handed_out = standing(store, ada, project).to_annotate, 0
    while task := next_to_annotate(store, ada, project):
        save_annotation(store, ada, project, an_edit(task, quality=3))
        handed_out += 1
    assert told == handed_out == 4
    store.close()


def test_strangers_are_told_nothing(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    project = a_project(store).project_id
    with pytest.raises(NotAllowed):
        standing(store, Actor("person_eve", "eve"), project)
    store.close()


def test_a_large_import_is_counted_whole(tmp_path: Path) -> None:
    store = a_store(tmp_path)
    project = a_project(store).project_id
    n = 7473
    some_examples(store, project, [(f"What is {k}?", "", f"{k}") for k in range(n)])
    assert standing(store, an_admin(), project).to_annotate == n
    store.close()


def _queues(at: Standing) -> tuple[int, int, int]:
    return at.to_annotate, at.sent_back, at.to_review


def test_roles_of_which_one_is_enough_are_listed_as_one_says_them() -> None:
    assert [any_of(ROLES[:count]) for count in (0, 1, 2, 4)] == [
        "",
        "annotator",
        "annotator or reviewer",
        "annotator, reviewer, lead or viewer",
    ]
