"""What most tests stand on: a real store in a folder of its own."""

from __future__ import annotations

import gc
import os
import shutil
from collections.abc import Generator, Iterator
from pathlib import Path

import hypothesis
import pytest

# The tests share the cores, so a worker that they start computes on one: before torch is loaded.
os.environ.setdefault("OMP_NUM_THREADS", "1")
# What they expect of losses and answers, to many digits, is what a CPU computes.
os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")

from storage.store import Store
from tests.builders import a_store

# A busy machine must stay green.
hypothesis.settings.register_profile("untimed", deadline=None)
hypothesis.settings.load_profile("untimed")

# Files whose tests take minutes begin first, so that no core waits for them at the end.
LONGEST = ("test_demo.py", "test_tuning.py", "test_training.py")
# Where the workspaces lie, if it has so much room: statements that write wait for no disk there.
MEMORY, MEMORY_WANTED = Path("/dev/shm"), 8 * 2**30


def pytest_configure() -> None:
    """Lay the tests' folders into memory, unless somebody has said where they shall lie."""
    if MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > MEMORY_WANTED:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """What the tests import stays: no collection of garbage looks through it, as in a worker."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_unconfigure() -> None:
    gc.unfreeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.path.name not in LONGEST)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store without the demo."""
    opened = a_store(tmp_path)
    yield opened
    opened.close()
