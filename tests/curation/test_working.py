"""Work requests on a real store: one saves and brings the next; drafts; back; what is held."""

from __future__ import annotations

from typing import Any

import pytest

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput
from core.workflows.curation import drafts, working
from core.workflows.curation.sent import Sent
from core.workflows.curation.working import Task, annotate, review
from storage.store import Store
from tests.builders import a_project, an_actor, some_examples


class Place:
    """A project with examples, an annotator and a reviewer."""

    def __init__(self, store: Store, examples: int = 6) -> None:
        self.store = store
        self.project_id = a_project(store).project_id
        self.ids = some_examples(store, self.project_id, examples)
        self.ann = an_actor(self.project_id, "annotator", name="ann")
        self.bea = an_actor(self.project_id, "annotator", name="bea")
        self.rev = an_actor(self.project_id, "reviewer", name="rev")

    def next(self, actor: Actor, *holding: str) -> Task | None:
        return annotate(self.store, actor, self.project_id, Sent("next", holding=holding)).task

    def save(
        self, actor: Actor, task: Task, output: str, action: str = "save", **more: Any
    ) -> working.Answer:
        return annotate(self.store, actor, self.project_id, sent(task, action, output, **more))


def sent(task: Task, action: str, output: str, **more: Any) -> Sent:
    example = task.example
    fields = {**example.fields, "output": output}
    given = {"submission_id": new_id("rev"), **more}
    return Sent(
        action,
        example_id=example.example_id,
        based_on=example.revision_id,
        fields=fields,
        **given,
    )


@pytest.fixture
def place(store: Store) -> Place:
    return Place(store)


def test_what_is_fetched_ahead_stays_held_and_a_save_brings_another_one(place: Place) -> None:
    first = place.next(place.ann)
    assert first
    ahead = place.next(place.ann, first.example.example_id)
    assert ahead
    theirs = place.next(place.bea)
    assert theirs
    answer = place.save(place.ann, first, "Done.", holding=(ahead.example.example_id,))
    assert answer.task
    held = [one.example.example_id for one in (first, ahead, theirs, answer.task)]
    assert held == place.ids[:4]


def test_what_waits_is_told_after_a_save_as_to_somebody_who_asks_anew(place: Place) -> None:
    first = place.next(place.ann)
    assert first
    place.next(place.bea)
    answer = place.save(place.ann, first, "", reason="Not my field.", action="skip")
    assert answer.missing == 2  # the one skipped, and the one that bea holds
    told = working.figures(place.store, place.ann, place.project_id, "annotate", answer.missing)
    assert told == working.figures(place.store, place.ann, place.project_id, "annotate")
    assert told["waiting"] == 4


def test_a_save_that_brings_the_next_example_runs_few_statements(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[str] = []
    run = place.store.database._run

    def spy(cursor: Any, sql: str, params: Any) -> Any:
        if "FROM people" not in sql:  # people who are in the table are asked for once
            seen.append(sql)
        return run(cursor, sql, params)

    task = place.next(place.ann)
    for _ in range(2):  # the first one fills what is kept in memory
        assert task
        monkeypatch.setattr(place.store.database, "_run", spy)
        seen.clear()
        answer = place.save(place.ann, task, "Done.")
        working.figures(place.store, place.ann, place.project_id, "annotate", answer.missing)
        task = answer.task
    assert len(seen) <= 11, seen


def test_the_same_submission_twice_is_one_revision(place: Place) -> None:
    task = place.next(place.ann)
    assert task
    once = place.save(place.ann, task, "Done.", submission_id="rev_same")
    again = place.save(place.ann, task, "Done.", submission_id="rev_same")
    assert once.saved == again.saved == ("rev_same",)
    rows = place.store.database.rows("SELECT * FROM revisions WHERE author_id = 'person_ann'")
    assert len(rows) == 1


def test_a_draft_is_kept_until_it_is_submitted_and_never_comes_back_after(place: Place) -> None:
    task = place.next(place.ann)
    assert task
    typed = sent(task, "draft", "Half a", submission_id="rev_one")
    annotate(place.store, place.ann, place.project_id, typed)
    kept = drafts.draft_of(place.store, place.ann, "annotate", task.example.example_id)
    assert kept
    assert kept["fields"]["output"] == "Half a"
    assert drafts.draft_of(place.store, place.bea, "annotate", task.example.example_id) is None
    place.save(place.ann, task, "Half a thought.", submission_id="rev_one")
    for late in (None, typed):
        if late:
            annotate(place.store, place.ann, place.project_id, late)
        assert drafts.draft_of(place.store, place.ann, "annotate", task.example.example_id) is None


def test_back_goes_one_further_each_time_and_then_says_why_not(place: Place) -> None:
    done = []
    for _ in range(3):
        task = place.next(place.ann)
        assert task
        place.save(place.ann, task, "Done.")
        done.append(task.example.example_id)
    open_now = ""
    for expected in reversed(done):
        request = Sent("back", example_id=open_now)
        task = annotate(place.store, place.ann, place.project_id, request).task
        assert task
        open_now = task.example.example_id
        assert open_now == expected
    with pytest.raises(Conflict, match="no earlier example of yours"):
        annotate(place.store, place.ann, place.project_id, Sent("back", example_id=open_now))


def test_what_was_sent_back_to_me_opens_even_while_i_hold_another_one(place: Place) -> None:
    first = place.next(place.ann)
    assert first
    place.save(place.ann, first, "Too long.")
    reading = review(place.store, place.rev, place.project_id, Sent("next")).task
    assert reading
    place.next(place.ann)
    decision = sent(reading, "send_back", "Too long.", comment="Shorter.")
    review(place.store, place.rev, place.project_id, decision)
    opened = annotate(place.store, place.ann, place.project_id, Sent("sent_back")).task
    assert opened
    assert (opened.example.example_id, opened.sent_back) == (first.example.example_id, "Shorter.")
    assert annotate(place.store, place.bea, place.project_id, Sent("sent_back")).task


def test_an_undone_decision_opens_its_example_again(place: Place) -> None:
    task = place.next(place.ann)
    assert task
    place.save(place.ann, task, "Done.")
    reading = review(place.store, place.rev, place.project_id, Sent("next")).task
    assert reading
    review(place.store, place.rev, place.project_id, sent(reading, "accept", "Done."))
    again = review(place.store, place.rev, place.project_id, Sent("undo")).task
    assert again
    assert (again.example.example_id, again.example.state) == (task.example.example_id, "annotated")
    with pytest.raises(Conflict, match="can no longer be undone"):
        review(place.store, place.rev, place.project_id, Sent("undo"))


@pytest.mark.parametrize(
    "body", [{}, {"action": 1}, {"action": "save", "fields": [1]}, {"action": "x", "seconds": "y"}]
)
def test_an_unreadable_request_is_refused_with_a_sentence(body: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput, match="Reload the page"):
        Sent.from_json(body)
