"""The job kind "report": the numbers of Results where there are too many for the server.

Run by `python -m core.worker JOB_DIR`. spec {"report": "scores"} reads data/scores.parquet and
writes the ScoreTable; {"report": "study", baseline_id, candidate_ids, criteria, planned, claims}
reads data/judgements, ratings, guesses, facts and scores.parquet and writes the StudyReport;
{"report": "answers", metrics, plan, by} reads data/answers.parquet and writes the AnswerReport;
{"report": "topics"} reads data/texts.parquet and writes the topic of each example, each to
final/report.json.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter

from core.errors import InvalidInput
from core.evidence.evidence import Evidence, evidence, facts_of_rows, scores_of_rows
from core.examples.topics import topics as topics_of_texts
from core.jobs.context import JobContext
from core.scoring.answer_report import answer_report, answer_report_json
from core.scoring.answers import ScoringPlan
from core.scoring.score_table import ScoreTable, score_table
from core.study.blinding import Guess
from core.study.findings import Findings, findings
from core.study.pairs import Judgement, Rating

STUDY_FILES = ("judgements", "ratings", "guesses", "facts", "scores", "topics")


@dataclass(frozen=True)
class StudyReport:
    """What the judgements of a study say, and the evidence beside it."""

    found: Findings
    evidence: Evidence


def run(job: JobContext) -> None:
    """Computes one report. Raises InvalidInput for one that is not known."""
    import pyarrow.parquet as pq

    spec = job.spec
    if spec.get("report") == "scores":
        content = scores_json(score_table(pq.read_table(job.data("scores.parquet"))))
    elif spec.get("report") == "study":
        rows = {name: _rows(job, name) for name in STUDY_FILES}
        content = study_json(
            study_report(
                spec["baseline_id"],
                spec["candidate_ids"],
                spec["criteria"],
                [Judgement.of_row(row) for row in rows["judgements"]],
                [Rating(**row) for row in rows["ratings"]],
                rows["facts"],
                rows["scores"],
                planned=spec["planned"],
                claims=spec.get("claims"),
                guesses=[Guess.of_row(row) for row in rows["guesses"]],
                risk_planned=spec.get("risk_planned", 0),
                topics={row["example_id"]: row["topic"] for row in rows["topics"]},
                fixed_size=spec.get("fixed_size", True),
            )
        )
    elif spec.get("report") == "answers":
        plan = ScoringPlan.from_json(spec["plan"])
        rows_of_answers = _rows(job, "answers")
        report = answer_report(rows_of_answers, plan, spec["metrics"], spec.get("by"))
        content = answer_report_json(report)
    elif spec.get("report") == "topics":
        texts = _rows(job, "texts")
        names = topics_of_texts([row["text"] for row in texts]).name_of
        ids = [row["example_id"] for row in texts]
        content = json.dumps(dict(zip(ids, names, strict=True))).encode()
    else:
        raise InvalidInput(
            f"“{spec.get('report')}” is no report. Ask for scores, answers, topics or study."
        )
    with job.final() as folder:
        (folder / "report.json").write_bytes(content)


def _rows(job: JobContext, name: str) -> list[dict[str, Any]]:
    import pyarrow.parquet as pq

    path = job.data(f"{name}.parquet")
    if not path.exists():  # of a job that a release before 0.3 queued
        return []
    return list(pq.read_table(path).to_pylist())


def study_report(
    baseline_id: str,
    candidate_ids: Sequence[str],
    criteria: Sequence[str],
    judgements: Sequence[Judgement],
    ratings: Sequence[Rating],
    facts: Iterable[Mapping[str, Any]],
    scores: Iterable[Mapping[str, Any]],
    *,
    planned: int,
    claims: Mapping[str, int] | None = None,
    guesses: Sequence[Guess] = (),
    risk_planned: int = 0,
    topics: Mapping[str, str] | None = None,
    fixed_size: bool = True,
) -> StudyReport:
    """Findings and evidence of a study; rows of `facts` and `scores` as storage gives them;
    `topics`: example id → its topic, where they were found."""
    return StudyReport(
        findings(
            baseline_id, candidate_ids, criteria, judgements, ratings, planned=planned,
            claims=claims, guesses=guesses, risk_planned=risk_planned, fixed_size=fixed_size,
        ),
        evidence(
            baseline_id, candidate_ids, judgements, facts_of_rows(facts, topics),
            scores_of_rows(scores), claims=claims,
        ),
    )  # fmt: skip


_SCORES: TypeAdapter[ScoreTable] = TypeAdapter(ScoreTable)
_STUDY: TypeAdapter[StudyReport] = TypeAdapter(StudyReport)


def scores_json(table: ScoreTable) -> bytes:
    """A score table as JSON."""
    return _SCORES.dump_json(table)


def scores_of(content: Any) -> ScoreTable:
    """The score table that `scores_json` wrote, decoded from JSON."""
    return _SCORES.validate_python(content)


def study_json(found: StudyReport) -> bytes:
    """A study's report as JSON."""
    return _STUDY.dump_json(found)


def study_of(content: Any) -> StudyReport:
    """The report that `study_json` wrote, decoded from JSON."""
    return _STUDY.validate_python(content)
