"""The review queue by disagreement on a real store: the most disputed first, and nothing lost."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from core.actor import Actor
from core.clock import new_id
from core.examples.bulk import BulkAction
from core.examples.disagreement import disagreement
from core.examples.listing import ExampleFilter
from core.projects import InvalidProject, ProjectSettings
from core.workflows.curation import annotating, bulk, bulk_accepting, reviewing
from core.workflows.team import projects
from storage import disagreements
from storage.store import Store
from tests.builders import a_store, an_actor, an_edit
from tests.curation.test_overlap import Place
from tests.curation.test_work_queue import reads_of
from tests.many_examples import many_examples

WORDS = ("alpha", "alpha beta", "wholly other words", "gamma")


def both_annotate(place: Place, texts: list[str], first: str = "alpha") -> list[str]:
    """Ann writes `first` of each example and Bea what is told; the examples in import order."""
    return [
        (place.annotate(place.ann, first), place.annotate(place.bea, text))[0] for text in texts
    ]


def decided(place: Place, actor: Actor, decision: str = "accept") -> str | None:
    """This person decides on what comes next; its id."""
    task = reviewing.next_to_review(place.store, actor, place.project_id)
    if task is None:
        return None
    edit = an_edit(task, comment="So.")
    reviewing.decide(place.store, actor, place.project_id, new_id("rvw"), decision, edit)  # type: ignore[arg-type]
    return task.example.example_id


@pytest.fixture
def place(store: Store) -> Place:
    return Place(store, 5, review_order="disagreement")


def test_the_most_disputed_comes_first_then_the_rest_in_the_order_of_import(place: Place) -> None:
    ids = both_annotate(place, ["alpha", "alpha b", "zzz", "alpha beta", "alpha"])
    found = [decided(place, place.rev) for _ in range(6)]
    assert found == [ids[2], ids[3], ids[1], ids[0], ids[4], None]


def test_each_number_is_what_its_annotations_give_and_agreement_has_none(place: Place) -> None:
    ids = both_annotate(place, ["alpha", "alpha b", "zzz"])
    rows = place.store.database.rows("SELECT example_id, disagreement FROM disagreements")
    kept = {row["example_id"]: row["disagreement"] for row in rows}
    present = {one: place.store.overlaps.present(place.current(one)) for one in ids}
    expected = {one: disagreement(many, ["topic"]) for one, many in present.items()}
    assert kept == {one: value for one, value in expected.items() if value}
    assert set(kept) == set(ids[1:])


def test_what_becomes_disputed_later_and_what_is_undone_takes_its_place(place: Place) -> None:
    first = both_annotate(place, ["alpha b", "alpha"])
    assert reviewing.next_to_review(place.store, place.lead, place.project_id)  # looked, and held
    (worse,) = both_annotate(place, ["zzz"])
    assert decided(place, place.rev) == worse
    review = reviewing.last_decision(place.store, place.rev, place.project_id)
    assert review
    undo = new_id("undo")
    reviewing.undo_decision(place.store, place.rev, place.project_id, undo, review.review_id)
    assert decided(place, place.rev) == worse
    assert decided(place, place.lead) == first[0]


def test_an_author_who_wrote_it_anew_after_a_send_back_is_not_disputed_any_more(
    place: Place,
) -> None:
    (first, second) = both_annotate(place, ["zzz", "alpha b"])
    assert decided(place, place.rev, "send_back") == first
    task = annotating.open_example(place.store, place.ann, place.project_id, first)
    annotating.save_annotation(
        place.store, place.ann, place.project_id, an_edit(task, output="Anew.")
    )
    assert [decided(place, place.rev) for _ in range(2)] == [second, first]


def test_a_reviewer_who_annotated_it_or_accepted_it_gets_another_one(store: Store) -> None:
    place = Place(store, 2, review_order="disagreement", reviewers=2)
    for name in ("ann", "bea", "rev"):
        known = {"id": f"person_{name}", "name": name}
        store.database.execute(
            "INSERT INTO people (person_id, name, name_key, password_hash, is_admin, created_at) "
            "VALUES ($id, $name, $name, 'x', false, now()::TIMESTAMP)", known,
        )  # fmt: skip
    for name in ("bea", "rev"):
        grant = partial(store.accounts.grant, place.project_id, f"person_{name}", "reviewer")
        store.transact(grant)
    ids = both_annotate(place, ["alpha b", "zzz"])
    bea = an_actor(place.project_id, "annotator", "reviewer", name="bea")
    assert reviewing.next_to_review(store, bea, place.project_id) is None
    assert [decided(place, place.rev) for _ in range(3)] == [ids[1], ids[0], None]
    assert [decided(place, place.lead) for _ in range(3)] == [ids[1], ids[0], None]
    assert place.current(ids[0]).state == "accepted"


def test_bulk_decisions_and_a_list_in_parts_lose_nothing(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disagreements, "AHEAD", 2)
    ids = both_annotate(place, ["alpha b", "alpha bb", "zzz", "alpha bbbb", "alpha bbb"])
    order = [ids[2], ids[3], ids[4], ids[1], ids[0]]
    assert decided(place, place.rev) == order[0]
    chosen = ExampleFilter(text="", state="annotated")
    bulk.act(place.store, place.lead, place.project_id, chosen, BulkAction("set_aside"))
    assert decided(place, place.rev) is None
    assert bulk_accepting.acceptable(place.store, place.lead, place.project_id)["annotated"] == 0


def test_the_parts_of_a_long_list_follow_each_other(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(disagreements, "AHEAD", 2)
    ids = both_annotate(place, ["alpha b", "alpha bb", "zzz", "alpha bbbb", "alpha bbb"])
    order = [ids[2], ids[3], ids[4], ids[1], ids[0]]
    assert [decided(place, place.rev) for _ in range(6)] == [*order, None]


def test_the_next_one_and_the_save_that_ends_the_collecting_read_as_few_rows_of_many(
    tmp_path: Path,
) -> None:
    reads: dict[int, int] = {}
    for size in (1_000, 200_000):
        store = a_store(tmp_path / str(size))
        place = Place(store, 4, review_order="disagreement")
        both_annotate(place, ["alpha b"])
        decided(place, place.rev)
        many_examples(store, place.project_id, size)
        both_annotate(place, ["zz"])  # sums up anew, once

        def act(place: Place = place) -> None:
            (one,) = both_annotate(place, ["alpha beta"])
            assert decided(place, place.rev) == place.ids[1]
            assert decided(place, place.rev) == one

        reads[size] = reads_of(store, act)
        store.close()
    assert reads[200_000] == pytest.approx(reads[1_000], rel=0.5, abs=300)


def test_settings_of_before_review_in_the_order_of_import_and_the_choice_holds_at_once(
    store: Store,
) -> None:
    place = Place(store, 2)
    ids = both_annotate(place, ["alpha b", "zzz"])
    project = projects.get_project(store, place.lead, place.project_id)
    assert project.settings.review_order == "oldest"
    disputed = replace(project.settings, review_order="disagreement")
    projects.change_project(store, place.lead, place.project_id, disputed)
    assert decided(place, place.rev) == ids[1]
    old = ProjectSettings("Notes").to_json()
    del old["review_order"]
    assert ProjectSettings.from_json(old).review_order == "oldest"
    with pytest.raises(InvalidProject, match="review order"):
        ProjectSettings("Notes", review_order="by moon")  # type: ignore[arg-type]
