"""Findings as columns of a Parquet table, written chunk by chunk."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from core.findings.checking import Rows
from core.findings.finding import Finding

COLUMNS = ("example_id", "kind", "severity", "field", "start", "end", "explanation", "mend")


def as_columns(rows: Rows) -> dict[str, list[Any]]:
    """Column → values, in the order of COLUMNS; `start`, `end` and `mend` may be None."""
    values: dict[str, list[Any]] = {"example_id": [example_id for example_id, _ in rows]}
    for name in COLUMNS[1:]:
        values[name] = [getattr(found, name) for _, found in rows]
    return values


class FindingsWriter:
    """Appends chunks of (id, finding) to a Parquet file."""

    def __init__(self, path: Path) -> None:
        import pyarrow as pa
        import pyarrow.parquet as pq

        text, number = pa.string(), pa.int32()
        kinds = (text, text, text, text, number, number, text, text)
        self._schema = pa.schema(list(zip(COLUMNS, kinds, strict=True)))
        self._writer = pq.ParquetWriter(path, self._schema)

    def add(self, rows: Rows) -> None:
        """Writes the rows as one row group; no rows, no group."""
        import pyarrow as pa

        if rows:
            self._writer.write_table(pa.table(as_columns(rows), schema=self._schema))

    def close(self) -> None:
        """Ends the file."""
        self._writer.close()


@contextmanager
def findings_written(path: Path) -> Iterator[FindingsWriter]:
    """A writer that is closed at the end: `check_all(..., found=writer.add)`."""
    writer = FindingsWriter(path)
    try:
        yield writer
    finally:
        writer.close()


def read_findings(path: Path) -> Iterator[tuple[str, Finding]]:
    """(id, finding) of a file that a FindingsWriter wrote, in its order."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches():
            for row in batch.to_pylist():
                yield row.pop("example_id"), Finding(**row)
