"""Several reviewers accept one example: never one person twice, blind, and undone as it was."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import partial

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotAllowed, TouchstoneError
from core.examples.acceptance import state_after_acceptance, waiting_words
from core.examples.bulk import BulkAction, BulkKind
from core.examples.current import CurrentExample
from core.examples.listing import ExampleFilter
from core.labels.field import LabelField
from core.projects import ProjectSettings
from core.versions.data_card_text import data_card_markdown
from core.workflows.curation import (
    accepting,
    annotating,
    browsing,
    bulk,
    bulk_accepting,
    describing,
    queue,
    reviewing,
    skipping,
    working,
)
from core.workflows.curation.annotating import EditConflict
from core.workflows.curation.sent import Sent
from core.workflows.team import projects
from pages.server.work_views import task_view
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples
from tests.curation.test_working import sent
from tests.version_builders import add_version

TOPIC = LabelField("topic", ("sums", "products"))


class Place:
    """A project with annotated examples and three reviewers, of whom nobody is a lead."""

    def __init__(self, store: Store, examples: int = 1, **more: int) -> None:
        self.store = store
        made = a_project(store, new_id("Notes"), label_schema=(TOPIC,), **more)
        self.project_id = made.project_id
        self.lead = an_actor(self.project_id, "lead", name="lea")
        self.ann = an_actor(self.project_id, "annotator", name="ann")
        self.ada, self.bo, self.cy = self.reviewers = tuple(
            an_actor(self.project_id, "reviewer", name=name) for name in ("ada", "bo", "cy")
        )
        self.ids = some_examples(store, self.project_id, examples)
        for one in self.ids:
            self.annotate(one, " Exactly.")

    def annotate(self, example_id: str, more: str) -> None:
        task = annotating.open_example(self.store, self.ann, self.project_id, example_id)
        edit = an_edit(task, output=task.output + more)
        annotating.save_annotation(self.store, self.ann, self.project_id, edit)

    def now(self, example_id: str = "") -> CurrentExample:
        found = self.store.examples.current(example_id or self.ids[0])
        assert found
        return found

    def mark(self, *ids: str, critical: bool = True) -> None:
        for one in ids or self.ids:
            accepting.mark_critical(
                self.store, self.lead, self.project_id, new_id("evt"), one, critical=critical
            )

    def bulk(self, kind: BulkKind) -> int:
        return bulk.act(self.store, self.lead, self.project_id, ExampleFilter(), BulkAction(kind))

    def undo_bulk(self) -> int:
        last = bulk.last_action(self.store, self.lead, self.project_id)
        return bulk.undo(self.store, self.lead, self.project_id, last.batch_id if last else "")

    def decide(
        self, actor: Actor, decision: reviewing.ReviewDecision = "accept", **changes: str
    ) -> None:
        """Decide on the first example as it stands."""
        edit = an_edit(self.now(), **changes)
        reviewing.decide(self.store, actor, self.project_id, new_id("rvw"), decision, edit)

    def undo(self, actor: Actor) -> None:
        last = reviewing.last_decision(self.store, actor, self.project_id)
        review_id = last.review_id if last else ""
        reviewing.undo_decision(self.store, actor, self.project_id, new_id("und"), review_id)

    def next(self, actor: Actor) -> CurrentExample | None:
        return queue.take_next(self.store, actor, self.project_id, "review").example

    def open(self, actor: Actor) -> int:
        return queue.figures(self.store, actor, self.project_id, "review").open

    def set_reviewers(self, n: int) -> None:
        settings = projects.get_project(self.store, self.lead, self.project_id).settings
        projects.change_project(
            self.store, self.lead, self.project_id, replace(settings, reviewers=n)
        )

    def kinds(self, actor: Actor) -> list[str]:
        return [one.kind for one in browsing.history_of(self.store, actor, self.now())]


def accepted_by(store: Store, example_id: str) -> list[str]:
    rows = store.database.rows(
        "SELECT reviewer_id FROM reviews WHERE example_id = $id AND decision = 'accept'",
        {"id": example_id},
    )
    return sorted(row["reviewer_id"] for row in rows)


def test_a_critical_example_is_accepted_by_the_second_reviewer_who_sees_nothing_of_the_first(
    store: Store,
) -> None:
    place = Place(store, 2)
    first, second = place.ids
    place.mark(first)
    task = working.review(store, place.ada, place.project_id, Sent("next")).task
    assert task
    assert task.example.example_id == first
    shown = task_view(store, place.ada, place.project_id, "review", task)
    answer = working.review(
        store,
        place.ada,
        place.project_id,
        sent(task, "accept", task.example.output, comment="Fine by me."),
    )
    assert place.now().state == "annotated"
    assert answer.task
    assert answer.task.example.example_id == second
    assert (place.open(place.ada), place.open(place.bo)) == (1, 1)  # ada holds the second one
    with pytest.raises(EditConflict, match="accepted this revision already"):
        reviewing.open_review(store, place.ada, place.project_id, first)
    with pytest.raises(EditConflict, match="accepted this revision already"):
        place.decide(place.ada)
    assert accepting.waiting(store, place.lead, place.project_id) == 1

    blind = working.review(store, place.bo, place.project_id, Sent("next")).task
    assert blind
    assert blind.example.example_id == first
    view = task_view(store, place.bo, place.project_id, "review", blind)
    assert view["notes"] == shown["notes"]
    assert "two reviewers must accept it" in str(view["notes"])
    assert "ada" not in str(view)
    assert "Fine by me." not in str(view)
    assert "accept" not in place.kinds(place.bo)
    assert place.kinds(place.lead)[-1] == place.kinds(place.ada)[-1] == "accept"

    working.review(store, place.bo, place.project_id, sent(blind, "accept", blind.example.output))
    assert (place.now().state, place.now().accepts) == ("accepted", 0)
    assert place.kinds(place.cy)[-2:] == ["accept", "accept"]
    assert accepting.waiting(store, place.lead, place.project_id) == 0
    events = [e for e in store.audit.of_subject("example", first) if e.action == "accepted"]
    assert [e.detail.get("reviewers") for e in events] == ["1 of 2", None]


@pytest.mark.parametrize("tabs", [("ada", "bo", "cy"), ("ada", "ada", "ada"), ("ada", "ada", "bo")])
def test_reviewers_racing_give_two_acceptances_at_most_and_nobody_two(
    store: Store, tabs: tuple[str, ...]
) -> None:
    place = Place(store)
    place.mark()
    edit = an_edit(place.now())
    start = threading.Barrier(len(tabs))

    def accept(name: str) -> str:
        actor = an_actor(place.project_id, "reviewer", name=name)
        start.wait()
        try:
            reviewing.decide(store, actor, place.project_id, new_id("rvw"), "accept", edit)
        except EditConflict:
            return "refused"
        return "saved"

    with ThreadPoolExecutor(len(tabs)) as pool:
        answers = list(pool.map(accept, tabs))
    people = min(2, len(set(tabs)))
    assert answers.count("saved") == people == len(accepted_by(store, place.ids[0]))
    assert len(set(accepted_by(store, place.ids[0]))) == people
    assert place.now().state == ("accepted" if people == 2 else "annotated")


def test_an_acceptance_sent_again_is_one(store: Store) -> None:
    place = Place(store)
    place.mark()
    edit = an_edit(place.now())
    for _ in range(2):
        reviewing.decide(store, place.ada, place.project_id, "rvw_1", "accept", edit)
    assert (place.now().state, place.now().accepts) == ("annotated", 1)
    assert accepted_by(store, place.ids[0]) == ["person_ada"]


def test_a_send_back_takes_effect_at_once_and_undoing_it_brings_the_acceptance_back(
    store: Store,
) -> None:
    place = Place(store)
    place.mark()
    place.decide(place.ada)
    place.decide(place.bo, "send_back", comment="Show the steps.")
    assert (place.now().state, place.now().accepts) == ("sent_back", 0)
    place.undo(place.bo)
    assert (place.now().state, place.now().accepts) == ("annotated", 1)
    assert place.next(place.ada) is None
    place.decide(place.bo, "send_back", comment="Show the steps.")
    place.annotate(place.ids[0], " Step by step.")
    assert place.next(place.ada) is not None  # another revision
    place.decide(place.ada)
    assert place.now().state == "annotated"
    place.decide(place.cy)
    assert place.now().state == "accepted"
    place.undo(place.cy)
    assert (place.now().state, place.now().accepts) == ("annotated", 1)
    place.decide(place.bo, "set_aside")
    assert (place.now().state, store.acceptances.waiting(place.project_id)) == ("set_aside", 0)


def test_a_correction_by_the_second_reviewer_is_a_new_revision_that_the_first_may_accept(
    store: Store,
) -> None:
    place = Place(store)
    place.mark()
    place.decide(place.ada)
    place.decide(place.bo, output="Corrected.")
    now_is = place.now()
    assert (now_is.state, now_is.number, now_is.accepts) == ("annotated", 3, 1)
    assert place.next(place.bo) is None
    place.decide(place.ada)
    assert place.now().state == "accepted"


def test_a_revision_saved_in_between_voids_the_acceptance_and_meets_the_second_as_a_conflict(
    store: Store,
) -> None:
    place = Place(store)
    place.mark()
    place.decide(place.ada)
    read_before = an_edit(place.now())
    place.annotate(place.ids[0], " Better.")
    assert place.now().accepts == 0
    with pytest.raises(EditConflict):
        reviewing.decide(store, place.bo, place.project_id, new_id("rvw"), "accept", read_before)
    place.decide(place.ada)
    label = BulkAction("label", label=("topic", "sums"))
    bulk.act(store, place.lead, place.project_id, ExampleFilter(), label)
    assert (place.now().accepts, place.open(place.ada)) == (0, 1)
    place.decide(place.bo)
    assert place.now().state == "annotated"


def test_a_mark_taken_away_while_one_has_accepted_makes_it_accepted(store: Store) -> None:
    place = Place(store, 2)
    place.mark()
    place.decide(place.ada)
    place.mark(critical=False)
    assert [place.now(one).state for one in place.ids] == ["accepted", "annotated"]
    assert not place.now().critical
    with pytest.raises(Conflict, match="Reopen it"):
        place.mark(place.ids[0])
    assert place.kinds(place.lead)[-1] == "accept"


def test_marking_in_bulk_is_counted_and_undone_and_so_is_taking_the_mark_away(
    store: Store,
) -> None:
    place = Place(store, 3)
    place.mark(place.ids[2])
    found = bulk.preview(
        store, place.lead, place.project_id, ExampleFilter(), BulkAction("critical")
    )
    assert (found.changes, dict(found.stay)) == (2, {"marked": 1})
    assert place.bulk("critical") == 2
    page, n = browsing.examples_page(
        store, place.lead, place.project_id, ExampleFilter(critical=True)
    )
    assert n == 3
    assert all(one.critical for one in page)
    place.decide(place.ada)
    assert place.undo_bulk() == 2
    assert [place.now(one).critical for one in place.ids] == [False, False, True]
    assert place.now().state == "accepted"  # one acceptance is enough again

    other = Place(store, 2)
    other.mark()
    other.decide(other.ada)
    assert other.bulk("uncritical") == 2
    assert [other.now(one).state for one in other.ids] == ["accepted", "annotated"]
    assert other.undo_bulk() == 2
    assert [(other.now(o).state, other.now(o).critical) for o in other.ids] == [
        ("annotated", True),
        ("annotated", True),
    ]
    assert (other.now().accepts, other.open(other.ada), other.open(other.bo)) == (1, 1, 2)
    with pytest.raises(NotAllowed):
        accepting.mark_critical(store, place.ada, place.project_id, new_id("evt"), place.ids[0])


def test_a_bulk_accept_leaves_out_what_needs_several_reviewers_and_says_how_many(
    store: Store,
) -> None:
    place = Place(store, 4)
    place.mark(*place.ids[:2])
    place.decide(place.ada)
    said = bulk_accepting.acceptable(store, place.lead, place.project_id)
    assert said == {"annotated": 2, "new": 0}
    assert bulk_accepting.left_out(store, place.lead, place.project_id) == 2
    found = bulk.preview(store, place.lead, place.project_id, ExampleFilter(), BulkAction("accept"))
    assert (found.changes, dict(found.stay)) == (2, {"several": 2})
    place.set_reviewers(2)
    said = bulk_accepting.acceptable(store, place.lead, place.project_id)
    assert said == {"annotated": 0, "new": 0}
    assert bulk_accepting.left_out(store, place.lead, place.project_id) == 4
    place.set_reviewers(1)
    assert bulk_accepting.accept_all(store, place.lead, place.project_id, untouched=True) == 2
    assert (place.now().state, place.now().accepts) == ("annotated", 1)


def test_the_project_says_how_many_reviewers_and_fewer_than_before_let_what_waits_go_on(
    store: Store,
) -> None:
    place = Place(store, 2, reviewers=3)
    place.mark(place.ids[1])
    for actor in (place.ada, place.bo):
        place.decide(actor)
    assert (place.now().state, place.now().accepts) == ("annotated", 2)
    assert place.open(place.cy) == 2
    place.set_reviewers(2)
    assert place.now().state == "accepted"
    edit = an_edit(place.now(place.ids[1]))
    reviewing.decide(store, place.ada, place.project_id, new_id("rvw"), "accept", edit)
    place.set_reviewers(1)
    assert place.now(place.ids[1]).state == "annotated"  # critical: two, whatever the setting
    place.set_reviewers(2)
    assert place.now().state == "accepted"  # more hold for what is decided from now on
    with pytest.raises(InvalidInput):
        ProjectSettings("Notes", reviewers=4)


def test_a_decision_meets_a_setting_that_a_lead_lowers_meanwhile(store: Store) -> None:
    place = Place(store, reviewers=2)
    edit = an_edit(place.now())
    decide = partial(reviewing.decide, store, place.ada, place.project_id, "rvw", "accept", edit)
    held, changed = threading.Event(), threading.Event()

    def slow() -> None:
        decide()
        held.set()
        changed.wait(20)

    with ThreadPoolExecutor(1) as pool:
        wished = store.acceptances.wished(place.project_id)
        saving = pool.submit(store.transact, slow)
        assert held.wait(20)
        place.set_reviewers(1)
        changed.set()
        saving.result(20)
    assert place.now().state == "annotated"  # the change could not see it …
    accepting.settings_met(store, place.project_id, wished)
    assert place.now().state == "accepted"  # … and who saves looks again


def test_an_accepted_example_that_is_flagged_needs_one_person_to_settle_the_flag(
    store: Store,
) -> None:
    place = Place(store)
    place.mark()
    for actor in (place.ada, place.bo):
        place.decide(actor)
    skipping.flag(store, place.cy, place.project_id, new_id("evt"), place.ids[0], "Odd.")
    place.decide(place.ada)
    assert (place.now().state, place.now().flagged) == ("accepted", False)


def test_the_data_card_says_how_many_examples_two_people_accepted(store: Store) -> None:
    place = Place(store, 3)
    place.mark(place.ids[0])
    for actor in (place.ada, place.bo):
        place.decide(actor)
    bulk_accepting.accept_all(store, place.lead, place.project_id, untouched=True)
    version_id = add_version(store, place.project_id, ["train"] * 3)
    card = describing.data_card(store, place.lead, version_id)
    assert (card.total, card.twice, card.unreviewed) == (3, 1, 2)
    assert "Accepted by two people or more: 1 of 3 examples." in data_card_markdown(card)


def test_the_words_tell_nobody_whether_they_are_the_first() -> None:
    assert waiting_words(1, critical=False) == ""
    assert waiting_words(2, critical=True).startswith("Critical: two reviewers")
    assert waiting_words(3, critical=False).startswith("Three reviewers")
    assert state_after_acceptance({"ada"}, "ada", 2) == "annotated"


STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["accept", "accept", "correct", "send_back", "set_aside", "undo", "annotate", "mark",
             "unmark", "undo_bulk", "send_back_all", "flag", "reopen", "two", "one"]
        ),
        st.integers(0, 2),
        st.integers(0, 1),
    ),
    min_size=5,
    max_size=25,
)  # fmt: skip


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
def test_whatever_people_do_the_present_is_what_the_log_says_and_the_figures_are_right(
    store: Store, steps: list[tuple[str, int, int]]
) -> None:
    place = Place(store, 2)
    for what, who, which in steps:
        actor, example_id = place.reviewers[who], place.ids[which]
        with suppress(TouchstoneError):
            step(place, what, actor, example_id)
        present_is_right(place)


def step(place: Place, what: str, actor: Actor, example_id: str) -> None:
    store, project_id, lead = place.store, place.project_id, place.lead
    decision: dict[str, reviewing.ReviewDecision] = {
        "accept": "accept", "correct": "accept", "send_back": "send_back", "set_aside": "set_aside",
    }  # fmt: skip
    if what in decision:
        changes = {"output": new_id("Text")} if what == "correct" else {}
        edit = an_edit(place.now(example_id), comment="So.", **changes)
        before = accepting.has_accepted(store, actor, place.now(example_id))
        reviewing.decide(store, actor, project_id, new_id("rvw"), decision[what], edit)
        assert not before or place.now(example_id).flagged is False
    elif what == "undo":
        place.undo(actor)
    elif what == "annotate":
        place.annotate(example_id, " More.")
    elif what in ("mark", "unmark"):
        place.mark(example_id, critical=what == "mark")
    elif what == "undo_bulk":
        place.undo_bulk()
    elif what == "send_back_all":
        bulk.act(store, lead, project_id, ExampleFilter(), BulkAction("send_back", "All."))
    elif what == "flag":
        skipping.flag(store, actor, project_id, new_id("evt"), example_id, "Odd.")
    elif what == "reopen":
        reviewing.reopen(store, actor, project_id, new_id("rvw"), example_id, "Again.")
    else:
        place.set_reviewers(2 if what == "two" else 1)


def present_is_right(place: Place) -> None:
    store = place.store
    for one in map(place.now, place.ids):
        people = {
            row["person_id"]
            for row in store.database.rows(
                "SELECT person_id FROM acceptances WHERE example_id = $id", {"id": one.example_id}
            )
        }
        assert one.accepts == len(people)
        assert people == (standing(store, one) if one.state == "annotated" else set())
        marks = [h.kind for h in store.examples.history(one) if h.kind.endswith("critical")]
        assert one.critical == (marks[-1:] == ["critical"])
        if one.state == "annotated" and not one.flagged:
            assert len(people) < store.acceptances.needed(one)
    waiting = [one for one in map(place.now, place.ids) if one.is_open("review")]
    for actor in place.reviewers:
        mine = sum(not accepting.has_accepted(store, actor, one) for one in waiting)
        assert place.open(actor) == mine


def standing(store: Store, example: CurrentExample) -> set[str]:
    """Who has accepted the present revision, told from the log one decision after another."""
    rows = store.database.rows(
        "SELECT decision, batch_id, reviewer_id, revision_id FROM reviews "
        "WHERE example_id = $id ORDER BY created_at",
        {"id": example.example_id},
    )
    past: list[set[str]] = [set()]
    for row in rows:
        if row["decision"] == "undo":
            past.pop()
        elif row["decision"] != "accept":
            past.append(set())
        elif row["batch_id"] is None and row["revision_id"] == example.revision_id:
            past.append(past[-1] | {row["reviewer_id"]})
        else:
            past.append(past[-1])
    return past[-1]
