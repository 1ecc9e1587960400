"""Mends of findings: one, all of a kind, undone, and two leads at once."""

from __future__ import annotations

import threading

import pytest

from core.actor import Actor
from core.clock import new_id
from core.errors import Conflict
from core.workflows.curation import annotating, checks, mending, reviewing
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples
from tests.check_builders import (
    DAMAGED,
    MENDED,
    check,
    current,
    damaged,
    kinds,
    save,
)


def test_all_safe_mends_of_a_kind_are_applied_and_undone_together(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = some_examples(store, project_id, damaged(4))
    store.transact(lambda: store.annotation.accept_these(ids[:1], "bat", lead.person_id, "good"))
    anna = an_actor(project_id, "annotator", name="anna")
    annotating.open_example(store, anna, project_id, ids[3])  # held by somebody
    check(store, lead, project_id)
    assert mending.mendable(store, lead, project_id, "encoding_damage") == 3
    assert mending.mend_all(store, lead, project_id, "encoding_damage") == 3
    after = [current(store, one) for one in ids]
    assert [one.output for one in after] == [
        *(f"{k}: {MENDED}" for k in range(3)), f"3: {DAMAGED}",
    ]  # fmt: skip
    assert [one.state for one in after] == ["accepted", "new", "new", "new"]
    assert after[0].author_id == lead.person_id
    checks.refresh(store, lead, project_id)
    assert kinds(store, lead, project_id)["encoding_damage"] == 1
    history = store.examples.history(after[0])
    assert [one.kind for one in history] == ["import", "accept", "mend"]
    assert store.examples.counts(project_id)["accepted"] == 1

    store.queues.release(ids[3], anna.person_id)
    save(store, project_id, ids[1], output="Somebody wrote this since, in the evening.")
    last = mending.last_mend(store, lead, project_id)
    assert last
    assert (last.n, last.about) == (3, "encoding_damage")
    assert mending.undo_mends(store, lead, project_id, last.batch_id) == 2
    assert [current(store, one).output for one in ids[:3]] == [
        f"0: {DAMAGED}", "Somebody wrote this since, in the evening.", f"2: {DAMAGED}",
    ]  # fmt: skip
    assert mending.last_mend(store, lead, project_id) is None
    with pytest.raises(Conflict, match="no longer be undone"):
        mending.undo_mends(store, lead, project_id, last.batch_id)
    checks.refresh(store, lead, project_id)
    assert kinds(store, lead, project_id)["encoding_damage"] == 3


def test_one_mend_is_refused_when_the_example_changed_since_it_was_shown(
    store: Store, project_id: str, lead: Actor
) -> None:
    some_examples(store, project_id, damaged(2))
    check(store, lead, project_id)
    first, second = checks.found_examples(store, lead, project_id, "encoding_damage")
    mending.mend_one(store, lead, project_id, first.kind, first.example_id, first.revision_id)
    assert current(store, first.example_id).output == f"0: {MENDED}"
    save(store, project_id, second.example_id, output="New text by anna.")
    for one in (first, second):
        with pytest.raises(Conflict, match="changed this example meanwhile"):
            mending.mend_one(store, lead, project_id, one.kind, one.example_id, one.revision_id)
    assert current(store, second.example_id).output == "New text by anna."


def test_two_leads_who_mend_all_at_once_mend_each_example_once(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = some_examples(store, project_id, damaged(30))
    check(store, lead, project_id)
    done: list[int] = []

    def mend(name: str) -> None:
        actor = an_actor(project_id, "lead", name=name)
        done.append(mending.mend_all(store, actor, project_id, "encoding_damage"))

    threads = [threading.Thread(target=mend, args=(name,)) for name in ("ada", "bob")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 30]
    assert {current(store, one).number for one in ids} == {2}


def test_undoing_mends_leaves_what_was_decided_on_or_is_held_since(
    store: Store, project_id: str, lead: Actor
) -> None:
    accepted, held, free = some_examples(store, project_id, damaged(3))
    save(store, project_id, accepted, instruction="Where was it?")
    check(store, lead, project_id)
    assert mending.mend_all(store, lead, project_id, "encoding_damage") == 3
    rita = an_actor(project_id, "reviewer", name="rita")
    task = reviewing.open_review(store, rita, project_id, accepted)
    reviewing.decide(store, rita, project_id, new_id("rvw"), "accept", an_edit(task))
    anna = an_actor(project_id, "annotator", name="anna")
    annotating.open_example(store, anna, project_id, held)
    last = mending.last_mend(store, lead, project_id)
    assert last
    assert mending.undo_mends(store, lead, project_id, last.batch_id) == 1
    assert [current(store, one).output for one in (accepted, held, free)] == [
        f"0: {MENDED}", f"1: {MENDED}", f"2: {DAMAGED}",
    ]  # fmt: skip
    assert current(store, accepted).state == "accepted"


def test_no_mend_and_no_undoing_voids_what_some_of_several_people_have_annotated(
    store: Store,
) -> None:
    project_id = a_project(store, overlap=2).project_id
    lead = an_actor(project_id, "lead")
    early, late = some_examples(store, project_id, damaged(2))
    check(store, lead, project_id)
    save(store, project_id, early, output="It was in the café.")
    assert mending.mendable(store, lead, project_id, "encoding_damage") == 1
    assert mending.mend_all(store, lead, project_id, "encoding_damage") == 1
    save(store, project_id, late, output="It was in the café.")
    last = mending.last_mend(store, lead, project_id)
    assert last
    assert mending.undo_mends(store, lead, project_id, last.batch_id) == 0
    assert [len(store.overlaps.present(current(store, one))) for one in (early, late)] == [1, 1]
