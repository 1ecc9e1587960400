"""Warnings of a project's settings: fewer people than its overlap and its reviews ask for."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from core.errors import NotAllowed
from core.projects import ProjectSettings
from core.workflows.team import accounts, staffing
from storage.store import Store
from tests.builders import a_project, an_actor, an_admin
from tests.people_builders import an_annotator

ALONE = ProjectSettings("Notes")


def test_settings_that_more_people_must_fill_than_there_are_say_so_in_one_read(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    project_id = a_project(store).project_id
    lea = an_annotator(store, project_id, "Lea", "lead")
    several = replace(ALONE, overlap=3, overlap_share=0.1, reviewers=2)

    def told(wanted: ProjectSettings = several) -> list[str]:
        return staffing.shortages(store, lea, project_id, wanted)

    assert told(ALONE) == []
    annotate, accept = told()
    assert annotate.startswith("3 different people must annotate an example, and 1 can here. Give")
    assert accept.startswith("2 different people must accept each example, and 1 can here. Give")
    assert len(told(replace(several, overlap_share=0.0))) == 1  # nobody else is to annotate
    statements: list[str] = []
    run = store.database._run

    def noted(cursor: Any, sql: str, params: Any) -> Any:
        statements.append(sql)
        return run(cursor, sql, params)

    with monkeypatch.context() as patched:
        patched.setattr(store.database, "_run", noted)
        told()
    assert len(statements) == 1
    ada, bob = (an_annotator(store, project_id, name) for name in ("Ada", "Bob"))
    assert told() == [accept]
    an_annotator(store, project_id, "Rita", "reviewer")
    an_annotator(store, project_id, "Vic", "viewer")
    assert told() == []
    accounts.disable_person(store, an_admin(), bob.person_id)
    assert told() == [annotate.replace("1 can", "2 can")]
    with pytest.raises(NotAllowed):
        staffing.shortages(store, ada, project_id, several)


def test_an_admin_who_asks_can_accept_and_people_of_other_projects_cannot(store: Store) -> None:
    project_id = a_project(store).project_id
    elsewhere = a_project(store, "Other").project_id
    an_annotator(store, elsewhere, "Rita", "reviewer", "annotator")
    wanted = replace(ALONE, reviewers=2)
    lead = an_actor(project_id, "lead")
    assert len(staffing.shortages(store, lead, project_id, wanted)) == 1
    an_annotator(store, project_id, "Tom", "reviewer")
    assert staffing.shortages(store, an_admin(), project_id, wanted) == []
    three = replace(ALONE, reviewers=3)
    assert "and 2 can here" in staffing.shortages(store, an_admin(), project_id, three)[0]
