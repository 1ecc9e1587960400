"""Workspaces of before the viewer role: memberships and the log of projects are found again."""

from __future__ import annotations

from pathlib import Path

import pytest

from storage.database import migration_files
from storage.store import Store
from tests.builders import an_earlier_database

EARLIER = [name for name in sorted(migration_files()) if name < "0013"]


@pytest.mark.parametrize("last", EARLIER)
def test_memberships_and_project_changes_of_every_earlier_schema_stay(
    tmp_path: Path, last: str
) -> None:
    _an_earlier_workspace(tmp_path, [name for name in EARLIER if name <= last])
    store = Store(tmp_path)
    assert store.accounts.roles("prj", "ada") == {"lead"}
    store.accounts.grant("prj", "bo", "viewer")
    [event] = store.audit.of_subject("project", "prj")
    assert (event.action, event.actor_id) == ("created", "ada")
    assert event.detail == {"settings": {"name": "Old"}}
    store.close()


def _an_earlier_workspace(folder: Path, migrations: list[str]) -> None:
    database = an_earlier_database(folder, migrations)
    database.execute(
        """
        INSERT INTO memberships (project_id, person_id, role) VALUES ('prj', 'ada', 'lead')
        """
    )
    database.execute(
        """
        INSERT INTO project_changes
            (change_id, project_id, kind, settings, actor_id, created_at)
        VALUES ('chg', 'prj', 'created', '{"name": "Old"}', 'ada', '2026-01-01')
        """
    )
    database.close()
