"""Every accepted file as a stream of records.

for record in read(path, identify(path)):
    print(record.line, record.values or record.error)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from core.importing.encodings import damaged_text
from core.importing.formats import FORMATS, FileKind
from core.importing.limits import LIMITS, Limits
from core.importing.records import SourceRecord
from core.jobs.kinds import function_of

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
        records = function_of(FORMATS[kind.format].reader)(path, kind, limits)
        for count, record in enumerate(records, start=1):
            limits.check_records(count)
            if on_bytes is not None and count % _PROGRESS_EVERY == 1:
                on_bytes(record.at_byte)
            yield record
    except UnicodeDecodeError:
        # A preview judges the encoding by the beginning, so this may come late. Only UTF-16:
        # bad bytes of UTF-8 become surrogates, and Windows-1252 was tried on every byte.
        raise damaged_text() from None
