"""Several reviewers: what was undone, skipped or annotated oneself never counts wrongly."""

from __future__ import annotations

import pytest

from core.actor import Actor
from core.clock import new_id
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.workflows.curation import accepting, annotating, bulk, queue, reviewing, skipping
from core.workflows.curation.annotating import EditConflict
from storage.store import Store
from tests.builders import a_project, an_edit, some_examples
from tests.curation.test_acceptance import Place
from tests.people_builders import an_annotator


def test_an_acceptance_that_was_undone_on_an_example_sent_back_counts_for_nobody(
    store: Store,
) -> None:
    place = Place(store)
    place.mark()
    place.decide(place.cy, "send_back", comment="Show the steps.")
    skipping.flag(store, place.cy, place.project_id, new_id("evt"), place.ids[0], "Odd.")
    place.decide(place.ada)
    place.undo(place.ada)
    assert (place.now().state, place.now().flagged, place.now().accepts) == ("sent_back", True, 0)
    place.decide(place.bo)
    assert (place.now().state, place.now().accepts) == ("annotated", 1)


def test_a_correction_whose_acceptance_was_undone_needs_both_reviewers_though_it_was_accepted(
    store: Store,
) -> None:
    place = Place(store)
    place.mark()
    for actor in (place.ada, place.bo):
        place.decide(actor)
    skipping.flag(store, place.ada, place.project_id, new_id("evt"), place.ids[0], "Odd.")
    place.decide(place.cy)  # settles the flag; undone, it is accepted and flagged as before
    place.undo(place.cy)
    assert (place.now().state, place.now().flagged) == ("accepted", True)
    place.decide(place.cy, output="Nobody else has read this.")
    place.undo(place.cy)
    place.decide(place.cy)
    assert (place.now().state, place.now().accepts) == ("annotated", 1)
    place.decide(place.ada)
    assert place.now().state == "accepted"


def test_acceptances_that_come_back_by_an_undo_are_enough_where_fewer_are_needed_now(
    store: Store,
) -> None:
    place = Place(store, reviewers=2)
    place.decide(place.ada)
    place.decide(place.bo, "send_back", comment="No.")
    place.set_reviewers(1)
    place.undo(place.bo)
    assert place.now().state == "accepted"

    other = Place(store, reviewers=2)
    other.decide(other.ada)
    bulk.act(store, other.lead, other.project_id, ExampleFilter(), BulkAction("send_back", "All."))
    other.set_reviewers(1)
    other.undo_bulk()
    assert other.now().state == "accepted"


def test_a_reviewer_who_skipped_it_is_not_given_it_again_as_another_one_accepted_it(
    store: Store,
) -> None:
    place = Place(store)
    place.mark()
    skipping.skip(store, place.bo, place.project_id, new_id("evt"), place.ids[0], "Not mine.")
    place.decide(place.ada)
    assert place.next(place.bo) is None
    assert place.open(place.cy) == 1
    place.undo(place.ada)
    place.annotate(place.ids[0], " Another text.")
    assert place.next(place.bo) is not None


def test_an_annotator_who_reviews_decides_last_where_too_few_others_could(store: Store) -> None:
    made = a_project(store, new_id("Notes"), overlap=2, reviewers=2).project_id
    [example_id] = some_examples(store, made, 1)
    ada = an_annotator(store, made, new_id("ada"), "annotator", "reviewer")
    ann = an_annotator(store, made, new_id("ann"))
    bo = an_annotator(store, made, new_id("bo"), "reviewer")
    for actor in (ada, ann):
        task = annotating.open_example(store, actor, made, example_id)
        annotating.save_annotation(store, actor, made, an_edit(task, output=f"By {actor.name}."))

    def accept(actor: Actor) -> None:
        found = store.examples.current(example_id)
        assert found
        reviewing.decide(store, actor, made, new_id("rvw"), "accept", an_edit(found))

    assert queue.take_next(store, ada, made, "review").example is None
    with pytest.raises(EditConflict, match="somebody else decides"):
        accept(ada)
    accept(bo)
    mine = queue.take_next(store, ada, made, "review").example
    assert mine is not None
    accept(ada)
    found = store.examples.current(example_id)
    assert found
    assert found.state == "accepted"
    assert accepting.other_reviewers(store, ada, made) == 1
