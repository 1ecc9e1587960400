"""Several people annotate one example: a hard cap, nobody twice, blind, and settled in the end."""

from __future__ import annotations

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.actor import Actor
from core.clock import new_id, now
from core.errors import TouchstoneError
from core.examples.bulk import BulkAction
from core.examples.leases import Lease
from core.examples.listing import ExampleFilter
from core.examples.overlap import Overlap
from core.projects import LabelField, ProjectSettings
from core.workflows.curation import (
    annotating,
    browsing,
    bulk,
    collecting,
    importing,
    progress,
    reviewing,
    skipping,
    working,
)
from core.workflows.curation.annotating import EditConflict
from core.workflows.curation.sent import Sent
from core.workflows.curation.working import Answer, Task
from core.workflows.team import projects
from core.workflows.team.label_schema import LabelsInUse
from pages.server.work_views import conflict_view, task_view
from storage import queue_orders
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples
from tests.curation.test_working import sent
from tests.people_builders import an_annotator

TOPIC = LabelField("topic", ("sums", "products"))


class Place:
    """A project in which several people annotate each example."""

    def __init__(self, store: Store, examples: int, people: int = 2, **more: Any) -> None:
        self.store = store
        made = a_project(store, new_id("Notes"), label_schema=(TOPIC,), overlap=people, **more)
        self.project_id = made.project_id
        self.ids = some_examples(store, self.project_id, examples)
        self.lead = an_actor(self.project_id, "lead", name="lea")
        self.ann, self.bea, self.cid = (
            an_actor(self.project_id, "annotator", name=name) for name in ("ann", "bea", "cid")
        )
        self.rev = an_actor(self.project_id, "reviewer", name="rev")

    def next(self, actor: Actor) -> Task | None:
        return working.annotate(self.store, actor, self.project_id, Sent("next")).task

    def save(self, actor: Actor, task: Task | None, output: str, **more: Any) -> Answer:
        assert task
        asked = sent(task, "save", output, **more)
        return working.annotate(self.store, actor, self.project_id, asked)

    def annotate(self, actor: Actor, output: str, **more: Any) -> str:
        """This person annotates what comes next; its id."""
        task = self.next(actor)
        self.save(actor, task, output, next=False, **more)
        assert task
        return task.example.example_id

    def current(self, example_id: str) -> Any:
        return self.store.examples.current(example_id)

    def set_overlap(self, people: int, share: float = 1.0) -> None:
        project = projects.get_project(self.store, self.lead, self.project_id)
        changed = replace(project.settings, overlap=people, overlap_share=share)
        projects.change_project(self.store, self.lead, self.project_id, changed)


def test_an_example_waits_for_a_second_person_and_never_comes_back_to_the_first(
    store: Store,
) -> None:
    place = Place(store, 2)
    first, second = place.ids
    assert place.annotate(place.ann, "One.") == first
    assert (place.current(first).state, place.current(first).number) == ("new", 1)
    assert place.annotate(place.ann, "Two.") == second
    assert place.next(place.ann) is None
    assert place.annotate(place.bea, "  One. ") == first
    assert place.current(first).state == "annotated"
    assert place.next(place.cid) is not None  # the second one still waits for one person


def test_people_who_wrote_the_same_make_one_revision_by_agreement(store: Store) -> None:
    place = Place(store, 1)
    place.annotate(place.ann, "One  word.", labels={"topic": "sums"})
    (only,) = place.ids
    place.annotate(place.bea, "One word.", labels={"topic": "sums"})
    now_is = place.current(only)
    assert (now_is.output, now_is.number, now_is.author) == ("One  word.", 2, "Touchstone")
    last = browsing.history_of(store, place.lead, now_is)[-1]
    assert (last.kind, last.text) == ("agree", "All 2 annotators wrote the same.")
    shown = working.review(store, place.rev, place.project_id, Sent("next")).task
    assert shown
    notes = task_view(store, place.rev, place.project_id, "review", shown)["notes"]
    assert "All 2 annotators" in notes[0]["text"]


def test_the_text_of_more_than_half_is_shown_else_the_first(store: Store) -> None:
    place = Place(store, 2, people=3)
    for actor, output in ((place.ann, "Odd."), (place.bea, "Same."), (place.cid, "Same.")):
        place.annotate(actor, output)
    for actor, output in ((place.ann, "One."), (place.bea, "Two."), (place.cid, "Three.")):
        place.annotate(actor, output)
    outputs = [place.current(example_id).output for example_id in place.ids]
    assert outputs == ["Same.", "One."]
    kinds = [
        browsing.history_of(store, place.lead, place.current(example_id))[-1].text
        for example_id in place.ids
    ]
    assert kinds == ["2 of 3 annotators wrote the same.", "3 annotators differ."]


