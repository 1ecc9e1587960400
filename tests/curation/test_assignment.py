"""Assignment on a real store: who gets which example, what comes back, limits and progress."""

from __future__ import annotations

import csv
import io
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import pytest

from core.actor import Actor
from core.clock import new_id, now
from core.errors import InvalidInput, NotAllowed
from core.examples.assignment import OPEN_QUEUE, Group, Quota
from core.examples.bulk import BulkAction
from core.examples.gold import GoldTask
from core.examples.listing import ExampleFilter
from core.examples.timeline import deed
from core.workflows.curation import (
    annotating,
    browsing,
    bulk,
    gold_marks,
    progress,
    queue,
    reviewing,
    skipping,
    working,
)
from core.workflows.curation.opening import AssignedToOthers, LimitReached
from core.workflows.curation.sent import Sent
from core.workflows.team import accounts, assignees
from pages.server.work_views import handle
from storage.candidates import _CANDIDATE
from storage.store import Store
from tests.builders import an_admin, an_edit, some_examples
from tests.curation.test_work_queue import reads_of
from tests.many_examples import many_examples
from tests.people_builders import an_annotator


@pytest.fixture
def people(store: Store, project_id: str) -> list[Actor]:
    return [an_annotator(store, project_id, name) for name in ("Ada", "Bob", "Cyd")]


def assign(
    store: Store, lead: Actor, project_id: str, *to: str, wanted: ExampleFilter | None = None
) -> int:
    action = BulkAction("assign", to=to) if to else BulkAction("unassign")
    return bulk.act(store, lead, project_id, wanted or ExampleFilter(), action)


def annotate_all(store: Store, person: Actor, project_id: str, most: int = 1_000) -> list[str]:
    """Save whatever this person is given, up to so many; the examples in that order."""
    done: list[str] = []
    while len(done) < most and (task := annotating.next_to_annotate(store, person, project_id)):
        annotating.save_annotation(
            store, person, project_id, an_edit(task, output="Done.", seconds=4)
        )
        done.append(task.example_id)
    return done


def assigned(store: Store, example_ids: list[str]) -> list[str]:
    found = [store.examples.current(one) for one in example_ids]
    return [one.assigned_to for one in found if one]


def test_a_person_is_given_their_own_examples_then_their_groups_then_the_open_queue(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, [(f"{k % 4} of {k}.", "", "x") for k in range(12)])
    ada, bob, cyd = people
    pair = Group(new_id("grp"), project_id, "Pair", (ada.person_id, bob.person_id))
    assignees.save_group(store, lead, pair)
    for start, assignee in (
        ("3 of", ada.person_id),
        ("2 of", pair.group_id),
        ("1 of", cyd.person_id),
    ):
        wanted = ExampleFilter(text=start)
        assert assign(store, lead, project_id, assignee, wanted=wanted) == 3
    waits = queue.figures(store, ada, project_id, "annotate")
    assert waits.open == 9
    expected = [*ids[3::4], *ids[2::4], *ids[0::4]]
    assert annotate_all(store, ada, project_id, 5) == expected[:5]
    assert annotate_all(store, bob, project_id) == expected[5:]
    assert annotating.next_to_annotate(store, bob, project_id) is None
    assert queue.figures(store, bob, project_id, "annotate").open == 0
    assert annotate_all(store, cyd, project_id) == ids[1::4]


def test_examples_are_divided_evenly_counted_first_and_taken_back(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 8)
    annotating.open_example(store, people[2], project_id, ids[7])
    action = BulkAction("assign", to=(people[0].person_id, people[1].person_id))
    found = bulk.preview(store, lead, project_id, ExampleFilter(), action)
    assert (found.changes, dict(found.stay)) == (7, {"held": 1})
    assert bulk.act(store, lead, project_id, ExampleFilter(), action) == 7
    first, second = action.to
    assert assigned(store, ids) == [first, second, first, second, first, second, first, ""]
    mine = ExampleFilter(assigned_to=first)
    listed, count = browsing.examples_page(store, lead, project_id, mine)
    assert [one.assigned_to for one in listed] == [first] * count == [first] * 4
    again = bulk.preview(store, lead, project_id, mine, BulkAction("assign", to=(first,)))
    assert (again.changes, dict(again.stay)) == (0, {"assigned": 4})
    annotate_all(store, people[0], project_id, 1)
    last = bulk.last_action(store, lead, project_id)
    assert last
    assert bulk.undo(store, lead, project_id, last.batch_id) == 6
    assert assigned(store, ids) == [first, *[""] * 7]
    _, free = browsing.examples_page(store, lead, project_id, ExampleFilter(assigned_to=OPEN_QUEUE))
    assert free == 7


