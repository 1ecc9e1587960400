"""Pages of the list of examples under each filter: milliseconds over many examples with edits, and
the processor's, of all cores together, which say more on a busy machine.

python -m tests.benchmarks.filter_speed 1000000
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np

from core.actor import Actor
from core.clock import now
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.projects import LabelField
from core.workflows.curation import browsing, bulk, searching
from core.workflows.jobs.supervisor import wait_for
from core.workflows.team import projects
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.many_examples import many_examples

FILTERS: dict[str, Callable[[int], ExampleFilter]] = {
    "state": lambda n: ExampleFilter("new"),
    "text, one hit": lambda n: ExampleFilter(text=f"visit {n * 7919 + 100} went"),
    "text, many hits": lambda n: ExampleFilter(text=f"note {n + 300}. "),
    "text, no hit": lambda n: ExampleFilter(text=f"nowhere {n}"),
    "label": lambda n: ExampleFilter(label=("topic", ("sums", "shapes")[n % 2])),
    "label that nobody gave": lambda n: ExampleFilter(label=("topic", "none")),
    "person": lambda n: ExampleFilter(author_id="person_lea"),
    "changed lately": lambda n: ExampleFilter(changed_from=now() - timedelta(hours=n + 1)),
    "length": lambda n: ExampleFilter(least=120 + n, most=190),
    "length that none has": lambda n: ExampleFilter(least=10_000 + n),
    "newest first": lambda n: ExampleFilter(order="newest"),
    "longest first": lambda n: ExampleFilter(order="longest"),
    "text in most": lambda n: ExampleFilter(text="note"),
    "text and state": lambda n: ExampleFilter("new", text=f"note {n + 300}. "),
}  # fmt: skip


def a_large_project(store: Store, examples: int) -> str:
    """So many examples, about a fifth of them edited."""
    project = a_project(store)
    lead = an_actor(project.project_id, name="lea")
    field = LabelField("topic", ("sums", "shapes", "none"))
    settings = replace(project.settings, label_schema=(field,))
    projects.change_project(store, lead, project.project_id, settings)
    many_examples(store, project.project_id, examples)
    for text, option in (("note 1", "sums"), ("note 2", "shapes")):
        action = BulkAction("label", label=("topic", option))
        bulk.act(store, lead, project.project_id, ExampleFilter(text=text), action)
    return project.project_id


def indexed(store: Store, lead: Actor, project_id: str) -> dict[str, object]:
    """Let a worker make the text index; how long it took, and how large it is."""
    browsing.examples_page(store, lead, project_id, ExampleFilter(text="nowhere"))
    waiting = store.jobs.of_project(project_id, (searching.KIND,))
    if not waiting:
        return {"index": "made in the server"}
    begun = time.perf_counter()
    wait_for(store, waiting[0].job_id)
    seconds = round(time.perf_counter() - begun, 1)
    size = sum(one.stat().st_size for one in (store.workspace / "search").iterdir())
    return {"index_seconds": seconds, "index_mb": size >> 20}


def main() -> None:
    """Print the median and the 95th percentile of each filter as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("examples", type=int, nargs="?", default=1_000_000)
    parser.add_argument("--times", type=int, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = a_store(Path(folder))
        project_id = a_large_project(store, given.examples)
        lead = an_actor(project_id, name="lea")
        edits = store.database.value("SELECT count(*) FROM revisions WHERE number > 1")
        print(json.dumps({"examples": given.examples, "edits": edits}))
        print(json.dumps(indexed(store, lead, project_id)))
        for name, wanted in FILTERS.items():
            times: list[float] = []
            cpu: list[float] = []
            for n in range(given.times):
                begun, busy = time.perf_counter(), time.process_time()
                _, count = browsing.examples_page(store, lead, project_id, wanted(n))
                times.append(1000 * (time.perf_counter() - begun))
                cpu.append(1000 * (time.process_time() - busy))
            p50, p95 = (round(float(x)) for x in np.percentile(times, (50, 95)))
            found = {"hits": count, "p50_ms": p50, "p95_ms": p95, "cpu_ms": round(np.median(cpu))}
            print(json.dumps({"filter": name, **found}), flush=True)
        store.close()


if __name__ == "__main__":
    main()