def test_other_labels_are_a_dispute_too(store: Store) -> None:
    place = Place(store, 1)
    place.annotate(place.ann, "One.", labels={"topic": "sums"})
    place.annotate(place.bea, "One.", labels={"topic": "products"})
    history = browsing.history_of(store, place.lead, place.current(place.ids[0]))
    assert history[-1].kind == "dispute"


def test_a_reviewer_sees_annotations_without_people_and_what_was_chosen_is_kept(
    store: Store,
) -> None:
    place = Place(store, 1)
    place.annotate(place.ann, "Ann's words.")
    place.annotate(place.bea, "Bea's words.", labels={"topic": "sums"})
    answer = working.review(store, place.rev, place.project_id, Sent("next"))
    assert answer.task
    view = task_view(store, place.rev, place.project_id, "review", answer.task)
    assert [one["name"] for one in view["annotations"]] == ["A", "B"]
    people = ("person_ann", "person_bea", '"ann"', '"bea"', "ann saved", "bea saved")
    assert not [word for word in people if word in str(view).replace("'", '"')]
    beas = next(one for one in view["annotations"] if one["fields"]["output"] == "Bea's words.")
    asked = sent(answer.task, "accept", "Bea's words.", chosen=beas["name"], labels=beas["labels"])
    working.review(store, place.rev, place.project_id, asked)
    done = place.current(place.ids[0])
    assert (done.state, done.output, done.author_id) == (
        "accepted",
        "Bea's words.",
        place.rev.person_id,
    )
    chosen = store.database.value(
        "SELECT a.person_id FROM reviews r JOIN annotations a USING (annotation_id)"
    )
    assert chosen == place.bea.person_id


def test_nobody_sees_what_others_wrote_before_the_last_has_saved(store: Store) -> None:
    place = Place(store, 1)
    place.annotate(place.ann, "Secret words.")
    task = place.next(place.bea)
    assert task
    view = task_view(store, place.bea, place.project_id, "annotate", task)
    assert "Secret" not in str(view)
    assert "ann" not in [entry["text"].split()[0] for entry in view["history"]]
    found, _ = browsing.examples_page(store, place.bea, place.project_id)
    assert "Secret" not in str(found)
    assert collecting.annotations_of(store, place.lead, task.example) == []


def test_one_more_than_wished_gets_a_sentence_and_nothing_is_saved(store: Store) -> None:
    place = Place(store, 1)
    (only,) = place.ids
    slow = place.next(place.cid)
    ended = now() - timedelta(seconds=1)
    store.queues.take_lease(
        Lease(place.project_id, only, 1, "annotate", place.cid.person_id, ended)
    )
    for actor in (place.ann, place.bea):
        assert place.annotate(actor, f"By {actor.name}.") == only
    with pytest.raises(EditConflict, match="As many people as this project wants"):
        place.save(place.cid, slow, "Late.")
    assert store.database.value("SELECT count(*) FROM annotations") == 2
    assert slow
    body = {
        "action": "save",
        "project": place.project_id,
        "example_id": only,
        "fields": {"output": "Late."},
    }
    refused = conflict_view(store, place.cid, "annotate", body)
    assert not refused["open"]
    with pytest.raises(EditConflict):
        annotating.open_example(store, place.cid, place.project_id, only)


def test_a_retry_is_one_annotation_and_a_second_tab_meets_a_conflict(store: Store) -> None:
    place = Place(store, 1)
    task = place.next(place.ann)
    once = place.save(place.ann, task, "Mine.", submission_id="rev_same", next=False)
    again = place.save(place.ann, task, "Mine.", submission_id="rev_same", next=False)
    assert once.saved == again.saved
    with pytest.raises(EditConflict, match="another tab"):
        place.save(place.ann, task, "From the other tab.", next=False)
    assert store.database.value("SELECT count(*) FROM annotations") == 1
    assert task
    body = {
        "action": "save",
        "project": place.project_id,
        "example_id": place.ids[0],
        "fields": {"output": "From the other tab."},
    }
    refused = conflict_view(store, place.ann, "annotate", body)
    assert refused["open"]
    assert refused["theirs"]["fields"]["output"] == "Mine."


