"""Systems: names that tell them apart, and taking one out of sight and back."""

from __future__ import annotations

import pytest

from core.actor import Actor
from core.errors import Conflict, NotAllowed
from core.workflows.evaluation import score_report, systems
from core.workflows.team.home import standing
from storage.store import Store
from tests.builders import a_project, an_actor
from tests.study_builders import (
    a_study,
    a_system,
    a_version,
    answers_of,
    example_ids,
    two_systems,
)
from tests.version_builders import add_version


@pytest.fixture
def lead(store: Store) -> Actor:
    return an_actor(a_project(store).project_id, "lead")


def test_a_removed_system_is_in_no_list_and_no_result_and_comes_back(
    store: Store, lead: Actor
) -> None:
    (project_id,) = lead.roles
    version_id = a_version(store, project_id)
    base, tuned = two_systems(store, project_id, version_id)
    before = score_report.score_stamp(store, lead, version_id)
    systems.remove_system(store, lead, tuned)
    assert [s.system_id for s in systems.systems_of(store, lead, version_id)] == [base]
    assert score_report.score_stamp(store, lead, version_id) != before
    (gone,) = systems.removed_systems(store, lead, project_id)
    assert gone.system_id == tuned
    assert systems.unused_name(store, project_id, gone.name) == gone.name
    systems.restore_system(store, lead, tuned)
    assert len(systems.systems_of(store, lead, version_id)) == 2
    assert score_report.score_stamp(store, lead, version_id) == before
    assert standing(store, lead, project_id).total > 0


def test_a_system_that_a_study_compares_stays_and_the_study_is_named(
    store: Store, lead: Actor
) -> None:
    (project_id,) = lead.roles
    base, tuned = two_systems(store, project_id, a_version(store, project_id))
    a_study(store, lead, project_id, base, tuned)
    for system_id in (base, tuned):
        with pytest.raises(Conflict, match="is compared in Fruit"):
            systems.remove_system(store, lead, system_id)


def test_a_second_system_of_a_name_is_numbered(store: Store, lead: Actor) -> None:
    (project_id,) = lead.roles
    version_id = a_version(store, project_id)
    two_systems(store, project_id, version_id)
    first = systems.systems_of(store, lead, version_id)[0].name
    assert systems.unused_name(store, project_id, first) == f"{first} (2)"
    assert systems.unused_name(store, project_id, "Another") == "Another"


def test_only_leads_see_remove_and_restore_systems(store: Store, lead: Actor) -> None:
    (project_id,) = lead.roles
    version_id = a_version(store, project_id)
    base, _ = two_systems(store, project_id, version_id)
    reviewer = an_actor(project_id, "reviewer", name="eve")
    for question in (
        lambda: systems.systems_of(store, reviewer, version_id),
        lambda: systems.removed_systems(store, reviewer, project_id),
        lambda: systems.remove_system(store, reviewer, base),
        lambda: systems.restore_system(store, reviewer, base),
    ):
        with pytest.raises(NotAllowed):
            question()


def test_a_system_is_listed_with_every_version_whose_examples_it_answered(
    store: Store, lead: Actor
) -> None:
    (project_id,) = lead.roles
    first = a_version(store, project_id, 12)
    pair = two_systems(store, project_id, first)
    second = a_version(store, project_id, [(f"Say {k}.", "", str(k)) for k in range(500, 508)])
    newer = a_system(store, project_id, second, "Newer", answers_of(store, second, 1))
    found = {s.system_id: s.answers for s in systems.systems_of(store, lead, second)}
    assert found == {pair[0]: 12, pair[1]: 12, newer: 20}
    assert [s.system_id for s in systems.systems_of(store, lead, first)] == [*pair, newer]
    with pytest.raises(NotAllowed):
        systems.systems_of(store, an_actor(project_id, "reviewer"), second)


def test_answers_to_a_revision_that_was_edited_do_not_count_in_the_next_version(
    store: Store, lead: Actor
) -> None:
    (project_id,) = lead.roles
    first = a_version(store, project_id, 12)
    base, _ = two_systems(store, project_id, first)
    store.database.execute(
        "UPDATE example_current SET revision_id = 'rev_edited' WHERE example_id = $id",
        {"id": example_ids(store, first)[0]},
    )
    store.database.execute(
        "INSERT INTO revisions SELECT * REPLACE ('rev_edited' AS revision_id, 2 AS number) "
        "FROM revisions WHERE example_id = $id",
        {"id": example_ids(store, first)[0]},
    )
    second = add_version(store, project_id, ["test"] * 12)
    listed = {s.system_id: s.answers for s in systems.systems_of(store, lead, second)}
    assert listed[base] == 11
