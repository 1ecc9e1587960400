"""The import job: an uploaded file becomes Parquet tables that the store can take in.

    spec.json  {"kind": "import", "file": "upload.csv", "mapping": null,
                "allow_empty_output": false, "label_schema": [], "limits": {},
                "in_place": false}
               the file is data/upload.csv; "in_place" its absolute path, read where it lies
    final/     examples.parquet, rejects.parquet, duplicates.parquet (their columns are in
               `core.importing.tables`), summary.json

`import_file` is the same without a job, for small files in-process.
"""

from __future__ import annotations

import gc
import json
import time
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import InvalidInput
from core.importing.columns import ColumnMapping
from core.importing.limits import Limits
from core.importing.pipeline import Reject, Source, open_source, outcomes_of
from core.importing.readers import OnBytes
from core.importing.summary import Summary
from core.importing.tables import (
    BATCH,
    DUPLICATES,
    REJECTS,
    Examples,
    Table,
    without_rows,
    write_rejects,
)
from core.jobs.imports import leave_out_pandas
from core.projects import LabelField

if TYPE_CHECKING:
    from core.jobs.context import JobContext


def prepare(job: JobContext) -> None:
    """Without pandas, unless the library that reads dataset folders will want it."""
    if not uploaded(job).is_dir():
        leave_out_pandas(job)


def run(job: JobContext) -> None:
    """Import the file the spec names. Raises what `open_source` raises; stops between records."""
    path = uploaded(job)
    given = job.spec.get("mapping")
    source = open_source(
        path,
        ColumnMapping.from_json(given) if given else None,
        allow_empty_output=bool(job.spec.get("allow_empty_output", False)),
        limits=Limits(**job.spec.get("limits", {})),
        schema=[LabelField.from_json(one) for one in job.spec.get("label_schema", ())],
    )

    # Records have no cycles: to look for some after every 700 costs a tenth of the time.
    gc.set_threshold(100_000)
    size = source.kind.size
    with job.final() as folder:
        import_file(source, folder, lambda done: job.advance(done, size))
    job.progress(size, size)


def uploaded(job: JobContext) -> Path:
    """The file that the spec names, in the job's data folder, or anywhere for one "in_place".

    Raises InvalidInput when it leads out of the folder and may not.
    """
    if job.spec.get("in_place"):
        return Path(str(job.spec["file"]))
    folder = job.data(".")
    path = (folder / str(job.spec["file"])).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise InvalidInput("The file to import lies outside the job. Upload it again.")
    return path


def import_file(source: Source, folder: Path, on_bytes: OnBytes | None = None) -> Summary:
    """Write examples, rejects and duplicates as Parquet and summary.json into a folder."""
    started = time.monotonic()
    rejected = problems = 0
    held: list[Reject] = []
    with ExitStack() as stack:
        examples = stack.enter_context(Examples(folder / "examples.parquet"))
        rejects = stack.enter_context(Table(folder / "rejects.parquet", REJECTS))
        for one in outcomes_of(source, on_bytes):
            if isinstance(one, Reject):
                rejected += 1
                held.append(one)
            else:
                examples.add(one)
                if not one.problems:
                    continue
                problems += len(one.problems)
                held.extend(one.problems)
            if len(held) >= BATCH:
                write_rejects(rejects, held)
                held = []
        write_rejects(rejects, held)
    duplicates = _leave_repeats_out(examples, folder)
    summary = Summary(
        source.path.name,
        source.kind.format,
        examples.count - duplicates,
        rejected,
        duplicates,
        problems,
        source.mapping.to_json(),
        source.warnings,
        round(time.monotonic() - started, 3),
    )
    text = json.dumps(asdict(summary), ensure_ascii=False, indent=1)
    (folder / "summary.json").write_text(text + "\n", encoding="utf-8")
    return summary


def _leave_repeats_out(examples: Examples, folder: Path) -> int:
    rows, lines, first_lines = examples.repeats.found()
    with Table(folder / "duplicates.parquet", DUPLICATES) as table:
        table.write([lines.tolist(), first_lines.tolist()])
    if len(rows):
        without_rows(folder / "examples.parquet", rows)
    return len(rows)
