"""Gold examples in lists, counts and on pages: nothing there tells an annotator which they are."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import pytest

from core.actor import Actor
from core.clock import new_id
from core.errors import NotAllowed
from core.examples.assignment import Quota
from core.examples.bulk import BulkAction
from core.examples.comments import Mentions
from core.examples.current import CurrentExample
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import (
    annotating,
    augmenting,
    browsing,
    bulk,
    commenting,
    comparing,
    freezing,
    gold_lists,
    gold_marks,
    gold_views,
    opening,
    progress,
)
from core.workflows.curation.collecting import EditConflict
from core.workflows.curation.opening import AssignedToOthers, LimitReached
from core.workflows.team import home, projects
from storage.store import Store
from tests.curation.test_gold_examples import RIGHT, Place
from tests.version_builders import add_version


@pytest.fixture
def place(store: Store) -> Place:
    return Place(store, others=30)


def found(place: Place, wanted: ExampleFilter) -> set[str]:
    rows, count = browsing.examples_page(place.store, place.ann, place.project_id, wanted, limit=50)
    assert count == len(rows)
    return {one.example_id for one in rows} & set(place.gold)


def test_no_filter_and_no_order_of_the_list_finds_a_gold_example_by_what_was_accepted(
    place: Place,
) -> None:
    gold = set(place.gold)
    for hidden in (
        ExampleFilter("accepted"),
        ExampleFilter("annotated"),
        ExampleFilter(text="accepted answer"),
        ExampleFilter(label=("topic", "sums")),
        ExampleFilter(author_id=place.lead.person_id),
        ExampleFilter(split="train"),
        ExampleFilter(flagged=True),
    ):
        assert found(place, hidden) == set()
    for shown in (ExampleFilter("new"), ExampleFilter(flagged=False), ExampleFilter()):
        assert found(place, shown) == gold
    rows, _ = browsing.examples_page(
        place.store, place.ann, place.project_id, ExampleFilter(order="oldest"), limit=50
    )
    assert {one.example_id for one in rows[:2]} == gold  # though they were changed last
    assert not any(RIGHT in one.output for one in rows)
    for actor in (place.lead, place.writer):
        rows, _ = browsing.examples_page(
            place.store, actor, place.project_id, ExampleFilter("accepted")
        )
        assert {one.example_id for one in rows} == gold


def test_an_example_that_stops_being_gold_while_it_is_opened_is_decided_and_not_leased(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    gold, allow = place.gold[0], opening.refuse_not_theirs

    def meanwhile(store: Store, actor: Actor, example: CurrentExample) -> None:
        allow(store, actor, example)
        gold_marks.unmark_gold(store, place.lead, place.project_id, gold)

    monkeypatch.setattr(opening, "refuse_not_theirs", meanwhile)
    with pytest.raises(EditConflict, match="A reviewer has decided"):
        annotating.open_example(place.store, place.ann, place.project_id, gold)
    assert place.store.queues.holder(gold) is None


def test_an_address_refuses_a_gold_example_as_it_refuses_others_until_it_is_given(
    store: Store,
) -> None:
    place = Place(store, others=49, gold=0)  # so that one surely comes
    project_id, ann, writer = place.project_id, place.ann, place.writer
    gold, other, *_ = place.ids
    assign = BulkAction("assign", to=(writer.person_id,))
    bulk.act(store, place.lead, project_id, ExampleFilter(), assign)
    place.accept(gold)
    gold_marks.mark_gold(store, place.lead, project_id, gold)
    place.gold = [gold]
    for example_id in (gold, other):
        seen = browsing.shown_example(store, ann, project_id, example_id)
        assert (seen.state, seen.assigned_to) == ("new", writer.person_id)
        with pytest.raises(AssignedToOthers):
            annotating.open_example(store, ann, project_id, example_id)
    to_ann = BulkAction("assign", to=(ann.person_id,))
    bulk.act(store, place.lead, project_id, ExampleFilter(state="new"), to_ann)
    task = place.until_gold(ann)
    mine = ExampleFilter(assigned_to=ann.person_id)
    assert found(place, mine) == {gold} == {task["example_id"]}
    progress.set_quota(store, place.lead, project_id, ann.person_id, Quota(total=1))
    place.send(ann, task, next=False)
    assert annotating.open_example(store, ann, project_id, gold).assigned_to == ann.person_id
    with pytest.raises(LimitReached):
        annotating.open_example(store, ann, project_id, place.ids[-1])


def test_an_unassigned_gold_example_is_no_other_than_what_is_left_of_the_open_queue(
    place: Place,
) -> None:
    def whose() -> set[str]:
        rows, _ = browsing.examples_page(place.store, place.ann, place.project_id, limit=50)
        return {one.assigned_to for one in rows if one.example_id in place.gold}

    assign = BulkAction("assign", to=(place.ann.person_id,))
    first = ExampleFilter("new", text="number 5 ")
    assert bulk.act(place.store, place.lead, place.project_id, first, assign) > 0
    assert whose() == {""}
    bulk.act(place.store, place.lead, place.project_id, ExampleFilter("new"), assign)
    assert whose() == {place.ann.person_id}


def test_a_skipped_gold_example_is_the_open_queues_as_others_that_one_was_given_and_skipped(
    store: Store,
) -> None:
    place = Place(store, others=49, gold=1)  # so that one surely comes, and only one
    project_id, ann = place.project_id, place.ann
    to_ann = BulkAction("assign", to=(ann.person_id,))
    bulk.act(store, place.lead, project_id, ExampleFilter(), to_ann)
    gold = place.until_gold(ann)
    other = place.send(ann, gold, "skip", reason="Unclear.")["task"]
    place.send(ann, other, "skip", reason="Unclear.", next=False)
    for task in (gold, other):
        seen = browsing.shown_example(store, ann, project_id, task["example_id"])
        assert (seen.state, seen.assigned_to) == ("new", "")
        annotating.open_example(store, ann, project_id, task["example_id"])


def test_a_mention_on_a_gold_example_waits_until_it_is_none_any_more(place: Place) -> None:
    store, project_id, ann = place.store, place.project_id, place.ann
    gold, other = place.gold[0], place.ids[-1]
    commenting.comment(store, ann, project_id, new_id("com"), gold, "Is this a sum?")
    for example_id in (gold, other):
        text = f"@{ann.name} look, please."
        commenting.comment(store, place.lead, project_id, new_id("com"), example_id, text)
    assert commenting.mentions_of_me(store, ann, project_id) == Mentions(1, other)
    assert commenting.is_mentioned(store, ann, project_id, other)
    assert not commenting.is_mentioned(store, ann, project_id, gold)
    gold_marks.unmark_gold(store, place.lead, project_id, gold)
    assert commenting.mentions_of_me(store, ann, project_id) == Mentions(2, gold)
    assert len(commenting.comments_on(store, ann, project_id, gold)) == 2


def test_a_limit_refuses_a_gold_example_as_it_refuses_others(place: Place) -> None:
    store, project_id, ann = place.store, place.project_id, place.ann
    place.send(ann, place.next(ann), next=False)
    progress.set_quota(store, place.lead, project_id, ann.person_id, Quota(total=1))
    tasks = store.gold_examples.tasks_of(project_id, ann.person_id)
    left = set(place.gold) - {one.example_id for one in tasks}
    for example_id in (*left, place.ids[-1]):
        with pytest.raises(LimitReached):
            annotating.open_example(store, ann, project_id, example_id)
    assert store.gold_examples.tasks_of(project_id, ann.person_id) == tasks


def test_what_a_person_answered_is_found_as_their_own_annotation_is(place: Place) -> None:
    task = place.until_gold(place.ann)
    typed = {**task["fields"], "output": "My own words."}
    place.send(place.ann, task, fields=typed, labels={"topic": "products"}, next=False)
    mine = {task["example_id"]}
    assert found(place, ExampleFilter("annotated")) == mine
    assert found(place, ExampleFilter(author_id=place.ann.person_id)) == mine
    assert found(place, ExampleFilter(text="my OWN")) == mine
    assert found(place, ExampleFilter(label=("topic", "products"))) == mine
    assert found(place, ExampleFilter("new")) == set(place.gold) - mine
    for actor in (place.ann, place.writer, place.lead):  # read at once as one at a time
        seen = gold_lists.seen(place.store, actor, place.project_id)
        for example_id in place.gold:
            current = place.store.examples.current(example_id)
            assert current
            one = gold_views.as_seen(place.store, actor, current)
            assert replace(seen.get(example_id, current), author="") == replace(one, author="")


def test_the_numbers_on_home_and_in_the_list_move_alike_for_every_task(place: Place) -> None:
    store, ann, project_id = place.store, place.ann, place.project_id
    place.send(ann, place.next(ann), next=False)  # the salt is there from the first task on
    answer, told = place.ask(ann, {"action": "next"}), []
    for _ in range(25):
        at, counts = home.standing(store, ann, project_id), browsing.counts(store, ann, project_id)
        assert at.to_annotate == answer["figures"]["waiting"]
        told.append((at.to_annotate, at.new, at.annotated, at.accepted, counts["new"]))
        answer = place.send(ann, answer["task"])
    steps = {tuple(b - a for a, b in zip(one, two, strict=True)) for one, two in pairwise(told)}
    assert steps == {(-1, -1, 1, 0, -1)}
    assert home.standing(store, place.lead, project_id).accepted == 2


def test_an_own_answer_opens_and_is_saved_again_after_the_labels_were_renamed(
    place: Place,
) -> None:
    store, project_id = place.store, place.project_id
    task = place.until_gold(place.ann)
    place.send(place.ann, task, labels={"topic": "products"}, next=False)
    settings = projects.get_project(store, place.lead, project_id).settings
    theme = LabelField("theme", ("sums", "products"))
    projects.change_project(
        store,
        place.lead,
        project_id,
        replace(settings, label_schema=(theme,)),
        moves={("topic", "sums"): None, ("topic", "products"): None},
    )
    back = place.ask(place.ann, {"action": "back"})["task"]
    assert back["labels"] == {}
    saved = place.send(place.ann, back, next=False)
    assert saved["saved"] == [back["submission_id"]]


def test_what_was_made_of_a_gold_example_is_not_told_to_who_annotates_it(place: Place) -> None:
    store, example_id = place.store, place.gold[0]
    store.database.execute(
        "INSERT INTO synthetic_examples SELECT $made, $project_id, 'aug', $source, revision_id, "
        "'model', 'a model', 1 FROM example_current WHERE example_id = $source",
        {"made": place.ids[-1], "project_id": place.project_id, "source": example_id},
    )
    child = store.examples.current(place.ids[-1])
    assert child
    for actor, told in ((place.lead, True), (place.ann, False)):
        shown = browsing.shown_example(store, actor, place.project_id, example_id)
        assert bool(augmenting.children(store, actor, shown)) == told
        of = augmenting.sourced(store, actor, child)
        assert bool(of) == told


def test_a_dataset_version_shows_no_gold_example_to_who_annotates_it(place: Place) -> None:
    store, project_id = place.store, place.project_id
    older = add_version(store, project_id, ["train", "train"])
    place.accept(place.ids[5])
    newer = add_version(store, project_id, ["train"] * 3)

    def ids(actor: Actor) -> set[str]:
        return {one["example_id"] for one in freezing.version_examples(store, actor, newer)}

    assert ids(place.lead) == {*place.gold, place.ids[5]}
    assert ids(place.ann) == {place.ids[5]}
    assert comparing.difference_file(store, place.lead, older, newer, "added", "csv")
    with pytest.raises(NotAllowed):
        comparing.difference_file(store, place.ann, older, newer, "added", "csv")


def test_with_several_annotators_pages_show_an_own_answer_as_little_as_an_own_annotation(
    store: Store,
) -> None:
    place = Place(store, others=30)
    settings = projects.get_project(store, place.lead, place.project_id).settings
    projects.change_project(store, place.lead, place.project_id, replace(settings, overlap=2))
    task, done = place.next(place.ann), {}
    for _ in range(40):
        done[task["example_id"] in place.gold] = last = task
        typed = {**task["fields"], "output": "My own words."}
        task = place.send(place.ann, task, fields=typed)["task"]
        if len(done) == 2:
            break
    rows, _ = browsing.examples_page(
        store, place.ann, place.project_id, ExampleFilter(order="newest"), limit=50
    )
    shown = {one.example_id: (one.state, one.output) for one in rows}
    assert len(done) == 2
    for one in done.values():
        example_id, imported = one["example_id"], one["fields"]["output"]
        page = browsing.shown_example(store, place.ann, place.project_id, example_id)
        assert shown[example_id] == (page.state, page.output) == ("new", imported)
        assert page.annotations == 1
    assert rows[0].example_id == last["example_id"]  # gold or not
