"""What tests of curation stand on; a file that needs another project or lead has its own."""

from __future__ import annotations

import pytest

from core.actor import Actor
from storage.store import Store
from tests.builders import a_project, an_actor


@pytest.fixture
def project_id(store: Store) -> str:
    return a_project(store).project_id


@pytest.fixture
def lead(project_id: str) -> Actor:
    return an_actor(project_id, "lead")