def test_only_leads_assign_and_only_to_who_annotates(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    some_examples(store, project_id, 2)
    reader = an_annotator(store, project_id, "Vic", "viewer")
    with pytest.raises(NotAllowed):
        assign(store, people[0], project_id, people[1].person_id)
    with pytest.raises(NotAllowed):
        assignees.save_group(store, people[0], Group("grp_x", project_id, "Mine"))
    with pytest.raises(NotAllowed):
        progress.set_quota(store, people[0], project_id, people[0].person_id, Quota(5))
    with pytest.raises(InvalidInput, match="does not annotate"):
        assign(store, lead, project_id, reader.person_id)
    with pytest.raises(InvalidInput, match="whom"):
        BulkAction("assign")
    with pytest.raises(InvalidInput, match="annotates"):
        assignees.save_group(store, lead, Group("grp_x", project_id, "All", (reader.person_id,)))


def test_what_somebody_who_leaves_had_goes_to_the_open_queue(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 6)
    ada, bob, cyd = people
    alone = Group(new_id("grp"), project_id, "Alone", (ada.person_id,))
    assignees.save_group(store, lead, alone)
    assign(store, lead, project_id, ada.person_id, alone.group_id, bob.person_id)
    returned = accounts.set_role(store, lead, project_id, ada.person_id, "annotator", False)
    assert returned == 4
    assert [group.members for group in assignees.groups(store, lead, project_id)] == [()]
    assert accounts.disable_person(store, an_admin(), bob.person_id) == 2
    assert assigned(store, ids) == [""] * 6
    assert annotate_all(store, cyd, project_id) == ids
    with pytest.raises(InvalidInput, match="does not annotate"):
        assign(store, lead, project_id, ada.person_id)


def told(store: Store, actor: Actor, project_id: str, example_id: str) -> list[str]:
    """The sentences of an example's history on its page, without who did it."""
    example = browsing.shown_example(store, actor, project_id, example_id)
    entries = browsing.history_of(store, actor, example)
    return [deed(one).partition(" ")[2] for one in entries]


def test_an_examples_history_tells_who_was_given_it_in_bulk_and_by_taking_back(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    first, other = some_examples(store, project_id, 2)
    pair = Group(new_id("grp"), project_id, "Pair", (people[0].person_id, people[1].person_id))
    assignees.save_group(store, lead, pair)
    assign(store, lead, project_id, people[0].person_id)
    opened = handle("annotate", store, lead, project_id, {"action": "open", "example_id": first})
    assert opened["task"]["history"][-1]["text"].endswith("assigned it to Ada")
    annotating.open_example(store, lead, project_id, other)  # and lets go of the first
    assign(store, lead, project_id, pair.group_id)
    last = bulk.last_action(store, lead, project_id)
    assert last
    bulk.undo(store, lead, project_id, last.batch_id)
    assign(store, lead, project_id)
    given = ["imported it", "assigned it to Ada", "assigned it to group Pair", "assigned it to Ada"]
    back = "gave it back to the open queue; it was assigned to Ada"
    assert told(store, lead, project_id, first) == [*given, back]
    assignees.delete_group(store, lead, project_id, pair.group_id)
    given[2] = "assigned it to a group that was deleted"
    viewer = an_annotator(store, project_id, "Vic", "viewer")
    assert told(store, viewer, project_id, first) == [*given, back]


def test_whoever_gold_measures_is_not_told_who_was_given_an_example(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    first, other = some_examples(store, project_id, 2)
    ada, bob, _ = people
    assign(store, lead, project_id, ada.person_id)
    task = annotating.open_example(store, ada, project_id, first)
    annotating.save_annotation(store, ada, project_id, an_edit(task, output="Other."))
    rita = an_annotator(store, project_id, "Rita", "reviewer")
    shown = reviewing.open_review(store, rita, project_id, first)
    assert [one.kind for one in shown.history] == ["import", "assign", "annotate"]
    reviewing.decide(store, rita, project_id, new_id("rvw"), "accept", an_edit(shown))
    gold_marks.mark_gold(store, lead, project_id, first)
    assign(store, lead, project_id)
    for example_id in (first, other):
        assert told(store, bob, project_id, example_id) == ["imported it"]
        asked = {"action": "open", "example_id": example_id}
        history = handle("annotate", store, bob, project_id, asked)["task"]["history"]
        assert [one["text"].partition(" ")[2] for one in history] == ["imported it"]


def test_a_deleted_group_and_a_skip_return_examples_to_the_open_queue(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 3)
    ada, bob, _ = people
    pair = Group(new_id("grp"), project_id, "Pair", (ada.person_id,))
    assignees.save_group(store, lead, pair)
    assign(store, lead, project_id, ada.person_id, pair.group_id)
    assert assignees.delete_group(store, lead, project_id, pair.group_id) == 1
    assert assigned(store, ids) == [ada.person_id, "", ada.person_id]
    skipping.skip(store, ada, project_id, new_id("evt"), ids[0], "not my field")
    assert assigned(store, ids)[0] == ""
    assert annotate_all(store, bob, project_id) == ids[:2]


def test_what_came_back_is_its_authors_first_unless_it_was_given_to_somebody_else(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 4)
    ada, bob, _ = people
    annotate_all(store, ada, project_id, 2)
    for example_id in ids[:2]:
        task = reviewing.open_review(store, lead, project_id, example_id)
        edit = an_edit(task, comment="Shorter.")
        reviewing.decide(store, lead, project_id, new_id("rvw"), "send_back", edit)
    wanted = ExampleFilter(state="sent_back", text="number 1 ")
    assert assign(store, lead, project_id, bob.person_id, wanted=wanted) == 1
    assign(store, lead, project_id, ada.person_id, wanted=ExampleFilter(text="number 3 "))
    assert annotate_all(store, ada, project_id) == [ids[0], ids[3], ids[2]]
    assert annotate_all(store, bob, project_id) == [ids[1]]


def test_a_limit_ends_the_queue_with_a_sentence_and_what_is_open_is_saved(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    some_examples(store, project_id, 9)
    ada, bob, _ = people
    progress.set_quota(store, lead, project_id, ada.person_id, Quota(per_day=3))
    progress.set_quota(store, lead, project_id, bob.person_id, Quota(total=2))
    first = annotating.next_to_annotate(store, ada, project_id)
    ahead = annotating.next_to_annotate(store, ada, project_id, [first.example_id] if first else [])
    assert first
    assert ahead
    progress.set_quota(store, lead, project_id, ada.person_id, Quota(per_day=1))
    for task in (first, ahead):
        annotating.save_annotation(store, ada, project_id, an_edit(task, output="Mine."))
    told = handle("annotate", store, ada, project_id, {"action": "next"})
    assert told["task"] is None
    assert told["message"]["title"] == "You have reached your limit"
    assert "today's 1 example." in told["message"]["text"]
    assert len(annotate_all(store, bob, project_id)) == 2
    assert "your 2 examples" in progress.limit_told(store, bob, project_id)
    progress.set_quota(store, lead, project_id, bob.person_id, Quota())
    assert len(annotate_all(store, bob, project_id)) == 5
    yesterday = now() - timedelta(days=1, minutes=1)
    store.database.execute("UPDATE audit_events SET created_at = ?", [yesterday])
    assert progress.limit_told(store, ada, project_id) == ""
    with pytest.raises(InvalidInput, match="from 1"):
        Quota(per_day=0)


def test_an_address_opens_no_example_of_others_but_what_one_saved_and_to_a_lead_any(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 4)
    ada, bob, _ = people
    annotating.open_example(store, bob, project_id, ids[3])
    [saved] = annotate_all(store, bob, project_id, 1)
    assign(store, lead, project_id, ada.person_id)
    with pytest.raises(AssignedToOthers, match="gave it to somebody else"):
        annotating.open_example(store, bob, project_id, ids[0])
    assert store.queues.holder(ids[0]) is None
    for actor, example_id in ((ada, ids[0]), (lead, ids[1]), (bob, saved)):
        opened = annotating.open_example(store, actor, project_id, example_id)
        assert opened.example_id == example_id
    pair = Group(new_id("grp"), project_id, "Pair", (bob.person_id,))
    assignees.save_group(store, lead, pair)
    assign(store, lead, project_id, pair.group_id, wanted=ExampleFilter(state="new"))
    assert annotating.open_example(store, bob, project_id, ids[2]).assigned_to == pair.group_id


def test_an_address_opens_nothing_beyond_a_limit_but_what_is_counted_already(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 5)
    ada = people[0]
    saved, returned = annotate_all(store, ada, project_id, 2)
    edit = an_edit(reviewing.open_review(store, lead, project_id, returned), comment="Shorter.")
    reviewing.decide(store, lead, project_id, new_id("rvw"), "send_back", edit)
    held = annotating.open_example(store, ada, project_id, ids[2])
    progress.set_quota(store, lead, project_id, ada.person_id, Quota(total=3))
    for _ in range(2):
        with pytest.raises(LimitReached, match="your 3 examples"):
            annotating.open_example(store, ada, project_id, ids[3])
    for example_id in (held.example_id, saved, returned):
        opened = annotating.open_example(store, ada, project_id, example_id, ids)
        assert opened.example_id == example_id
    progress.set_quota(store, lead, project_id, ada.person_id, Quota(total=9))
    assert annotating.open_example(store, ada, project_id, ids[3]).example_id == ids[3]


def test_progress_counts_what_each_did_and_each_sees_their_own(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 8)
    ada, bob, _ = people
    assign(store, lead, project_id, ada.person_id, bob.person_id)
    annotate_all(store, ada, project_id, 3)
    decisions: dict[str, reviewing.ReviewDecision] = {ids[0]: "accept", ids[2]: "send_back"}
    for example_id, decision in decisions.items():
        task = reviewing.open_review(store, lead, project_id, example_id)
        edit = an_edit(task, comment="Well.")
        reviewing.decide(store, lead, project_id, new_id("rvw"), decision, edit)
    skipping.skip(store, bob, project_id, new_id("evt"), ids[1], "odd")
    found = {one.name: one for one in progress.progress(store, lead, project_id)}
    assert list(found) == ["Ada", "Bob", "Cyd", "Open queue"]
    work = found["Ada"].work
    assert work
    assert (found["Ada"].assigned, found["Ada"].done) == (4, 2)
    assert (work.saved, work.accepted, work.sent_back, work.median_seconds) == (3, 1, 1, 4.0)
    assert work.last_active
    assert (found["Bob"].assigned, found["Bob"].work and found["Bob"].work.skipped) == (3, 1)
    assert (found["Open queue"].assigned, found["Open queue"].done) == (1, 0)
    figures = working.figures(store, ada, project_id, "annotate")
    assert (figures["assigned_done"], figures["assigned"]) == (2, 4)
    rows = list(csv.reader(io.StringIO(progress.progress_file(store, lead, project_id))))
    assert rows[1][:8] == ["Ada", "4", "2", "3", "1", "1", "0", "4.0"]
    with pytest.raises(NotAllowed):
        progress.progress(store, ada, project_id)


def test_leads_who_assign_while_people_work_lose_nothing_and_give_nothing_twice(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 60)
    everybody = [one.person_id for one in people]

    def work(person: Actor) -> list[str]:
        return annotate_all(store, person, project_id)

    def divide(_: int) -> None:
        for k in range(6):
            assign(store, lead, project_id, *everybody[k % 3 :])
            assign(store, lead, project_id)

    with ThreadPoolExecutor(4) as threads:
        lots = [threads.submit(work, person) for person in people]
        threads.submit(divide, 0).result()
        done = [one for lot in lots for one in lot.result()]
    done += [one for person in people for one in work(person)]
    assert sorted(done) == sorted(ids)
    counted = "SELECT state, assigned_to, count(*)::BIGINT AS n FROM example_tallies GROUP BY ALL"
    summed = (
        "SELECT state, assigned_to, sum(n)::BIGINT AS n FROM example_counts "
        "GROUP BY ALL HAVING sum(n) <> 0"
    )
    rows = [sorted(map(str, store.database.rows(sql))) for sql in (counted, summed)]
    assert rows[0] == rows[1]


def test_without_assignments_the_queue_asks_what_it_asked_before(
    store: Store, project_id: str, people: list[Actor]
) -> None:
    some_examples(store, project_id, 20)
    ada = people[0]
    working.annotate(store, ada, project_id, Sent("next"))
    asked: list[str] = []
    run = store.database._run

    def spy(cursor: object, sql: str, params: object) -> object:
        asked.append(sql)
        return run(cursor, sql, params)  # type: ignore[arg-type]

    store.database._run = spy  # type: ignore[method-assign]
    task = store.queues.hands(project_id, "annotate", ada.person_id).mine[0]
    working.annotate(store, ada, project_id, Sent("next", holding=(task.example_id,)))
    store.database._run = run  # type: ignore[method-assign]
    assert _CANDIDATE["annotate"] in asked
    tables = ("groups", "group_members", "quotas", "assignments")
    assert not [sql for sql in asked for table in tables if f" {table}" in sql]


def test_the_last_assigned_example_of_many_is_found_without_a_search(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    many_examples(store, project_id, 40_000)
    ada, bob, _ = people
    assign(store, lead, project_id, bob.person_id)
    last = ExampleFilter(text="Summarise visit 39990 ")
    assert assign(store, lead, project_id, ada.person_id, wanted=last) == 1
    working.annotate(store, bob, project_id, Sent("next"))

    def given() -> None:
        found = store.candidates.next(project_id, "annotate", ada.person_id, taken=())
        assert found
        assert found.position == 39_990

    assert reads_of(store, given) < 9_000


def test_a_gold_example_is_told_to_be_somebodys_as_the_others_are(
    store: Store, project_id: str, lead: Actor, people: list[Actor]
) -> None:
    ids = some_examples(store, project_id, 6)
    ada, bob, cid = people
    pair = Group(new_id("grp"), project_id, "Pair", (bob.person_id, cid.person_id))
    assignees.save_group(store, lead, pair)
    assign(store, lead, project_id, ada.person_id, pair.group_id)
    for n, by in ((0, ada), (1, cid)):
        task = annotating.open_example(store, by, project_id, ids[n])
        annotating.save_annotation(store, by, project_id, an_edit(task, output="Other."))
    bulk.act(store, lead, project_id, ExampleFilter(), BulkAction("accept"))
    for one in ids[:2]:
        gold_marks.mark_gold(store, lead, project_id, one)

    def listed(wanted: ExampleFilter) -> list[tuple[int, str]]:
        rows, _ = browsing.examples_page(store, bob, project_id, wanted)
        return [(one.position, one.assigned_to) for one in rows if one.position < 4]

    others = [(3, ada.person_id)]
    assert listed(ExampleFilter()) == [(1, ada.person_id), (2, pair.group_id), *others]
    assert listed(ExampleFilter(assigned_to=OPEN_QUEUE)) == []
    with pytest.raises(AssignedToOthers):  # as of the third
        annotating.open_example(store, bob, project_id, ids[0])
    for one in ids[:2]:
        given = GoldTask(one, bob.person_id, project_id, "open")
        store.transact(partial(store.gold_examples.set_task, given))
    assert listed(ExampleFilter()) == [(1, pair.group_id), (2, pair.group_id), *others]
    assert listed(ExampleFilter(assigned_to=ada.person_id)) == others
    shown = browsing.shown_example(store, bob, project_id, ids[0])
    assert (shown.state, shown.assigned_to) == ("new", pair.group_id)
