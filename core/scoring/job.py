"""The job kind "score": data/answers.parquet in, final/scores.parquet and summary.json out.

Run by `python -m core.worker JOB_DIR`; spec: what `ScoringPlan.to_json` wrote.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.jobs.context import JobContext, JobStopped
from core.scoring.answers import Answer, ScoreRow, ScoringPlan, score_answers

_LOOK_UP_EVERY = 100


class NoAnswersToScore(InvalidInput):
    """data/answers.parquet lacks a column."""

    title = "The answers cannot be scored"


def run(job: JobContext) -> None:
    """Scores every answer. Raises NoAnswersToScore, and JobStopped when told to stop."""
    table = _read(job.data("answers.parquet"))
    total = table.num_rows
    job.progress(0, total)

    def scored(done: int) -> None:
        if done % _LOOK_UP_EVERY == 0 or done == total:
            job.progress(done, total)
            if job.should_stop():
                raise JobStopped

    rows, summaries = score_answers(_answers(table), ScoringPlan.from_json(job.spec), scored=scored)
    with job.final() as folder:
        _write(rows, folder / "scores.parquet")
        summary = {system: found.as_json() for system, found in summaries.items()}
        text = json.dumps(summary, ensure_ascii=False, indent=1, sort_keys=True)
        (folder / "summary.json").write_text(text, encoding="utf-8")


def _read(path: Path) -> Any:
    import pyarrow.parquet as pq

    table = pq.read_table(path)
    needed = [name for name in Answer._fields if name not in Answer._field_defaults]
    if missing := [name for name in needed if name not in table.column_names]:
        raise NoAnswersToScore(
            f"answers.parquet has no column {', '.join(missing)}. "
            f"Write it with the columns {', '.join(needed)}."
        )
    return table


def _answers(table: Any) -> Iterator[Answer]:
    nothing = [None] * table.num_rows
    columns = [
        table.column(name).to_pylist() if name in table.column_names else nothing
        for name in Answer._fields
    ]
    for system_id, example_id, revision_id, reference, text, *measured in zip(
        *columns, strict=True
    ):
        yield Answer(system_id, example_id, revision_id, reference or "", text or "", *measured)


def _write(rows: list[ScoreRow], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns = list(zip(*rows, strict=True)) or [()] * len(ScoreRow._fields)
    kinds = (*[pa.string()] * 4, pa.float64())
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    pq.write_table(pa.table(dict(zip(ScoreRow._fields, arrays, strict=True))), path)
