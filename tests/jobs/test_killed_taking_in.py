"""The server killed while it takes a result in, in the loop's every kind of job: it is there once.

One project goes through the whole loop. The code of each job runs in this process; then a server of
its own takes the result in and is killed where everything is written and nothing is committed.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from core.augmentation.plan import AugmentationPlan
from core.checks.settings import CheckSettings
from core.examples.bulk import BulkAction
from core.examples.listing import ExampleFilter
from core.jobs.context import JobContext
from core.jobs.kinds import KINDS, function_of, kind_of
from core.jobs.local import ROOT
from core.tuning.generation_config import GenerationConfig
from core.workflows.curation import (
    augmenting,
    browsing,
    bulk,
    checks,
    exporting,
    freezing,
    importing,
    protecting,
)
from core.workflows.evaluation import (
    answers,
    contamination,
    extending,
    generating,
    live_answers,
    score_report,
    studies,
)
from core.workflows.jobs.jobs import folder_of
from core.workflows.jobs.supervisor import wait_for
from core.workflows.tuning import downloading, merging, preflight, training, trying
from storage import search
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.hub_server import a_hub
from tests.tiny_model import make_tiny_model

pytestmark = pytest.mark.filterwarnings("ignore:.*is_gradient_checkpointing.*:FutureWarning")

OLD_NAMES = {"check"}
WHY = "Two toys, compared to see the machinery."
DIES = """
import os, signal, sys
from pathlib import Path
from core.workflows.jobs.supervisor import supervise_once
from storage.store import Store
store = Store(Path(sys.argv[1]))
mark = store.jobs.set_taken_in
def die(*given):
    mark(*given)
    os.kill(os.getpid(), signal.SIGKILL)
store.jobs.set_taken_in = die
while True:
    supervise_once(store)
