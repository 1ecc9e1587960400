"""The tables of an augmentation: sources in, proposals out, as the server takes them in.

data/sources.parquet     SOURCES, in the order of the seed
final/proposals.parquet  row (from 0), example_id, revision_id, content_hash, SOURCES' texts,
                         labels, source_id, source_revision_id, rule
final/negatives.parquet  row, negative_id, source_id, source_revision_id, output, cut, rule,
                         other_id
final/report.json        {"sources": …, "proposals": …, "dropped": {a key of DROPPED: …}}
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.augmentation.negatives import NegativeDrafts
from core.augmentation.proposals import Drafts, Source
from core.augmentation.rules import RULES
from core.jobs.folder import write_json

if TYPE_CHECKING:
    from core.jobs.context import JobContext

SOURCES = ("example_id", "revision_id", "instruction", "input", "output", "labels")
_TEXTS = (
    *("example_id", "revision_id", "content_hash", "instruction", "input", "output", "labels"),
    *("source_id", "source_revision_id", "rule", "label"),
)
_NEGATIVE_TEXTS = ("negative_id", "source_id", "source_revision_id", "output", "rule", "other_id")
_CHUNK = 500


def sources_in(path: Path) -> Iterator[Source]:
    """The sources of a file, never all in memory."""
    import pyarrow.parquet as pq

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_CHUNK, columns=list(SOURCES)):
            for row in batch.to_pylist():
                yield Source(**{name: value or "" for name, value in row.items()})


def publish(job: JobContext, subject_id: str, drafts: Drafts, sources: int) -> None:
    """Write final/. Ids come from the augmentation's own, so that a second start has the same."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = [
        {
            "row": number,
            "example_id": f"ex_{subject_id}_{number}",
            "revision_id": f"rev_{subject_id}_{number}",
            "content_hash": one.content_hash,
            "instruction": one.instruction,
            "input": one.source.input,
            "output": one.source.output,
            "labels": one.source.labels or "{}",
            "source_id": one.source.example_id,
            "source_revision_id": one.source.revision_id,
            "rule": one.rule,
            "label": RULES[one.rule].label if one.rule in RULES else "",
        }
        for number, one in enumerate(drafts.proposals)
    ]
    schema = pa.schema([("row", pa.int64()), *((name, pa.string()) for name in _TEXTS)])
    told = {"sources": sources, "proposals": len(rows), "dropped": dict(drafts.dropped)}
    with job.final() as folder:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "proposals.parquet")
        write_json(folder / "report.json", told)
    job.note(f"{len(rows)} proposals of {sources} examples.")


def publish_negatives(
    job: JobContext, subject_id: str, drafts: NegativeDrafts, sources: int
) -> None:
    """Write final/ with negatives, as `publish` does with examples."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows: list[dict[str, Any]] = [
        {
            "negative_id": f"neg_{subject_id}_{number}",
            "row": number,
            "source_id": one.source.example_id,
            "source_revision_id": one.source.revision_id,
            "output": one.output,
            "cut": one.cut,
            "rule": one.rule,
            "other_id": one.other_id,
        }
        for number, one in enumerate(drafts.negatives)
    ]
    texts = [(name, pa.string()) for name in _NEGATIVE_TEXTS]
    schema = pa.schema([*texts, ("row", pa.int64()), ("cut", pa.bool_())])
    told = {"sources": sources, "proposals": len(rows), "dropped": dict(drafts.dropped)}
    with job.final() as folder:
        pq.write_table(pa.Table.from_pylist(rows, schema=schema), folder / "negatives.parquet")
        write_json(folder / "report.json", told)
    job.note(f"{len(rows)} negatives of {sources} examples.")
