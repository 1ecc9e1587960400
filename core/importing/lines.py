"""JSONL as records: one JSON object a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from core.importing.formats import FileKind
from core.importing.limits import Limits
from core.importing.records import SourceRecord, excerpt, record_from_text
from core.importing.text import bounded_lines, bytes_read, open_text


def read_lines(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """The records of a JSONL file; blank lines are none."""
    with open_text(path, kind) as file:
        for line, text, whole in bounded_lines(file, limits.row_chars):
            if not whole:
                yield SourceRecord(line, error=limits.too_long, raw=excerpt(text))
            elif text.strip():
                yield record_from_text(text.rstrip(), line, limits, bytes_read(file))
