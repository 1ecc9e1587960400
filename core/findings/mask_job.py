"""The job kind "mask": data/examples.parquet in, final/masked.parquet of those that changed out.

Run by `python -m core.worker JOB_DIR`; spec: {"kinds": ["email", …]}.
"""

from __future__ import annotations

from typing import Any

from core.examples.example import FIELDS, MAX_FIELD_CHARS
from core.findings.personal import masked
from core.jobs.context import JobContext

COLUMNS = ("example_id", "revision_id", *FIELDS)
CHUNK = 200


def run(job: JobContext) -> None:
    """Masks the three texts of every example. Raises JobStopped when told to stop."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = tuple(job.spec["kinds"])
    schema = pa.schema([(name, pa.string()) for name in COLUMNS])
    with pq.ParquetFile(job.data("examples.parquet")) as file, job.final() as folder:
        total, done, changed = file.metadata.num_rows, 0, 0
        job.progress(0, total)
        with pq.ParquetWriter(folder / "masked.parquet", schema) as writer:
            for batch in file.iter_batches(CHUNK, columns=list(COLUMNS)):
                rows = [after for row in batch.to_pylist() if (after := _masked(row, kinds))]
                writer.write_table(pa.Table.from_pylist(rows, schema=schema))
                done, changed = done + batch.num_rows, changed + len(rows)
                job.advance(done, total)
        job.note(f"{changed} of {total} examples have personal data.")


def _masked(row: dict[str, Any], kinds: tuple[str, ...]) -> dict[str, Any] | None:
    """The example masked; None where it has no such data, or a mask is longer than the limit."""
    after = {name: masked(row[name], kinds) for name in FIELDS}
    if all(after[name] == row[name] for name in FIELDS):
        return None
    return None if max(map(len, after.values())) > MAX_FIELD_CHARS else {**row, **after}
