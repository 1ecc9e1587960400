"""The import job: an uploaded file becomes Parquet tables that the store can take in.

    spec.json  {"kind": "import", "file": "upload.csv", "mapping": null,
                "allow_empty_output": false}          the file is data/upload.csv
    final/     accepted.parquet, rejects.parquet, duplicates.parquet, summary.json

`import_file` is the same without a job, for small files in-process.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import InvalidInput
from core.importing.columns import ColumnMapping
from core.importing.pipeline import (
    Accepted,
    Duplicate,
    Reject,
    Source,
    first_wins,
    open_source,
    outcomes_of,
)
from core.importing.readers import OnBytes

if TYPE_CHECKING:
    from core.jobs.context import JobContext

_BATCH = 5000
_TEXT, _LINE = pa.string(), pa.int64()
_ACCEPTED = {
    "line": _LINE,
    "instruction": _TEXT,
    "input": _TEXT,
    "output": _TEXT,
    "meta": _TEXT,
    "content_hash": _TEXT,
}
_REJECTS = {"line": _LINE, "reason": _TEXT, "excerpt": _TEXT}
_DUPLICATES = {"line": _LINE, "first_line": _LINE}


@dataclass(frozen=True)
class Summary:
    """What an import came to: counts of records, the mapping used, warnings, seconds taken."""

    file: str
    format: str
    accepted: int
    rejected: int
    duplicates: int
    mapping: dict[str, Any]
    warnings: tuple[str, ...]
    seconds: float


class _Table:
    """A Parquet file written in batches, so that memory does not grow with the file."""

    def __init__(self, path: Path, columns: dict[str, Any]) -> None:
        self.count = 0
        self._columns = columns
        self._rows: list[tuple[Any, ...]] = []
        self._writer = pq.ParquetWriter(path, pa.schema(columns.items()), compression="zstd")

    def __enter__(self) -> _Table:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._flush()
        self._writer.close()

    def add(self, *row: Any) -> None:
        """Append one row, in the order of the columns."""
        self.count += 1
        self._rows.append(row)
        if len(self._rows) >= _BATCH:
            self._flush()

    def _flush(self) -> None:
        if self._rows:
            cells = zip(*self._rows, strict=True)
            arrays = [pa.array(c, t) for c, t in zip(cells, self._columns.values(), strict=True)]
            self._writer.write_batch(pa.record_batch(arrays, names=list(self._columns)))
            self._rows = []


def run(job: JobContext) -> None:
    """Import the file the spec names. Raises what `open_source` raises; stops between records."""
    path = uploaded(job)
    given = job.spec.get("mapping")
    source = open_source(
        path,
        ColumnMapping.from_json(given) if given else None,
        allow_empty_output=bool(job.spec.get("allow_empty_output", False)),
    )

    size = source.kind.size
    with job.final() as folder:
        import_file(source, folder, lambda done: job.advance(done, size))
    job.progress(size, size)


def uploaded(job: JobContext) -> Path:
    """The file that the spec names, in the job's data folder. Raises InvalidInput when it leads out
    of it."""
    folder = job.data(".")
    path = (folder / str(job.spec["file"])).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InvalidInput("The file to import lies outside the job. Upload it again.")
    return path


def import_file(source: Source, folder: Path, on_bytes: OnBytes | None = None) -> Summary:
    """Write accepted, rejects and duplicates as Parquet and summary.json into a folder."""
    started = time.monotonic()
    with ExitStack() as stack:
        accepted = stack.enter_context(_Table(folder / "accepted.parquet", _ACCEPTED))
        rejects = stack.enter_context(_Table(folder / "rejects.parquet", _REJECTS))
        duplicates = stack.enter_context(_Table(folder / "duplicates.parquet", _DUPLICATES))
        for one in first_wins(outcomes_of(source, on_bytes)):
            match one:
                case Accepted(line, example, meta, digest):
                    texts = (example.instruction, example.input, example.output)
                    accepted.add(line, *texts, json.dumps(dict(meta)), digest)
                case Reject(line, reason, excerpt):
                    rejects.add(line, reason, excerpt)
                case Duplicate(line, first_line):
                    duplicates.add(line, first_line)
    summary = Summary(
        source.path.name,
        source.kind.format,
        accepted.count,
        rejects.count,
        duplicates.count,
        source.mapping.to_json(),
        source.warnings,
        round(time.monotonic() - started, 3),
    )
    text = json.dumps(asdict(summary), ensure_ascii=False, indent=1)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return summary
