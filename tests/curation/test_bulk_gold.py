"""Gold marks set and taken off in bulk: of the same examples as one at a time, and undone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from core.audit import AuditQuery
from core.clock import new_id
from core.errors import Conflict, InvalidInput, NotAllowed
from core.examples.bulk import BulkAction, Reason
from core.examples.current import HistoryEntry
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import annotating, bulk, gold_marks, reviewing, skipping
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team import projects
from core.workflows.team.audit import audit_events
from storage.database import migration_files
from storage.store import Store
from tests.builders import a_project, an_actor, an_earlier_database, an_edit, some_examples

MARKS = LabelField("marks", ("odd", "long"), "multiple")
ALL = ExampleFilter()
GOLD, UNGOLD = BulkAction("gold"), BulkAction("ungold")


class Place:
    """Ten examples, of which each became something else."""

    def __init__(self, store: Store) -> None:
        self.store = store
        project = a_project(store)
        self.project_id = project.project_id
        self.lead = an_actor(self.project_id, "lead", name="lea")
        settings = replace(project.settings, label_schema=(MARKS,))
        projects.change_project(store, self.lead, self.project_id, settings)
        self.ids = some_examples(store, self.project_id, [(f"Q{n}?", "", "Yes.") for n in range(8)])
        self.accept(0, output="No.")
        self.accept(1, output="No.")
        self.accept(2)  # as it came
        self.accept(3, output="Yes.\u2003\x0b")  # but for white space
        self.accept(4, labels={"marks": ["odd"]})
        self.accept(5, labels={"marks": []})  # which is no label
        self.accept(6, output="No.")
        skipping.flag(store, self.lead, self.project_id, new_id("evt"), self.ids[6], "odd")

    def accept(self, n: int, **changes: object) -> None:
        example = self.store.examples.current(self.ids[n])
        assert example
        if changes:
            edit = an_edit(
                annotating.open_example(self.store, self.lead, self.project_id, self.ids[n]),
                **changes,
            )
            annotating.save_annotation(self.store, self.lead, self.project_id, edit)
        task = reviewing.open_review(self.store, self.lead, self.project_id, self.ids[n])
        reviewing.decide(
            self.store, self.lead, self.project_id, new_id("rvw"), "accept", an_edit(task)
        )

    @property
    def gold(self) -> set[int]:
        marked = self.store.gold_examples.of_project(self.project_id).examples
        return {n for n, one in enumerate(self.ids) if one in marked}

    def history(self, n: int) -> list[HistoryEntry]:
        example = self.store.examples.current(self.ids[n])
        assert example
        return self.store.examples.history(example)

    def act(self, action: BulkAction, wanted: ExampleFilter = ALL) -> int:
        return bulk.act(self.store, self.lead, self.project_id, wanted, action)

    def stays(self, action: BulkAction) -> tuple[int, dict[Reason, int]]:
        found = bulk.preview(self.store, self.lead, self.project_id, ALL, action)
        return found.changes, dict(found.stay)

    def undo(self) -> int:
        last = bulk.last_action(self.store, self.lead, self.project_id)
        assert last
        return bulk.undo(self.store, self.lead, self.project_id, last.batch_id)


@pytest.fixture
def place(store: Store) -> Place:
    return Place(store)


def test_what_may_be_gold_is_counted_as_for_one_marked_undone_and_audited(place: Place) -> None:
    store, lead = place.store, place.lead
    for n in range(7):  # one at a time it is decided alike
        example = store.examples.current(place.ids[n])
        assert example
        assert (gold_marks.why_not(store, example) == "") == (n in {0, 1, 4})
    gold_marks.mark_gold(store, lead, place.project_id, place.ids[1])
    rest: dict[Reason, int] = {"unaccepted": 1, "flagged": 1, "gold": 1, "unchanged": 3}
    assert place.stays(GOLD) == (2, rest)
    assert place.act(GOLD, ExampleFilter(text="q0")) == 1
    assert place.act(GOLD) == 1
    assert place.gold == {0, 1, 4}
    assert place.undo() == 1
    assert place.gold == {0, 1}
    assert place.stays(UNGOLD) == (2, {"not_gold": 6})
    assert place.act(UNGOLD) == 2
    assert (place.gold, place.undo(), place.gold) == (set(), 2, {0, 1})
    with pytest.raises(Conflict):
        bulk.undo(store, lead, place.project_id, "bat_of_before")
    events, _ = audit_events(store, lead, AuditQuery(place.project_id))
    said = [
        (one.action, one.detail.get("n"))
        for one in events
        if "bulk" in one.action or one.action.endswith("_all")
    ]
    assert said == [
        ("bulk_action_undone", 2), ("gold_unmarked_all", 2), ("bulk_action_undone", 1),
        ("gold_marked_all", 1), ("gold_marked_all", 1),
    ]  # fmt: skip
    assert not any("gold" in one.kind for n in (0, 1, 4) for one in place.history(n))


def test_an_undo_leaves_marks_that_were_set_or_examples_that_changed_since(place: Place) -> None:
    store, lead, project_id = place.store, place.lead, place.project_id
    assert place.act(GOLD) == 3
    gold_marks.unmark_gold(store, lead, project_id, place.ids[0])
    gold_marks.mark_gold(store, lead, project_id, place.ids[0])
    assert (place.undo(), place.gold) == (2, {0})
    assert place.act(GOLD) == 2
    assert place.act(UNGOLD) == 3
    reviewing.reopen(store, lead, project_id, new_id("rvw"), place.ids[1], "Look again.")
    assert (place.undo(), place.gold) == (2, {0, 4})
    by_log = store.database.rows(
        "SELECT example_id FROM gold_marks QUALIFY gold AND created_at = "
        "max(created_at) OVER (PARTITION BY example_id)"
    )
    assert {one["example_id"] for one in by_log} == {place.ids[n] for n in place.gold}


def test_marks_of_before_the_log_are_in_it(tmp_path: Path) -> None:
    earlier = [name for name in sorted(migration_files()) if name < "0040"]
    database = an_earlier_database(tmp_path, earlier)
    database.execute("INSERT INTO gold_examples VALUES ('ex1', 'prj', 'ada', '2026-01-01')")
    database.close()
    store = Store(tmp_path)
    (row,) = store.database.rows("SELECT * EXCLUDE (created_at) FROM gold_marks")
    expected = {"batch_id": "before", "project_id": "prj", "example_id": "ex1", "gold": True}
    assert row == expected | {"actor_id": "ada"}
    store.close()


def test_no_more_are_gold_than_lists_can_be_read_around(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gold_marks, "MOST_MARKED", 2)
    with pytest.raises(InvalidInput, match=r"3 examples could be marked"):
        place.stays(GOLD)
    with pytest.raises(InvalidInput, match=r"Narrow the filter"):
        place.act(GOLD)
    assert (place.gold, bulk.last_action(place.store, place.lead, place.project_id)) == (
        set(),
        None,
    )
    assert place.act(GOLD, ExampleFilter(text="q0")) == 1
    assert place.act(UNGOLD) == 1
    for n in (1, 4):
        gold_marks.mark_gold(place.store, place.lead, place.project_id, place.ids[n])
    with pytest.raises(InvalidInput, match=r"take marks off first"):
        place.undo()
    assert place.gold == {1, 4}
    annotator = an_actor(place.project_id, "annotator")
    with pytest.raises(NotAllowed):
        bulk.act(place.store, annotator, place.project_id, ALL, UNGOLD)


def test_what_was_masked_since_it_came_is_not_shown_to_annotators_as_gold(store: Store) -> None:
    project_id = a_project(store).project_id
    lead = an_actor(project_id, "lead", name="lea")
    texts = [(f"Who is {n}?", "", f"Ask {n}: ada{n}@firm.org") for n in range(4)]
    ids = some_examples(store, project_id, texts)
    for n in (0, 1):  # the second by hand, as where people are to learn to mask
        current = annotating.open_example(store, lead, project_id, ids[n])
        text = "Better: ada0@firm.org" if n == 0 else "Ask 1: [EMAIL]"
        annotating.save_annotation(store, lead, project_id, an_edit(current, output=text))
    assert bulk.act(store, lead, project_id, ALL, BulkAction("accept")) == 4
    gold_marks.mark_gold(store, lead, project_id, ids[0])
    masking = BulkAction("mask", mask=("email",))
    job_id = bulk.start_masking(store, lead, project_id, ALL, masking)
    assert wait_for(store, job_id).taken_in
    examples = [store.examples.current(one) for one in ids]
    assert [one.number for one in examples if one] == [3, 2, 2, 2]
    assert store.gold_examples.of_project(project_id).examples == frozenset()
    (event,) = [
        e for e in store.audit.of_subject("project", project_id) if e.action == "masked_all"
    ]
    assert event.detail["gold_unmarked"] == 1
    found = bulk.preview(store, lead, project_id, ALL, GOLD)
    assert (found.changes, found.stay) == (1, {"masked": 3})
    why = [gold_marks.why_not(store, one) for one in examples if one]
    assert [one == gold_marks.MASKED for one in why] == [True, False, True, True]
    last = bulk.last_action(store, lead, project_id)
    assert last
    assert bulk.undo(store, lead, project_id, last.batch_id) == 3
    found = bulk.preview(store, lead, project_id, ALL, GOLD)
    assert (found.changes, found.stay) == (2, {"unchanged": 2})
