"""The formats that examples are exported in: one table, which pages and terminal read.

A new format is one entry here and a class of files, as `core.exporting.text_files` has them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, get_args

from core.errors import InvalidInput
from core.jobs.kinds import function_of

if TYPE_CHECKING:
    import pyarrow as pa

    from core.exporting.layout import Layout

FOLDER, MANIFEST = "dataset", "manifest.json"
ExportFormat = Literal["jsonl", "csv", "parquet", "messages", "dataset"]


class Files(Protocol):
    """The files of one export: `open` each by name, `write` batches, `close`."""

    def open(self, name: str) -> None:
        """Begin a file; one that gets no example is there too."""

    def write(self, batch: pa.Table) -> None:
        """Append a batch to the file of everything, and its rows to those of their splits."""

    def close(self) -> list[Path]:
        """End every file; what was written, folders too."""
        ...


@dataclass(frozen=True)
class Format:
    """`suffix` of its files ("" for a folder); `files` makes a `Files` of (folder, Layout)."""

    name: ExportFormat
    label: str
    about: str
    suffix: str
    files: str

    def open(self, folder: Path, layout: Layout) -> Files:
        """The files of an export into a folder."""
        made: Files = function_of(self.files)(folder, layout)
        return made


EXPORT_FORMATS: dict[str, Format] = {
    one.name: one
    for one in (
        Format(
            "jsonl",
            "JSONL",
            "one JSON object a line",
            ".jsonl",
            "core.exporting.text_files:json_lines",
        ),
        Format("csv", "CSV", "for spreadsheets", ".csv", "core.exporting.text_files:csv_rows"),
        Format(
            "parquet",
            "Parquet",
            "for pandas, Polars and DuckDB",
            ".parquet",
            "core.exporting.arrow_files:ParquetFiles",
        ),
        Format(
            "messages",
            "Messages (JSONL)",
            "chat turns with role and content",
            ".jsonl",
            "core.exporting.text_files:message_lines",
        ),
        Format(
            "dataset",
            "datasets folder",
            "for load_from_disk of the datasets library",
            "",
            "core.exporting.arrow_files:DatasetFiles",
        ),
    )
}


def format_named(name: str) -> Format:
    """The format of that name. Raises InvalidInput."""
    if name not in get_args(ExportFormat):
        raise InvalidInput(f"“{name}” is no export format. Known: {', '.join(EXPORT_FORMATS)}.")
    return EXPORT_FORMATS[name]
