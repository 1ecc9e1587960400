"""The job kind "index_text": the text index of a project's examples.

spec.json  {"kind": "index_text", "mark": when its texts were read, ISO 8601}
data/      texts.parquet: position, hash, text as core.examples.text_index wants them
final/     text.sqlite: the index
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from core.examples.text_index import Text, TextIndex

if TYPE_CHECKING:
    from core.jobs.context import JobContext

NAME = "text.sqlite"


def run(job: JobContext) -> None:
    """Index the job's texts. Raises JobStopped when it is told to stop."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(job.data("texts.parquet")) as file, job.final() as folder:
        total = file.metadata.num_rows
        index = TextIndex(folder / NAME)
        index.fill(_texts(job, file, total))
        index.keep_fact("mark", str(job.spec["mark"]))
        index.close()
    job.progress(total, total)


def _texts(job: JobContext, file: object, total: int) -> Iterator[Text]:
    done = 0
    for batch in file.iter_batches(4096):  # type: ignore[attr-defined]
        job.advance(done, total)
        columns = (batch.column(name).to_pylist() for name in ("position", "hash", "text"))
        yield from map(Text, *columns)
        done += batch.num_rows
