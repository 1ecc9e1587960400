"""How long the server is busy for a study and a score table of many answers.

    python -m tests.benchmarks.evaluation_speed --answers 100000

Two systems answer so many examples; the worker's part is timed apart. Prints JSON, seconds.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from core.jobs.context import JobContext
from core.jobs.kinds import function_of, kind_of
from core.workflows.evaluation import rating, results, score_report, studies
from core.workflows.jobs.jobs import folder_of
from storage.store import Store
from tests.builders import a_project, a_store, an_actor
from tests.study_builders import a_judgement

FILL = """
INSERT INTO revisions
    (revision_id, example_id, number, instruction, input, output, labels, origin, author_id,
     created_at)
SELECT 'rev_' || k, 'ex_' || k, 1, 'Say ' || k, '', repeat('word ', 5 + k % 40), '{}', 'import',
       'p', now()
FROM range($n) t(k);
INSERT INTO version_examples (version_id, example_id, revision_id, split, group_id, position)
SELECT 'ver', 'ex_' || k, 'rev_' || k, 'test', 'g' || k, k FROM range($n) t(k);
INSERT INTO dataset_versions
    (version_id, project_id, number, name, content_hash, seed, ratios, counts, warnings, actor_id,
     created_at, evaluation_only, groups, kept, left_out, largest)
VALUES ('ver', $project, 1, 'v1', 'h', 1, '[0,0,1]', $counts, '[]', 'p', now(), true, $n, 0, 0,
        '[]');
INSERT INTO systems (system_id, project_id, kind, name, spec, actor_id, created_at)
SELECT 'sys_' || s, $project, 'base', 'System ' || s, '{}', 'p', now() FROM range(2) t(s);
INSERT INTO generations
    (generation_id, system_id, version_id, split, job_id, spec, created_at, summary)
SELECT 'gen_' || s, 'sys_' || s, 'ver', 'test', 'job', '{}', now(), '{}' FROM range(2) t(s);
INSERT INTO answers
    (system_id, example_id, revision_id, generation_id, text, finish)
SELECT 'sys_' || s, 'ex_' || k, 'rev_' || k, 'gen_' || s,
       'answer ' || k || repeat(' word', 5 + (k + 7 * s) % 40), 'stop'
FROM range(2) t(s), range($n) u(k);
INSERT INTO scorings
    (scoring_id, system_id, version_id, settings, settings_hash, summary, created_at)
SELECT 'sco_' || s, 'sys_' || s, 'ver', '{}', '', '{}', now() FROM range(2) t(s);
INSERT INTO scores (scoring_id, system_id, example_id, revision_id, metric, value)
SELECT 'sco_' || s, 'sys_' || s, 'ex_' || k, 'rev_' || k, m, random()
FROM range(2) t(s), range($n) u(k),
     (VALUES ('token_f1'), ('rougeL'), ('rouge1'), ('rouge2'), ('exact_match')) v(m);
"""


def main(answers: int) -> None:
    """Prints how long each step took."""
    with tempfile.TemporaryDirectory() as folder:
        store = a_store(Path(folder))
        project_id = a_project(store).project_id
        counts = json.dumps({"train": 0, "validation": 0, "test": answers})
        for statement in FILL.split(";\n"):
            if statement.strip():
                given = {"n": answers, "project": project_id, "counts": counts}
                known = {name: v for name, v in given.items() if f"${name}" in statement}
                store.database.execute(statement, known)
        found = {"answers": answers, **_study(store, project_id), **_scores(store, project_id)}
        print(json.dumps({name: round(value, 3) for name, value in found.items()}, indent=1))
        store.close()


def _study(store: Store, project_id: str) -> dict[str, float]:
    lead = an_actor(project_id)
    asked: dict[str, Any] = {
        "version_id": "ver", "baseline_id": "sys_0", "candidate_ids": ["sys_1"],
    }  # fmt: skip
    plan = _timed(lambda: studies.prospect(store, lead, project_id, **asked))
    queue = _timed(
        lambda: studies.open_study(
            store, lead, project_id, name="", study_id="stu_1", reason="A benchmark.", **asked
        )
    )
    worker, take_in = _run(store, "stu_1")
    rater = an_actor(project_id, "reviewer", name="bea")
    times = []
    for _ in range(50):
        began = time.perf_counter()
        (pair,) = rating.next_pairs(store, rater, "stu_1", 1)
        rating.judge(store, rater, "stu_1", a_judgement(pair))
        times.append(time.perf_counter() - began)
    report = _timed(lambda: results.study_report(store, lead, "stu_1"))
    return {
        "study: plan": plan, "study: queue": queue, "study: worker": worker,
        "study: take in": take_in, "rate: next and save, median": sorted(times)[25],
        "results of 50 judgements": report,
    }  # fmt: skip


def _scores(store: Store, project_id: str) -> dict[str, float]:
    lead = an_actor(project_id)
    queue = _timed(lambda: score_report.score_report(store, lead, "ver"))
    job_id = score_report.score_report(store, lead, "ver").job_id
    if not job_id:
        return {"score table, at once": queue}
    job = store.jobs.by_id(job_id)
    assert job is not None
    worker, take_in = _run(store, job.subject_id)
    read = _timed(lambda: score_report.score_report(store, lead, "ver"))
    return {
        "score table: queue": queue, "score table: worker": worker,
        "score table: take in": take_in, "score table: read": read,
    }  # fmt: skip


def _run(store: Store, subject_id: str) -> tuple[float, float]:
    """Seconds of the worker's code, and of the server's taking in."""
    job = store.jobs.of_subject(subject_id)
    assert job is not None
    folder, kind = folder_of(store, job), kind_of(job.kind)
    worker = _timed(lambda: function_of(kind.run)(JobContext(folder)))

    def save() -> None:
        function_of(kind.take_in)(store, job, folder)
        store.jobs.set_taken_in(job.job_id)

    return worker, _timed(lambda: store.transact(save))


def _timed(action: Callable[[], object]) -> float:
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--answers", type=int, default=100_000)
    main(parser.parse_args().answers)
