"""Labels of every kind on a real store: saved, refused, looked for, masked, changed by a lead."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.actor import Actor
from core.errors import InvalidInput
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter, LabelTest
from core.findings.checking import check_chunk
from core.findings.finding import Checked
from core.findings.settings import FindingSettings
from core.label_changes import Moves
from core.labels.field import InvalidProject, LabelField
from core.labels.values import WRITTEN
from core.workflows.curation import (
    annotating,
    browsing,
    bulk,
    checks,
    describing,
    mending,
    reviewing,
)
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team import label_schema, projects
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples
from tests.check_builders import DAMAGED, check, kinds
from tests.version_builders import add_version

TOPIC = LabelField("topic", ("sums", "shapes"))
CLARITY = LabelField("clarity", kind="rating", points=7, ends=("unclear", "clear"))
NAMES = LabelField("names", ("person", "place"), "span")
REMARK = LabelField("remark", kind="text")
TEXT = "🙂 Ada wrote to ada@example.com from London."
PERSON = {"field": "input", "start": 2, "end": 5, "option": "person", "text": "Ada"}
PLACE = {"field": "input", "start": 36, "end": 42, "option": "place", "text": "London"}
ALL = {"topic": "sums", "clarity": 6, "names": [PERSON, PLACE], "remark": "Nice 🙂"}


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store, label_schema=(TOPIC, CLARITY, NAMES, REMARK)).project_id


def one_example(store: Store, project_id: str, output: str = "Ada.") -> str:
    (only,) = some_examples(store, project_id, [("Who wrote?", TEXT, output)])
    return only


def save(store: Store, project_id: str, example_id: str, **changes: Any) -> None:
    ann = an_actor(project_id, "annotator", name="ann")
    task = annotating.open_example(store, ann, project_id, example_id)
    annotating.save_annotation(store, ann, project_id, an_edit(task, **changes))


def labels_of(store: Store, project_id: str, example_id: str) -> dict[str, Any]:
    return dict(browsing.example_of(store, an_actor(project_id), project_id, example_id).labels)


def last_words(store: Store, project_id: str, example_id: str) -> str:
    lead = an_actor(project_id)
    example = browsing.example_of(store, lead, project_id, example_id)
    return browsing.history_of(store, lead, example)[-1].text


def test_every_kind_is_saved_and_empty_labels_are_not(store: Store, project_id: str) -> None:
    only = one_example(store, project_id)
    save(store, project_id, only, labels=ALL)
    assert labels_of(store, project_id, only) == ALL
    rita = an_actor(project_id, "reviewer", name="rita")
    task = reviewing.open_review(store, rita, project_id, only)
    reviewing.decide(store, rita, project_id, "rev1", "accept", an_edit(task))
    assert browsing.example_of(store, rita, project_id, only).number == 2
    reviewing.reopen(store, rita, project_id, "rev2", only, "Once more.")
    save(store, project_id, only, labels={"remark": " ", "names": [], "topic": None})
    assert labels_of(store, project_id, only) == {}


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("clarity", 8, "no whole number from 1 to 7"),
        ("clarity", "4", "no whole number"),
        ("clarity", True, "no whole number"),
        ("topic", ["sums"], "none of its options"),
        ("remark", "x" * 2001, "more than 2\u202f000 characters"),
        ("names", [{**PERSON, "option": "animal"}], "none of its options"),
        ("names", [{**PERSON, "end": 4}], "no list of marked words"),
        ("names", [{**PERSON, "field": "meta"}], "no list of marked words"),
        ("names", [PERSON] * 201, "more than 200 marks"),
        ("other", "x", "no label"),
    ],
)
def test_what_a_label_cannot_be_is_refused_with_the_reason(
    store: Store, project_id: str, name: str, value: Any, said: str
) -> None:
    only = one_example(store, project_id)
    with pytest.raises(InvalidInput, match=said):
        save(store, project_id, only, labels={name: value})
    assert labels_of(store, project_id, only) == {}


def test_a_field_that_cannot_be_is_refused() -> None:
    for field in ({"kind": "rating", "points": 11}, {"kind": "rating", "ends": ("low",)},
                  {"kind": "text", "options": ("a",)}, {"kind": "span"}):  # fmt: skip
        with pytest.raises(InvalidProject):
            LabelField("x", **field)


def test_an_older_schema_opens_and_a_new_one_comes_back() -> None:
    old = {"name": "tags", "options": ["a", "b"], "multiple": True}
    assert LabelField.from_json(old) == LabelField("tags", ("a", "b"), "multiple")
    for field in (TOPIC, CLARITY, NAMES, REMARK):
        assert LabelField.from_json(field.to_json()) == field


def test_a_mark_whose_words_are_gone_is_taken_off_and_the_history_says_so(
    store: Store, project_id: str
) -> None:
    only = one_example(store, project_id)
    text = "Yesterday 🙂 Ada wrote from Rome."
    save(store, project_id, only, labels=ALL, input=text)
    (left,) = labels_of(store, project_id, only)["names"]
    assert left == {**PERSON, "start": 12, "end": 15}
    assert "1 mark taken off" in last_words(store, project_id, only)


def test_masking_and_taking_it_back_carry_the_marks(store: Store, project_id: str) -> None:
    only, lead = one_example(store, project_id), an_actor(project_id)
    save(store, project_id, only, labels=ALL)
    action = BulkAction("mask", mask=("email",))
    job_id = bulk.start_masking(store, lead, project_id, ExampleFilter(), action)
    assert wait_for(store, job_id).taken_in
    masked = browsing.example_of(store, lead, project_id, only)
    assert "ada@" not in masked.input
    found = [masked.input[one["start"] : one["end"]] for one in masked.labels["names"]]
    assert found == ["Ada", "London"]
    last = bulk.last_action(store, lead, project_id)
    assert last
    bulk.undo(store, lead, project_id, last.batch_id)
    assert labels_of(store, project_id, only) == ALL


def test_a_mend_carries_the_marks(store: Store, project_id: str) -> None:
    output = f"🙂 {DAMAGED} London."
    only, lead = one_example(store, project_id, output), an_actor(project_id)
    start = output.index("London")
    mark = {
        "field": "output",
        "start": start,
        "end": start + 6,
        "option": "place",
        "text": "London",
    }
    save(store, project_id, only, labels={"names": [mark]})
    check(store, lead, project_id)
    assert mending.mend_all(store, lead, project_id, "encoding_damage") == 1
    mended = browsing.example_of(store, lead, project_id, only)
    (moved,) = mended.labels["names"]
    assert moved["start"] != start
    assert mended.output[moved["start"] : moved["end"]] == "London"
    last = mending.last_mend(store, lead, project_id)
    assert last
    mending.undo_mends(store, lead, project_id, last.batch_id)
    assert labels_of(store, project_id, only) == {"names": [mark]}


def test_filters_find_ratings_marks_and_texts(store: Store, project_id: str) -> None:
    ids = some_examples(store, project_id, [(f"Question {k}?", TEXT, "Ada.") for k in range(4)])
    for one, labels in zip(
        ids, ({"clarity": 2}, {"clarity": 6}, {"names": [PLACE]}, {"remark": "6"}), strict=True
    ):
        save(store, project_id, one, labels=labels)

    def found(name: str, value: str | int, test: LabelTest = "has") -> list[int]:
        wanted = ExampleFilter(label=(name, value), label_test=test)
        rows, _ = browsing.examples_page(store, an_actor(project_id), project_id, wanted)
        return [ids.index(row.example_id) for row in rows]

    assert found("clarity", 6) == [1]
    assert found("clarity", 3, "at_least") == [1]
    assert found("clarity", 6, "at_most") == [0, 1]
    assert found("names", "place", "marked") == [2]
    assert found("names", "person", "marked") == []
    assert found("names", "", "given") == [2]
    assert found("remark", "", "given") == [3]
    action = BulkAction("label", label=("clarity", 6))
    lead = an_actor(project_id)
    assert bulk.preview(store, lead, project_id, ExampleFilter(), action).stay == {"same": 1}
    assert bulk.act(store, lead, project_id, ExampleFilter(), action) == 3
    assert found("clarity", 6) == [0, 1, 2, 3]
    with pytest.raises(InvalidInput, match="label schema"):
        bulk.act(
            store, lead, project_id, ExampleFilter(), BulkAction("label", label=("names", "place"))
        )


def test_the_card_and_the_checks_count_points_options_of_marks_and_written_texts(
    store: Store, project_id: str
) -> None:
    only, lead = one_example(store, project_id), an_actor(project_id)
    save(store, project_id, only, labels=ALL)
    counted = {
        "topic": {"sums": 1}, "clarity": {"6": 1},
        "names": {"person": 1, "place": 1}, "remark": {WRITTEN: 1},
    }  # fmt: skip
    check(store, lead, project_id)
    newest = checks.newest_check(store, lead, project_id)
    assert newest
    assert newest.result.labels == counted
    assert "label_not_in_schema" not in kinds(store, lead, project_id)
    rita = an_actor(project_id, "reviewer", name="rita")
    task = reviewing.open_review(store, rita, project_id, only)
    reviewing.decide(store, rita, project_id, "rev1", "accept", an_edit(task))
    version_id = add_version(store, project_id, ["train"])
    assert describing.data_card(store, lead, version_id).labels == counted


def test_a_finding_names_each_part_of_a_label_that_the_schema_lacks() -> None:
    given = {"topic": "law", "clarity": 9, "names": [{**PERSON, "option": "animal"}], "remark": 3}
    settings = FindingSettings(label_schema=(TOPIC, CLARITY, NAMES, REMARK))
    found, _ = check_chunk([Checked("e", "Who wrote?", TEXT, "Ada.", given)], settings)
    said = [one.explanation for _, one in found if one.kind == "label_not_in_schema"]
    assert said == [
        "“law” is no option of the label “topic”.",
        "The label “clarity” is no whole number from 1 to 7.",
        "“animal” is no option of the label “names”.",
        "The label “remark” is no text.",
    ]
    (right, _) = check_chunk([Checked("e", "Who wrote?", TEXT, "Ada.", ALL)], settings)
    assert "label_not_in_schema" not in {one.kind for _, one in right}


# A changed schema ---------------------------------------------------------------------------------


def change(store: Store, lead: Actor, *schema: LabelField, moves: Moves | None = None) -> None:
    project = projects.get_project(store, lead, next(iter(lead.roles)))
    settings = replace(project.settings, label_schema=schema)
    projects.change_project(store, lead, project.project_id, settings, project.settings, moves)


def test_a_changed_schema_says_of_each_kind_what_it_takes_and_moves_it(
    store: Store, project_id: str
) -> None:
    only, lead = one_example(store, project_id), an_actor(project_id)
    save(store, project_id, only, labels=ALL)
    after = (
        replace(CLARITY, points=5),
        replace(NAMES, options=("person", "city")),
        LabelField("note", kind="text"),
        LabelField("topic", kind="rating", points=3),
    )
    found = label_schema.impact(store, lead, project_id, after)
    lost = {(one.field, one.option): one for one in found.lost}
    assert set(lost) == {
        ("clarity", "6"), ("names", "place"), ("remark", WRITTEN), ("topic", "sums"),
    }  # fmt: skip
    assert lost["remark", WRITTEN].becomes == ("note", WRITTEN)
    assert lost["names", "place"].places(after) == [("names", "person"), ("names", "city")]
    change(store, lead, *after, moves={
        ("clarity", "6"): ("clarity", "5"), ("names", "place"): ("names", "city"),
        ("remark", WRITTEN): ("note", WRITTEN), ("topic", "sums"): ("topic", "2"),
    })  # fmt: skip
    assert labels_of(store, project_id, only) == {
        "topic": 2, "clarity": 5, "names": [PERSON, {**PLACE, "option": "city"}], "note": "Nice 🙂",
    }  # fmt: skip


def test_more_points_change_no_rating_and_say_so(store: Store, project_id: str) -> None:
    only, lead = one_example(store, project_id), an_actor(project_id)
    save(store, project_id, only, labels={"clarity": 6})
    found = label_schema.impact(
        store, lead, project_id, (TOPIC, replace(CLARITY, points=10), NAMES, REMARK)
    )
    assert not found.lost
    assert "10 points" in found.kept[0]
    change(store, lead, TOPIC, replace(CLARITY, points=10), NAMES, REMARK)
    assert browsing.example_of(store, lead, project_id, only).number == 2
