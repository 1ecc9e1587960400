"""Proposals of paraphrases on a real store: waiting for a person, beside their source, undone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from core.actor import Actor
from core.augmentation.augmentation import Augmentation
from core.augmentation.plan import AugmentationPlan
from core.clock import new_id
from core.errors import Conflict, NotAllowed
from core.examples.bulk import BulkAction
from core.examples.current import CurrentExample
from core.examples.listing import ExampleFilter
from core.jobs.context import JobContext
from core.jobs.kinds import function_of, kind_of
from core.projects import LabelField
from core.versions.version import DatasetVersion
from core.workflows.curation import (
    annotating,
    augmenting,
    browsing,
    bulk,
    bulk_accepting,
    describing,
    exporting,
    freezing,
    importing,
    protecting,
    reviewing,
    skipping,
)
from core.workflows.jobs.jobs import folder_of
from core.workflows.team import projects
from storage.store import Store
from tests.builders import a_project, accepted_examples, an_actor, an_edit, some_examples, triples
from tests.job_builders import run_here
from tests.version_builders import add_version

SYNTHETIC = ExampleFilter(synthetic=True)


def augmented(store: Store, lead: Actor, project_id: str, **plan: object) -> Augmentation:
    """Proposals by rules of all that is accepted, taken in."""
    asked = AugmentationPlan(**{"rules": ("please",), **plan})  # type: ignore[arg-type]
    augmentation_id = augmenting.start(store, lead, project_id, ExampleFilter(), asked)
    run_here(store, augmentation_id)
    found = store.augmentations.by_id(augmentation_id)
    assert found is not None
    return found


def present(store: Store, example_id: str) -> CurrentExample:
    current = store.examples.current(example_id)
    assert current
    return current


def child_of(store: Store, example_id: str) -> str:
    (child,) = store.synthetic.children(example_id)
    return child.example_id


def accept(store: Store, project_id: str, example_id: str, **changes: str) -> None:
    rita = an_actor(project_id, "reviewer", name="rita")
    edit = an_edit(present(store, example_id), **changes)
    reviewing.decide(store, rita, project_id, new_id("rvw"), "accept", edit)


def accept_children(store: Store, project_id: str, sources: list[str]) -> dict[str, str]:
    """Source → its only child, which a reviewer accepted."""
    found = {one: child_of(store, one) for one in sources}
    for child in found.values():
        accept(store, project_id, child)
    return found


def freeze(
    store: Store, project_id: str, *, evaluation_only: bool = False
) -> tuple[DatasetVersion, dict[str, str], dict[str, str]]:
    """A version, example → split, and example → why it was left out."""
    lead = an_actor(project_id)
    version_id = freezing.start_freeze(store, lead, project_id, evaluation_only=evaluation_only)
    run_here(store, version_id)
    rows = store.versions.examples(version_id).to_pylist()
    left = freezing.left_out(store, lead, version_id)
    return (
        freezing.get_version(store, lead, version_id),
        {row["example_id"]: row["split"] for row in rows},
        {one.example_id: one.reason for one in left},
    )


def test_proposals_wait_for_a_reviewer_and_say_of_what_and_by_which_rule_they_were_made(
    store: Store, project_id: str, lead: Actor
) -> None:
    (source,) = accepted_examples(store, project_id, 1)
    some_examples(store, project_id, triples(3)[2:])  # not accepted: no source
    found = augmented(store, lead, project_id)
    assert (found.sources, found.added, found.known) == (1, 1, 0)
    child = present(store, child_of(store, source))
    assert child.state == "annotated"
    assert child.instruction == "Please say what number 0 times 7 makes."
    assert (child.input, child.output) == tuple(triples(1)[0][1:])
    (entry,) = browsing.history_of(store, lead, child)
    assert (entry.kind, entry.text) == ("propose", "made of example 1 by the rule “Please …”.")
    origin = augmenting.sourced(store, lead, child)
    assert origin is not None
    assert (origin.source_id, origin.position, origin.changed) == (source, 1, False)
    assert (origin.by, origin.seed) == ("the rule “Please …”", 42)
    rows, count = browsing.examples_page(store, lead, project_id, SYNTHETIC)
    assert ([one.example_id for one in rows], count) == ([child.example_id], 1)
    assert browsing.examples_page(store, lead, project_id, ExampleFilter(synthetic=False))[1] == 2
    task = reviewing.next_to_review(store, lead, project_id)
    assert task is not None  # a lead who asked for them may review them, too
    assert task.example.example_id == child.example_id
    assert task.previous is not None
    assert task.previous.instruction == triples(1)[0][0], "what differs from the source is shown"
    assert [kind for kind, _ in task.differences["output"]] == ["same"]
    assert {kind for kind, _ in task.differences["instruction"]} > {"same"}


def test_nothing_but_a_persons_own_decision_accepts_a_proposal(
    store: Store, project_id: str, lead: Actor
) -> None:
    sources = accepted_examples(store, project_id, 3)
    augmented(store, lead, project_id)
    first, second, third = (child_of(store, one) for one in sources)
    found = bulk.preview(store, lead, project_id, SYNTHETIC, BulkAction("accept"))
    assert (found.changes, dict(found.stay)) == (0, {"synthetic": 3})
    # Neither a label nor a mask of many is a look at each.
    bulk_label_of_all(store, lead, project_id)
    assert bulk_accepting.acceptable(store, lead, project_id) == {"annotated": 0, "new": 0}
    assert bulk_accepting.accept_all(store, lead, project_id, untouched=True) == 0
    accept(store, project_id, first)
    reviewing.decide(
        store, an_actor(project_id, "reviewer", name="rita"), project_id, new_id("rvw"),
        "send_back", an_edit(present(store, second), comment="Say it shorter."),
    )  # fmt: skip
    ann = an_actor(project_id, "annotator", name="ann")
    task = annotating.open_example(store, ann, project_id, second)
    edit = an_edit(task, instruction="Say 1 times 8.")
    annotating.save_annotation(store, ann, project_id, edit)
    assert bulk_accepting.acceptable(store, lead, project_id)["annotated"] == 1
    assert bulk_accepting.accept_all(store, lead, project_id, untouched=True) == 1
    states = [present(store, one).state for one in (first, second, third)]
    assert states == ["accepted", "accepted", "annotated"]


def bulk_label_of_all(store: Store, lead: Actor, project_id: str) -> None:
    project = store.projects.by_id(project_id)
    assert project
    topic = replace(project.settings, label_schema=(LabelField("topic", ("sums", "shapes")),))
    projects.change_project(store, lead, project_id, topic)
    labelled = BulkAction("label", label=("topic", "sums"))
    assert bulk.act(store, lead, project_id, SYNTHETIC, labelled) == 3


def test_the_same_seed_again_adds_nothing_and_after_throwing_away_the_same(
    store: Store, project_id: str, lead: Actor
) -> None:
    accepted_examples(store, project_id, 6)
    plan = {"rules": ("typo", "wish", "question"), "per_example": 2, "most": 9, "seed": 3}
    first = augmented(store, lead, project_id, **plan)
    texts = synthetic_texts(store, project_id)
    again = augmented(store, lead, project_id, **plan)
    assert (first.added, again.added, again.known) == (9, 0, 9)
    assert augmenting.undo(store, lead, project_id, first.augmentation_id) == 9
    assert synthetic_texts(store, project_id) == []
    third = augmented(store, lead, project_id, **plan)
    assert third.added == 9
    assert synthetic_texts(store, project_id) == texts
    assert store.examples.counts(project_id)["annotated"] == 9


def synthetic_texts(store: Store, project_id: str) -> list[str]:
    rows = store.database.rows(
        "SELECT instruction FROM example_current c SEMI JOIN synthetic_examples s "
        "USING (example_id) WHERE c.project_id = $project ORDER BY position",
        {"project": project_id},
    )
    return [row["instruction"] for row in rows]


def test_throwing_a_batch_away_leaves_what_people_touched_and_ends_once(
    store: Store, project_id: str, lead: Actor
) -> None:
    sources = accepted_examples(store, project_id, 5)
    found = augmented(store, lead, project_id)
    kept = [child_of(store, one) for one in sources[:3]]
    accept(store, project_id, kept[0])
    skipping.flag(store, lead, project_id, new_id("evt"), kept[1], "odd")
    annotating.open_example(store, an_actor(project_id, name="rita"), project_id, kept[2])
    with pytest.raises(NotAllowed):
        augmenting.undo(store, an_actor(project_id, "reviewer"), project_id, found.augmentation_id)
    assert augmenting.undo(store, lead, project_id, found.augmentation_id) == 2
    left = store.database.rows("SELECT example_id FROM synthetic_examples ORDER BY 1")
    assert [row["example_id"] for row in left] == sorted(kept)
    for table in ("revisions", "example_current", "synthetic_examples"):
        orphans = "SELECT count(*) FROM {} ANTI JOIN examples USING (example_id)"
        assert store.database.value(orphans.format(table)) == 0
    with pytest.raises(Conflict):
        augmenting.undo(store, lead, project_id, found.augmentation_id)


def test_a_synthetic_example_is_in_its_sources_split_and_never_made_of_test(
    store: Store, project_id: str, lead: Actor
) -> None:
    sources = accepted_examples(store, project_id, 60)
    augmented(store, lead, project_id)
    children = accept_children(store, project_id, sources)
    version, splits, left_out = freeze(store, project_id)
    of_source = {one: splits[one] for one in sources}
    assert set(of_source.values()) == {"train", "validation", "test"}
    for source, child in children.items():
        if of_source[source] == "test":
            assert left_out[child] == "It is synthetic, and was made of a test example."
        else:
            assert splits[child] == of_source[source]
    card = describing.data_card(store, lead, version.version_id)
    made = {split: n for split, n in card.synthetic.items() if n}
    assert made == {split: sum(splits.get(c) == split for c in children.values()) for split in made}
    assert "test" not in made
    assert [one.name for one in card.sources][-1] == "synthetic: proposed of other examples"
    # Sources in test are none for later proposals.
    there = augmenting.count_sources(store, lead, project_id, ExampleFilter())
    assert there == sum(split != "test" for split in of_source.values())


def test_a_child_whose_source_went_to_test_or_away_leaves_later_versions(
    store: Store, project_id: str, lead: Actor
) -> None:
    sources = accepted_examples(store, project_id, 40)
    augmented(store, lead, project_id)
    decided = ["train"] * 33 + ["validation"] * 3 + ["test"] * 4
    add_version(store, project_id, decided)  # before any child is accepted
    children = accept_children(store, project_id, sources)
    gone, edited = children[sources[0]], children[sources[1]]
    reviewing.reopen(store, lead, project_id, new_id("rvw"), sources[0], "Wrong.")
    reviewing.reopen(store, lead, project_id, new_id("rvw"), sources[1], "Other words.")
    accept(store, project_id, sources[1], instruction="A wholly other question, about trains?")
    _, splits, left_out = freeze(store, project_id)
    for test in sources[36:]:
        assert splits[test] == "test"
        assert "test example" in left_out[children[test]]
    assert "is not in the version" in left_out[gone]
    assert splits[edited] == splits[sources[1]] == "train"
    origin = store.synthetic.sourced(edited)
    assert origin is not None
    assert origin.changed


def test_a_child_of_a_protected_source_and_one_near_another_split_are_left_out(
    store: Store, project_id: str, lead: Actor, tmp_path: Path
) -> None:
    sources = accepted_examples(store, project_id, 40)
    augmented(store, lead, project_id)
    add_version(store, project_id, ["train"] * 30 + ["validation"] * 5 + ["test"] * 5)
    children = accept_children(store, project_id, sources[3:])
    # Somebody made one of a test question, another of a validation question; and one has no word
    # of its protected source any more.
    for source, stranger in ((sources[0], sources[39]), (sources[1], sources[32])):
        child = children[source] = child_of(store, source)
        texts = present(store, stranger).fields
        accept(store, project_id, child, **{**texts, "output": "Other."})
    children[sources[2]] = child_of(store, sources[2])
    apart = {"instruction": "Who wrote it?", "input": "A song of summer, by nobody known."}
    accept(store, project_id, children[sources[2]], **apart)
    secret = tmp_path / "benchmark.jsonl"
    secret.write_text("".join(json.dumps(present(store, sources[k]).fields) + "\n" for k in (2, 5)))
    run_here(store, protecting.start_protect(store, lead, project_id, secret, "Benchmark"))
    _, splits, left_out = freeze(store, project_id)
    assert "a file that is protected" in left_out[children[sources[5]]]
    assert "is not in the version" in left_out[children[sources[2]]]
    assert "is not in its source's split" in left_out[children[sources[0]]]
    assert "is not in its source's split" in left_out[children[sources[1]]]
    # A synthetic example costs no other one its place.
    assert {splits[one] for one in (sources[0], sources[1])} == {"train"}
    assert (splits[sources[39]], splits[sources[32]]) == ("test", "validation")


def test_a_child_outlives_its_source_says_so_and_is_in_no_version(
    store: Store, project_id: str, lead: Actor
) -> None:
    accepted_examples(store, project_id, triples(41)[1:])
    path = store.workspace / "inbox" / "one.jsonl"
    path.write_text('{"instruction": "Name the end of the line.", "output": "Oslo."}\n')
    importing.start_import(
        store, lead, project_id, path, "one.jsonl", import_id="imp", entered_as="accepted"
    )
    run_here(store, "imp")
    found = augmented(store, lead, project_id, rules=("wish",))
    (source,) = store.database.rows("SELECT example_id FROM examples WHERE import_id = 'imp'")
    child = child_of(store, source["example_id"])
    accept(store, project_id, child)
    assert importing.undo_import(store, lead, project_id, "imp") == 1
    origin = augmenting.sourced(store, lead, present(store, child))
    assert origin is not None
    assert (origin.position, origin.changed) == (None, False)
    _, splits, left_out = freeze(store, project_id)
    assert child not in splits
    assert "is not in the version" in left_out[child]
    assert augmenting.states_of(store, lead, found) == {"accepted": 1, "annotated": 40}


def test_an_export_says_what_is_synthetic_and_no_import_accepts_it_again(
    store: Store, project_id: str, lead: Actor
) -> None:
    sources = accepted_examples(store, project_id, 2)
    augmented(store, lead, project_id)
    child = child_of(store, sources[0])
    accept(store, project_id, child)
    job_id = exporting.start_examples_export(
        store, lead, project_id, ExampleFilter("accepted"), export_id="exp"
    )
    job = store.jobs.by_id(job_id)
    assert job is not None
    run_export_here(store, job.subject_id)
    files = exporting.export_of_job(store, lead, job_id).files
    path = next(one for name, one in files.items() if name.endswith(".jsonl"))
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    (said,) = [row["meta"] for row in rows if row["meta"]]
    assert {name: said[name] for name in ("synthetic", "source_id", "rule", "seed")} == {
        "synthetic": True, "source_id": sources[0], "rule": "please", "seed": 42,
    }  # fmt: skip
    other = a_project(store, "Others").project_id
    copy = store.workspace / "inbox" / "export.jsonl"
    copy.write_bytes(path.read_bytes())
    importing.start_import(
        store, an_actor(other), other, copy, "export.jsonl", import_id="imp", entered_as="accepted"
    )
    run_here(store, "imp")
    counts = store.examples.counts(other)
    assert (counts["accepted"], counts["new"]) == (2, 1)


def run_export_here(store: Store, subject_id: str) -> None:
    """Export jobs have nothing to take in."""
    job = store.jobs.of_subject(subject_id)
    assert job is not None
    context = JobContext(folder_of(store, job))
    context.enter("running")
    function_of(kind_of(job.kind).run)(context)
    context.enter("completed")
    store.jobs.observe(job.job_id, status="completed", step=1, total=1, error=None)


def test_a_preview_is_what_the_job_makes_first_and_a_second_start_is_refused(
    store: Store, project_id: str, lead: Actor
) -> None:
    accepted_examples(store, project_id, 30)
    plan = AugmentationPlan(seed=5, most=10)
    shown = augmenting.preview(store, lead, project_id, ExampleFilter(), plan)
    started = augmenting.start(
        store, lead, project_id, ExampleFilter(), plan, augmentation_id="aug_1"
    )
    with pytest.raises(Conflict):
        augmenting.start(store, lead, project_id, ExampleFilter(), plan)
    again = augmenting.start(
        store, lead, project_id, ExampleFilter(), plan, augmentation_id="aug_1"
    )
    assert again == started
    run_here(store, started)
    assert [one.instruction for one in shown] == synthetic_texts(store, project_id)[:5]
    with pytest.raises(augmenting.NothingToAugment):
        augmenting.start(store, lead, project_id, ExampleFilter(text="no such words"), plan)
    with pytest.raises(NotAllowed):
        augmenting.start(store, an_actor(project_id, "reviewer"), project_id, ExampleFilter(), plan)
