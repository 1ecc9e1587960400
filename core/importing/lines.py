"""JSONL as records: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.importing.formats import FileKind
from core.importing.limits import Limits
from core.importing.records import SourceRecord, excerpt, record_from_text
from core.importing.text import bounded_lines, bytes_read, open_text

_ASK_EVERY = 100  # lines: asking how far the reading is takes as long as reading a line


def read_lines(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """The records of a JSONL file; blank lines are none."""
    at_byte = 0
    with open_text(path, kind) as file:
        for line, text, whole in bounded_lines(file, limits.row_chars):
            if line % _ASK_EVERY == 1:
                at_byte = bytes_read(file)
            if not whole:
                yield SourceRecord(line, error=limits.too_long, raw=excerpt(text))
            elif text.strip():
                yield record_from_text(text.rstrip(), line, limits, at_byte)
