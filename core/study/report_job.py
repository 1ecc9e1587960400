"""The job kind "report": the numbers of Results where there are too many for the server.

Run by `python -m core.worker JOB_DIR`. spec {"report": "scores"} reads data/scores.parquet and
writes the ScoreTable, {"report": "study", baseline_id, candidate_ids, criteria, planned, studies}
reads data/judgements.parquet and data/ratings.parquet and writes the Findings: final/report.json.
"""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from core.errors import InvalidInput
from core.jobs.context import JobContext
from core.scoring.score_table import ScoreTable, score_table
from core.study.findings import Findings, findings
from core.study.pairs import Judgement, Rating


def run(job: JobContext) -> None:
    """Computes one report. Raises InvalidInput for one that is not known."""
    import pyarrow.parquet as pq

    spec = job.spec
    if spec.get("report") == "scores":
        content = scores_json(score_table(pq.read_table(job.data("scores.parquet"))))
    elif spec.get("report") == "study":
        judgements = pq.read_table(job.data("judgements.parquet")).to_pylist()
        ratings = pq.read_table(job.data("ratings.parquet")).to_pylist()
        content = findings_json(
            findings(
                spec["baseline_id"],
                spec["candidate_ids"],
                spec["criteria"],
                [Judgement.of_row(row) for row in judgements],
                [Rating(**row) for row in ratings],
                planned=spec["planned"],
                studies=spec.get("studies"),
                risk_planned=spec.get("risk_planned", 0),
            )
        )
    else:
        raise InvalidInput(f"“{spec.get('report')}” is no report. Ask for scores or study.")
    with job.final() as folder:
        (folder / "report.json").write_bytes(content)


_SCORES: TypeAdapter[ScoreTable] = TypeAdapter(ScoreTable)
_FINDINGS: TypeAdapter[Findings] = TypeAdapter(Findings)


def scores_json(table: ScoreTable) -> bytes:
    """A score table as JSON."""
    return _SCORES.dump_json(table)


def scores_of(content: Any) -> ScoreTable:
    """The score table that `scores_json` wrote, decoded from JSON."""
    return _SCORES.validate_python(content)


def findings_json(found: Findings) -> bytes:
    """Findings as JSON."""
    return _FINDINGS.dump_json(found)


def findings_of(content: Any) -> Findings:
    """The findings that `findings_json` wrote, decoded from JSON."""
    return _FINDINGS.validate_python(content)
