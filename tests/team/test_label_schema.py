"""A changed label schema on a real store: what is in use is counted, moved and kept in history."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.actor import Actor
from core.checks.settings import CheckSettings
from core.clock import new_id
from core.errors import Conflict
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.label_changes import Moves, impact_of, rewritten
from core.projects import LabelField
from core.workflows.curation import (
    agreement,
    annotating,
    browsing,
    bulk,
    checks,
    collecting,
    importing,
    reviewing,
)
from core.workflows.team import label_schema, projects
from core.workflows.team.label_schema import LabelsInUse
from storage.store import Store
from tests.builders import a_project, accepted_examples, an_actor, an_edit, some_examples
from tests.job_builders import run_here

TOPIC = LabelField("topic", ("sums", "shapes"))
MARKS = LabelField("marks", ("odd", "long"), "multiple")


@pytest.fixture
def lead(store: Store) -> Actor:
    project = a_project(store)
    actor = an_actor(project.project_id, name="lea")
    change(store, actor, TOPIC, MARKS)
    return actor


def project_of(lead: Actor) -> str:
    return next(iter(lead.roles))


def change(store: Store, lead: Actor, *schema: LabelField, moves: Moves | None = None) -> None:
    project = projects.get_project(store, lead, project_of(lead))
    settings = replace(project.settings, label_schema=schema)
    projects.change_project(store, lead, project.project_id, settings, project.settings, moves)


def label(store: Store, lead: Actor, text: str, field: str, option: str) -> None:
    action = BulkAction("label", label=(field, option))
    bulk.act(store, lead, project_of(lead), ExampleFilter(text=text), action)


def test_a_lost_option_is_counted_and_nothing_is_saved_until_it_is_said_what_becomes_of_it(
    store: Store, lead: Actor
) -> None:
    texts = [("Add it.", "", "2"), ("Draw it.", "", "A box."), ("Add them.", "", "4")]
    ids = accepted_examples(store, project_of(lead), texts)
    label(store, lead, "add", "topic", "sums")
    label(store, lead, "draw", "topic", "shapes")
    after = LabelField("topic", ("arithmetic", "shapes"))
    found = label_schema.impact(store, lead, project_of(lead), (after, MARKS))
    assert [(one.field, one.option, one.examples) for one in found.lost] == [("topic", "sums", 2)]
    with pytest.raises(LabelsInUse, match="topic: sums"):
        change(store, lead, after, MARKS)
    kept = projects.get_project(store, lead, project_of(lead)).settings.label_schema
    assert kept == (TOPIC, MARKS)
    change(store, lead, after, MARKS, moves={("topic", "sums"): ("topic", "arithmetic")})
    examples = [browsing.example_of(store, lead, project_of(lead), one) for one in ids]
    assert [one.labels["topic"] for one in examples] == ["arithmetic", "shapes", "arithmetic"]
    assert [(one.number, one.state) for one in examples] == [
        (3, "accepted"), (2, "accepted"), (3, "accepted"),
    ]  # fmt: skip
    entry = browsing.history_of(store, lead, examples[0])[-1]
    assert (entry.kind, entry.text) == ("label", "The label schema changed.")


def test_a_label_that_is_taken_off_leaves_an_example_that_can_be_saved(
    store: Store, lead: Actor
) -> None:
    (only,) = some_examples(store, project_of(lead), 1)
    label(store, lead, "", "topic", "sums")
    label(store, lead, "", "marks", "odd")
    change(store, lead, MARKS, moves={("topic", "sums"): None})
    ada = an_actor(project_of(lead), "annotator")
    task = annotating.open_example(store, ada, project_of(lead), only)
    assert dict(task.labels) == {"marks": ["odd"]}
    annotating.save_annotation(store, ada, project_of(lead), an_edit(task, output="Saved."))


def test_a_field_that_only_changed_its_name_is_seen_and_one_option_of_several_stays() -> None:
    renamed = LabelField("subject", TOPIC.options)
    found = impact_of((TOPIC,), (renamed,), {'{"topic": "sums"}': 3})
    assert found.lost[0].becomes == ("subject", "sums")
    single = replace(MARKS, kind="single")
    found = impact_of(
        (MARKS,), (single,), {'{"marks": ["odd", "long"]}': 4, '{"marks": ["odd"]}': 1}
    )
    assert (found.lost, found.narrowed) == ((), 4)
    assert rewritten({"marks": ["long", "odd"]}, (MARKS,), (single,), {}) == {"marks": "long"}


def test_every_schema_that_was_saved_is_kept_with_who_and_when(store: Store, lead: Actor) -> None:
    change(store, lead, TOPIC)
    some_examples(store, project_of(lead), 1)
    checks.start_check(store, lead, project_of(lead), CheckSettings())  # logs settings of its own
    project = projects.get_project(store, lead, project_of(lead))
    settings = replace(project.settings, guidelines="Other words, the same labels.")
    projects.change_project(store, lead, project.project_id, settings)
    found = label_schema.versions(store, lead, project_of(lead))
    assert [one.schema for one in found] == [(), (TOPIC, MARKS), (TOPIC,)]
    assert [one.number for one in found] == [1, 2, 3]


def test_undoing_a_bulk_label_brings_no_option_back_that_the_schema_lost_since(
    store: Store, lead: Actor
) -> None:
    project_id = project_of(lead)
    was_shape, was_bare = some_examples(
        store, project_id, [("Draw it.", "", "A box."), ("Say it.", "", "So.")]
    )
    label(store, lead, "draw", "topic", "shapes")
    label(store, lead, "", "topic", "sums")
    change(store, lead, LabelField("topic", ("sums", "names")))
    last = bulk.last_action(store, lead, project_id)
    assert last
    assert bulk.undo(store, lead, project_id, last.batch_id) == 1
    kept, undone = (
        browsing.example_of(store, lead, project_id, one) for one in (was_shape, was_bare)
    )
    assert (dict(kept.labels), dict(undone.labels)) == ({"topic": "sums"}, {})


@pytest.mark.parametrize("decided", [False, True])
def test_what_annotators_gave_changes_with_the_schema_so_reviewers_can_use_it_and_agreement_stays(
    store: Store, lead: Actor, *, decided: bool
) -> None:
    project_id = project_of(lead)
    change(store, lead, MARKS)
    (only,) = some_examples(store, project_id, 1)
    project = projects.get_project(store, lead, project_id)
    projects.change_project(store, lead, project_id, replace(project.settings, overlap=2))
    for name, given in (("ann", ["odd"]), ("bea", ["long"])):
        person = an_actor(project_id, "annotator", name=name)
        shown = annotating.open_example(store, person, project_id, only)
        annotating.save_annotation(
            store, person, project_id, an_edit(shown, labels={"marks": given})
        )
    rita = an_actor(project_id, "reviewer", name="rita")

    def accept() -> None:
        task = reviewing.open_review(store, rita, project_id, only)
        long = next(
            one for one in collecting.to_compare(store, task.example) if "odd" not in str(one)
        )
        reviewing.decide(
            store, rita, project_id, new_id("rvw"), "accept", an_edit(task, labels=long.labels),
            chosen=long.name,
        )  # fmt: skip

    if decided:
        accept()
    kinds = LabelField("kinds", ("odd", "lengthy"), "multiple")
    moves: Moves = {("marks", "odd"): ("kinds", "odd"), ("marks", "long"): ("kinds", "lengthy")}
    found = label_schema.impact(store, lead, project_id, (kinds,))
    assert {(one.option, one.examples) for one in found.lost} == {("odd", 1), ("long", 1)}
    change(store, lead, kinds, moves=moves)
    if not decided:
        accept()
    stands = browsing.example_of(store, lead, project_id, only)
    assert (stands.state, dict(stands.labels)) == ("accepted", {"kinds": ["lengthy"]})
    told = agreement.annotator_agreement(store, lead, project_id)
    assert [(one.name, one.raw.value) for one in told.fields] == [("kinds", 0.0)]
    assert [one.labels.value for one in told.accepted if one.labels] == [0.5]  # one of two people


def test_while_an_import_brings_labels_in_options_can_be_added_and_none_is_lost(
    store: Store, lead: Actor
) -> None:
    project_id = project_of(lead)
    file = store.workspace / "x.jsonl"
    file.write_text('{"instruction": "Add it.", "output": "2", "topic": "sums"}\n', "utf-8")
    import_id = importing.start_import(store, lead, project_id, file, file.name)
    wider = replace(TOPIC, options=(*TOPIC.options, "names"))
    change(store, lead, wider, MARKS)
    without = replace(TOPIC, options=("shapes", "names"))
    with pytest.raises(Conflict, match="under way"):
        change(store, lead, without, MARKS)
    run_here(store, import_id)
    with pytest.raises(LabelsInUse, match="topic: sums"):
        change(store, lead, without, MARKS)
