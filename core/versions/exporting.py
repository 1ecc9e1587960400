"""Writing examples out: JSONL and CSV for downloads, and the export job.

    spec.json  {"kind": "export", "about": {…}}        about goes into the manifest, as it is
    data/      examples.parquet: example_id, split, instruction, input, output, labels (JSON text)
               and any further columns
    final/     all.jsonl, train.jsonl, validation.jsonl, test.jsonl (empty splits too),
               manifest.json

The same examples give the same bytes, whatever order they come in.
"""

from __future__ import annotations

import csv
import datetime
import hashlib
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from core.errors import InvalidInput
from core.examples.example import FIELDS

if TYPE_CHECKING:
    from core.jobs.context import JobContext

Row = Mapping[str, Any]
OnRows = Callable[[int, int], None]

SPLITS = ("train", "validation", "test")
_FIRST = ("example_id", "split", *FIELDS, "labels")
_JSON_COLUMNS = {"labels", "meta"}
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
# str.splitlines and some editors end a line at these; written as escapes they cannot.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_BATCH = 2000


class InvalidExport(InvalidInput):
    """What is to be exported is not a table of examples."""

    title = "This cannot be exported"


def csv_safe(cell: object) -> str:
    """A cell that no spreadsheet takes for a formula: such text gets an apostrophe in front.

    This changes negative numbers too ("-5" becomes "'-5"); JSONL is the format that keeps text.
    """
    text = _json(cell) if isinstance(cell, dict | list) else "" if cell is None else str(cell)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def to_csv(rows: Iterable[Row], columns: Sequence[str] | None = None) -> str:
    """Rows as CSV with a header, every cell safe; columns in the order given, else as met."""
    rows = list(rows)
    names = list(columns) if columns else list(dict.fromkeys(name for row in rows for name in row))
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([csv_safe(name) for name in names])
    writer.writerows([csv_safe(row.get(name)) for name in names] for row in rows)
    return target.getvalue()


def to_jsonl(rows: Iterable[Row]) -> str:
    """Rows as JSON lines, one each, keys in the order of the row; NaN becomes null."""
    return "".join(f"{_json(_without_nan(row))}\n" for row in rows)


def _without_nan(row: Row) -> Row:
    nan = [name for name, value in row.items() if isinstance(value, float) and value != value]
    return {**row, **dict.fromkeys(nan)} if nan else row


def _json(value: object) -> str:
    text = json.dumps(value, ensure_ascii=False, default=_json_value)
    return text if text.isascii() else text.translate(_LINE_ENDS)


def _json_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)


def run(job: JobContext) -> None:
    """Export the job's examples. Raises InvalidExport; stops between batches."""
    with job.final() as folder:
        export_file(job.data("examples.parquet"), folder, job.advance, job.spec.get("about"))


def export_file(
    source: Path,
    folder: Path,
    on_rows: OnRows = lambda done, total: None,
    about: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """Write the JSONL files and manifest.json into a folder; gives the manifest back.

    The manifest has `content_hash` (that of `core.versions.splitting`, so a version's own),
    `counts` per split and in all, `files` with bytes and SHA-256 each, and `about` as given.
    Raises InvalidExport, also when `about` gives another content hash.
    """
    import pyarrow.parquet as pq

    table = pq.read_table(source)
    _check(table)
    table = table.sort_by("example_id")
    names = [name for name in _FIRST if name in table.column_names]
    names += sorted(set(table.column_names) - set(_FIRST))
    files = _Files(folder)
    try:
        for name in ("all", *(SPLITS if "split" in names else ())):
            files.open(name)
        for start in range(0, table.num_rows, _BATCH):
            on_rows(start, table.num_rows)
            for row in table.slice(start, _BATCH).select(names).to_pylist():
                files.add(row)
    finally:
        files.close()
    on_rows(table.num_rows, table.num_rows)
    manifest = files.manifest() | ({"about": dict(about)} if about else {})
    if about and about.get("content_hash", manifest["content_hash"]) != manifest["content_hash"]:
        raise InvalidExport(
            "The examples are not those that were frozen: their content hash differs. Restore the "
            "workspace from a backup."
        )
    text = json.dumps(manifest, ensure_ascii=False, indent=1, sort_keys=True)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")
    return manifest


def _check(table: Any) -> None:
    """Raise InvalidExport unless there are the columns of examples and only known splits."""
    import pyarrow.compute as pc

    if missing := [name for name in ("example_id", *FIELDS) if name not in table.column_names]:
        raise InvalidExport(f"The examples lack the columns {', '.join(missing)}.")
    if not table.num_rows:
        raise InvalidExport("There is no example to export. Choose others.")
    splits = table["split"].unique().to_pylist() if "split" in table.column_names else []
    # The split becomes a file name, so it comes from a list.
    if strange := [name for name in splits if name is not None and name not in SPLITS]:
        raise InvalidExport(f"'{strange[0]}' is no split. Splits are {', '.join(SPLITS)}.")
    if pc.count_distinct(table["example_id"], mode="all").as_py() != table.num_rows:
        raise InvalidExport("Two examples have the same id. Export each example once.")


class _Files:
    """The open JSONL files of one export, and what the manifest says about them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._open: dict[str, BinaryIO] = {}
        self._sums: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        self._counts: dict[str, int] = {}
        self._content = hashlib.sha256()

    def add(self, row: dict[str, Any]) -> None:
        """One example, into all.jsonl and the file of its split."""
        line = to_jsonl([_exported(row)]).encode()
        for name in ("all", row.get("split")):
            if name is not None:
                self._write(name, line)
        key = [row["example_id"], *(row[field] or "" for field in FIELDS), row.get("split")]
        self._content.update(json.dumps(key, separators=(",", ":")).encode() + b"\n")

    def open(self, name: str) -> None:
        """Begin a file; one that gets no example is there too, and empty."""
        self._open[name] = (self._folder / f"{name}.jsonl").open("wb")
        self._sums[name] = hashlib.sha256()
        self._sizes[name] = self._counts[name] = 0

    def _write(self, name: str, line: bytes) -> None:
        self._open[name].write(line)
        self._sums[name].update(line)
        self._sizes[name] += len(line)
        self._counts[name] += 1

    def close(self) -> None:
        """Close every file."""
        for file in self._open.values():
            file.close()

    def manifest(self) -> dict[str, Any]:
        """Hash of the content, counts, and bytes and SHA-256 of each file."""
        return {
            "content_hash": self._content.hexdigest(),
            "counts": self._counts,
            "files": {
                f"{name}.jsonl": {"sha256": total.hexdigest(), "bytes": self._sizes[name]}
                for name, total in self._sums.items()
            },
        }


def _exported(row: Row) -> dict[str, Any]:
    """The row as it is written: the id first, absent values left out, JSON text as JSON."""
    texts = {name: row[name] or "" for name in FIELDS}
    rest = {name: _from_json_text(name, value) for name, value in row.items() if value is not None}
    return {("id" if name == "example_id" else name): v for name, v in (rest | texts).items()}


def _from_json_text(name: str, value: Any) -> Any:
    """Labels and meta, stored as JSON text, as values, their fields in alphabetical order."""
    if name not in _JSON_COLUMNS or not isinstance(value, str):
        return value
    try:
        parsed = json.loads(value)
    except ValueError:
        return value
    return dict(sorted(parsed.items())) if isinstance(parsed, dict) else parsed
