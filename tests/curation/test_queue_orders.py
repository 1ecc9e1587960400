"""Orders of the annotate queue on a real store: each is what it says, stable, and skips nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.actor import Actor
from core.checks.settings import CheckSettings
from core.clock import new_id
from core.errors import InvalidInput
from core.examples.bulk import BulkAction
from core.examples.example import Example
from core.examples.farthest import farthest_first
from core.examples.listing import ExampleFilter
from core.examples.queue_orders import QUEUE_ORDERS, QueueOrder
from core.projects import InvalidProject, ProjectSettings
from core.workflows.curation import annotating, browsing, bulk, checks, reviewing
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team import projects
from storage.store import Store
from tests.builders import an_actor, an_edit, some_examples
from tests.curation.test_assignment import annotate_all
from tests.people_builders import an_annotator

TOPICS = ("parcel courier depot", "invoice amount refund", "password account sign-in")


def order_by(store: Store, lead: Actor, project_id: str, order: QueueOrder) -> None:
    project = projects.get_project(store, lead, project_id)
    settings = replace(project.settings, queue_order=order)
    projects.change_project(store, lead, project_id, settings)


def checked(store: Store, lead: Actor, project_id: str) -> None:
    checks.start_check(store, lead, project_id, CheckSettings())
    (job,) = store.jobs.unsettled()
    assert wait_for(store, job.job_id).taken_in


@pytest.mark.parametrize("order", QUEUE_ORDERS)
def test_every_order_gives_each_example_once_to_two_people_and_late_ones_too(
    store: Store, project_id: str, lead: Actor, order: QueueOrder
) -> None:
    ids = some_examples(store, project_id, 12)
    ada, bob = (an_actor(project_id, "annotator", name=name) for name in ("ada", "bob"))
    order_by(store, lead, project_id, order)
    done = annotate_all(store, ada, project_id, 5)
    held = annotating.next_to_annotate(store, ada, project_id)
    assert held
    late = browsing.add_example(
        store, ada, project_id, new_id("ex"), Example("A late one.", "", "Late.")
    ).example_id
    done += annotate_all(store, bob, project_id)
    done += annotate_all(store, ada, project_id)
    assert sorted(done) == sorted([*ids, late])
    assert len(set(done)) == 13
    back = reviewing.open_review(store, lead, project_id, done[0])
    edit = an_edit(back, comment="Again.")
    reviewing.decide(store, lead, project_id, new_id("rvw"), "send_back", edit)
    assert annotate_all(store, bob, project_id) == [done[0]]


def test_random_is_stable_and_not_that_of_import(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = some_examples(store, project_id, 30)
    order_by(store, lead, project_id, "random")
    ada = an_actor(project_id, "annotator")
    done = annotate_all(store, ada, project_id, 10)
    expected = [
        row["example_id"]
        for row in store.database.rows(
            "SELECT example_id FROM example_current ORDER BY hash(project_id || example_id)"
        )
    ]
    assert expected != ids
    assert done == expected[:10]
    order_by(store, lead, project_id, "oldest")
    first = annotating.next_to_annotate(store, ada, project_id)
    assert first
    assert first.example_id == next(one for one in ids if one not in done)


def test_findings_and_risk_follow_the_newest_check(
    store: Store, project_id: str, lead: Actor
) -> None:
    texts = [
        (f"Name the capital of land {k}.", f"Land {k} lies at sea {k * 7}.", f"Town {k * 31}.")
        for k in range(6)
    ]
    texts[2] = (texts[2][0], texts[2][1], "The town is long known as a place of trade. " * 2)
    texts[4] = (texts[4][0], texts[4][1], texts[4][1])  # a high finding: the input once more
    ids = some_examples(store, project_id, texts)
    checked(store, lead, project_id)
    worst = {
        row["example_id"]: row["worst"]
        for row in store.database.rows(
            "SELECT example_id, min(CASE severity WHEN 'high' THEN 0 WHEN 'medium' THEN 1 ELSE 2 "
            "END) AS worst FROM example_findings GROUP BY ALL"
        )
    }
    assert worst[ids[4]] == 0
    ada = an_actor(project_id, "annotator")
    order_by(store, lead, project_id, "risk")
    assert annotate_all(store, ada, project_id, 2) == [ids[4], ids[2]]
    order_by(store, lead, project_id, "findings")
    rest = [one for one in ids if one not in (ids[4], ids[2])]
    assert annotate_all(store, ada, project_id) == sorted(
        rest, key=lambda one: (worst.get(one, 3), ids.index(one))
    )


def test_diversity_shows_each_topic_before_any_topic_twice(
    store: Store, project_id: str, lead: Actor
) -> None:
    texts = [
        (f"Answer this {TOPICS[k // 8]} question.", f"{TOPICS[k // 8]} case {k}", f"Answer {k}.")
        for k in range(24)
    ]
    ids = some_examples(store, project_id, texts)
    checked(store, lead, project_id)
    order_by(store, lead, project_id, "diversity")
    done = annotate_all(store, an_actor(project_id, "annotator"), project_id)
    assert {ids.index(one) // 8 for one in done[:3]} == {0, 1, 2}
    assert sorted(done) == sorted(ids)


def test_an_order_holds_within_what_is_assigned_and_follows_a_bulk_change(
    store: Store, project_id: str, lead: Actor
) -> None:
    ids = some_examples(store, project_id, 10)
    ada, bob = (an_annotator(store, project_id, name) for name in ("Ada", "Bob"))
    order_by(store, lead, project_id, "random")
    annotate_all(store, ada, project_id, 1)
    people = BulkAction("assign", to=(ada.person_id, bob.person_id))
    assert bulk.act(store, lead, project_id, ExampleFilter(), people) == 9
    assert len(annotate_all(store, ada, project_id)) == 5
    bobs = bulk.act(
        store, lead, project_id, ExampleFilter(assigned_to=bob.person_id), BulkAction("set_aside")
    )
    assert bobs == 4
    assert annotating.next_to_annotate(store, bob, project_id) is None
    assert len(ids) == 10


def test_points_farthest_first_begin_in_the_middle_and_are_all_there() -> None:
    points = [(0.0, 0.0), (0.1, 0.0), (1.0, 0.0), (-1.0, 0.0), (-1.0, 0.0)]
    assert farthest_first(points) == [0, 2, 3, 1, 4]
    assert farthest_first([]) == []


def test_settings_of_before_open_with_the_order_of_import() -> None:
    old = ProjectSettings("Notes").to_json()
    del old["queue_order"]
    assert ProjectSettings.from_json(old).queue_order == "oldest"
    with pytest.raises(InvalidProject, match="order"):
        ProjectSettings("Notes", queue_order="by moon")  # type: ignore[arg-type]
    assert issubclass(InvalidProject, InvalidInput)
