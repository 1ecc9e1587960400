"""Text files line by line: in their own encoding, never more of a line than its limit."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from json.encoder import encode_basestring_ascii as quoted
from pathlib import Path
from typing import Any, TextIO

from core.importing.formats import FileKind

# Newlines as the csv module wants them ("") and as JSON lines want them (None: all become LF).
# Neither splits at U+2028 or U+0085, which str.splitlines would.
KEEP_NEWLINES = ""


def open_text(path: Path, kind: FileKind, newline: str | None = None) -> TextIO:
    """The file as text in its own encoding."""
    return path.open(encoding=kind.text.name, errors=kind.text.errors, newline=newline)


def bounded_lines(file: TextIO, limit: int) -> Iterator[tuple[int, str, bool]]:
    """(number from 1, text, True), or (number, beginning, False) for a line over the limit.

    The rest of an overlong line is skipped in pieces: no more than `limit` is ever held.
    """
    number = 0
    while text := file.readline(limit + 1):
        number += 1
        if len(text) <= limit or text.endswith(("\n", "\r")):
            yield number, text, True
            continue
        while (rest := file.readline(limit)) and not rest.endswith(("\n", "\r")):
            pass
        yield number, text, False


def bytes_read(file: TextIO) -> int:
    """How many bytes of the file below a text stream have been taken so far."""
    # file.tell() is refused while lines are read; the buffer below knows.
    return file.buffer.tell()


def as_json(values: Mapping[str, Any]) -> str:
    """A JSON object of names and plain values, as json.dumps writes it, quickly for texts."""
    if any(type(value) is not str for value in values.values()):
        return json.dumps(values)
    pairs = (f"{quoted(name)}: {quoted(value)}" for name, value in values.items())
    return f"{{{', '.join(pairs)}}}"
