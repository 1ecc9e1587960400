"""Bulk actions on many examples, in the server's process: seconds of each, and of taking it back.

python -m tests.benchmarks.bulk_speed 100000
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import bulk
from core.workflows.team import projects
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.many_examples import many_examples

ACTIONS = (
    BulkAction("label", label=("topic", "sums")),
    BulkAction("accept"),
    BulkAction("send_back", "Show the steps."),
    BulkAction("set_aside"),
)


def timed(seconds: dict[str, float], name: str, action: Callable[[], object]) -> None:
    """Do it, and note how long that took."""
    begun = time.perf_counter()
    action()
    seconds[name] = round(time.perf_counter() - begun, 2)


def measure(store: Store, examples: int) -> dict[str, float]:
    """Seconds of the preview, the action and the undo of each kind that the server does itself."""
    project = a_project(store)
    project_id, lead = project.project_id, an_actor(project.project_id)
    settings = replace(project.settings, label_schema=(LabelField("topic", ("sums", "shapes")),))
    projects.change_project(store, lead, project_id, settings)
    many_examples(store, project_id, examples)
    found: dict[str, float] = {}
    everything = ExampleFilter()
    for action in ACTIONS:
        given = (store, lead, project_id)
        timed(found, f"{action.kind}, counted", partial(bulk.preview, *given, everything, action))
        timed(found, action.kind, partial(bulk.act, *given, everything, action))
        last = bulk.last_action(*given)
        if last is None or last.n != examples:
            raise SystemExit(f"{action.kind} reached {last.n if last else 0} examples")
        timed(found, f"{action.kind}, undone", partial(bulk.undo, *given, last.batch_id))
        if action.kind == "accept":  # what can be sent back
            bulk.act(*given, everything, action)
    return found


def main() -> None:
    """Print the seconds as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=int, nargs="?", default=100_000)
    examples = parser.parse_args().examples
    with tempfile.TemporaryDirectory() as folder:
        store = a_store(Path(folder))
        print(json.dumps(measure(store, examples), indent=1))
        store.close()


if __name__ == "__main__":
    main()
