"""The job kind "protect": the texts of a file that nothing may train on.

spec.json  {"kind": "protect", "file": "upload.jsonl", "limits": {}}
data/      that file, in any format and shape of an import; outputs may be missing
final/     texts.parquet: line, instruction, input; report.json (see `Report`)
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from core.errors import InvalidInput
from core.importing.job import uploaded
from core.importing.limits import Limits
from core.importing.pipeline import Reject, Source, open_source, outcomes_of
from core.importing.readers import OnBytes
from core.importing.tables import BATCH, Table

if TYPE_CHECKING:
    from core.jobs.context import JobContext

TEXTS = pa.schema([("line", pa.int64()), ("instruction", pa.string()), ("input", pa.string())])
REASONS_KEPT = 20


@dataclass(frozen=True)
class Report:
    """How many texts a file has, how many records could not be read, and why the first could not
    [(line, reason)]."""

    texts: int
    rejected: int
    reasons: list[tuple[int, str]]


def run(job: JobContext) -> None:
    """Read the texts. Raises what `open_source` raises, and InvalidInput where there is none."""
    path = uploaded(job)
    source = open_source(path, allow_empty_output=True, limits=Limits(**job.spec.get("limits", {})))
    size = source.kind.size
    with job.final() as folder:
        report = _read(source, folder, lambda done: job.advance(done, size))
        if not report.texts:
            why = " Line {}: {}".format(*report.reasons[0]) if report.reasons else ""
            raise InvalidInput(f"The file has no text that could be protected.{why}")
        text = json.dumps(asdict(report), ensure_ascii=False)
        (folder / "report.json").write_text(text, encoding="utf-8")
    job.progress(size, size)


def _read(source: Source, folder: Path, on_bytes: OnBytes) -> Report:
    """Write texts.parquet."""
    texts = rejected = 0
    reasons: list[tuple[int, str]] = []
    rows: list[tuple[int, str, str]] = []
    with Table(folder / "texts.parquet", TEXTS) as table:
        for one in outcomes_of(source, on_bytes):
            if isinstance(one, Reject):
                rejected += 1
                reasons += [(one.line, one.reason)][: REASONS_KEPT - len(reasons)]
                continue
            rows.append((one.line, one.instruction, one.input))
            texts += 1
            if len(rows) >= BATCH:
                table.write(list(zip(*rows, strict=True)))
                rows = []
        if rows:
            table.write(list(zip(*rows, strict=True)))
    return Report(texts, rejected, reasons)


def read_report(folder: Path) -> Report:
    """The report in a job's final folder."""
    found = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    return Report(found["texts"], found["rejected"], [tuple(one) for one in found["reasons"]])
