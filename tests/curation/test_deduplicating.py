"""Decisions on groups of duplicates, taken back, and by two leads at once."""

from __future__ import annotations

from functools import partial

import pytest

from core.actor import Actor
from core.checks.check import GroupTotal
from core.errors import Conflict
from core.workflows.curation import deduplicating, reviewing, skipping
from storage.store import Store
from tests.builders import an_actor, some_examples, triples
from tests.check_builders import (
    check,
    copies,
    current,
    save,
    total,
)


def test_keeping_the_best_sets_the_others_aside_and_is_undone(
    store: Store, project_id: str, lead: Actor
) -> None:
    plain = triples(4)
    ids = some_examples(store, project_id, plain + copies(plain))
    store.transact(lambda: store.annotation.accept_these(ids[:1], "bat", lead.person_id, "good"))
    anna = an_actor(project_id, "annotator", name="anna")
    skipping.flag(store, anna, project_id, "f1", ids[1], "Is that right?")
    check_id = check(store, lead, project_id)
    group = deduplicating.groups(store, lead, project_id, "exact")[0]
    assert group.best.position == 1
    assert group.why_best == "Example 1 is accepted, no other is further."
    # Of the four others the flagged one stays.
    assert total(store, lead, project_id, "exact") == GroupTotal(4, 8, 3)
    decide = partial(deduplicating.decide, store, lead, project_id, check_id=check_id)
    assert decide("exact", "keep_best") == 3
    states = [current(store, one).state for one in ids]
    aside = "set_aside"
    assert states == ["accepted", "new", aside, aside, aside, "new", "new", "new"]
    assert total(store, lead, project_id, "exact") == GroupTotal(1, 2, 0)
    history = store.examples.history(current(store, ids[4]))
    assert (history[-1].kind, history[-1].text) == ("set_aside", "Duplicate of example 1")
    assert store.examples.counts(project_id)["set_aside"] == 3

    reviewing.reopen(store, lead, project_id, "r1", ids[2], "It is no copy.")
    last = deduplicating.last_decision(store, lead, project_id)
    assert last
    assert (last.n, last.about) == (3, "keep_best")
    assert deduplicating.undo_decision(store, lead, project_id, last.batch_id) == 2
    states = [current(store, one).state for one in ids]
    assert states == ["accepted", "new", "sent_back", *["new"] * 5]
    with pytest.raises(Conflict, match="no longer be undone"):
        deduplicating.undo_decision(store, lead, project_id, last.batch_id)


def test_a_group_that_is_kept_whole_is_shown_by_no_later_check(
    store: Store, project_id: str, lead: Actor
) -> None:
    plain = triples(2)
    some_examples(store, project_id, plain + copies(plain))
    check_id = check(store, lead, project_id)
    number = deduplicating.groups(store, lead, project_id, "exact")[0].number
    kept = deduplicating.decide(
        store, lead, project_id, "exact", "keep_all", check_id=check_id, number=number
    )
    assert kept == 2
    assert total(store, lead, project_id, "exact").groups == 1
    check(store, lead, project_id)
    assert total(store, lead, project_id, "exact").groups == 1
    last = deduplicating.last_decision(store, lead, project_id)
    assert last
    assert deduplicating.undo_decision(store, lead, project_id, last.batch_id) == 2
    assert total(store, lead, project_id, "exact").groups == 2


def test_a_duplicate_counts_while_the_compared_texts_are_the_same(
    store: Store, project_id: str, lead: Actor
) -> None:
    plain = triples(2)
    ids = some_examples(store, project_id, plain + copies(plain))
    check(store, lead, project_id)
    save(store, project_id, ids[0], output="Another output, while instruction and input stay.")
    assert total(store, lead, project_id, "exact") == GroupTotal(2, 4, 2)
    save(store, project_id, ids[1], input="Quite another input now.")
    assert total(store, lead, project_id, "exact") == GroupTotal(1, 2, 1)


def test_of_two_leads_who_decide_on_one_group_the_second_is_told(
    store: Store, project_id: str, lead: Actor
) -> None:
    plain = triples(1)
    ids = some_examples(store, project_id, plain + copies(plain))
    check_id = check(store, lead, project_id)
    bob = an_actor(project_id, "lead", name="bob")
    decide = partial(deduplicating.decide, check_id=check_id, number=0)
    decide(store, lead, project_id, "exact", "drop_all")
    assert {current(store, one).state for one in ids} == {"set_aside"}
    with pytest.raises(Conflict, match="somebody decided on this meanwhile"):
        decide(store, bob, project_id, "exact", "keep_best")
    some_examples(store, project_id, 3)
    check(store, lead, project_id)
    with pytest.raises(Conflict, match="newer check"):
        decide(store, bob, project_id, "exact", "keep_best")
