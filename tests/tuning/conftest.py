"""A workspace with a tiny model, and its lead; a module may override the context or the store."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.actor import Actor
from core.jobs.local import kill
from core.workflows.jobs.jobs import folder_of
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.tiny_model import make_tiny_model


@pytest.fixture
def max_positions() -> int:
    return 512


@pytest.fixture
def store(tmp_path: Path, max_positions: int) -> Iterator[Store]:
    make_tiny_model(tmp_path / "models" / "tiny", max_positions=max_positions)
    opened = a_store(tmp_path)
    yield opened
    for job in opened.jobs.unsettled():
        kill(folder_of(opened, job))
    opened.close()


@pytest.fixture
def lead(store: Store) -> Actor:
    return an_actor(a_project(store).project_id, "lead")