def test_own_work_is_opened_again_and_changed_until_the_last_has_saved(store: Store) -> None:
    place = Place(store, 1)
    (only,) = place.ids
    place.annotate(place.ann, "First try.")
    back = working.annotate(store, place.ann, place.project_id, Sent("back")).task
    assert back
    assert (back.example.output, back.own) == ("First try.", True)
    place.save(place.ann, back, "Second try.", next=False)
    assert place.current(only).annotations == 1
    assert place.next(place.ann) is None
    place.annotate(place.bea, "Bea's.")
    outputs = {one.output for one in store.overlaps.present(place.current(only))}
    assert outputs == {"Second try.", "Bea's."}
    with pytest.raises(TouchstoneError, match="no earlier example"):
        working.annotate(store, place.ann, place.project_id, Sent("back"))


def test_back_opens_the_last_example_that_nobody_else_is_at(store: Store) -> None:
    place = Place(store, 3)
    first, second, _ = place.ids
    place.annotate(place.ann, "One.")
    place.annotate(place.ann, "Two.")
    annotating.open_example(store, place.bea, place.project_id, second)
    back = working.annotate(store, place.ann, place.project_id, Sent("back")).task
    assert back
    assert back.example.example_id == first


def test_a_skip_is_kept_when_somebody_else_annotates_and_the_figures_say_what_waits(
    store: Store,
) -> None:
    place = Place(store, 2)
    first, second = place.ids
    skipping.skip(store, place.bea, place.project_id, new_id("evt"), first, "not my field")
    assert place.annotate(place.ann, "One.") == first
    assert place.annotate(place.bea, "Two.") == second
    assert place.next(place.bea) is None
    told = working.figures(store, place.bea, place.project_id, "annotate")
    assert (told["waiting"], told["annotators"]) == (0, 2)
    waits = working.figures(store, place.ann, place.project_id, "annotate")
    assert waits["waiting"] == 1
    assert place.annotate(place.cid, "One.") == first


def test_fewer_people_than_before_send_on_what_there_is_and_more_count_for_new_ones(
    store: Store,
) -> None:
    place = Place(store, 3, people=3)
    place.annotate(place.ann, "One.")
    place.annotate(place.bea, "Other.")
    place.annotate(place.ann, "Two.")
    assert browsing.counts(store, place.lead, place.project_id)["new"] == 3
    place.set_overlap(2)
    states = [place.current(one).state for one in place.ids]
    assert states == ["annotated", "new", "new"]
    place.set_overlap(1)
    states = [place.current(one).state for one in place.ids]
    assert states == ["annotated", "annotated", "new"]
    assert place.current(place.ids[1]).author_id == place.ann.person_id
    place.set_overlap(4)
    assert [place.current(one).state for one in place.ids] == states
    place.annotate(place.ann, "Three.")
    assert place.current(place.ids[2]).state == "new"


def test_only_the_chosen_share_of_examples_is_annotated_twice(store: Store) -> None:
    place = Place(store, 40, overlap_share=0.3)
    overlap = store.overlaps.of_project(place.project_id)
    twice = [one for one in place.ids if overlap.wanted(place.project_id, one) == 2]
    assert 0 < len(twice) < 30
    for _ in place.ids:
        place.annotate(place.ann, "Done.")
    waiting = [one for one in place.ids if place.current(one).state == "new"]
    assert waiting == twice
    assert {Overlap(2, 0.0).wanted("p", one) for one in place.ids} == {1}
    assert {Overlap(2, 1.0).wanted("p", one) for one in place.ids} == {2}


def test_who_annotated_an_example_decides_on_it_only_where_nobody_else_can(store: Store) -> None:
    place = Place(store, 1)
    (only,) = place.ids
    rita = an_actor(place.project_id, "annotator", "reviewer", name="rita")
    place.annotate(rita, "Rita's.")
    place.annotate(place.bea, "Bea's.")
    store.accounts.add("Rev", "rev", "hash", False)
    rev_id = store.database.value("SELECT person_id FROM people WHERE name_key = 'rev'")
    store.accounts.grant(place.project_id, rev_id, "reviewer")
    assert reviewing.next_to_review(store, rita, place.project_id) is None
    with pytest.raises(EditConflict, match="somebody else decides"):
        reviewing.open_review(store, rita, place.project_id, only)
    store.accounts.set_disabled(rev_id, True)
    alone = reviewing.next_to_review(store, rita, place.project_id)
    assert alone
    edit = an_edit(alone, output="Bea's.")
    reviewing.decide(store, rita, place.project_id, new_id("rvw"), "accept", edit)
    assert place.current(only).state == "accepted"


