"""Guidelines on a real store: every change is a version, and each person is told of it once."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core.actor import Actor
from core.clock import now
from core.errors import NotAllowed, NotFound
from core.guidelines import version_at
from core.projects import ProjectSettings
from core.workflows.curation import working
from core.workflows.curation.sent import Sent
from core.workflows.team import guidelines, projects
from storage.store import Store
from tests.builders import an_actor, an_admin


@pytest.fixture
def project_id(store: Store) -> str:
    settings = ProjectSettings("Notes", guidelines="Be kind.")
    return projects.create_project(store, an_admin(), settings).project_id


def write(store: Store, lead: Actor, text: str, name: str = "Notes") -> None:
    project_id = next(iter(lead.roles))
    settings = projects.get_project(store, lead, project_id).settings
    projects.change_project(
        store, lead, project_id, replace(settings, guidelines=text, name=name), settings
    )


def test_each_changed_text_is_a_version_with_who_and_when(store: Store, project_id: str) -> None:
    lead = an_actor(project_id, name="lea")
    before = now()
    write(store, lead, "Be kind.", name="Other name")
    write(store, lead, "Be kind and brief.")
    found = guidelines.versions(store, lead, project_id)
    assert [(one.number, one.text) for one in found] == [
        (1, "Be kind."),
        (2, "Be kind and brief."),
    ]
    held = version_at(found, before)
    assert held
    assert held.number == 1
    assert version_at(found, now()) == found[-1]
    with pytest.raises(NotAllowed):
        guidelines.versions(store, Actor("person_eve", "eve"), project_id)


def test_a_change_is_told_until_the_box_is_opened(store: Store, project_id: str) -> None:
    lead, ann = an_actor(project_id, name="lea"), an_actor(project_id, "annotator", name="ann")

    def standing() -> tuple[int, bool]:
        found = guidelines.shown(store, ann, project_id)
        assert found
        return found.read, found.is_changed

    assert standing() == (0, False)  # never read is not changed
    for _ in range(2):
        sent = Sent.from_json({"action": "read_guidelines", "number": 1})
        assert working.annotate(store, ann, project_id, sent).saved == ()
    assert standing() == (1, False)
    write(store, lead, "Be kind and brief.")
    assert standing() == (1, True)
    with pytest.raises(NotFound):
        guidelines.mark_read(store, ann, project_id, 3)
    guidelines.mark_read(store, ann, project_id, 2)
    assert standing() == (2, False)
    write(store, lead, "")
    assert guidelines.shown(store, ann, project_id) is None
