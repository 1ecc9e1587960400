"""Annotating on a real store: the queue, leases, revisions, conflicts, skips and flags."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from core.clock import new_id, now
from core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from core.examples.leases import Lease
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import annotating, browsing, skipping
from core.workflows.curation.annotating import EditConflict, next_to_annotate, save_annotation
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples


@pytest.fixture
def project_id(store: Store) -> str:
    topic = LabelField("topic", ("sums", "products"))
    return a_project(store, label_schema=(topic,)).project_id


def revisions_of(store: Store, example_id: str) -> int:
    found = store.examples.current(example_id)
    assert found is not None
    return int(found.number)


def test_a_person_keeps_the_same_example_until_it_is_saved(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 3)
    ada = an_actor(project_id, "annotator")
    first = next_to_annotate(store, ada, project_id)
    again = next_to_annotate(store, ada, project_id)
    assert first
    assert again
    assert first.example_id == again.example_id == ids[0]
    save_annotation(store, ada, project_id, an_edit(first, output="Better."))
    following = next_to_annotate(store, ada, project_id)
    assert following
    assert following.example_id == ids[1]


def test_twelve_people_racing_never_hold_the_same_example(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 24)
    people = [an_actor(project_id, "annotator", name=f"p{i}") for i in range(12)]

    def work(number: int) -> list[str]:
        held = []
        for _ in range(2):
            task = next_to_annotate(store, people[number], project_id)
            assert task
            assert store.queues.holder(task.example_id) == people[number].person_id
            save_annotation(store, people[number], project_id, an_edit(task))
            held.append(task.example_id)
        return held

    with ThreadPoolExecutor(12) as threads:
        held = [one for many in threads.map(work, range(12)) for one in many]
    assert sorted(held) == sorted(ids)


def test_an_expired_lease_passes_the_example_on_and_the_slow_one_meets_a_conflict(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    ada, bob = (an_actor(project_id, "annotator", name=name) for name in ("ada", "bob"))
    slow = next_to_annotate(store, ada, project_id)
    assert slow
    assert next_to_annotate(store, bob, project_id) is None
    ended = now() - timedelta(seconds=1)
    store.queues.take_lease(Lease(project_id, only, 1, "annotate", ada.person_id, ended))
    quick = next_to_annotate(store, bob, project_id)
    assert quick
    save_annotation(store, bob, project_id, an_edit(quick, output="Bob's."))
    with pytest.raises(EditConflict, match="revision 2"):
        save_annotation(store, ada, project_id, an_edit(slow, output="Ada's."))
    current = store.examples.current(only)
    assert current
    assert current.output == "Bob's."
    assert current.number == 2


def test_after_a_conflict_the_text_can_be_saved_on_top_of_the_newer_revision(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    ada, bob = (an_actor(project_id, "annotator", name=name) for name in ("ada", "bob"))
    mine = next_to_annotate(store, ada, project_id)
    assert mine
    save_annotation(store, bob, project_id, an_edit(mine, output="Bob's."))
    theirs = annotating.open_example(store, ada, project_id, only)
    save_annotation(store, ada, project_id, an_edit(theirs, output="Ada's."))
    current = store.examples.current(only)
    assert current
    assert (current.output, current.number) == ("Ada's.", 3)


def test_saving_the_same_submission_twice_is_one_revision(store: Store, project_id: str) -> None:
    (only,) = some_examples(store, project_id, 1)
    ada = an_actor(project_id, "annotator")
    task = next_to_annotate(store, ada, project_id)
    assert task
    edit = an_edit(task, output="Once.")
    save_annotation(store, ada, project_id, edit)
    save_annotation(store, ada, project_id, edit)
    assert revisions_of(store, only) == 2


def test_a_submission_repeated_by_eight_threads_is_one_revision(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    ada = an_actor(project_id, "annotator")
    task = next_to_annotate(store, ada, project_id)
    assert task
    edit = an_edit(task, output="Once.")
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: save_annotation(store, ada, project_id, edit), range(8)))
    assert revisions_of(store, only) == 2


def test_labels_and_quality_are_kept_and_unknown_labels_refused(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    ada = an_actor(project_id, "annotator")
    task = next_to_annotate(store, ada, project_id)
    assert task
    with pytest.raises(InvalidInput, match="label schema"):
        save_annotation(store, ada, project_id, an_edit(task, labels={"topic": "poems"}))
    with pytest.raises(InvalidInput, match="1 to 5"):
        an_edit(task, quality=6)
    save_annotation(store, ada, project_id, an_edit(task, labels={"topic": "sums"}, quality=4))
    current = store.examples.current(only)
    assert current
    assert (current.labels, current.quality) == ({"topic": "sums"}, 4)


def test_an_empty_output_is_not_saved(store: Store, project_id: str) -> None:
    some_examples(store, project_id, 1)
    ada = an_actor(project_id, "annotator")
    task = next_to_annotate(store, ada, project_id)
    assert task
    with pytest.raises(InvalidInput, match="output is empty"):
        save_annotation(store, ada, project_id, an_edit(task, output="  "))


def test_who_skips_is_not_given_it_again_and_others_are(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 1)
    ada, bob = (an_actor(project_id, "annotator", name=name) for name in ("ada", "bob"))
    next_to_annotate(store, ada, project_id)
    with pytest.raises(InvalidInput, match="few words"):
        skipping.skip(store, ada, project_id, new_id("evt"), ids[0], "  ")
    event = new_id("evt")
    skipping.skip(store, ada, project_id, event, ids[0], "not my field")
    skipping.skip(store, ada, project_id, event, ids[0], "not my field")
    assert next_to_annotate(store, ada, project_id) is None
    given = next_to_annotate(store, bob, project_id)
    assert given
    assert given.example_id == ids[0]
    history = browsing.history_of(store, bob, given)
    assert [(h.kind, h.text) for h in history] == [("import", ""), ("skip", "not my field")]


def test_a_flagged_example_leaves_the_queue(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 1)
    ada, bob = (an_actor(project_id, "annotator", name=name) for name in ("ada", "bob"))
    skipping.flag(store, ada, project_id, new_id("evt"), ids[0], "wrong sum")
    assert next_to_annotate(store, bob, project_id) is None
    assert browsing.counts(store, ada, project_id)["flagged"] == 1


def test_back_opens_what_was_saved_last_until_a_reviewer_decides(
    store: Store, project_id: str
) -> None:
    some_examples(store, project_id, 2)
    ada = an_actor(project_id, "annotator")
    assert annotating.last_saved(store, ada, project_id) is None
    task = next_to_annotate(store, ada, project_id)
    assert task
    save_annotation(store, ada, project_id, an_edit(task, output="Mine."))
    held = next_to_annotate(store, ada, project_id)
    assert held
    last = annotating.last_saved(store, ada, project_id)
    assert last
    assert last.example_id == task.example_id
    opened = annotating.open_example(store, ada, project_id, task.example_id)
    assert opened.output == "Mine."
    assert store.queues.holder(held.example_id) is None
    bob = an_actor(project_id, "annotator", name="bob")
    with pytest.raises(Conflict, match="Somebody else"):
        annotating.open_example(store, bob, project_id, task.example_id)


def test_only_roles_of_the_project_may_annotate(store: Store, project_id: str) -> None:
    some_examples(store, project_id, 1)
    for stranger in (an_actor("another", "lead"), an_actor(project_id, "reviewer")):
        with pytest.raises(NotAllowed):
            next_to_annotate(store, stranger, project_id)


def test_an_example_of_another_project_cannot_be_opened(store: Store, project_id: str) -> None:
    other = a_project(store, "Other")
    (foreign,) = some_examples(store, other.project_id, 1)
    ada = an_actor(project_id, "annotator")
    with pytest.raises(NotFound):
        annotating.open_example(store, ada, project_id, foreign)


def test_pages_filter_by_state_flag_and_text(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 30)
    ada = an_actor(project_id, "annotator")
    page, count = browsing.examples_page(store, ada, project_id, offset=25)
    assert ([row.example_id for row in page], count) == (ids[25:], 30)
    skipping.flag(store, ada, project_id, new_id("evt"), ids[3], "odd")
    page, count = browsing.examples_page(store, ada, project_id, ExampleFilter(flagged=True))
    assert [row.example_id for row in page] == [ids[3]]
    page, count = browsing.examples_page(
        store, ada, project_id, ExampleFilter(text="NUMBER 12 times")
    )
    assert ([row.example_id for row in page], count) == ([ids[12]], 1)
    assert browsing.examples_page(store, ada, project_id, ExampleFilter(text="100%' OR '"))[1] == 0
