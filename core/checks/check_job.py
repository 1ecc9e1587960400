"""The job kind "check_examples": findings, duplicates and health of a project's examples.

spec.json  {"kind": "check_examples", "over", "findings": FindingSettings as JSON}
data/      examples.parquet: example_id, revision_id, instruction, input, output, labels (JSON),
           in import order
final/     checked.parquet: the rows of checked_examples, without project_id
           findings.parquet: as core.findings.table writes it
           duplicates.parquet: kind, number, rank, example_id
           result.json: see core.checks.check.Result
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.checks.check import Result
from core.checks.health import label_counts, lengths_of
from core.checks.tables import write_checked, write_duplicates
from core.cores import cores
from core.examples.example import FIELDS
from core.findings.finding import Checked

if TYPE_CHECKING:
    from core.checks.duplicates import Duplicates
    from core.checks.records import Records
    from core.examples.topic_map import TopicMap
    from core.findings.checking import Report
    from core.jobs.context import JobContext

COLUMNS = ("example_id", "revision_id", *FIELDS, "labels")
# Of the work after the findings, as a share of theirs: what the progress counts.
_DUPLICATES, _MAP = 0.2, 0.1


def run(job: JobContext) -> None:
    """Check the job's examples. Raises JobStopped when it is told to stop."""
    from core.checks.duplicates import find_duplicates
    from core.examples.topic_map import topic_map
    from core.findings.checking import check_all
    from core.findings.settings import FindingSettings
    from core.findings.table import findings_written

    rows = _read(job.data("examples.parquet"))
    count = len(rows["example_id"])
    total = int(count * (1 + _DUPLICATES + _MAP)) + 3
    labels = [json.loads(one) if one else {} for one in rows["labels"]]
    settings = FindingSettings.from_json(job.spec["findings"])
    with job.final() as folder:
        job.advance(0, total)
        with findings_written(folder / "findings.parquet") as writer:
            report = check_all(
                examples(rows, labels),
                settings,
                processes=min(2, cores()),
                progress=lambda done: job.advance(done, total),
                found=writer.add,
            )
        duplicates = find_duplicates(_records(rows), over=job.spec["over"])
        job.advance(int(count * (1 + _DUPLICATES)), total)
        prompts = [f"{a}\n{b}" for a, b in zip(rows["instruction"], rows["input"], strict=True)]
        drawn = topic_map(prompts)
        job.advance(total - 1, total)
        columns = report.facts.to_columns()
        columns["example_id"] = columns.pop("id")
        columns["revision_id"] = rows["revision_id"]
        write_checked(columns, drawn.points, folder / "checked.parquet")
        write_duplicates(rows["example_id"], duplicates, folder / "duplicates.parquet")
        counts = label_counts(rows["output"], labels, settings.label_schema)
        result = _result(rows, counts, report, duplicates, drawn)
        text = json.dumps(result.to_json(), ensure_ascii=False)
        (folder / "result.json").write_text(text + "\n", encoding="utf-8")
    job.progress(total, total)


def examples(rows: dict[str, list[Any]], labels: Sequence[dict[str, Any]]) -> Iterator[Checked]:
    """The examples of columns, as the findings engine takes them."""
    texts = (rows[name] for name in ("example_id", *FIELDS))
    for example_id, instruction, given, output, chosen in zip(*texts, labels, strict=True):
        yield checked_of(example_id, instruction, given, output, chosen)


def checked_of(
    example_id: str, instruction: str, input: str, output: str, labels: dict[str, Any]
) -> Checked:
    """One example, as the findings engine takes it."""
    return Checked(example_id, instruction, input, output, labels)


def _read(path: Path) -> dict[str, list[Any]]:
    import pyarrow.parquet as pq

    table = pq.read_table(path, columns=list(COLUMNS))
    return {name: [one or "" for one in table.column(name).to_pylist()] for name in COLUMNS}


def _records(rows: dict[str, list[Any]]) -> Records:
    from core.checks.records import Records

    return Records(rows["example_id"], rows["instruction"], rows["input"], rows["output"])


def _result(
    rows: dict[str, list[Any]],
    labels: dict[str, dict[str, int]],
    report: Report,
    duplicates: Duplicates,
    drawn: TopicMap,
) -> Result:
    asked = zip(rows["instruction"], rows["input"], strict=True)
    prompts = {(" ".join(a.casefold().split()), " ".join(b.casefold().split())) for a, b in asked}
    return Result(
        examples=report.checked,
        kinds={name: one.count for name, one in report.kinds.items() if one.count},
        remarks=[one.to_json() for one in report.remarks],
        capped_buckets=duplicates.capped_buckets,
        lengths={name: lengths_of(rows[name]).to_json() for name in FIELDS},
        labels=labels,
        distinct_prompts=len(prompts),
        topics=list(drawn.names),
        points=len(drawn.points),
    )
