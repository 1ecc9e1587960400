"""Systems: names that tell them apart, and taking one out of sight and back."""

from __future__ import annotations

import pytest

from core.actor import Actor
from core.errors import Conflict, NotAllowed
from core.workflows.evaluation import results, systems
from core.workflows.team.home import standing
from storage.store import Store
from tests.builders import a_project, an_actor
from tests.study_builders import a_study, a_version, two_systems


@pytest.fixture
def lead(store: Store) -> Actor:
    return an_actor(a_project(store).project_id, "lead")


def test_a_removed_system_is_in_no_list_and_no_result_and_comes_back(
    store: Store, lead: Actor
) -> None:
    (project_id,) = lead.roles
    version_id = a_version(store, project_id)
    base, tuned = two_systems(store, project_id, version_id)
    before = results.stamp(store, lead, version_id=version_id)
    systems.remove_system(store, lead, tuned)
    assert [s["system_id"] for s in systems.systems_of(store, lead, version_id)] == [base]
    assert results.stamp(store, lead, version_id=version_id) != before
    ((removed, name),) = systems.removed_systems(store, lead, version_id)
    assert removed == tuned
    assert systems.unused_name(store, version_id, name) == name
    systems.restore_system(store, lead, tuned)
    assert len(systems.systems_of(store, lead, version_id)) == 2
    assert results.stamp(store, lead, version_id=version_id) == before
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
    first = systems.systems_of(store, lead, version_id)[0]["name"]
    assert systems.unused_name(store, version_id, first) == f"{first} (2)"
    assert systems.unused_name(store, version_id, "Another") == "Another"


def test_only_leads_see_remove_and_restore_systems(store: Store, lead: Actor) -> None:
    (project_id,) = lead.roles
    version_id = a_version(store, project_id)
    base, _ = two_systems(store, project_id, version_id)
    reviewer = an_actor(project_id, "reviewer", name="eve")
    for question in (
        lambda: systems.systems_of(store, reviewer, version_id),
        lambda: systems.removed_systems(store, reviewer, version_id),
        lambda: systems.remove_system(store, reviewer, base),
        lambda: systems.restore_system(store, reviewer, base),
    ):
        with pytest.raises(NotAllowed):
            question()


def test_the_systems_of_a_project_are_those_of_its_versions(store: Store, lead: Actor) -> None:
    (project_id,) = lead.roles
    versions = [a_version(store, project_id, 12), a_version(store, project_id, 8)]
    pairs = {version: two_systems(store, project_id, version) for version in versions}
    found = systems.answering_systems(store, lead, project_id)
    assert {v: tuple(s["system_id"] for s in there) for v, there in found.items()} == pairs
    with pytest.raises(NotAllowed):
        systems.answering_systems(store, an_actor(project_id, "reviewer"), project_id)
