"""Freezing: seconds in the server (queueing, taking in) and in the worker, for many examples.

python -m tests.benchmarks.freeze_speed [examples]
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from pathlib import Path

from core.jobs.local import status_of
from core.jobs.state import TERMINAL
from core.workflows.curation import freezing
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import supervise_once
from storage.store import Store
from tests.benchmarks.duplicates_speed import edited_texts
from tests.builders import a_project, a_store, accepted_examples, an_actor


def main(examples: int) -> None:
    """Freeze twice, the second time with half as many examples more, and print the seconds."""
    originals, copies, _ = edited_texts(examples * 3 // 2, random.Random(2))
    texts = originals + [copy for _, copy in copies]
    random.Random(1).shuffle(texts)
    rows = [("Continue the list, and stop after ten.", text, "Fine.") for text in texts]
    with tempfile.TemporaryDirectory() as folder:
        store = a_store(Path(folder))
        project_id = a_project(store).project_id
        for part in (rows[:examples], rows[examples:]):
            accepted_examples(store, project_id, part)
            _freeze(store, project_id)
        store.close()


def _freeze(store: Store, project_id: str) -> None:
    began, busy = time.perf_counter(), time.process_time()
    version_id = freezing.start_freeze(store, an_actor(project_id), project_id)
    queued, queued_cpu = time.perf_counter() - began, time.process_time() - busy
    job = store.jobs.of_subject(version_id)
    assert job is not None
    supervise_once(store)
    began = time.perf_counter()
    while (status := status_of(folder_of(store, job)).status) not in TERMINAL:
        time.sleep(0.1)
    worked = time.perf_counter() - began
    began, busy = time.perf_counter(), time.process_time()
    while (version := store.versions.by_id(version_id)) is None:
        assert status == "completed"
        supervise_once(store)
    taken, taken_cpu = time.perf_counter() - began, time.process_time() - busy
    print(
        f"{version.total} examples: queue {queued:.2f} s ({queued_cpu:.2f} CPU), worker "
        f"{worked:.1f} s, take in {taken:.2f} s ({taken_cpu:.2f} CPU); {dict(version.counts)}, "
        f"{version.groups} groups, kept {version.kept}, left out {version.left_out}"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
