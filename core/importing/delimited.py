"""CSV and TSV as records, with the physical line on which each starts."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from core.exporting.cells import plain_cell
from core.importing.formats import ACCEPTED, FileKind
from core.importing.limits import Limits, UnreadableFile
from core.importing.records import SourceRecord, excerpt, unique_names
from core.importing.text import KEEP_NEWLINES, bounded_lines, bytes_read, open_text

_MAX_RETRIES = 100
# What an export of Touchstone has, whose cells are escaped where a spreadsheet would run them.
_OWN = {"instruction", "input", "output", "content_hash"}


class _RecordTooLong(Exception):
    """The lines of the record being read pass the limit."""


class _Lines:
    """Physical lines for csv.reader, which remembers those of the record being read.

    A quotation mark that is never closed swallows everything after it. `retry()` gives all but
    the first of the swallowed lines back, so that one broken record does not take the rest of
    the file with it. That happens at most 100 times a file, which bounds the work.
    """

    def __init__(self, file: TextIO, limit: int) -> None:
        self._fresh = bounded_lines(file, limit)
        self._again: list[tuple[int, str, bool]] = []
        self._held: list[tuple[int, str, bool]] = []
        self._held_chars = 0
        self._limit = limit
        self._retries = 0

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        line = self._again.pop() if self._again else next(self._fresh)
        _, text, whole = line
        self._held.append(line)
        self._held_chars += len(text)
        if not whole or (len(self._held) > 1 and self._held_chars > self._limit):
            raise _RecordTooLong
        return text

    def start_record(self) -> None:
        """Forget the lines of the record before."""
        self._held = []
        self._held_chars = 0

    def retry(self) -> None:
        """Read the lines of the failed record again, without its first."""
        if self._retries < _MAX_RETRIES:
            self._retries += 1
            self._again.extend(reversed(self._held[1:]))

    @property
    def held(self) -> int:
        """How many lines the record has so far."""
        return len(self._held)

    @property
    def first(self) -> tuple[int, str]:
        """Number and text of the line on which the record starts."""
        number, text, _ = self._held[0]
        return number, text


def header_of(path: Path, kind: FileKind, limits: Limits) -> tuple[list[str], list[str]]:
    """The column names of a CSV or TSV file, and warnings about names that had to change."""
    with open_text(path, kind, KEEP_NEWLINES) as file:
        return unique_names(_read_header(*_open_reader(file, kind, limits)))


def read_delimited(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """The records after the header; a record that does not fit it comes with the reason."""
    with open_text(path, kind, KEEP_NEWLINES) as file:
        lines, reader = _open_reader(file, kind, limits)
        columns, _ = unique_names(_read_header(lines, reader))
        escaped = set(columns) >= _OWN
        while True:
            lines.start_record()
            try:
                row = next(reader)
            except StopIteration:
                return
            except (csv.Error, _RecordTooLong) as error:
                line, text = lines.first
                yield SourceRecord(
                    line, error=_reason(error, lines.held, limits), raw=excerpt(text)
                )
                lines.retry()
                continue
            if row:
                cells = [plain_cell(cell) for cell in row] if escaped else row
                yield _record(cells, columns, lines.first[0], bytes_read(file))


def _open_reader(
    file: TextIO, kind: FileKind, limits: Limits
) -> tuple[_Lines, Iterator[list[str]]]:
    # The csv module has one limit for the whole process, by default 131,072; ours is stricter
    # than any it could have here, because _Lines ends a record first.
    csv.field_size_limit(max(csv.field_size_limit(), limits.row_chars + 1))
    lines = _Lines(file, limits.row_chars)
    return lines, csv.reader(lines, delimiter=kind.delimiter, strict=True)


def _read_header(lines: _Lines, reader: Iterator[list[str]]) -> list[str]:
    row: list[str] = []
    try:
        while not row:
            lines.start_record()
            row = next(reader)
    except (csv.Error, _RecordTooLong):
        raise UnreadableFile(
            "The first line, which should name the columns, cannot be read: a quotation mark is"
            " never closed, or the line is too long."
        ) from None
    except StopIteration:
        raise UnreadableFile(f"The file is empty. {ACCEPTED}") from None
    if not any(name.strip() for name in row):
        raise UnreadableFile("The first line names no column. Put the column names there.")
    return row


def _record(row: list[str], columns: list[str], line: int, at_byte: int) -> SourceRecord:
    if len(row) == len(columns):
        return SourceRecord(line, dict(zip(columns, row, strict=True)), at_byte=at_byte)
    error = f"The line has {len(row)} cells where the header has {len(columns)}."
    return SourceRecord(line, error=error, raw=excerpt(row), at_byte=at_byte)


def _reason(error: Exception, lines: int, limits: Limits) -> str:
    if isinstance(error, _RecordTooLong):
        return limits.too_long
    if lines > 1 or "unexpected end of data" in str(error):
        return "A quotation mark is opened here and never closed properly."
    return f"Not valid CSV: {error}. Quotation marks inside a cell are written twice."