def test_a_bulk_accept_leaves_out_what_annotators_differ_on_or_still_annotate(
    store: Store,
) -> None:
    place = Place(store, 4)
    for output in ("Same.", "Mine.", "Mine."):
        place.annotate(place.ann, output)
    for output in ("Same.", "Other."):
        place.annotate(place.bea, output)
    action = BulkAction("accept")
    told = bulk.preview(store, place.lead, place.project_id, ExampleFilter(), action)
    assert (told.changes, dict(told.stay)) == (2, {"disputed": 1, "collecting": 1})
    assert bulk.act(store, place.lead, place.project_id, ExampleFilter(), action) == 2
    assert place.current(place.ids[1]).state == "annotated"


def test_a_correction_that_stays_when_its_decision_is_undone_begins_the_collecting_anew(
    store: Store,
) -> None:
    place = Place(store, 1)
    place.annotate(place.ann, "One.")
    (only,) = place.ids
    skipping.flag(store, place.lead, place.project_id, new_id("evt"), only, "odd")
    task = reviewing.open_review(store, place.rev, place.project_id, only)
    edit = an_edit(task, output="Right.")
    reviewing.decide(store, place.rev, place.project_id, "rvw", "accept", edit)
    reviewing.undo_decision(store, place.rev, place.project_id, new_id("rvw"), "rvw")
    now_is = place.current(only)
    assert (now_is.state, now_is.output, now_is.annotations) == ("new", "Right.", 0)


def test_settings_from_before_overlap_open_with_one_annotator(store: Store) -> None:
    old = ProjectSettings("Notes").to_json()
    del old["overlap"], old["overlap_share"]
    assert ProjectSettings.from_json(old) == ProjectSettings("Notes")
    project = a_project(store)
    store.database.execute(
        "UPDATE projects SET settings = json_merge_patch(settings, "
        '\'{"overlap": null, "overlap_share": null}\') WHERE project_id = ?',
        [project.project_id],
    )
    assert store.overlaps.of_project(project.project_id) == Overlap()


def test_twelve_people_racing_annotate_each_example_twice_and_nothing_is_lost(
    store: Store,
) -> None:
    place = Place(store, 60)
    ledger: dict[str, tuple[str, str]] = {}  # kept outside of the app: submission → example, person
    lock = threading.Lock()

    def work(person: Actor) -> None:
        task = place.next(person)
        while len(ledger) < 120:
            if task is None:  # others hold what is left
                time.sleep(0.01)
                task = place.next(person)
                continue
            submission = new_id("rev")
            answer = place.save(person, task, f"By {person.name}.", submission_id=submission)
            with lock:
                for one in answer.saved:
                    ledger[one] = (task.example.example_id, person.person_id)
            task = answer.task

    people = [an_actor(place.project_id, "annotator", name=f"p{n}") for n in range(12)]
    with ThreadPoolExecutor(12) as threads:
        list(threads.map(work, people))
    rows = store.database.rows("SELECT annotation_id, example_id, person_id FROM annotations")
    assert {r["annotation_id"]: (r["example_id"], r["person_id"]) for r in rows} == ledger
    assert Counter(example for example, _ in ledger.values()) == dict.fromkeys(place.ids, 2)
    assert len(set(ledger.values())) == 120
    assert browsing.counts(store, place.lead, place.project_id)["annotated"] == 60


ACTS = st.tuples(
    st.sampled_from(["take", "save", "save", "skip", "expire", "back"]), st.integers(0, 3)
)


@given(acts=st.lists(ACTS, min_size=10, max_size=40), people=st.integers(2, 3))
@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_no_order_of_taking_saving_skipping_and_waiting_passes_the_cap(
    store: Store, acts: list[tuple[str, int]], people: int
) -> None:
    place = Place(store, 2, people=people)
    workers = [an_actor(place.project_id, "annotator", name=f"w{n}") for n in range(4)]
    hands: dict[int, Task | None] = {}
    for act, who in acts:
        try:
            one_act(place, workers, hands, act, who)
        except TouchstoneError:
            continue
    for example_id in place.ids:
        example = place.current(example_id)
        wrote = {
            row["person_id"]
            for row in store.database.rows(
                "SELECT person_id FROM annotations WHERE example_id = ?", [example_id]
            )
        }
        assert len(wrote) == example.annotations <= people
        assert (example.state == "annotated") == (len(wrote) == people)
        assert example.number == (2 if example.state == "annotated" else 1)


