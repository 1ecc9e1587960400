"""Runs: each training with its spec, its job's state and what it measured, and its curves."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from core.clock import now
from core.jobs.state import JobFault
from core.tuning.curves import Curves, SampledAnswers
from core.tuning.run import Run, RunMetrics
from core.tuning.run_spec import RunSpec
from storage.database import Database, Row

RUNS = """
    SELECT r.run_id, r.project_id, r.version_id, r.job_id, r.name, r.spec, r.metrics, r.actor_id,
           r.created_at, j.status, j.step, j.total, j.error, j.started_at, j.ended_at, j.folder,
           coalesce(p.name, 'Touchstone') AS person
    FROM runs r
    JOIN jobs j USING (job_id)
    LEFT JOIN people p ON p.person_id = r.actor_id
"""
# Of each kind of report the newest for each step (a training that was resumed repeats steps), with
# the extremes over all of them; then thinned, the last one always kept.
REPORTS = """
    WITH reports AS (
        SELECT CAST(payload ->> 'step' AS BIGINT) AS step,
               arg_max(CAST(payload ->> 'loss' AS DOUBLE), seq) AS loss,
               arg_max(CAST(payload ->> 'learning_rate' AS DOUBLE), seq) AS learning_rate,
               arg_max(CAST(payload ->> 'tokens_per_second' AS DOUBLE), seq) AS speed,
               arg_max(CAST(payload ->> 'reward_margin' AS DOUBLE), seq) AS margin,
               arg_max(CAST(payload ->> 'preference_accuracy' AS DOUBLE), seq) AS accuracy
        FROM job_events
        WHERE job_id = $job_id AND kind = $kind
        GROUP BY ALL
    ), measured AS (
        SELECT step, loss, learning_rate, speed, margin, accuracy,
               row_number() OVER (ORDER BY step) AS number,
               count(*) OVER () AS reports,
               max(loss) FILTER (WHERE step = 0) OVER () AS initial,
               min(loss) FILTER (WHERE step > 0) OVER () AS best,
               arg_min(step, loss) FILTER (WHERE step > 0) OVER () AS best_step
        FROM reports
    )
    SELECT step, loss, learning_rate, speed, margin, accuracy, reports, initial, best, best_step
    FROM measured
    WHERE (number - 1) % greatest(1, reports // $most) = 0 OR number = reports
    ORDER BY step
"""


class Runs:
    """Questions and changes about runs."""

    def __init__(self, db: Database) -> None:
        self._db = db

    def add(self, spec: RunSpec, *, project_id: str, job_id: str, actor_id: str) -> None:
        """Insert a run; its status is that of its job."""
        self._db.execute(
            """
            INSERT INTO runs
                (run_id, project_id, version_id, job_id, name, spec, actor_id, created_at)
            VALUES
                ($run_id, $project_id, $version_id, $job_id, $name, $spec, $actor_id, $created_at)
            """,
            {
                "run_id": spec.run_id,
                "project_id": project_id,
                "version_id": spec.data.version_id,
                "job_id": job_id,
                "name": spec.name,
                "spec": json.dumps(spec.to_json()),
                "actor_id": actor_id,
                "created_at": now(),
            },
        )

    def set_metrics(self, run_id: str, metrics: Mapping[str, Any]) -> None:
        """Keep what a finished run measured."""
        self._db.execute(
            "UPDATE runs SET metrics = $metrics WHERE run_id = $run_id",
            {"metrics": json.dumps(metrics), "run_id": run_id},
        )

    def by_id(self, run_id: str) -> Run | None:
        """One run with its job's state."""
        row = self._db.one(f"{RUNS} WHERE r.run_id = $run_id", {"run_id": run_id})
        return _run(row) if row else None

    def of_project(self, project_id: str) -> list[Run]:
        """A project's runs, newest first."""
        rows = self._db.rows(
            f"{RUNS} WHERE r.project_id = $project_id ORDER BY r.created_at DESC, r.run_id",
            {"project_id": project_id},
        )
        return [_run(row) for row in rows]

    def curves(self, job_id: str, most: int = 600) -> Curves:
        """The curves of a training, each thinned to about `most` points; extremes are over all."""
        log = self._reports(job_id, "log", most)
        rows = self._reports(job_id, "eval", most)
        found = rows[-1] if rows else None
        return Curves(
            [(row["step"], row["loss"]) for row in log],
            [(row["step"], row["loss"]) for row in rows],
            [(row["step"], row["learning_rate"]) for row in log],
            log[-1]["speed"] if log else None,
            log[-1]["reports"] if log else 0,
            found["reports"] if found else 0,
            found["initial"] if found else None,
            (found["best_step"], found["best"]) if found and found["best_step"] else None,
            *(_points(own, name) for own in (log, rows) for name in ("margin", "accuracy")),
        )

    def sampled_answers(self, job_id: str) -> SampledAnswers | None:
        """The validation examples that a training answered; None before the first evaluation."""
        rows = self._db.rows(
            """
            SELECT CAST(payload ->> 'step' AS BIGINT) AS step,
                   CAST(payload ->> 'rouge_l' AS DOUBLE) AS rouge_l,
                   CAST(payload ->> 'token_f1' AS DOUBLE) AS token_f1,
                   -- The texts of the first and the last alone: a long run has many.
                   CASE WHEN seq IN (min(seq) OVER (), max(seq) OVER ())
                        THEN payload -> 'answers' END AS answers
            FROM job_events
            WHERE job_id = $job_id AND kind = 'samples'
            ORDER BY seq
            """,
            {"job_id": job_id},
        )
        if not rows:
            return None
        by_step = {row["step"]: (row["step"], row["rouge_l"], row["token_f1"]) for row in rows}
        first, last = rows[0], rows[-1]
        return SampledAnswers(
            [by_step[step] for step in sorted(by_step)],
            json.loads(first["answers"]),
            json.loads(last["answers"]),
            last["step"],
        )

    def _reports(self, job_id: str, kind: str, most: int) -> list[Row]:
        return self._db.rows(REPORTS, {"job_id": job_id, "kind": kind, "most": most})


def _points(rows: list[Row], name: str) -> list[tuple[int, float]]:
    return [(row["step"], row[name]) for row in rows if row[name] is not None]


def _run(row: Row) -> Run:
    metrics, error = row["metrics"], row["error"]
    return Run(
        **{
            **row,
            "spec": RunSpec.from_json(json.loads(row["spec"])),
            "metrics": RunMetrics.from_json(json.loads(metrics)) if metrics else None,
            "error": JobFault(**json.loads(error)) if error else None,
        }
    )
