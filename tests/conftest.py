"""What most tests stand on: a real store in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.store import Store
from tests.builders import a_store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store without the demo."""
    opened = a_store(tmp_path)
    yield opened
    opened.close()
