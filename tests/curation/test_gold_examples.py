"""Gold examples: they look like any other task, come once, change nothing, and measure people."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.actor import Actor
from core.clock import new_id
from core.errors import InvalidInput, NotAllowed
from core.examples.assignment import Quota
from core.examples.gold import GoldTurns, is_due, to_come
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import (
    annotating,
    browsing,
    commenting,
    describing,
    drafts,
    gold_marks,
    progress,
    reviewing,
    working,
)
from core.workflows.curation.annotating import EditConflict
from core.workflows.team import projects
from pages.server import work_views
from storage.store import Store
from tests.builders import a_project, an_actor, some_examples
from tests.curation.test_working import sent
from tests.people_builders import an_annotator

TOPIC = LabelField("topic", ("sums", "products"))
RIGHT = "The accepted answer."
SALT = "salt"  # of the draws of `ann`, which are by chance otherwise


class Place:
    """Two gold examples, accepted with another text and label than they came with, among others;
    the tasks of `ann` with the numbers 1, 13, 20 and so on, counted from 0, are gold."""

    def __init__(self, store: Store, others: int = 8, gold: int = 2, **more: Any) -> None:
        self.store = store
        settings = {"label_schema": (TOPIC,), "gold_share": 0.2, **more}
        self.project_id = a_project(store, new_id("Notes"), **settings).project_id
        self.lead = an_actor(self.project_id, "lead", name="lea")
        self.writer = an_annotator(store, self.project_id, new_id("wri"))
        self.ann = an_annotator(store, self.project_id, new_id("ann"))
        drawn = GoldTurns(SALT, -1)
        store.gold_examples.next_turn(self.project_id, self.ann.person_id, drawn)
        self.ids = some_examples(store, self.project_id, others + gold)
        self.gold = self.ids[:gold]
        for example_id in self.gold:
            self.accept(example_id)
            gold_marks.mark_gold(store, self.lead, self.project_id, example_id)

    def accept(self, example_id: str, output: str = RIGHT, topic: str = "sums") -> None:
        example = annotating.open_example(self.store, self.writer, self.project_id, example_id)
        task = working.Task(example, ())
        asked = sent(task, "save", output, labels={"topic": topic}, next=False)
        annotating.save_annotation(self.store, self.writer, self.project_id, asked.edit())
        edit = replace(asked.edit(), submission_id=new_id("rev"), based_on=asked.submission_id)
        reviewing.decide(self.store, self.lead, self.project_id, new_id("rvw"), "accept", edit)

    def ask(self, actor: Actor, body: dict[str, Any]) -> dict[str, Any]:
        """What the work route answers."""
        return work_views.handle("annotate", self.store, actor, self.project_id, body)

    def next(self, actor: Actor, **more: Any) -> Any:
        return self.ask(actor, {"action": "next", **more})["task"]

    def send(self, actor: Actor, task: Any, action: str = "save", **more: Any) -> dict[str, Any]:
        names = ("submission_id", "example_id", "based_on", "fields", "labels")
        return self.ask(actor, {**{name: task[name] for name in names}, "action": action, **more})

    def until_gold(self, actor: Actor, answer: dict[str, Any] | None = None) -> Any:
        """Annotate until a gold task is there; it."""
        for _ in self.ids:
            task = answer["task"] if answer else self.next(actor)
            assert task is not None, "no gold example came"
            if task["example_id"] in self.gold:
                return task
            answer = self.send(actor, task)
        raise AssertionError("no gold example came")

    def rows(self) -> list[Any]:
        """Everything that a gold task may not touch."""
        tables = ["example_current", "revisions", "reviews", "annotations", "example_counts"]
        tables += ["example_events", "example_leases", "example_skips", "submissions"]
        return [
            sorted(map(str, self.store.database.rows(f"SELECT * FROM {one}")))  # noqa: S608
            for one in tables
        ]


@pytest.fixture
def place(store: Store) -> Place:
    return Place(store, others=80)


def test_a_gold_task_has_the_shape_and_the_fields_of_one_that_nobody_annotated(
    place: Place,
) -> None:
    task = place.until_gold(place.ann)
    other = place.send(place.ann, task)["task"]
    while other["example_id"] in place.gold:
        other = place.send(place.ann, other)["task"]
    own = {"example_id", "based_on", "submission_id", "fields", "history", "changes"}
    assert {k: v for k, v in task.items() if k not in own} == {
        k: v for k, v in other.items() if k not in own
    }
    assert [one["text"] for one in task["history"]] == [one["text"] for one in other["history"]]
    imported = place.store.examples.revision(place.store.examples.current(task["example_id"]), 1)  # type: ignore[arg-type]
    assert imported
    assert task["fields"] == imported.fields
    assert task["based_on"] == imported.revision_id
    assert "gold" not in str(task)
    assert RIGHT not in str(task)


def test_each_gold_example_comes_once_to_a_person_and_nothing_of_it_changes(store: Store) -> None:
    place = Place(store, others=60)
    task = place.until_gold(place.ann)
    before = place.rows()
    exported = place.store.counters.of_project(place.project_id)
    place.send(place.ann, task, fields={**task["fields"], "output": "Mine."}, next=False)
    assert place.rows() == before
    assert place.store.counters.of_project(place.project_id) == exported
    given = [task["example_id"]]
    while (task := place.next(place.ann)) is not None:
        given.append(task["example_id"])
        place.send(place.ann, task, next=False)
    assert sorted(given) == sorted({*given})
    assert set(place.gold) <= set(given)


def test_figures_go_down_by_one_with_each_task_and_count_gold_as_work(store: Store) -> None:
    place = Place(store, others=60)
    answer = place.ask(place.ann, {"action": "next"})
    place.send(place.ann, answer["task"], next=False)  # the salt is there from the first task on
    answer = place.ask(place.ann, {"action": "next"})
    waiting, done = [], 1
    while answer["task"]:
        waiting.append(answer["figures"]["waiting"])
        assert answer["figures"]["saved_today"] == done
        answer, done = place.send(place.ann, answer["task"]), done + 1
    assert waiting == list(range(len(waiting), 0, -1))
    assert answer["figures"]["waiting"] == 0
    mine = next(
        one for one in progress.progress(store, place.lead, place.project_id)
        if one.assignee == place.ann.person_id
    )  # fmt: skip
    assert mine.work
    assert mine.work.saved == done == 62
    assert mine.work.accepted == 0


def test_gold_counts_in_a_persons_limit(store: Store) -> None:
    place = Place(store, others=30)
    progress.set_quota(store, place.lead, place.project_id, place.ann.person_id, Quota(total=20))
    answer = place.ask(place.ann, {"action": "next"})
    given = []
    while answer["task"]:
        given.append(answer["task"]["example_id"])
        answer = place.send(place.ann, answer["task"])
    assert len(given) == 20
    assert set(given) & set(place.gold)
    assert answer["message"]["title"] == "You have reached your limit"


def test_a_gold_submission_that_is_sent_twice_is_one_and_a_draft_comes_back(place: Place) -> None:
    task = place.until_gold(place.ann)
    typed = {**task["fields"], "output": "Half a thou"}
    place.send(place.ann, task, "draft", fields=typed, next=False)
    again = place.next(place.ann)
    assert again["example_id"] == task["example_id"]
    assert again["draft"]["fields"]["output"] == "Half a thou"
    for _ in range(2):
        saved = place.send(place.ann, task, fields=typed, next=False)
        assert saved["saved"] == [task["submission_id"]]
    place.send(place.ann, task, "draft", fields=typed, next=False)  # too late
    assert len(place.store.database.rows("SELECT * FROM gold_annotations")) == 1
    assert not place.store.drafts.may_exist(place.ann.person_id, "x")
    assert drafts.draft_of(place.store, place.ann, "annotate", task["example_id"]) is None


def test_back_opens_the_own_annotation_of_a_gold_example_and_the_newest_counts(
    place: Place,
) -> None:
    task = place.until_gold(place.ann)
    typed = {**task["fields"], "output": "Mine."}
    place.send(place.ann, task, fields=typed, labels={"topic": "products"}, next=False)
    back = place.ask(place.ann, {"action": "back"})["task"]
    assert (back["example_id"], back["state"], back["number"]) == (
        task["example_id"], "annotated", 2,
    )  # fmt: skip
    assert (back["fields"], back["labels"]) == (typed, {"topic": "products"})
    with pytest.raises(EditConflict):  # the other tab
        place.send(place.ann, task, submission_id=new_id("rev"), next=False)
    place.send(place.ann, back, labels={"topic": "sums"}, next=False)
    found = gold_marks.gold_findings(place.store, place.lead, place.project_id)
    [mine] = found.people
    assert (mine.correct.value, mine.correct.n) == (1.0, 1)


@pytest.mark.parametrize("action", ["skip", "flag"])
def test_a_gold_example_is_skipped_or_flagged_once_and_stays_as_it_is(
    place: Place, action: str
) -> None:
    task = place.until_gold(place.ann)
    before = place.rows()
    for _ in range(2):
        place.send(place.ann, task, action, reason="Odd.", next=False)
    assert place.rows() == before
    assert place.next(place.ann)["example_id"] != task["example_id"]
    found = gold_marks.gold_findings(place.store, place.lead, place.project_id)
    assert [(one.task.state[:4], one.task.reason) for one in found.passed] == [(action[:4], "Odd.")]
    shown = browsing.shown_example(place.store, place.ann, place.project_id, task["example_id"])
    assert (shown.state, shown.flagged) == ("new", action == "flag")


def test_nobody_who_only_annotates_finds_the_answer_on_the_pages(place: Place) -> None:
    store, ann, project_id = place.store, place.ann, place.project_id
    example_id = place.gold[0]
    commenting.comment(store, place.lead, project_id, new_id("com"), example_id, "It is gold.")
    shown = browsing.shown_example(store, ann, project_id, example_id)
    rows, _ = browsing.examples_page(store, ann, project_id, ExampleFilter(), limit=50)
    row = next(one for one in rows if one.example_id == example_id)
    assert (shown.state, row.state, shown.number, shown.labels) == ("new", "new", 1, {})
    assert RIGHT not in (shown.output, row.output)
    assert len(browsing.history_of(store, ann, shown)) == 1
    assert commenting.comments_on(store, ann, project_id, example_id) == []
    assert describing.lineage(store, ann, project_id, example_id).versions == ()
    opened = place.ask(ann, {"action": "open", "example_id": example_id})["task"]
    assert (opened["state"], RIGHT in str(opened)) == ("new", False)
    assert place.next(ann)["example_id"] == example_id
    # Those who decide, and those who wrote it, see it as it is.
    rev = an_actor(project_id, "reviewer", "annotator", name="rev")
    for actor in (rev, place.writer, place.lead):
        assert browsing.shown_example(store, actor, project_id, example_id).output == RIGHT
        with pytest.raises(EditConflict):
            annotating.open_example(store, actor, project_id, example_id)


def test_leads_and_who_wrote_the_accepted_text_are_given_no_gold(place: Place) -> None:
    for actor in (place.lead, place.writer):
        given: set[str] = set()
        while (task := place.next(actor)) is not None and len(given) < 15:
            given.add(task["example_id"])
            place.send(actor, task, next=False)
        assert not given & set(place.gold)


def test_no_gold_at_a_share_of_nothing_and_none_beside_an_empty_queue(store: Store) -> None:
    place = Place(store, others=2, gold_share=0.0)
    assert {place.send(place.ann, place.next(place.ann), next=False)["saved"][0] for _ in "ab"}
    settings = projects.get_project(store, place.lead, place.project_id).settings
    projects.change_project(store, place.lead, place.project_id, replace(settings, gold_share=0.2))
    assert place.next(place.ann) is None


def test_answers_are_held_against_what_was_accepted_when_they_were_given(place: Place) -> None:
    store, project_id = place.store, place.project_id
    task = place.until_gold(place.ann)
    example_id = task["example_id"]
    place.send(place.ann, task, fields={**task["fields"], "output": f" {RIGHT} "}, next=False,
               labels={"topic": "sums"})  # fmt: skip
    reviewing.reopen(store, place.lead, project_id, new_id("rvw"), example_id, "Say more.")
    place.accept(example_id, "Another answer.", "products")
    found = gold_marks.gold_findings(store, place.lead, project_id)
    [mine] = found.people
    assert (mine.correct.value, mine.labels["topic"].value, mine.texts["output"].value) == (1, 1, 1)
    assert found.wrong == ()
    assert [(one.example_id, one.answers, one.correct) for one in found.marked] == [
        (one, int(one == example_id), int(one == example_id)) for one in place.gold
    ]
    # What is not gold any more counts no longer, and counts again if it is marked again.
    gold_marks.unmark_gold(store, place.lead, project_id, example_id)
    assert gold_marks.gold_findings(store, place.lead, project_id).people == ()
    gold_marks.mark_gold(store, place.lead, project_id, example_id)
    assert gold_marks.gold_findings(store, place.lead, project_id).people == (mine,)


def test_a_text_sent_after_the_mark_is_gone_or_the_example_reopened_changes_nothing(
    place: Place,
) -> None:
    task = place.until_gold(place.ann)
    gold_marks.unmark_gold(place.store, place.lead, place.project_id, task["example_id"])
    before = place.rows()
    with pytest.raises(EditConflict):
        place.send(place.ann, task, next=False)
    other = place.until_gold(place.ann)
    reviewing.reopen(
        place.store, place.lead, place.project_id, new_id("rvw"), other["example_id"], "More."
    )
    with pytest.raises(EditConflict):
        place.send(place.ann, other, next=False)
    current = place.store.examples.current(other["example_id"])
    assert current
    assert current.output == RIGHT
    assert before[1] == place.rows()[1] or len(place.rows()[1]) > len(before[1])


def test_only_accepted_examples_that_were_changed_can_be_gold_and_only_leads_see_them(
    place: Place,
) -> None:
    store, project_id, new = place.store, place.project_id, place.ids[-1]
    with pytest.raises(InvalidInput, match="accepted"):
        gold_marks.mark_gold(store, place.lead, project_id, new)
    unchanged = annotating.open_example(store, place.writer, project_id, new)
    asked = sent(working.Task(unchanged, ()), "save", unchanged.output, next=False)
    annotating.save_annotation(store, place.writer, project_id, asked.edit())
    edit = replace(asked.edit(), submission_id=new_id("rev"), based_on=asked.submission_id)
    reviewing.decide(store, place.lead, project_id, new_id("rvw"), "accept", edit)
    with pytest.raises(InvalidInput, match="as it was imported"):
        gold_marks.mark_gold(store, place.lead, project_id, new)
    for role in ("annotator", "reviewer", "viewer"):
        actor = an_actor(project_id, role, name="bea")
        with pytest.raises(NotAllowed):
            gold_marks.gold_findings(store, actor, project_id)
        with pytest.raises(NotAllowed):
            gold_marks.mark_gold(store, actor, project_id, place.gold[0])
        with pytest.raises(NotAllowed):
            gold_marks.unmark_gold(store, actor, project_id, place.gold[0])


def test_with_several_annotators_of_each_example_a_gold_one_is_as_the_others_are(
    store: Store,
) -> None:
    place = Place(store, others=30)
    settings = projects.get_project(store, place.lead, place.project_id).settings
    projects.change_project(store, place.lead, place.project_id, replace(settings, overlap=2))
    task = place.until_gold(place.ann)
    place.send(place.ann, task, fields={**task["fields"], "output": "Mine."}, next=False)
    back = place.ask(place.ann, {"action": "back"})["task"]
    assert (back["example_id"], back["fields"]["output"]) == (task["example_id"], "Mine.")
    assert (back["state"], back["number"], len(back["notes"])) == ("new", 1, 1)
    assert back["history"] == task["history"]


def test_turns_are_drawn_alike_for_a_salt_and_otherwise_for_another() -> None:
    drawn = [is_due("salt", turn, 0.2) for turn in range(1000)]
    assert drawn == [is_due("salt", turn, 0.2) for turn in range(1000)]
    assert drawn != [is_due("other", turn, 0.2) for turn in range(1000)]
    assert 150 < sum(drawn) < 250
    coming = to_come(GoldTurns("salt", 0), 0.2, real=30, gold=100)
    first = next(n for n in range(1000) if n - sum(drawn[:n]) == 30)
    assert coming in (sum(drawn[:first]), sum(drawn[: first + 1]))
