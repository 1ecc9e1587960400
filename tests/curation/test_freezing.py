"""Freezing on a real store with a real worker: hash, split, near-duplicates, export."""

from __future__ import annotations

import hashlib
import json
import random
from collections import defaultdict
from typing import Any

import pytest

from core.clock import new_id
from core.errors import InvalidInput, NameTaken, NotAllowed
from core.versions.splitting import content_hash
from core.versions.version import DatasetVersion
from core.workflows.curation import exporting, freezing, reviewing, skipping
from core.workflows.curation.freezing import NothingToFreeze, start_freeze
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import wait_for
from storage.store import Store
from tests.builders import Triple, a_project, accepted_examples, an_actor, an_edit, triples
from tests.version_builders import splits_of

WORDS = [f"word{k}" for k in range(4000)]


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


def freeze(store: Store, project_id: str, **wishes: Any) -> DatasetVersion:
    """Freeze with a real worker process; the version."""
    lead = an_actor(project_id)
    version_id = start_freeze(store, lead, project_id, **wishes)
    job = store.jobs.of_subject(version_id)
    assert job
    wait_for(store, job.job_id)
    return freezing.get_version(store, lead, version_id)


def with_near_duplicates(n: int) -> list[Triple]:
    """So many groups of three: a long text, and two with one word changed."""
    rng = random.Random(3)
    found = []
    for _ in range(n):
        words = rng.sample(WORDS, 20)
        for place in (None, 4, 11):
            changed = [rng.choice(WORDS) if k == place else w for k, w in enumerate(words)]
            found.append(("Continue the list.", " ".join(changed), f"The end of {words[0]}."))
    return found


def test_freezing_twice_with_one_seed_gives_one_split_and_one_hash(
    store: Store, project_id: str
) -> None:
    accepted_examples(store, project_id, 60)
    first, second = (freeze(store, project_id, seed=7, name=f"prices {n}") for n in "ab")
    assert first.content_hash == second.content_hash
    assert splits_of(store, first) == splits_of(store, second)
    assert (first.number, second.number) == (1, 2)
    assert first.counts == {"train": 48, "validation": 6, "test": 6}
    assert (first.total, first.groups) == (60, 60)
    other = freeze(store, project_id, seed=8)
    assert splits_of(store, other) == splits_of(store, first)  # a split is decided once
    assert (first.kept, second.kept, other.kept) == (0, 60, 60)


def test_the_hash_can_be_computed_again_from_what_is_stored(store: Store, project_id: str) -> None:
    ids = accepted_examples(store, project_id, 20)
    version = freeze(store, project_id)
    assert content_hash(store.versions.content(version.version_id)) == version.content_hash
    by_hand = hashlib.sha256()
    for row in sorted(store.versions.content(version.version_id)):
        by_hand.update(json.dumps(row, separators=(",", ":")).encode() + b"\n")
    assert by_hand.hexdigest() == version.content_hash
    assert {row[0] for row in store.versions.content(version.version_id)} == set(ids)


