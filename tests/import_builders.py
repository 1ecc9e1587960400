"""Files to import, and what became of them, in few words."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openpyxl import Workbook

from core.importing.columns import ColumnMapping
from core.importing.formats import identify
from core.importing.limits import LIMITS, Limits
from core.importing.pipeline import Accepted, Reject, Source, open_source, outcomes_of
from core.importing.readers import read
from core.importing.records import SourceRecord

SHARED = Path(os.environ.get("TOUCHSTONE_SHARED", Path(__file__).parents[2] / "shared")) / "data"
shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the real data is not beside the checkout")
GOOD = '{"instruction": "Add.", "input": "1+1", "output": "2"}'
QA = {"question": "Why?", "answer": "Because."}


@dataclass
class Imported:
    """All outcomes of a file; `duplicates` are (line, first line)."""

    source: Source
    accepted: list[Accepted] = field(default_factory=list)
    rejects: list[Reject] = field(default_factory=list)
    duplicates: list[tuple[int, int]] = field(default_factory=list)

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.source.warnings


def collect(source: Source) -> Imported:
    """Read a source to its end, in this process."""
    found = Imported(source)
    first_lines: dict[str, int] = {}
    for one in outcomes_of(source):
        if isinstance(one, Reject):
            found.rejects.append(one)
        elif one.content_hash in first_lines:
            found.duplicates.append((one.line, first_lines[one.content_hash]))
        else:
            first_lines[one.content_hash] = one.line
            found.accepted.append(one)
    return found


def put(folder: Path, name: str, content: str | bytes, encoding: str = "utf-8") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def parquet(folder: Path, columns: dict[str, Any]) -> Path:
    pq.write_table(pa.table(columns), folder / "x.parquet")
    return folder / "x.parquet"


def a_dataset_folder(folder: Path) -> Path:
    """One example, saved by the datasets library."""
    import datasets

    saved = datasets.Dataset.from_dict({name: [value] for name, value in QA.items()})
    saved.save_to_disk(folder / "saved")
    return folder / "saved"


def a_sheet(folder: Path, *rows: tuple[Any, ...], name: str = "x.xlsx") -> Path:
    """Rows as an XLSX file; without any, one example."""
    book = Workbook()
    for row in rows or (tuple(QA), tuple(QA.values())):
        book.active.append(row)
    book.save(folder / name)
    return folder / name


def imported(path: Path, mapping: ColumnMapping | None = None, **options: Any) -> Imported:
    return collect(open_source(path, mapping, **options))


def records(path: Path, limits: Limits = LIMITS) -> list[SourceRecord]:
    return list(read(path, identify(path, limits), limits))


def reasons(found: Imported) -> dict[int, str]:
    return {reject.line: reject.reason for reject in found.rejects}


def texts(found: Imported) -> list[tuple[str, str, str]]:
    return [(a.example.instruction, a.example.input, a.example.output) for a in found.accepted]
