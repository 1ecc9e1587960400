"""Labels that are saved while a lead changes the schema: on a real store, in two threads."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from threading import Thread
from typing import Any

import pytest

from core.actor import Actor
from core.clock import new_id
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import annotating, browsing, bulk, reviewing, working
from core.workflows.curation.sent import Sent
from core.workflows.team import projects
from storage.store import Store
from tests.builders import a_project, an_actor, an_edit, some_examples
from tests.curation.test_working import sent

TOPIC = LabelField("topic", ("sums", "shapes"))
AFTER = LabelField("subject", ("adding", "shapes"))
Save = Callable[[Store, str, str], None]


def by_annotator(store: Store, project_id: str, example_id: str) -> None:
    ada = an_actor(project_id, "annotator")
    shown = annotating.open_example(store, ada, project_id, example_id)
    annotating.save_annotation(store, ada, project_id, an_edit(shown, labels={"topic": "sums"}))


def on_the_work_page(store: Store, project_id: str, example_id: str) -> None:
    ada = an_actor(project_id, "annotator")
    asked = Sent("open", example_id=example_id)
    task = working.annotate(store, ada, project_id, asked).task
    assert task
    working.annotate(store, ada, project_id, sent(task, "save", "2", labels={"topic": "sums"}))


def by_reviewer(store: Store, project_id: str, example_id: str) -> None:
    rita = an_actor(project_id, "reviewer", name="rita")
    task = reviewing.open_review(store, rita, project_id, example_id)
    edit = an_edit(task, labels={"topic": "sums"})
    reviewing.decide(store, rita, project_id, new_id("rvw"), "accept", edit)


def in_bulk(store: Store, project_id: str, example_id: str) -> None:
    action = BulkAction("label", label=("topic", "sums"))
    bulk.act(store, an_actor(project_id, name="lou"), project_id, ExampleFilter(), action)


def change(store: Store, lead: Actor, project_id: str) -> None:
    project = projects.get_project(store, lead, project_id)
    moves = {("topic", "sums"): ("subject", "adding")}
    settings = replace(project.settings, label_schema=(AFTER,))
    projects.change_project(store, lead, project_id, settings, moves=moves)


@pytest.mark.parametrize("save", [by_annotator, on_the_work_page, by_reviewer, in_bulk])
@pytest.mark.parametrize("overlap", [1, 2])
def test_a_label_that_is_saved_while_its_schema_changes_becomes_what_the_change_says(
    store: Store, monkeypatch: pytest.MonkeyPatch, save: Save, overlap: int
) -> None:
    project_id = a_project(store, label_schema=(TOPIC,), overlap=overlap).project_id
    lead = an_actor(project_id, name="lea")
    (only,) = some_examples(store, project_id, 1)
    begun: list[Thread] = []
    kept = store.projects.by_id

    def read(wanted: str) -> Any:
        """The project as the save reads it; the first time its schema changes right behind."""
        found = kept(wanted)
        if not begun:
            begun.append(Thread(target=change, args=(store, lead, project_id)))
            begun[0].start()
            begun[0].join()
        return found

    monkeypatch.setattr(store.projects, "by_id", read)
    save(store, project_id, only)
    assert begun
    example = browsing.example_of(store, lead, project_id, only)
    given = [one.labels for one in store.overlaps.present(example)] or [example.labels]
    assert [dict(one) for one in given] == [{"subject": "adding"}]
