"""Splits that are decided once, on a real store: sticky, leak-free, useful."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from core.clock import new_id
from core.errors import Conflict, TouchstoneError
from core.workflows.curation import browsing, freezing, reviewing
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import wait_for
from storage.store import Store
from tests.builders import Triple, a_project, accepted_examples, an_actor, an_edit, triples
from tests.examples.test_particular import LONG, edited, reviews
from tests.version_builders import freeze_here, splits_of


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def of_texts(inputs: Sequence[str], instruction: str = LONG) -> list[Triple]:
    return [(instruction, text, f"Answer {k}.") for k, text in enumerate(inputs)]


def edit(store: Store, project_id: str, example_id: str, text: str) -> None:
    """Give an accepted example another input."""
    lead = an_actor(project_id)
    reviewing.reopen(store, lead, project_id, new_id("rvw"), example_id, "Another input.")
    task = browsing.example_of(store, lead, project_id, example_id)
    reviewing.decide(store, lead, project_id, new_id("rvw"), "accept", an_edit(task, input=text))


def test_one_edited_instruction_among_shared_ones_does_not_spoil_the_split(
    store: Store, project_id: str
) -> None:
    texts = of_texts(reviews(1000, 20, random.Random(1)))
    texts[0] = (LONG.replace("careful", "patient"), *texts[0][1:])
    accepted_examples(store, project_id, texts)
    version = freeze_here(store, project_id)
    assert version.counts == {"train": 800, "validation": 100, "test": 100}
    assert (version.groups, version.largest, version.warnings) == (1000, (), ())


def test_no_training_example_of_a_version_is_a_test_example_of_a_later_one(
    store: Store, project_id: str
) -> None:
    accepted_examples(store, project_id, triples(600))
    first = freeze_here(store, project_id, seed=1)
    accepted_examples(store, project_id, triples(1100)[600:])
    second = freeze_here(store, project_id, seed=2)
    before, after = splits_of(store, first), splits_of(store, second)
    assert {one: after[one] for one in before} == before
    assert second.counts == {"train": 880, "validation": 110, "test": 110}
    assert (first.kept, second.kept, second.left_out) == (0, 600, 0)


def test_a_new_copy_joins_the_split_of_what_it_is_near(store: Store, project_id: str) -> None:
    rng = random.Random(3)
    texts = reviews(60, 20, rng)
    ids = accepted_examples(store, project_id, of_texts(texts))
    first = splits_of(store, freeze_here(store, project_id))
    copies = accepted_examples(store, project_id, of_texts([edited(t, rng) for t in texts]))
    second = freeze_here(store, project_id)
    after = splits_of(store, second)
    assert [after[one] for one in copies] == [first[one] for one in ids]
    assert (second.total, second.groups, second.kept) == (120, 60, 60)


def test_a_copy_of_an_older_text_joins_the_split_of_the_example_that_had_it(
    store: Store, project_id: str
) -> None:
    rng = random.Random(4)
    texts = reviews(40, 20, rng)
    ids = accepted_examples(store, project_id, of_texts(texts))
    first = splits_of(store, freeze_here(store, project_id))
    for example_id in ids:
        edit(store, project_id, example_id, reviews(1, 20, rng)[0])
    copies = accepted_examples(store, project_id, of_texts([edited(t, rng) for t in texts]))
    after = splits_of(store, freeze_here(store, project_id))
    assert [after[one] for one in ids + copies] == [first[one] for one in ids] * 2


def test_a_training_example_that_comes_near_a_test_example_leaves_train_and_is_listed(
    store: Store, project_id: str
) -> None:
    rng = random.Random(5)
    texts = reviews(50, 20, rng)
    ids = accepted_examples(store, project_id, of_texts(texts))
    first = splits_of(store, freeze_here(store, project_id))
    trained = next(one for one in ids if first[one] == "train")
    tested = next(one for one in ids if first[one] == "test")
    edit(store, project_id, trained, edited(texts[ids.index(tested)], rng))
    second = freeze_here(store, project_id)
    after = splits_of(store, second)
    assert after == {one: split for one, split in first.items() if one != trained}
    (left,) = freezing.left_out(store, an_actor(project_id), second.version_id)
    assert (left.example_id, left.near_id) == (trained, tested)
    assert "near a test example" in left.reason
    assert second.left_out == 1
    assert any("1 example is left out" in warning for warning in second.warnings)
    edit(store, project_id, trained, texts[ids.index(trained)])
    assert splits_of(store, freeze_here(store, project_id)) == first


def test_a_new_example_between_train_and_test_is_left_out(store: Store, project_id: str) -> None:
    rng = random.Random(6)
    texts = reviews(50, 20, rng)
    ids = accepted_examples(store, project_id, of_texts(texts))
    first = splits_of(store, freeze_here(store, project_id))
    trained = next(one for one in ids if first[one] == "train")
    tested = next(one for one in ids if first[one] == "test")
    words = texts[ids.index(tested)].split()
    close = " ".join([*words[:-3], "one", "two", "three"])
    edit(store, project_id, trained, close)
    (between,) = accepted_examples(
        store, project_id, of_texts([" ".join([*words[:-2], "two", "three"])])
    )
    version = freeze_here(store, project_id)
    left = freezing.left_out(store, an_actor(project_id), version.version_id)
    assert between in {one.example_id for one in left}
    assert between not in splits_of(store, version)


def test_what_was_frozen_for_evaluation_stays_test_for_ever(store: Store, project_id: str) -> None:
    held_out = accepted_examples(store, project_id, triples(20))
    first = freeze_here(store, project_id, evaluation_only=True)
    assert first.evaluation_only
    accepted_examples(store, project_id, triples(120)[20:])
    second = freeze_here(store, project_id)
    after = splits_of(store, second)
    assert {after[one] for one in held_out} == {"test"}
    assert second.counts["test"] == 20
    assert second.counts["train"] > 80
    assert second.counts["validation"] >= 10


def test_for_evaluation_only_leaves_out_what_was_trained_on(store: Store, project_id: str) -> None:
    ids = accepted_examples(store, project_id, triples(40))
    first = splits_of(store, freeze_here(store, project_id))
    fresh = accepted_examples(store, project_id, triples(60)[40:])
    second = freeze_here(store, project_id, evaluation_only=True)
    after = splits_of(store, second)
    assert set(after) == {one for one in ids if first[one] == "test"} | set(fresh)
    assert set(after.values()) == {"test"}
    assert second.left_out == 40 - 4
    reasons = {
        one.reason for one in freezing.left_out(store, an_actor(project_id), second.version_id)
    }
    assert len(reasons) == 1
    assert "earlier version" in reasons.pop()


def test_examples_that_are_all_in_test_cannot_become_an_ordinary_version(
    store: Store, project_id: str
) -> None:
    accepted_examples(store, project_id, triples(40))
    freeze_here(store, project_id, evaluation_only=True)
    with pytest.raises(TouchstoneError, match="train and validation split would be empty"):
        freeze_here(store, project_id)
    assert len(store.versions.of_project(project_id)) == 1


def test_one_group_of_most_examples_is_refused_before_the_version_exists(
    store: Store, project_id: str
) -> None:
    rng = random.Random(7)
    (text,) = reviews(1, 40, rng)
    copies = [edited(text, rng) for _ in range(60)]
    accepted_examples(store, project_id, of_texts(copies + reviews(40, 40, rng)))
    with pytest.raises(TouchstoneError, match=r"of 100 examples are one group") as refused:
        freeze_here(store, project_id)
    assert refused.value.message.count("“") >= 3
    assert " ".join(text.split()[:2]) in refused.value.message
    assert store.versions.of_project(project_id) == []
    assert store.database.rows("SELECT * FROM example_splits") == []


@pytest.mark.parametrize("n", [30, 31, 47])
def test_from_thirty_examples_on_no_split_is_empty(store: Store, project_id: str, n: int) -> None:
    accepted_examples(store, project_id, triples(n))
    assert min(freeze_here(store, project_id).counts.values()) > 0


def test_the_same_examples_are_split_alike_in_every_workspace(store: Store) -> None:
    rng = random.Random(8)
    texts = reviews(80, 15, rng)
    texts += [edited(text, rng) for text in texts[:20]]
    found = []
    for name, order in (("One", texts), ("Two", rng.sample(texts, len(texts)))):
        project_id = a_project(store, name).project_id
        accepted_examples(store, project_id, [(LONG, text, "Fine.") for text in order])
        version = freeze_here(store, project_id, seed=9)
        rows = store.versions.examples(version.version_id).to_pylist()
        found.append({row["input"]: row["split"] for row in rows})
    assert found[0] == found[1]


def test_two_versions_are_not_frozen_at_the_same_time(store: Store, project_id: str) -> None:
    accepted_examples(store, project_id, triples(12))
    lead = an_actor(project_id)
    freezing.start_freeze(store, lead, project_id)
    with pytest.raises(Conflict, match="being frozen"):
        freezing.start_freeze(store, lead, project_id)


def test_a_job_that_an_older_release_queued_as_check_is_frozen(
    store: Store, project_id: str
) -> None:
    accepted_examples(store, project_id, triples(20))
    version_id = freezing.start_freeze(store, an_actor(project_id), project_id)
    job = store.jobs.of_subject(version_id)
    assert job
    folder = folder_of(store, job)
    store.database.execute("UPDATE jobs SET kind = 'check'")
    spec = folder.path / "spec.json"
    spec.write_text(spec.read_text().replace('"freeze"', '"check"'))
    (folder.data / "earlier.parquet").unlink()
    wait_for(store, job.job_id)
    assert freezing.get_version(store, an_actor(project_id), version_id).total == 20


def test_freezing_is_in_the_audit_log(store: Store, project_id: str) -> None:
    accepted_examples(store, project_id, triples(12))
    version = freeze_here(store, project_id)
    (event,) = store.audit.of_subject("version", version.version_id)
    assert (event.action, event.actor_id) == ("frozen", "person_ada")
    assert event.detail["content_hash"] == version.content_hash