def one_act(
    place: Place, workers: list[Actor], hands: dict[int, Task | None], act: str, who: int
) -> None:
    person, held = workers[who], hands.get(who)
    if act == "take":
        hands[who] = place.next(person)
    elif act == "back":
        hands[who] = working.annotate(place.store, person, place.project_id, Sent("back")).task
    elif act == "expire":
        place.store.database.execute("UPDATE example_leases SET expires_at = '2020-01-01'")
    elif held and act == "save":
        hands[who] = place.save(person, held, f"By {who}.").task
    elif held:
        skipping.skip(
            place.store, person, place.project_id, new_id("evt"), held.example.example_id, "No."
        )


def test_undoing_an_import_leaves_what_somebody_annotated(store: Store) -> None:
    place = Place(store, 2)
    place.annotate(place.ann, "One.")
    import_id = store.database.value("SELECT import_id FROM imports")
    store.database.execute("UPDATE imports SET next_row = NULL")  # the import has ended
    admin = Actor("person_ada", "ada", roles=place.lead.roles)
    assert importing.undo_import(store, admin, place.project_id, import_id) == 1
    assert place.current(place.ids[0]).annotations == 1


# With assignments, orders, and settings that change meanwhile -----------------------------------


def test_what_is_assigned_to_one_person_goes_on_to_others_once_they_have_annotated_it(
    store: Store,
) -> None:
    place = Place(store, 3)
    ada, bob = (an_annotator(store, place.project_id, name) for name in ("Ada", "Bob"))
    action = BulkAction("assign", to=(ada.person_id,))
    bulk.act(store, place.lead, place.project_id, ExampleFilter(), action)
    assert place.next(bob) is None
    first = [place.annotate(ada, "Mine.") for _ in range(3)]
    assert [place.annotate(bob, "Mine.") for _ in range(3)] == first
    found = progress.progress(store, place.lead, place.project_id)
    assert {one.name: one.work.saved for one in found if one.work} == {"Ada": 3, "Bob": 3}


def test_in_another_order_than_that_of_import_everything_comes_to_everybody_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_orders, "AHEAD", 3)
    place = Place(store, 10, queue_order="random")
    for person in (place.ann, place.bea):
        assert len({place.annotate(person, "Same.") for _ in range(10)}) == 10
        assert place.next(person) is None


def test_a_save_meets_fewer_people_than_it_counted_on_and_a_start_goes_on(store: Store) -> None:
    place = Place(store, 2)
    first, second = (place.annotate(place.ann, "Mine.") for _ in range(2))
    # As a server leaves it that was killed between the settings and what follows from them.
    store.database.execute(
        "UPDATE projects SET settings = json_merge_patch(settings, $less)",
        {"less": '{"overlap": 1}'},
    )
    store.transact(store.overlaps.settings_change)
    collecting.settings_changed(store, place.current(first), wanted=2)
    assert place.current(first).state == "annotated"
    assert place.current(second).state == "new"
    collecting.go_on(store)
    assert place.current(second).state == "annotated"


@pytest.mark.parametrize("imported", [{}, {"topic": "sums"}])
def test_a_renamed_option_is_renamed_in_annotations_that_wait_for_others(
    store: Store, imported: dict[str, str]
) -> None:
    place = Place(store, 1)
    if imported:
        action = BulkAction("label", label=("topic", "sums"))
        bulk.act(store, place.lead, place.project_id, ExampleFilter(), action)
    place.annotate(place.ann, "One.", labels={"topic": "sums"})
    project = projects.get_project(store, place.lead, place.project_id)
    named = replace(project.settings, label_schema=(LabelField("topic", ("adding", "products")),))
    with pytest.raises(LabelsInUse, match="topic: sums” in 1"):
        projects.change_project(store, place.lead, place.project_id, named)
    projects.change_project(
        store, place.lead, place.project_id, named, moves={("topic", "sums"): ("topic", "adding")}
    )
    assert place.next(place.ann) is None
    place.annotate(place.bea, "One.", labels={"topic": "adding"})
    now_is = place.current(place.ids[0])
    assert (now_is.state, now_is.labels) == ("annotated", {"topic": "adding"})
    assert browsing.history_of(store, place.lead, now_is)[-1].kind == "agree"
