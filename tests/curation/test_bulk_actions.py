"""Bulk actions on a real store: counted first, one transaction, history, undo, and two at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotAllowed
from core.examples.bulk import BulkAction, BulkKind
from core.examples.current import CurrentExample
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import annotating, browsing, bulk, reviewing, skipping
from core.workflows.curation.annotating import EditConflict
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team import projects
from storage.store import Store
from tests.builders import a_project, accepted_examples, an_actor, an_edit, some_examples
from tests.many_examples import many_examples

TOPIC = LabelField("topic", ("sums", "shapes"))
MARKS = LabelField("marks/all", ("odd", "long", "short"), "multiple")


@pytest.fixture
def project_id(store: Store) -> str:
    project = a_project(store)
    lead = an_actor(project.project_id, name="lea")
    settings = replace(project.settings, label_schema=(TOPIC, MARKS))
    projects.change_project(store, lead, project.project_id, settings)
    return project.project_id


def present(store: Store, example_id: str) -> CurrentExample:
    current = store.examples.current(example_id)
    assert current
    return current


def kinds(store: Store, example_id: str) -> list[str]:
    return [one.kind for one in store.examples.history(present(store, example_id))]


def last_batch(store: Store, project_id: str) -> str:
    last = bulk.last_action(store, an_actor(project_id, name="lea"), project_id)
    assert last
    return last.batch_id


def counters_are_right(store: Store) -> bool:
    counted = store.database.rows(
        "SELECT block, state, flagged, author_id, count(*) AS n FROM example_tallies GROUP BY ALL"
    )
    summed = store.database.rows(
        "SELECT block, state, flagged, author_id, sum(n)::BIGINT AS n FROM example_counts "
        "GROUP BY ALL HAVING sum(n) <> 0"
    )
    return sorted(map(str, counted)) == sorted(map(str, summed))


@pytest.mark.parametrize(
    ("kind", "state"),
    [("accept", "accepted"), ("send_back", "sent_back"), ("set_aside", "set_aside")],
)
def test_a_decision_reaches_what_matches_and_what_was_counted_and_returns(
    store: Store, project_id: str, kind: BulkKind, state: str
) -> None:
    texts = [(f"Count the {n} cats.", "", "Many.") for n in range(6)]
    ids = some_examples(store, project_id, [*texts, ("Name a dog.", "", "Rex.")])
    lead, ada = an_actor(project_id, name="lea"), an_actor(project_id, "annotator")
    for one in ids[:5]:
        task = annotating.open_example(store, ada, project_id, one)
        annotating.save_annotation(store, ada, project_id, an_edit(task, output="A few."))
    skipping.flag(store, ada, project_id, new_id("evt"), ids[0], "odd")
    annotating.open_example(store, ada, project_id, ids[1])
    wanted = ExampleFilter(text="CATS")
    action = BulkAction(kind, "Because of the cats.")
    before = {one: present(store, one).state for one in ids}
    found = bulk.preview(store, lead, project_id, wanted, action)
    expected = {"flagged": 1, "held": 1} | ({"state": 1} if kind == "send_back" else {})
    assert (found.matching, dict(found.stay)) == (6, expected)
    assert bulk.act(store, lead, project_id, wanted, action) == found.changes
    changed = [one for one in ids if present(store, one).state == state]
    assert changed == ids[2 : 2 + found.changes]
    entry = store.examples.history(present(store, ids[2]))[-1]
    assert (entry.kind, entry.text) == (kind, "Because of the cats.")
    assert counters_are_right(store)
    assert bulk.undo(store, lead, project_id, last_batch(store, project_id)) == found.changes
    assert {one: present(store, one).state for one in ids} == before
    assert counters_are_right(store)


def test_a_label_is_set_or_added_as_a_revision_of_each_and_taken_back(
    store: Store, project_id: str
) -> None:
    ids = accepted_examples(store, project_id, 4)
    lead = an_actor(project_id, name="lea")
    act = bulk.act
    sums = BulkAction("label", label=("topic", "sums"))
    assert act(store, lead, project_id, ExampleFilter(), sums) == 4
    odd = BulkAction("label", "They are.", label=("marks/all", "odd"))
    assert act(store, lead, project_id, ExampleFilter(label=("topic", "sums")), odd) == 4
    again = bulk.preview(store, lead, project_id, ExampleFilter(), odd)
    assert (again.changes, dict(again.stay)) == (0, {"same": 4})
    long = BulkAction("label", label=("marks/all", "long"))
    assert act(store, lead, project_id, ExampleFilter(label=("marks/all", "odd")), long) == 4
    one = present(store, ids[0])
    assert dict(one.labels) == {"topic": "sums", "marks/all": ["odd", "long"]}
    assert (one.state, one.number, one.author_id) == ("accepted", 4, lead.person_id)
    assert kinds(store, ids[0]) == ["import", "accept", "label", "label", "label"]
    skipping.flag(store, lead, project_id, new_id("evt"), ids[1], "odd")
    changed = reviewing.open_review(store, lead, project_id, ids[1])
    reviewing.decide(store, lead, project_id, new_id("rvw"), "accept", an_edit(changed))
    assert bulk.undo(store, lead, project_id, last_batch(store, project_id)) == 3
    assert present(store, ids[0]).labels["marks/all"] == ["odd"]
    assert present(store, ids[1]).labels["marks/all"] == ["odd", "long"]  # decided on since
    assert counters_are_right(store)
    with pytest.raises(Conflict):
        bulk.undo(store, lead, project_id, "bat_of_before")


def test_a_worker_masks_personal_data_and_what_changed_meanwhile_stays(
    store: Store, project_id: str
) -> None:
    mail = "Write to ada@firm.org."
    ids = some_examples(
        store, project_id, [("Who?", mail, "She."), ("Whom?", "", mail), ("What?", "", "Nothing.")]
    )
    lead, ada = an_actor(project_id, name="lea"), an_actor(project_id, "annotator")
    action = BulkAction("mask", "Asked for.", mask=("email",))
    with pytest.raises(InvalidInput, match="worker"):
        bulk.act(store, lead, project_id, ExampleFilter(), action)
    job_id = bulk.start_masking(store, lead, project_id, ExampleFilter(), action)
    task = annotating.open_example(store, ada, project_id, ids[1])
    annotating.save_annotation(store, ada, project_id, an_edit(task, output=f"Late: {mail}"))
    assert wait_for(store, job_id).taken_in
    assert present(store, ids[0]).input == "Write to [EMAIL]."
    assert present(store, ids[1]).output == f"Late: {mail}"
    assert (present(store, ids[2]).number, present(store, ids[0]).state) == (1, "new")
    assert bulk.undo(store, lead, project_id, last_batch(store, project_id)) == 1
    assert present(store, ids[0]).input == mail
    assert kinds(store, ids[0]) == ["import", "mask", "restore"]


def test_neither_a_mask_nor_an_undo_voids_what_some_of_several_people_have_annotated(
    store: Store,
) -> None:
    project_id = a_project(store, overlap=2, label_schema=(TOPIC,)).project_id
    lead, ada = an_actor(project_id, name="lea"), an_actor(project_id, "annotator")
    one, other = some_examples(store, project_id, [("Who?", "ada@firm.org", "She.")] * 2)

    def annotate(example_id: str) -> None:
        task = annotating.open_example(store, ada, project_id, example_id)
        annotating.save_annotation(store, ada, project_id, an_edit(task, output="Mine."))

    def annotations() -> list[int]:
        return [len(store.overlaps.present(present(store, it))) for it in (one, other)]

    annotate(one)
    sums = BulkAction("label", label=("topic", "sums"))
    assert bulk.act(store, lead, project_id, ExampleFilter(), sums) == 1
    annotate(other)
    assert bulk.undo(store, lead, project_id, last_batch(store, project_id)) == 0
    mask = BulkAction("mask", "Asked for.", mask=("email",))
    wanted = bulk.preview(store, lead, project_id, ExampleFilter(), mask)
    assert (wanted.changes, dict(wanted.stay)) == (0, {"collecting": 2})
    job_id = bulk.start_masking(store, lead, project_id, ExampleFilter(), mask)
    assert wait_for(store, job_id).taken_in
    assert annotations() == [1, 1]


def test_two_leads_at_once_change_every_example_once(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 300)
    leads = [an_actor(project_id, name=name) for name in ("lea", "lou")]
    actions = [BulkAction("accept"), BulkAction("set_aside")]
    wanted = ExampleFilter(state="new")
    with ThreadPoolExecutor(2) as threads:
        done = list(
            threads.map(
                lambda both: bulk.act(store, both[0], project_id, wanted, both[1]),
                zip(leads, actions, strict=True),
            )
        )
    assert sorted(done) == [0, 300]
    assert store.database.value("SELECT count(*) FROM reviews") == len(ids)
    assert counters_are_right(store)


def test_two_leads_labelling_at_once_lose_neither_label(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, 200)
    leads = [an_actor(project_id, name=name) for name in ("lea", "lou")]
    options = ["odd", "long"]
    with ThreadPoolExecutor(2) as threads:
        done = list(
            threads.map(
                lambda both: bulk.act(
                    store,
                    both[0],
                    project_id,
                    ExampleFilter(),
                    BulkAction("label", label=("marks/all", both[1])),
                ),
                zip(leads, options, strict=True),
            )
        )
    assert done == [200, 200]
    for one in ids:
        assert sorted(present(store, one).labels["marks/all"]) == ["long", "odd"]


def test_annotators_who_save_while_a_lead_changes_everything_lose_nothing(
    store: Store, project_id: str
) -> None:
    ids = some_examples(store, project_id, 400)
    lead = an_actor(project_id, name="lea")
    people = [an_actor(project_id, "annotator", name=f"person{n}") for n in range(4)]

    def annotate(place: int) -> dict[str, str]:
        saved = {}
        for _ in range(12):
            task = annotating.next_to_annotate(store, people[place], project_id)
            if task is None:
                break
            words = f"By {place}: {task.position}."
            try:
                edit = an_edit(task, output=words)
                annotating.save_annotation(store, people[place], project_id, edit)
                saved[task.example_id] = words
            except EditConflict:  # told so: the words are still in the form
                continue
        return saved

    def label(_: int) -> dict[str, str]:
        for option in ("sums", "shapes", "sums"):
            action = BulkAction("label", label=("topic", option))
            bulk.act(store, lead, project_id, ExampleFilter(), action)
        return {}

    with ThreadPoolExecutor(5) as threads:
        running = [threads.submit(annotate, place) for place in range(4)]
        running.append(threads.submit(label, 0))
        saved = {key: text for one in running for key, text in one.result().items()}
    assert saved
    assert {one: present(store, one).output for one in saved} == saved
    numbers = store.database.rows(
        "SELECT example_id, list(number ORDER BY number) AS n FROM revisions GROUP BY example_id"
    )
    assert len(numbers) == len(ids)
    assert all(row["n"] == list(range(1, len(row["n"]) + 1)) for row in numbers)
    assert counters_are_right(store)


def test_only_leads_change_many_and_only_with_labels_of_the_project(
    store: Store, project_id: str
) -> None:
    some_examples(store, project_id, 1)
    rita, lead = an_actor(project_id, "reviewer", name="rita"), an_actor(project_id, name="lea")
    accept = BulkAction("accept")
    with pytest.raises(NotAllowed):
        bulk.preview(store, rita, project_id, ExampleFilter(), accept)
    with pytest.raises(NotAllowed):
        bulk.act(store, rita, project_id, ExampleFilter(), accept)
    action = BulkAction("label", label=("topic", "cats"))
    with pytest.raises(InvalidInput, match="label schema"):
        bulk.act(store, lead, project_id, ExampleFilter(), action)
    with pytest.raises(InvalidInput, match="comment"):
        BulkAction("send_back")


def test_many_thousand_are_changed_and_audited_once(store: Store, project_id: str) -> None:
    many_examples(store, project_id, 20_000)
    lead = an_actor(project_id, name="lea")
    action = BulkAction("label", label=("topic", "sums"))
    assert bulk.act(store, lead, project_id, ExampleFilter(), action) == 20_000
    events = store.database.rows(
        "SELECT action, detail FROM audit_events WHERE action = 'labelled_all'"
    )
    assert [(json.loads(one["detail"])["n"]) for one in events] == [20_000]
    assert bulk.undo(store, lead, project_id, last_batch(store, project_id)) == 20_000
    rows, count = browsing.examples_page(
        store, lead, project_id, ExampleFilter(label=("topic", "sums"))
    )
    assert (rows, count) == ([], 0)
