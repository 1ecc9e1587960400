"""Reviewing on a real store: decisions, bulk accepts, undo, and the present against its log."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotAllowed
from core.examples.current import CurrentExample
from core.examples.example import word_diff
from core.examples.phrases import in_phrases
from core.examples.timeline import notes_for_reviewer
from core.workflows.curation import annotating, browsing, bulk, bulk_accepting, reviewing, skipping
from core.workflows.curation.annotating import EditConflict
from core.workflows.curation.reviewing import ReviewTask, decide, next_to_review
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def annotate(
    store: Store, project_id: str, n: int = 1, name: str = "ada", more: str = " Exactly."
) -> list[str]:
    """So many examples that somebody has annotated; their ids."""
    ids = some_examples(store, project_id, n)
    annotator = an_actor(project_id, "annotator", name=name)
    for example_id in ids:
        task = annotating.open_example(store, annotator, project_id, example_id)
        edit = an_edit(task, output=task.output + more)
        annotating.save_annotation(store, annotator, project_id, edit)
    return ids


def state_of(store: Store, example_id: str) -> str:
    return str(present(store, example_id).state)


def present(store: Store, example_id: str) -> CurrentExample:
    current = store.examples.current(example_id)
    assert current
    return current


def next_task(store: Store, actor: Actor, project_id: str) -> ReviewTask:
    task = next_to_review(store, actor, project_id)
    assert task
    return task


def test_a_reviewer_sees_what_the_annotator_changed_and_accepts(
    store: Store, project_id: str
) -> None:
    (only,) = annotate(store, project_id)
    rita = an_actor(project_id, "reviewer", name="rita")
    task = next_task(store, rita, project_id)
    assert ("added", "Exactly.") in [(op, text.strip()) for op, text in task.differences["output"]]
    assert {op for op, _ in task.differences["input"]} == {"same"}
    decide(store, rita, project_id, new_id("rvw"), "accept", an_edit(task))
    assert state_of(store, only) == "accepted"
    assert present(store, only).number == 2
    kinds = [h.kind for h in browsing.history_of(store, rita, present(store, only))]
    assert kinds == ["import", "annotate", "accept"]
    assert next_to_review(store, rita, project_id) is None


@pytest.mark.parametrize(
    ("more", "said"),
    [(" Exactly.", "Marked is what changed in it."), ("", "The text is as it was.")],
)
def test_a_reviewer_is_told_whether_the_text_changed(
    store: Store, project_id: str, more: str, said: str
) -> None:
    annotate(store, project_id, more=more)
    rita = an_actor(project_id, "reviewer", name="rita")
    task = next_task(store, rita, project_id)
    (note,) = notes_for_reviewer(task.example, task.previous, task.history, rita.person_id)
    assert note.text.endswith(f" saved revision 2. {said}")


def test_changed_words_side_by_side_are_read_as_phrases_and_no_text_is_lost() -> None:
    phrases = in_phrases(word_diff("It is a grey old cat.", "It is a small new dog."))
    assert phrases == [
        ("same", "It is a "),
        ("removed", "grey old cat."),
        ("added", "small new dog."),
    ]
    for before, after in [("a b c d", "a x c y"), ("one\n\ntwo", "two"), ("", "new"), ("x ", "y ")]:
        phrases = in_phrases(word_diff(before, after))
        assert "".join(text for op, text in phrases if op != "added") == before
        assert "".join(text for op, text in phrases if op != "removed") == after


@pytest.mark.parametrize(
    "change", [{"output": "Mended."}, {"quality": 2}, {"instruction": "Asked otherwise."}]
)
def test_what_a_reviewer_edits_becomes_a_revision_and_is_accepted(
    store: Store, project_id: str, change: dict[str, Any]
) -> None:
    (only,) = annotate(store, project_id)
    rita = an_actor(project_id, "reviewer", name="rita")
    edit = an_edit(next_task(store, rita, project_id), **change)
    decide(store, rita, project_id, new_id("rvw"), "accept", edit)
    now = present(store, only)
    assert (now.number, now.state) == (3, "accepted")
    assert {name: getattr(now, name) for name in change} == change


def test_sending_back_needs_a_comment_which_the_annotator_reads(
    store: Store, project_id: str
) -> None:
    (only,) = annotate(store, project_id)
    rita = an_actor(project_id, "reviewer", name="rita")
    task = next_task(store, rita, project_id)
    with pytest.raises(InvalidInput, match="comment"):
        decide(store, rita, project_id, new_id("rvw"), "send_back", an_edit(task))
    edit = an_edit(task, comment="Show the steps.")
    decide(store, rita, project_id, new_id("rvw"), "send_back", edit)
    again = annotating.next_to_annotate(store, an_actor(project_id, "annotator"), project_id)
    assert again
    assert (again.example_id, annotating.why_sent_back(again, store.examples.history(again))) == (
        only,
        "Show the steps.",
    )


def test_a_decision_repeated_is_one_review(store: Store, project_id: str) -> None:
    (only,) = annotate(store, project_id)
    rita = an_actor(project_id, "reviewer", name="rita")
    edit, review = an_edit(next_task(store, rita, project_id)), new_id("rvw")
    with ThreadPoolExecutor(4) as threads:
        list(
            threads.map(lambda _: decide(store, rita, project_id, review, "accept", edit), range(4))
        )
    kinds = [h.kind for h in browsing.history_of(store, rita, present(store, only))]
    assert kinds.count("accept") == 1


def test_two_reviewers_at_once_never_hold_or_decide_the_same_example(
    store: Store, project_id: str
) -> None:
    ids = annotate(store, project_id, 2)
    rita, ron = (an_actor(project_id, "reviewer", name=name) for name in ("rita", "ron"))
    mine, other = next_task(store, rita, project_id), next_task(store, ron, project_id)
    assert {mine.example.example_id, other.example.example_id} == set(ids)
    decide(store, rita, project_id, new_id("rvw"), "set_aside", an_edit(mine))
    with pytest.raises(EditConflict):
        decide(store, ron, project_id, new_id("rvw"), "accept", an_edit(mine))
    assert state_of(store, mine.example.example_id) == "set_aside"


def test_a_reviewer_cannot_decide_on_a_revision_that_was_replaced(
    store: Store, project_id: str
) -> None:
    (only,) = annotate(store, project_id)
    rita, ada = an_actor(project_id, "reviewer", name="rita"), an_actor(project_id, "annotator")
    task = next_task(store, rita, project_id)
    store.queues.release(only, rita.person_id)
    newer = annotating.open_example(store, ada, project_id, only)
    annotating.save_annotation(store, ada, project_id, an_edit(newer, output="Newer."))
    with pytest.raises(EditConflict, match="revision 3"):
        decide(store, rita, project_id, new_id("rvw"), "accept", an_edit(task))


def test_a_decision_settles_a_flag_and_undoing_it_brings_the_flag_back(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    ada, rita = an_actor(project_id, "annotator"), an_actor(project_id, "reviewer", name="rita")
    skipping.flag(store, ada, project_id, new_id("evt"), only, "personal data")
    task = next_task(store, rita, project_id)
    review = new_id("rvw")
    decide(store, rita, project_id, review, "accept", an_edit(task))
    assert (state_of(store, only), present(store, only).flagged) == ("accepted", False)
    assert annotating.done_today(store, rita, project_id).reviewed == 1
    assert reviewing.undo_decision(store, rita, project_id, new_id("rvw"), review) == only
    assert annotating.done_today(store, rita, project_id).reviewed == 0
    assert (state_of(store, only), present(store, only).flagged) == ("new", True)
    with pytest.raises(Conflict):
        reviewing.undo_decision(store, rita, project_id, new_id("rvw"), review)


def test_a_decided_example_opens_again_only_when_somebody_flags_it(
    store: Store, project_id: str
) -> None:
    (only,) = annotate(store, project_id)
    rita, ada = an_actor(project_id, "reviewer", name="rita"), an_actor(project_id, "annotator")
    decide(store, rita, project_id, new_id("rvw"), "accept", an_edit(present(store, only)))
    with pytest.raises(EditConflict, match="reopen it"):
        reviewing.open_review(store, rita, project_id, only)
    with pytest.raises(EditConflict):
        annotating.open_example(store, ada, project_id, only)
    skipping.flag(store, ada, project_id, new_id("evt"), only, "wrong after all")
    task = reviewing.open_review(store, rita, project_id, only)
    decide(store, rita, project_id, new_id("rvw"), "set_aside", an_edit(task))
    assert (state_of(store, only), present(store, only).flagged) == ("set_aside", False)


def test_only_the_last_own_decision_can_be_undone(store: Store, project_id: str) -> None:
    annotate(store, project_id, 1)
    rita, ron = (an_actor(project_id, "reviewer", name=name) for name in ("rita", "ron"))
    review = new_id("rvw")
    edit = an_edit(next_task(store, rita, project_id))
    decide(store, rita, project_id, review, "accept", edit)
    with pytest.raises(Conflict):
        reviewing.undo_decision(store, ron, project_id, new_id("rvw"), review)
    last = reviewing.last_decision(store, rita, project_id)
    assert last
    assert (last.review_id, last.decision) == (review, "accept")


def test_an_example_without_output_is_never_accepted_but_can_be_set_aside(
    store: Store, project_id: str
) -> None:
    (only,) = some_examples(store, project_id, 1)
    store.database.execute("UPDATE example_current SET output = '' WHERE example_id = ?", [only])
    rita, lead = an_actor(project_id, "reviewer", name="rita"), an_actor(project_id)
    assert bulk_accepting.accept_all(store, lead, project_id, untouched=True) == 0
    task = reviewing.open_review(store, rita, project_id, only)
    with pytest.raises(InvalidInput, match="output is empty"):
        decide(store, rita, project_id, new_id("rvw"), "accept", an_edit(task))
    decide(store, rita, project_id, new_id("rvw"), "set_aside", an_edit(task))
    assert state_of(store, only) == "set_aside"


def test_own_work_comes_last_in_the_queue(store: Store, project_id: str) -> None:
    mine = annotate(store, project_id, 1, name="rita")
    rita = an_actor(project_id, "annotator", "reviewer", name="rita")
    theirs = some_examples(store, project_id, [("Name it.", "Paris", "A city.")])
    task = annotating.open_example(store, an_actor(project_id, name="ada"), project_id, theirs[0])
    ada = an_actor(project_id, "annotator")
    annotating.save_annotation(store, ada, project_id, an_edit(task, output="A capital."))
    assert next_task(store, rita, project_id).example.example_id == theirs[0]
    store.queues.release(theirs[0], rita.person_id)
    bulk_accepting.accept_all(store, an_actor(project_id), project_id, untouched=False)
    assert state_of(store, mine[0]) == "accepted"


def test_a_bulk_accept_says_how_many_leaves_flagged_and_held_ones_and_can_be_undone(
    store: Store, project_id: str
) -> None:
    ids = annotate(store, project_id, 6)
    lead, bob = an_actor(project_id), an_actor(project_id, "annotator", name="bob")
    skipping.flag(store, bob, project_id, new_id("evt"), ids[0], "odd")
    annotating.open_example(store, bob, project_id, ids[1])
    held_by_the_lead = next_task(store, lead, project_id)
    promised = bulk_accepting.acceptable(store, lead, project_id)
    assert promised["annotated"] == 4
    assert bulk_accepting.accept_all(store, lead, project_id, untouched=False) == 4
    states = {one: state_of(store, one) for one in ids}
    assert states == {**dict.fromkeys(ids, "accepted"), ids[0]: "annotated", ids[1]: "annotated"}
    assert held_by_the_lead.example.example_id in ids
    last = bulk.last_action(store, lead, project_id)
    assert last
    assert last.n == 4
    task = browsing.example_of(store, lead, project_id, ids[2])
    assert task.state == "accepted"
    assert bulk.undo(store, lead, project_id, last.batch_id) == 4
    assert {state_of(store, one) for one in ids} == {"annotated"}
    assert bulk.last_action(store, lead, project_id) is None
    with pytest.raises(Conflict):
        bulk.undo(store, lead, project_id, last.batch_id)


def test_untouched_examples_are_accepted_only_when_asked_and_return_to_new(
    store: Store, project_id: str
) -> None:
    ids = some_examples(store, project_id, 3)
    lead = an_actor(project_id)
    assert bulk_accepting.accept_all(store, lead, project_id, untouched=False) == 0
    assert bulk_accepting.accept_all(store, lead, project_id, untouched=True) == 3
    last = bulk.last_action(store, lead, project_id)
    assert last
    bulk.undo(store, lead, project_id, last.batch_id)
    assert {state_of(store, one) for one in ids} == {"new"}


def test_only_leads_accept_in_bulk_and_only_reviewers_decide(store: Store, project_id: str) -> None:
    (only,) = annotate(store, project_id)
    rita, ada = an_actor(project_id, "reviewer", name="rita"), an_actor(project_id, "annotator")
    with pytest.raises(NotAllowed):
        bulk_accepting.accept_all(store, rita, project_id, untouched=True)
    edit = an_edit(present(store, only))
    with pytest.raises(NotAllowed):
        decide(store, ada, project_id, new_id("rvw"), "accept", edit)
