"""The work queue under load: flat in the project's size, and never one example for two people."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput
from core.examples.example import Example
from core.examples.listing import ExampleFilter
from core.workflows.curation import (
    annotating,
    browsing,
    bulk,
    bulk_accepting,
    queue,
    reviewing,
    skipping,
)
from core.workflows.curation.browsing import ContentKnown
from storage.candidates import _CANDIDATE
from storage.store import Store
from tests.builders import a_project, a_store, an_actor, an_edit, some_examples
from tests.many_examples import many_examples


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def rows_read(store: Store, sql: str, params: dict[str, Any]) -> int:
    """How many rows all operators of a statement hand on, by EXPLAIN ANALYZE."""
    plan = store.database.rows(f"EXPLAIN (ANALYZE, FORMAT json) {sql}", params)[0]
    total, waiting = 0, [json.loads(plan["explain_value"])]
    while waiting:
        node = waiting.pop()
        total += int(node.get("operator_cardinality", 0))
        waiting += node.get("children", [])
    return total


def reads_of(store: Store, act: Callable[[], object]) -> int:
    """Rows read by every statement of an action, run once more under EXPLAIN ANALYZE."""
    seen: list[tuple[str, Any]] = []
    run = store.database._run

    def spy(cursor: Any, sql: str, params: Any) -> Any:
        seen.append((sql, params))
        return run(cursor, sql, params)

    store.database._run = spy  # type: ignore[method-assign]
    try:
        act()
    finally:
        store.database._run = run  # type: ignore[method-assign]
    reads = [one for one in seen if one[0].strip().upper().startswith("SELECT")]
    assert reads
    return sum(rows_read(store, sql, params) for sql, params in reads)


def test_what_is_being_leased_is_offered_to_nobody_else_and_is_free_again_when_that_fails(
    store: Store, project_id: str
) -> None:
    some_examples(store, project_id, 2)
    ada, bob = (an_actor(project_id, "annotator", name=name) for name in ("ada", "bob"))
    leased, end = threading.Event(), threading.Event()
    tries = []

    def lease_and_fail() -> None:
        def act() -> None:
            found = queue.take_next(store, ada, project_id, "annotate").example
            assert found
            tries.append(found.example_id)
            leased.set()
            end.wait(30)
            raise InvalidInput("The rest of the request cannot be done.")

        with pytest.raises(InvalidInput):
            store.transact(act)

    with ThreadPoolExecutor(1) as thread:
        slow = thread.submit(lease_and_fail)
        leased.wait(30)
        bobs = queue.take_next(store, bob, project_id, "annotate").example
        end.set()
        slow.result()
    assert bobs
    assert bobs.example_id not in tries
    again = queue.take_next(store, ada, project_id, "annotate").example
    assert again
    assert [again.example_id] == tries


def test_the_next_example_and_a_save_read_as_few_rows_in_a_million_as_in_ten_thousand(
    tmp_path: Path,
) -> None:
    reads: dict[int, list[int]] = {}
    for size in (10_000, 1_000_000):
        store = a_store(tmp_path / str(size))
        project = a_project(store).project_id
        many_examples(store, project, size)
        ada = an_actor(project, "annotator", "reviewer")

        def save(store: Store = store, project: str = project, ada: Actor = ada) -> None:
            task = annotating.next_to_annotate(store, ada, project)
            assert task
            annotating.save_annotation(store, ada, project, an_edit(task, output="Written."))

        def review(store: Store = store, project: str = project, ada: Actor = ada) -> None:
            task = reviewing.next_to_review(store, ada, project)
            assert task
            reviewing.decide(store, ada, project, new_id("rvw"), "accept", an_edit(task))

        save()
        save()
        reads[size] = [
            reads_of(store, save),
            reads_of(store, review),
            reads_of(store, lambda s=store, p=project, a=ada: queue.figures(s, a, p, "annotate")),  # type: ignore[misc]
        ]
        store.close()
    assert reads[1_000_000] == pytest.approx(reads[10_000], rel=0.5, abs=300)
    assert max(reads[1_000_000]) < 20_000
    assert set(_CANDIDATE) == {"annotate", "review"}


def test_twenty_people_racing_flat_out_save_each_example_once(
    store: Store, project_id: str
) -> None:
    ids = some_examples(store, project_id, 60)
    people = [an_actor(project_id, "annotator", name=f"p{i}") for i in range(20)]

    def work(person: Actor) -> list[str]:
        done = []
        while task := annotating.next_to_annotate(store, person, project_id):
            annotating.save_annotation(store, person, project_id, an_edit(task, output="Once."))
            done.append(task.example_id)
        return done

    with ThreadPoolExecutor(20) as threads:
        done = [one for many in threads.map(work, people) for one in many]
    assert sorted(done) == sorted(ids)
    assert store.database.value("SELECT max(number) FROM revisions") == 2
    assert browsing.counts(store, people[0], project_id)["annotated"] == 60


def test_what_a_browser_holds_stays_with_it_and_the_next_one_is_another(
    store: Store, project_id: str
) -> None:
    ids = some_examples(store, project_id, 3)
    ada, bob = (an_actor(project_id, "annotator", name=name) for name in ("ada", "bob"))
    first = annotating.next_to_annotate(store, ada, project_id)
    ahead = annotating.next_to_annotate(store, ada, project_id, holding=[ids[0]])
    others = annotating.next_to_annotate(store, bob, project_id)
    assert first
    assert ahead
    assert others
    assert [first.example_id, ahead.example_id, others.example_id] == ids
    annotating.save_annotation(store, ada, project_id, an_edit(first))
    again = annotating.next_to_annotate(store, ada, project_id)
    assert again
    assert again.example_id == ids[1]


def test_what_comes_back_goes_to_its_author_first_wherever_it_lies(
    store: Store, project_id: str
) -> None:
    many_examples(store, project_id, 20_000)
    ada, rita = an_actor(project_id, "annotator"), an_actor(project_id, "reviewer", name="rita")
    late = f"{project_id}_ex_17000"
    task = annotating.open_example(store, ada, project_id, late)
    annotating.save_annotation(store, ada, project_id, an_edit(task, output="Mine."))
    shown = reviewing.next_to_review(store, rita, project_id)
    assert shown
    assert shown.example.example_id == late
    edit = an_edit(shown, comment="Shorter.")
    reviewing.decide(store, rita, project_id, new_id("rvw"), "send_back", edit)
    back = annotating.next_to_annotate(store, ada, project_id)
    assert back
    assert (back.example_id, annotating.why_sent_back(back, store.examples.history(back))) == (
        late,
        "Shorter.",
    )


def test_skipped_examples_are_listed_with_reasons_and_given_out_again(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    ada, lead = an_actor(project_id, "annotator"), an_actor(project_id, name="lea")
    skipping.skip(store, ada, project_id, new_id("evt"), only, "not my field")
    assert annotating.next_to_annotate(store, ada, project_id) is None
    (listed,) = browsing.skipped_examples(store, lead, project_id)
    assert (listed.example_id, listed.reason, listed.queue) == (only, "not my field", "annotate")
    found, _ = browsing.examples_page(store, lead, project_id, ExampleFilter(skipped=True))
    assert [one.example_id for one in found] == [only]
    browsing.give_out_again(store, lead, project_id, only)
    assert browsing.skipped_examples(store, lead, project_id) == []
    again = annotating.next_to_annotate(store, ada, project_id)
    assert again
    assert again.example_id == only


def test_an_accepted_example_is_reopened_with_a_reason_and_is_no_longer_accepted(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    ada, rita = an_actor(project_id, "annotator"), an_actor(project_id, "reviewer", name="rita")
    bulk_accepting.accept_all(store, an_actor(project_id), project_id, untouched=True)
    with pytest.raises(InvalidInput, match="why you reopen"):
        reviewing.reopen(store, rita, project_id, new_id("rvw"), only, " ")
    reviewing.reopen(store, rita, project_id, new_id("rvw"), only, "The town is wrong.")
    task = annotating.next_to_annotate(store, ada, project_id)
    assert task
    assert (task.state, annotating.why_sent_back(task, store.examples.history(task))) == (
        "sent_back",
        "The town is wrong.",
    )
    assert browsing.counts(store, ada, project_id)["accepted"] == 0
    assert [one.kind for one in browsing.history_of(store, ada, task)][-1] == "reopen"


def test_an_example_added_by_hand_is_new_and_the_same_texts_are_refused(
    store: Store, project_id: str
) -> None:
    ada = an_actor(project_id, "annotator")
    mine = new_id("ex")
    example = Example("Name the capital.", "France", "Paris")
    added = browsing.add_example(store, ada, project_id, mine, example)
    again = browsing.add_example(store, ada, project_id, mine, example)
    assert (added.example_id, again.position, added.state) == (mine, 1, "new")
    with pytest.raises(ContentKnown, match="Example 1 has the same"):
        browsing.add_example(store, ada, project_id, new_id("ex"), example)
    assert browsing.counts(store, ada, project_id)["total"] == 1


def test_two_people_adding_the_same_example_at_once_add_one(store: Store, project_id: str) -> None:
    example = Example("Name the capital.", "France", "Paris")
    ada = an_actor(project_id, "annotator")

    def add(_: int) -> bool:
        try:
            browsing.add_example(store, ada, project_id, new_id("ex"), example)
        except ContentKnown:
            return False
        return True

    with ThreadPoolExecutor(6) as threads:
        assert sum(threads.map(add, range(6))) == 1
    assert browsing.counts(store, ada, project_id)["total"] == 1


def test_a_list_is_filtered_and_sorted(store: Store, project_id: str) -> None:
    ids = some_examples(
        store, project_id, [("Long one.", "x" * 50, "a"), ("Short.", "", "b"), ("Mid.", "xx", "c")]
    )
    ada = an_actor(project_id, "annotator")
    task = annotating.open_example(store, ada, project_id, ids[1])
    annotating.save_annotation(store, ada, project_id, an_edit(task, output="bb", quality=3))

    def listed(**wanted: Any) -> list[str]:
        found, count = browsing.examples_page(store, ada, project_id, ExampleFilter(**wanted))
        assert count == len(found)
        return [one.example_id for one in found]

    assert listed(order="longest")[0] == ids[0]
    assert listed(order="newest")[0] == ids[1]
    assert listed(state="annotated", author_id=ada.person_id) == [ids[1]]
    assert listed(has_output=False) == []
    assert listed(text="SHORT") == [ids[1]]
    with pytest.raises(InvalidInput, match="orders"):
        ExampleFilter(order="by moon")  # type: ignore[arg-type]


def test_pages_that_the_counters_find_give_the_whole_list_in_order(
    store: Store, project_id: str
) -> None:
    many_examples(store, project_id, 20_000)
    ada = an_actor(project_id, "annotator", "lead")
    flagged = [f"{project_id}_ex_{n}" for n in (5, 8191, 8192, 16_384, 19_999)]
    for example_id in flagged:
        skipping.flag(store, ada, project_id, new_id("evt"), example_id, "odd")
    wanted = ExampleFilter(flagged=True)
    pages = [
        browsing.examples_page(store, ada, project_id, wanted, limit=2, offset=offset)
        for offset in (0, 2, 4, 6)
    ]
    assert [one.example_id for page, _ in pages for one in page] == flagged
    assert {count for _, count in pages} == {5}
    late, count = browsing.examples_page(store, ada, project_id, limit=3, offset=17_000)
    assert ([one.position for one in late], count) == ([17_001, 17_002, 17_003], 20_000)
    rest = ExampleFilter(state="new", flagged=False)
    (last,), count = browsing.examples_page(store, ada, project_id, rest, limit=3, offset=19_994)
    assert (last.position, count) == (20_000, 19_995)


def test_a_bulk_accept_of_many_and_its_undo_keep_the_counts(store: Store, project_id: str) -> None:
    many_examples(store, project_id, 20_000)
    lead = an_actor(project_id)
    assert bulk_accepting.acceptable(store, lead, project_id) == {"annotated": 0, "new": 20_000}
    assert bulk_accepting.accept_all(store, lead, project_id, untouched=True) == 20_000
    assert browsing.counts(store, lead, project_id)["accepted"] == 20_000
    assert annotating.next_to_annotate(store, lead, project_id) is None
    last = bulk.last_action(store, lead, project_id)
    assert last
    assert bulk.undo(store, lead, project_id, last.batch_id) == 20_000
    assert browsing.counts(store, lead, project_id)["new"] == 20_000
    assert annotating.next_to_annotate(store, lead, project_id)
