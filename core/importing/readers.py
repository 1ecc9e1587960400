"""Every accepted file as a stream of records.

for record in read(path, identify(path)):
    print(record.line, record.values or record.error)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from core.importing.encodings import damaged_text
from core.importing.formats import FileKind
from core.importing.limits import LIMITS, Limits
from core.importing.records import SourceRecord, excerpt, record_from_text
from core.importing.text import bounded_lines, bytes_read, open_text

OnBytes = Callable[[int], None]
_PROGRESS_EVERY = 500


def read(
    path: Path, kind: FileKind, limits: Limits = LIMITS, on_bytes: OnBytes | None = None
) -> Iterator[SourceRecord]:
    """The records of a file in order, one at a time; `on_bytes` hears how far the reading is.

    Broken records come with their reason. Raises UnreadableFile when the file as a whole is
    damaged, TooLarge at the first record over the limit.
    """
    try:
        for count, record in enumerate(_reader(path, kind, limits), start=1):
            limits.check_records(count)
            if on_bytes is not None and count % _PROGRESS_EVERY == 1:
                on_bytes(record.at_byte)
            yield record
    except UnicodeDecodeError:
        # A preview judges the encoding by the beginning, so this may come late. Only UTF-16:
        # bad bytes of UTF-8 become surrogates, and Windows-1252 was tried on every byte.
        raise damaged_text() from None


def _reader(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    # Imported here so that a page that imports CSV does not load pyarrow.
    match kind.format:
        case "jsonl":
            return _read_jsonl(path, kind, limits)
        case "json":
            from core.importing.json_stream import read_json

            return read_json(path, kind, limits)
        case "parquet":
            from core.importing.parquet import read_parquet

            return read_parquet(path, limits)
        case _:
            from core.importing.delimited import read_delimited

            return read_delimited(path, kind, limits)


def _read_jsonl(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    with open_text(path, kind) as file:
        for line, text, whole in bounded_lines(file, limits.row_chars):
            if not whole:
                yield SourceRecord(line, error=limits.too_long, raw=excerpt(text))
            elif text.strip():
                yield record_from_text(text.rstrip(), line, limits, bytes_read(file))
