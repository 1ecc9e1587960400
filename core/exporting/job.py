"""The export job: examples to files of one format.

    spec.json  {"kind": "export", "format": "jsonl", "zip": false, "about": {…}}
               about goes into the manifest, as it is
    data/      examples.parquet; its columns are in `core.exporting.layout`
    final/     all, train, validation and test with the format's suffix (empty splits too), or
               examples where there are no splits; or dataset/, dataset.zip; manifest.json

The examples of a version give the same bytes, whatever order they come in.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from core.examples.example import FIELDS
from core.exporting.arrow_files import zipped
from core.exporting.formats import MANIFEST, format_named
from core.exporting.layout import SPLITS, InvalidExport, batches_of, layout_of
from core.jobs.imports import leave_out_pandas

if TYPE_CHECKING:
    from core.jobs.context import JobContext

OnRows = Callable[[int, int], None]
WHOLE, EXAMPLES = "all", "examples"


def prepare(job: JobContext) -> None:
    """Without pandas, unless the `datasets` library will want it."""
    if job.spec.get("format") != "dataset":
        leave_out_pandas(job)


def run(job: JobContext) -> None:
    """Export the job's examples. Raises InvalidExport; stops between batches."""
    with job.final() as folder:
        export_file(
            job.data("examples.parquet"),
            folder,
            job.advance,
            job.spec.get("about"),
            # Jobs of releases before 0.2 name none.
            format_name=job.spec.get("format", "jsonl"),
            as_zip=bool(job.spec.get("zip")),
        )


def export_file(
    source: Path,
    folder: Path,
    on_rows: OnRows = lambda done, total: None,
    about: Mapping[str, Any] | None = None,
    *,
    format_name: str = "jsonl",
    as_zip: bool = False,
) -> dict[str, Any]:
    """Write the files and manifest.json into a folder; gives the manifest back.

    The manifest has `format`, `counts` per split and in all, `files` with bytes and SHA-256 each,
    `about` as given, and for examples with splits `content_hash` (that of
    `core.versions.splitting`, so a version's own). Raises InvalidExport, also when `about` gives
    another content hash.
    """
    layout = layout_of(source)
    files = format_named(format_name).open(folder, layout)
    counts = dict.fromkeys((WHOLE, *SPLITS) if layout.has_splits else (EXAMPLES,), 0)
    content, done = hashlib.sha256(), 0
    try:
        for name in counts:
            files.open(name)
        for batch in batches_of(source, layout):
            on_rows(done, layout.rows)
            files.write(batch)
            done += batch.num_rows
            if layout.has_splits:
                _count(batch, counts, content)
    finally:
        written = files.close()
    counts[next(iter(counts))] = done
    if as_zip:
        written = [zipped(path) if path.is_dir() else path for path in written]
    manifest = {"format": format_name, "counts": counts, "files": _sums(written, folder)}
    if layout.has_splits:
        manifest["content_hash"] = content.hexdigest()
    _refuse_another_hash(manifest, about)
    manifest |= {"about": dict(about)} if about else {}
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")
    on_rows(layout.rows, layout.rows)
    return manifest


def _count(batch: pa.Table, counts: dict[str, int], content: Any) -> None:
    columns = [batch[name].to_pylist() for name in ("example_id", *FIELDS, "split")]
    for example_id, *texts, split in zip(*columns, strict=True):
        if split is not None:
            counts[split] += 1
        key = [example_id, *(text or "" for text in texts), split]
        content.update(json.dumps(key, separators=(",", ":")).encode() + b"\n")


def _sums(written: list[Path], folder: Path) -> dict[str, dict[str, Any]]:
    files = [
        path
        for top in written
        for path in (sorted(top.rglob("*")) if top.is_dir() else [top])
        if path.is_file()
    ]
    found = {}
    for path in files:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        name = path.relative_to(folder).as_posix()
        found[name] = {"sha256": digest, "bytes": path.stat().st_size}
    return found


def _refuse_another_hash(manifest: Mapping[str, Any], about: Mapping[str, Any] | None) -> None:
    known, found = (about or {}).get("content_hash"), manifest.get("content_hash")
    if known and found and known != found:
        raise InvalidExport(
            "The examples are not those that were frozen: their content hash differs. Restore the "
            "workspace from a backup."
        )
