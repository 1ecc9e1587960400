"""Negatives on a real store: never examples, decided on by a person each, then preference pairs."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from core.actor import Actor
from core.augmentation.augmentation import Augmentation
from core.augmentation.plan import AugmentationPlan, Makes
from core.clock import new_id
from core.errors import Conflict, NotAllowed, NotFound, Overtaken
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.tuning.judged_pairs import preference_set
from core.workflows.curation import (
    augmenting,
    browsing,
    bulk,
    importing,
    masking,
    mending,
    negatives,
    reviewing,
    skipping,
)
from core.workflows.jobs.supervisor import wait_for
from core.workflows.tuning.preferences import preferences_of
from pages.curation.curate_negatives import rows_by_rule
from storage.store import Store
from tests.builders import a_project, accepted_examples, an_actor, some_examples
from tests.check_builders import check
from tests.job_builders import run_here
from tests.version_builders import add_version


def proposed(
    store: Store, lead: Actor, project_id: str, *rules: str, **more: object
) -> Augmentation:
    """Negatives by rules of all that is accepted, taken in."""
    plan = AugmentationPlan(rules=rules or ("number",), makes="negatives", **more)  # type: ignore[arg-type]
    augmentation_id = augmenting.start(store, lead, project_id, ExampleFilter(), plan)
    run_here(store, augmentation_id)
    found = store.augmentations.by_id(augmentation_id)
    assert found is not None
    return found


def reviewer(project_id: str, name: str = "rita") -> Actor:
    return an_actor(project_id, "reviewer", name=name)


def negative_of(store: Store, example_id: str) -> str:
    return str(
        store.database.value(
            "SELECT negative_id FROM negatives WHERE source_id = $id", {"id": example_id}
        )
    )


def confirm(store: Store, project_id: str, *example_ids: str) -> None:
    for one in example_ids:
        found = negative_of(store, one)
        negatives.decide(store, reviewer(project_id), project_id, found, "confirmed")


def reopen(store: Store, project_id: str, example_id: str) -> None:
    reviewing.reopen(
        store, reviewer(project_id), project_id, new_id("rvw"), example_id, "Look again."
    )


def test_negatives_change_nothing_of_the_examples_and_wait_for_a_reviewer(
    store: Store, project_id: str, lead: Actor
) -> None:
    accepted_examples(store, project_id, 4)
    before = browsing.counts(store, lead, project_id)
    found = proposed(store, lead, project_id, "number", "refusal", per_example=2)
    assert (found.sources, found.added, found.known) == (4, 8, 0)
    assert browsing.counts(store, lead, project_id) == before
    assert reviewing.next_to_review(store, lead, project_id) is None
    assert negatives.states_of(store, lead, found) == {"waiting": 8}
    rita, tom = (reviewer(project_id, name) for name in ("rita", "tom"))
    with pytest.raises(NotAllowed):
        negatives.next_negative(store, an_actor(project_id, "annotator"), project_id)
    seen = []
    while task := negatives.next_negative(store, rita, project_id):
        assert task.output != task.accepted
        assert task.by in ("the rule “A number changed”", "the rule “A refusal”")
        seen.append(task.negative_id)
        state = "confirmed" if len(seen) % 2 else "refused"
        negatives.decide(store, rita, project_id, task.negative_id, state)  # type: ignore[arg-type]
        negatives.decide(store, rita, project_id, task.negative_id, state)  # type: ignore[arg-type]
    assert len(set(seen)) == 8
    assert negatives.states_of(store, lead, found) == {"confirmed": 4, "refused": 4}
    with pytest.raises(Overtaken):
        negatives.decide(store, tom, project_id, seen[0], "refused")
    with pytest.raises(Conflict):
        negatives.undo(store, tom, project_id, seen[-1])
    last = negatives.last_decided(store, rita, project_id)
    assert last
    assert last.negative_id == seen[-1]
    negatives.undo(store, rita, project_id, seen[-1])
    assert negatives.waiting(store, tom, project_id) == 1
    negatives.decide(store, tom, project_id, seen[-1], "confirmed")
    other = a_project(store, "Other").project_id
    with pytest.raises(NotFound):
        negatives.decide(store, an_actor(other), other, seen[0], "refused")


def test_each_rule_of_a_batch_says_how_many_of_its_negatives_people_took(
    store: Store, project_id: str, lead: Actor
) -> None:
    accepted_examples(store, project_id, 6)
    found = proposed(store, lead, project_id, "number", "refusal", "cut", per_example=2)
    assert negatives.states_by_rule(store, lead, found) == {
        "number": {"waiting": 6}, "refusal": {"waiting": 6}, "cut": {},
    }  # fmt: skip
    rita = reviewer(project_id)
    for _ in range(6):  # both of three examples: the refusals are of no use
        task = negatives.next_negative(store, rita, project_id)
        assert task
        state = "confirmed" if "number" in task.by.lower() else "refused"
        negatives.decide(store, rita, project_id, task.negative_id, state)  # type: ignore[arg-type]
    left = negatives.next_negative(store, rita, project_id)
    assert left
    reopen(store, project_id, left.example_id)
    assert negatives.states_by_rule(store, lead, found) == {
        "number": {"confirmed": 3, "waiting": 2, "changed": 1},
        "refusal": {"refused": 3, "waiting": 2, "changed": 1},
        "cut": {},  # no text is long enough
    }
    assert negatives.states_of(store, lead, found) == {
        "confirmed": 3, "refused": 3, "waiting": 4, "changed": 2,
    }  # fmt: skip
    stranger = an_actor(a_project(store, "Other").project_id)
    with pytest.raises(NotAllowed):
        negatives.states_by_rule(store, stranger, found)


def test_the_table_of_rules_counts_what_is_left_of_a_batch_that_was_thrown_away() -> None:
    counts = {"number": {"confirmed": 3, "refused": 1}, "cut": {}}
    number, cut = rows_by_rule(counts, thrown_away=True)
    assert [*number] == ["Rule", "Left", "Confirmed", "Not worse"]
    assert [*cut.values()][1:] == ["0", "0", "0"]
    assert rows_by_rule({"number": {"waiting": 2}}, thrown_away=False)[0]["Proposed"] == "2"


def test_what_was_shown_once_is_not_proposed_again_and_a_batch_thrown_away_keeps_decisions(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = accepted_examples(store, project_id, 5)
    first = proposed(store, lead, project_id, seed=3)
    confirm(store, project_id, ids[0])
    again = proposed(store, lead, project_id, seed=3)
    assert (first.added, again.added, again.known) == (5, 0, 5)
    assert augmenting.undo(store, lead, project_id, first.augmentation_id) == 4
    assert negatives.states_of(store, lead, first) == {"confirmed": 1}
    with pytest.raises(Conflict):
        augmenting.undo(store, lead, project_id, first.augmentation_id)
    assert proposed(store, lead, project_id, seed=3).added == 4
    taken_back = negative_of(store, ids[0])
    negatives.undo(store, reviewer(project_id), project_id, taken_back)
    assert negatives.states_of(store, lead, first) == {}
    assert negatives.waiting(store, lead, project_id) == 4


def test_a_negative_whose_example_was_reopened_is_asked_about_no_more(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = accepted_examples(store, project_id, 2)
    found = proposed(store, lead, project_id)
    reopen(store, project_id, ids[0])
    assert negatives.states_of(store, lead, found) == {"changed": 1, "waiting": 1}
    task = negatives.next_negative(store, lead, project_id)
    assert task
    assert task.example_id == ids[1]
    with pytest.raises(Conflict, match="changed or reopened"):
        confirm(store, project_id, ids[0])


MAIL = "ada@firm.org"


def mailed(store: Store, project_id: str, lead: Actor) -> list[str]:
    """Four accepted examples with an address and a number in the answer, and a negative of each."""
    texts = [(f"Who is {n}?", "", f"Number {n} is {MAIL}.") for n in range(11, 15)]
    ids = some_examples(store, project_id, texts)
    store.transact(lambda: store.annotation.accept_these(ids, "bat_1", lead.person_id, ""))
    assert proposed(store, lead, project_id).added == 4
    return ids


def outputs(store: Store) -> dict[str, str]:
    rows = store.database.rows(
        "SELECT n.source_id, n.state, n.output FROM negatives n "
        "JOIN example_current c ON c.example_id = n.source_id ORDER BY c.position"
    )
    return {f"{row['source_id']} {row['state']}": row["output"] for row in rows}


def is_masked(text: str) -> bool:
    return "[EMAIL]" in text and MAIL not in text


def test_masked_personal_data_are_masked_in_what_was_decided_on_and_gone_where_it_waits(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = mailed(store, project_id, lead)
    version_id = add_version(store, project_id, ["train"] * 4)
    confirm(store, project_id, ids[0])
    confirm(store, project_id, ids[3])
    refused = negative_of(store, ids[1])
    negatives.decide(store, reviewer(project_id), project_id, refused, "refused")
    assert len(preferences_of(store, lead, version_id).pairs) == 2
    action = BulkAction("mask", mask=("email",))
    job_id = bulk.start_masking(store, lead, project_id, ExampleFilter(text="1"), action)
    held = an_actor(project_id, "annotator", name="tom")
    skipping.flag(store, held, project_id, new_id("evt"), ids[3], "wait")
    reviewing.open_review(store, reviewer(project_id), project_id, ids[3])  # holds it
    assert wait_for(store, job_id).taken_in
    kept = outputs(store)
    assert list(kept) == [f"{ids[0]} confirmed", f"{ids[1]} refused", f"{ids[3]} confirmed"]
    assert [is_masked(one) for one in kept.values()] == [True, True, False]
    found = preferences_of(store, lead, version_id)
    assert ([one.example_id for one in found.pairs], found.left_out) == ([ids[3]], {"masked": 1})
    (event,) = [
        one for one in store.audit.of_subject("project", project_id) if one.action == "masked_all"
    ]
    assert (event.detail["negatives_dropped"], event.detail["negatives_masked"]) == (1, 2)


def test_a_mend_masks_the_negative_that_is_another_examples_answer(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = mailed(store, project_id, lead)
    for n, state in ((0, "confirmed"), (1, "waiting")):  # both are the answer of the third
        store.database.execute(
            "UPDATE negatives SET other_id = $other, state = $state WHERE source_id = $id",
            {"other": ids[2], "id": ids[n], "state": state},
        )
    check(store, lead, project_id)
    example = store.examples.current(ids[2])
    assert example
    store.database.execute("UPDATE negatives SET actor_id = $id", {"id": lead.person_id})
    mending.mend_one(store, lead, project_id, "email", ids[2], example.revision_id)
    kept = outputs(store)
    assert list(kept) == [f"{ids[0]} confirmed", f"{ids[3]} waiting"]
    assert [is_masked(one) for one in kept.values()] == [True, False]
    # Its own example did not change: waiting again, it would be asked about for no pair.
    negatives.undo(store, lead, project_id, negative_of(store, ids[0]))
    assert list(outputs(store)) == [f"{ids[3]} waiting"]


@pytest.mark.parametrize(
    ("makes", "rule"), [("negatives", "number"), ("paraphrases", "lower_case")]
)
def test_what_was_masked_while_a_worker_made_proposals_of_it_is_not_taken_in(
    store: Store, project_id: str, lead: Actor, makes: Makes, rule: str
) -> None:
    texts = [(f"Who is {n}?", "", f"Number {n} is {MAIL}.") for n in range(11, 15)]
    ids = some_examples(store, project_id, texts)
    store.transact(lambda: store.annotation.accept_these(ids, "bat_1", lead.person_id, ""))
    plan = AugmentationPlan(rules=(rule,), makes=makes)
    late = augmenting.start(store, lead, project_id, ExampleFilter(), plan)
    action = BulkAction("mask", mask=("email",))
    job_id = bulk.start_masking(store, lead, project_id, ExampleFilter(text="is 12"), action)
    asked = store.jobs.by_id(job_id)
    assert asked
    run_here(store, asked.subject_id)
    # Saving the masks began before the worker's job was there, and ended after it had the texts.
    store.database.execute(
        "UPDATE revisions SET created_at = created_at - INTERVAL 1 HOUR WHERE origin = 'mask'"
    )
    run_here(store, late)
    rows = store.database.rows(
        "SELECT source_id FROM negatives UNION ALL SELECT source_id FROM synthetic_examples"
    )
    assert sorted(row["source_id"] for row in rows) == sorted({*ids} - {ids[1]})


def test_proposals_that_are_taken_in_while_masks_are_saved_are_seen(
    store: Store, project_id: str, lead: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    mailed(store, project_id, lead)
    late = augmenting.start(
        store, lead, project_id, ExampleFilter(),
        AugmentationPlan(rules=("refusal",), makes="negatives"),
    )  # fmt: skip
    store.database.execute("DELETE FROM negatives")
    check(store, lead, project_id)
    also, tries = masking.also_mask, []

    def meanwhile(*args: Any) -> Mapping[str, int]:
        tries.append(args)
        if len(tries) == 1:
            other = threading.Thread(target=run_here, args=(store, late))
            other.start()
            other.join()
        return also(*args)

    monkeypatch.setattr(masking, "also_mask", meanwhile)
    assert mending.mend_all(store, lead, project_id, "email") == 4
    assert len(tries) == 2
    assert outputs(store) == {}


def test_whoever_is_measured_by_gold_examples_is_shown_the_answer_of_none(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = accepted_examples(store, project_id, 3)
    proposed(store, lead, project_id)
    store.gold_examples.mark(project_id, ids[0], "bat", lead.person_id)
    store.database.execute(
        "UPDATE negatives SET other_id = $gold WHERE source_id = $id",
        {"gold": ids[0], "id": ids[1]},
    )
    measured = an_actor(project_id, "annotator", "reviewer", name="rita")
    assert negatives.waiting(store, measured, project_id) == 1
    task = negatives.next_negative(store, measured, project_id)
    assert task
    assert task.example_id == ids[2]
    negatives.decide(store, measured, project_id, task.negative_id, "confirmed")
    assert negatives.next_negative(store, measured, project_id) is None
    assert negatives.waiting(store, reviewer(project_id), project_id) == 2


def test_the_same_text_is_proposed_again_for_a_later_revision(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = accepted_examples(store, project_id, 2)
    proposed(store, lead, project_id, seed=3)
    confirm(store, project_id, *ids)
    # Its labels were corrected: what was confirmed before counts for it no more.
    store.database.execute(
        "INSERT INTO revisions SELECT * REPLACE ('rev_later' AS revision_id, number + 1 AS number) "
        "FROM revisions WHERE example_id = $id", {"id": ids[0]},
    )  # fmt: skip
    store.database.execute(
        "UPDATE example_current SET revision_id = 'rev_later', number = number + 1 "
        "WHERE example_id = $id", {"id": ids[0]},
    )  # fmt: skip
    again = proposed(store, lead, project_id, seed=3)
    assert (again.added, again.known) == (1, 1)
    task = negatives.next_negative(store, lead, project_id)
    assert task
    assert (task.example_id, task.changed) == (ids[0], False)


def test_none_is_made_of_test_examples(store: Store, project_id: str, lead: Actor) -> None:
    ids = accepted_examples(store, project_id, 4)
    store.database.execute(
        "INSERT INTO example_splits SELECT example_id, project_id, 'test', example_id, 'v', "
        "updated_at FROM example_current WHERE example_id = $id", {"id": ids[0]},
    )  # fmt: skip
    found = proposed(store, lead, project_id, "other")
    rows = store.database.rows("SELECT source_id, other_id FROM negatives")
    assert found.added == 3
    assert ids[0] not in {one for row in rows for one in row.values()}


def test_confirmed_ones_are_preference_pairs_of_the_version_and_the_rest_is_counted(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = accepted_examples(store, project_id, 8)
    proposed(store, lead, project_id, "number")
    confirm(store, project_id, *ids[:7])
    refused = negative_of(store, ids[7])
    negatives.decide(store, lead, project_id, refused, "refused")
    # The third is in test, the second near it, the fourth's text is the answer of the third.
    store.database.execute(
        "UPDATE negatives SET other_id = $tested WHERE source_id = $id",
        {"tested": ids[2], "id": ids[3]},
    )
    groups = ["g0", "near", "near", *(f"g{k}" for k in range(3, 8))]
    splits = ["train", "train", "test", "train", "validation", "train", "train", "train"]
    version_id = add_version(store, project_id, splits, groups=groups)
    store.database.execute(
        "UPDATE version_examples SET revision_id = 'rev_of_later' WHERE example_id = $id",
        {"id": ids[5]},
    )
    store.database.execute("DELETE FROM version_examples WHERE example_id = $id", {"id": ids[6]})
    found = preferences_of(store, lead, version_id)
    assert [(one.example_id, one.source, one.study_id) for one in found.pairs] == [
        (one, "negative", "") for one in sorted((ids[0], ids[4]))
    ]
    assert found.left_out == {
        "test": 1, "near_test": 1, "elsewhere": 1, "changed": 1, "borrowed": 1,
    }  # fmt: skip
    kept = {one.example_id: store.examples.current(one.example_id) for one in found.pairs}
    for pair in found.pairs:
        current = kept[pair.example_id]
        assert current
        assert pair.output == current.output
        assert pair.rejected != pair.output
        assert pair.pair_id == negative_of(store, pair.example_id)
    assert found.told().startswith("2 preference pairs: 2 confirmed negatives. Left out: 5 (")


def test_a_negative_that_a_study_preferred_to_the_accepted_answer_is_left_out(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = accepted_examples(store, project_id, 1)
    proposed(store, lead, project_id)
    confirm(store, project_id, *ids)
    version_id = add_version(store, project_id, ["train"])
    (negative,) = store.preferences.negatives(project_id, version_id)
    assert len(preference_set({}, (), [negative]).pairs) == 1
    twice = preference_set({}, (), [negative, negative])
    assert (len(twice.pairs), twice.left_out) == (1, {"same": 1})


def test_an_import_that_is_undone_takes_its_waiting_negatives_and_leaves_decided_sources(
    store: Store, project_id: str, lead: Actor
) -> None:
    path = store.workspace / "inbox" / "towns.jsonl"
    rows = [{"instruction": f"Towns of {k}?", "output": f"{k} towns."} for k in ("3", "4", "5")]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    importing.start_import(
        store, lead, project_id, path, "towns.jsonl", import_id="imp_1", entered_as="accepted"
    )
    run_here(store, "imp_1")
    proposed(store, lead, project_id)
    ids = store.examples.accepted(project_id)["example_id"].to_pylist()
    confirm(store, project_id, ids[0])
    assert importing.undo_import(store, lead, project_id, "imp_1") == 2
    rows = store.database.rows("SELECT source_id FROM negatives")
    assert [row["source_id"] for row in rows] == [ids[0]]
    assert store.examples.current(ids[0]) is not None
