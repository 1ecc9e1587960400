"""The job kind "answers": the answers of another system find the examples they belong to.

spec.json  {"kind": "answers", "file": "answers.jsonl", "version": "the version's name",
            "answer_column": null}
data/      that file; examples.parquet: example_id, external_id, instruction, input
final/     generations.parquet: example_id, text; report.json (see `Report`)
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InvalidInput
from core.importing.answers import read_answers
from core.importing.job import uploaded
from core.importing.joining import Joined, join

if TYPE_CHECKING:
    from core.jobs.context import JobContext


@dataclass(frozen=True)
class Report:
    """What joined: counts, `unmatched` and `doubtful` [(line, reason)], ids without an answer."""

    joined: int
    examples: int
    unmatched: list[tuple[int, str]]
    doubtful: list[tuple[int, str]]
    missing: list[str]


def run(job: JobContext) -> None:
    """Join the answers. Raises what `read_answers` raises, and InvalidInput when none joins."""
    path = uploaded(job)
    size = path.stat().st_size
    answers, rejects = read_answers(
        path, job.spec["answer_column"], on_bytes=lambda done: job.advance(done, size)
    )
    table = pq.read_table(job.data("examples.parquet"))
    columns = (table.column(name).to_pylist() for name in table.column_names)
    examples = list(zip(*columns, strict=True))
    joined = join(answers, examples)
    if not joined.matched:
        raise InvalidInput(
            f"None of the {len(answers)} answers belongs to an example of {job.spec['version']}. "
            "Each line needs the example's id, or its instruction and input, as imported."
        )
    unmatched = sorted([*((r.line, r.reason) for r in rejects), *joined.unmatched])
    with job.final() as folder:
        _write(joined, unmatched, len(examples), folder)
    job.progress(size, size)


def _write(joined: Joined, unmatched: list[tuple[int, str]], examples: int, folder: Path) -> None:
    columns = {"example_id": list(joined.matched), "text": list(joined.matched.values())}
    pq.write_table(pa.table(columns), folder / "generations.parquet", compression="zstd")
    report = Report(len(joined.matched), examples, unmatched, joined.doubtful, joined.missing)
    text = json.dumps(asdict(report), ensure_ascii=False)
    (folder / "report.json").write_text(text, encoding="utf-8")


def read_report(folder: Path) -> Report:
    """The report in a job's final folder. Raises FileNotFoundError."""
    found: dict[str, Any] = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    for name in ("unmatched", "doubtful"):
        found[name] = [(line, reason) for line, reason in found[name]]
    return Report(**found)