def test_near_duplicates_are_never_in_two_splits(store: Store, project_id: str) -> None:
    ids = accepted_examples(store, project_id, with_near_duplicates(40))
    version = freeze(store, project_id)
    splits, groups = splits_of(store, version), defaultdict(set)
    for number, example_id in enumerate(ids):
        groups[number // 3].add(splits[example_id])
    assert all(len(split) == 1 for split in groups.values())
    assert version.groups == 40
    assert version.counts["train"] == 96


def test_later_edits_do_not_reach_a_frozen_version(store: Store, project_id: str) -> None:
    ids = accepted_examples(store, project_id, 12)
    version = freeze(store, project_id)
    before = store.versions.content(version.version_id)
    lead = an_actor(project_id)
    skipping.flag(store, lead, project_id, new_id("evt"), ids[0], "late")
    task = reviewing.open_review(store, lead, project_id, ids[0])
    edit = an_edit(task, output="Changed later.")
    reviewing.decide(store, lead, project_id, new_id("rvw"), "set_aside", edit)
    assert store.versions.content(version.version_id) == before
    assert freezing.freezable(store, an_actor(project_id), project_id).ready == 11


def test_a_version_for_evaluation_only_has_everything_in_test(
    store: Store, project_id: str
) -> None:
    accepted_examples(store, project_id, 15)
    version = freeze(store, project_id, evaluation_only=True)
    assert set(splits_of(store, version).values()) == {"test"}
    counts = version.counts
    assert (counts["train"], counts["validation"], counts["test"]) == (0, 0, 15)


def test_the_same_form_pressed_twice_is_one_version(store: Store, project_id: str) -> None:
    accepted_examples(store, project_id, 10)
    lead = an_actor(project_id)
    wish = "ver_of_one_form"
    ids = {start_freeze(store, lead, project_id, version_id=wish) for _ in range(2)}
    assert ids == {wish}
    assert len(store.jobs.of_project(project_id)) == 1


def test_taking_the_result_in_twice_adds_nothing(store: Store, project_id: str) -> None:
    accepted_examples(store, project_id, 10)
    version = freeze(store, project_id)
    job = store.jobs.of_subject(version.version_id)
    assert job
    freezing.take_in(store, job, folder_of(store, job))
    assert len(freezing.versions_of(store, an_actor(project_id), project_id)) == 1
    assert len(store.versions.content(version.version_id)) == 10


def test_a_group_over_five_per_cent_is_warned_about(store: Store, project_id: str) -> None:
    accepted_examples(store, project_id, [*triples(30), *with_near_duplicates(1)])
    version = freeze(store, project_id)
    assert version.groups == 31
    (warning,) = version.warnings
    assert "3 of 33 examples (9\u202f%)" in warning


def test_too_few_accepted_examples_are_refused_with_a_sentence(
    store: Store, project_id: str
) -> None:
    accepted_examples(store, project_id, 9)
    with pytest.raises(NothingToFreeze, match="9 examples are accepted"):
        start_freeze(store, an_actor(project_id), project_id)
    with pytest.raises(NotAllowed):
        start_freeze(store, an_actor(project_id, "reviewer"), project_id)


def test_an_export_holds_every_example_in_the_file_of_its_split(
    store: Store, project_id: str
) -> None:
    accepted_examples(store, project_id, 20)
    version, lead = freeze(store, project_id, name="to go"), an_actor(project_id)
    assert exporting.version_export(store, lead, version.version_id) is None
    wait_for(store, exporting.start_version_export(store, lead, version.version_id))
    export = exporting.version_export(store, lead, version.version_id)
    assert export
    assert set(export.files) == {
        "all.jsonl",
        "train.jsonl",
        "validation.jsonl",
        "test.jsonl",
        "manifest.json",
    }
    lines = {
        name: [json.loads(line) for line in path.read_text().splitlines()]
        for name, path in export.files.items()
        if name.endswith(".jsonl")
    }
    assert [len(lines[f"{name}.jsonl"]) for name in ("all", "train", "validation", "test")] == [
        *(20, 16, 2, 2)
    ]
    splits = splits_of(store, version)
    assert all(splits[one["id"]] == one["split"] for one in lines["all.jsonl"])
    about = json.loads(export.files["manifest.json"].read_text())["about"]
    assert about["content_hash"] == version.content_hash
    assert exporting.start_version_export(store, lead, version.version_id) == export.job.job_id


def test_a_project_has_one_version_of_a_name(store: Store, project_id: str) -> None:
    accepted_examples(store, project_id, 20)
    assert freeze(store, project_id, name=" V2 ").name == "V2"
    with pytest.raises(NameTaken, match="a version called “v2” already"):
        start_freeze(store, an_actor(project_id), project_id, name="v2")
    assert store.jobs.unsettled() == []
    assert freeze(store, project_id).name == "v2 (2)"  # its number, as far as that is free
    for name, told in (("v" * 81, "has 81"), ("a\nb", "one line"), ("a\u2028b", "one line")):
        with pytest.raises(InvalidInput, match=told):
            start_freeze(store, an_actor(project_id), project_id, name=name)
    other = a_project(store, "Other").project_id
    accepted_examples(store, other, 20)
    assert freeze(store, other, name="V2").name == "V2"