"""
NOT_COUNTED = {"jobs", "job_events", "migrations", "sessions"}


class Loop:
    """A workspace whose server dies at each result; `taken_in` are the kinds of which it did."""

    def __init__(self, home: Path) -> None:
        self.store = a_store(home)
        self.lead = an_actor(a_project(self.store).project_id, "lead")
        self.project_id = next(iter(self.lead.roles))
        self.taken_in: set[str] = set()

    def settle(self, subject_id: str) -> None:
        """Run the job about a subject, kill a server that takes it in, let another one do it."""
        job = self.store.jobs.of_subject(subject_id)
        assert job is not None
        context = JobContext(folder_of(self.store, job))
        context.enter("running")
        function_of(kind_of(job.kind).run)(context)
        context.enter("completed")
        before = self.rows()
        self.store.close()
        ended = subprocess.run(
            [sys.executable, "-c", DIES, str(self.store.workspace)], cwd=ROOT, check=False
        )
        assert ended.returncode == -signal.SIGKILL
        self.store = Store(self.store.workspace)
        left = self.store.jobs.by_id(job.job_id)
        assert left is not None
        assert not left.taken_in
        if not kind_of(job.kind).take_in_part:  # else the parts before the end are there
            assert self.rows() == before
        assert wait_for(self.store, job.job_id).taken_in
        self.taken_in.add(job.kind)

    def settle_all(self) -> None:
        """What followed from a result."""
        while waiting := self.store.jobs.unsettled():
            self.settle(waiting[0].subject_id)

    def rows(self) -> dict[str, int]:
        """Table → rows, but for those that say how jobs go on."""
        tables = self.store.database.rows(
            "SELECT table_name FROM duckdb_tables() WHERE schema_name = 'main'"
        )
        names = {row["table_name"] for row in tables} - NOT_COUNTED
        count = "SELECT count(*) FROM "
        return {name: int(self.store.database.value(f"{count}{name}")) for name in sorted(names)}

    def written(self, rows: list[dict[str, Any]], name: str) -> Path:
        path = self.store.workspace / "inbox" / name
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path


@pytest.mark.timeout(400)  # a server is killed for each of more than twenty kinds
def test_a_server_killed_while_it_takes_a_result_in_takes_it_in_once_whatever_the_kind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_report, "MANY_ANSWERS", 1)  # from there on a worker makes the table
    loop = Loop(tmp_path)
    tiny = make_tiny_model(tmp_path / "models" / "tiny")
    with a_hub() as hub:
        hub.add("org/tiny", tiny)
        monkeypatch.setenv("HF_ENDPOINT", hub.url)
        downloading.start_download(loop.store, loop.lead, loop.project_id, "org/tiny")
        loop.settle_all()
    rows = [{"instruction": f"Say number {k}.", "output": f"It is {k * 7919}."} for k in range(40)]
    rows[0]["input"] = "Tell ada@firm.org, too."
    importing.start_import(
        loop.store, loop.lead, loop.project_id, loop.written(rows, "numbers.jsonl"),
        "numbers.jsonl", import_id="imp_1", entered_as="accepted",
    )  # fmt: skip
    loop.settle("imp_1")
    loop.settle(
        checks.start_check(loop.store, loop.lead, loop.project_id, CheckSettings(over="output"))
    )
    monkeypatch.setattr(search, "MOST_CHANGED", 5)  # from there on a worker makes the index
    browsing.examples_page(loop.store, loop.lead, loop.project_id, ExampleFilter(text="number"))
    loop.settle_all()
    benchmark = loop.written([{"instruction": "What is 2 + 2?"}], "benchmark.jsonl")
    loop.settle(
        protecting.start_protect(loop.store, loop.lead, loop.project_id, benchmark, "Benchmark")
    )
    masks = BulkAction("mask", mask=("phone", "email"))
    bulk.start_masking(loop.store, loop.lead, loop.project_id, ExampleFilter(), masks)
    loop.settle_all()
    rows[0]["input"] = "Tell [EMAIL], too."  # what the imported answers answer
    version_id = freezing.start_freeze(loop.store, loop.lead, loop.project_id)
    loop.settle(version_id)
    exporting.start_version_export(loop.store, loop.lead, version_id)
    loop.settle_all()
    preflight.start_preflight(loop.store, loop.lead, version_id, model_id="tiny")
    loop.settle_all()
    run_id = training.start_run(
        loop.store, loop.lead, version_id, model_id="tiny", settings={"max_steps": 2}
    )
    loop.settle(run_id)
    merging.start_merge(loop.store, loop.lead, run_id)
    loop.settle_all()
    monkeypatch.setattr(trying, "IDLE_SECONDS", 0.1)
    trying.start_trying(loop.store, loop.lead, run_id)
    loop.settle_all()
    config = GenerationConfig(max_new_tokens=4)
    systems = generating.start_generation(
        loop.store, loop.lead, run_id, config=config, kinds=["base", "tuned"]
    )
    loop.settle_all()
    check_id = contamination.start_check(loop.store, loop.lead, version_id, model_id="tiny")
    loop.settle(check_id)
    imported = loop.written([{**row, "answer": row["output"]} for row in rows], "answers.jsonl")
    system_id = answers.start_import(loop.store, loop.lead, version_id, name="X", path=imported)
    loop.settle(system_id)
    loop.settle_all()
    live = [
        {"instruction": f"Ask {k * 31}?", "model_a": "Yes.", "model_b": "No."} for k in range(3)
    ]
    path = loop.written(live, "live.jsonl")
    loop.settle(
        live_answers.start_import(loop.store, loop.lead, loop.project_id, path=path, name="L")
    )
    asked: dict[str, Any] = {
        "version_id": version_id, "baseline_id": systems["base"], "candidate_ids": [system_id],
    }  # fmt: skip
    study_id = studies.open_study(
        loop.store, loop.lead, loop.project_id, name="S", reason=WHY, split="test", **asked
    )
    loop.settle(study_id)
    left = extending.room_of(loop.store, loop.lead, study_id).left
    loop.settle(extending.add_pairs(loop.store, loop.lead, study_id, left))
    score_report.score_report(loop.store, loop.lead, version_id)
    loop.settle_all()
    for plan, model in (
        (AugmentationPlan(most=3), ""),
        (AugmentationPlan("model", most=2), "tiny"),
        (AugmentationPlan(rules=("number",), most=3, makes="negatives"), ""),
        (AugmentationPlan("model", most=2, makes="negatives"), "tiny"),
    ):
        asked_of = ExampleFilter(text="say number")
        loop.settle(
            augmenting.start(loop.store, loop.lead, loop.project_id, asked_of, plan, model=model)
        )

    real = {name for name, kind in KINDS.items() if kind.run.startswith("core.")}
    assert loop.taken_in == real - OLD_NAMES
    counts = loop.rows()
    proposed = loop.store.database.value(
        "SELECT sum(added) FROM augmentations WHERE plan ->> 'makes' = 'negatives'"
    )
    assert proposed >= 3  # the toy may answer nothing
    loop.store.close()
    wanted = {
        "examples": 43 + 3,
        "augmentations": 4,
        "negatives": proposed,
        "synthetic_examples": 3,  # the toy's texts lack the numbers of their sources
        "version_examples": 43,
        "protected_files": 1,
        "protected_texts": 1,
        "version_protected": 1,
        "runs": 1,
        "systems": 5,
        "studies": 1,
        "checks": 1,
        "checked_examples": 40,
        "contamination_checks": 1,
        "contamination_probes": 4,
    }
    wanted["revisions"] = 43 + 3 + 1  # one was masked
    assert {name: counts[name] for name in wanted} == wanted
    assert (counts["answers"], counts["scorings"]) == (4 + 4 + 40 + 6, 3)
