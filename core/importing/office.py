"""Office files: what a zip archive is, and the rows of XLSX sheets as records, one at a time."""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.importing.formats import FileKind
from core.importing.limits import Limits, UnreadableFile
from core.importing.records import SourceRecord, excerpt, unique_names

SHEET = "sheet"
# What libraries raise for a file that is damaged inside: they say it in the words of their parts.
DAMAGE: tuple[type[Exception], ...] = (
    *(zipfile.BadZipFile, zlib.error, SyntaxError, struct.error, EOFError, OSError),
    *(ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError),
    *(NotImplementedError, RecursionError),
)


def read_xlsx(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """The rows below the first one of each sheet, the line being the row in its sheet.

    Of formulas the values that were saved with them. Where several sheets have rows, the column
    "sheet" says which. Raises UnreadableFile.
    """
    from openpyxl import load_workbook

    try:
        with path.open("rb") as file:  # by its name alone openpyxl would refuse others than .xlsx
            book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
            try:
                yield from _sheets(book, kind, limits)
            finally:
                book.close()
    except DAMAGE:
        raise damaged("XLSX file", "Open and save it again, or save the sheet as CSV.") from None


def _sheets(book: Any, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    sheets = [one for one in book.worksheets if _has_rows(one)]
    if not sheets:
        raise UnreadableFile("The XLSX file has no rows. Put the column names into the first.")
    total, before = sum(max(one.max_row or 1, 1) for one in sheets), 0
    for sheet in sheets:
        named = sheet.title if len(sheets) > 1 else ""
        for record in _records(sheet, named, limits):
            done = min(kind.size, kind.size * (before + record.line) // total)
            yield record._replace(at_byte=done)
        before += max(sheet.max_row or 1, 1)


def damaged(what: str, advice: str) -> UnreadableFile:
    """The refusal of a file whose beginning is right and whose inside is not."""
    return UnreadableFile(f"The {what} is damaged or incomplete. {advice}")


def _has_rows(sheet: Any) -> bool:
    return any(any(cell is not None for cell in row) for row in sheet.iter_rows(values_only=True))


def _records(sheet: Any, named: str, limits: Limits) -> Iterator[SourceRecord]:
    columns: list[str] = []
    for line, row in enumerate(sheet.iter_rows(values_only=True), start=1):
        if not any(cell is not None for cell in row):
            continue
        if not columns:
            columns = _names(row)
            continue
        yield _record(row, columns, line, named, limits)


def _names(row: tuple[Any, ...]) -> list[str]:
    """The column names of a sheet, up to the last cell that is filled."""
    filled = max(number for number, cell in enumerate(row, start=1) if cell is not None)
    return unique_names(row[:filled])[0]


def _record(
    row: tuple[Any, ...], columns: list[str], line: int, named: str, limits: Limits
) -> SourceRecord:
    chars = sum(len(cell) for cell in row if isinstance(cell, str))
    if chars > limits.row_chars:
        return SourceRecord(line, error=limits.too_long)
    beyond = [cell for cell in row[len(columns) :] if cell is not None]
    if beyond:
        error = (
            f"The row has {len(columns) + len(beyond)} cells where the first has {len(columns)}."
        )
        return SourceRecord(line, error=error, raw=excerpt([str(one) for one in row]))
    values: dict[str, Any] = dict.fromkeys(columns)
    values |= dict(zip(columns, row, strict=False))
    if named and SHEET not in values:
        values[SHEET] = named
    return SourceRecord(line, values, chars=chars)
