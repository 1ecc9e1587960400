"""A JSON file as records, one element at a time: a list, or an object with one list of objects.

Only a window of the file is in memory, so a list of a gigabyte costs no more than its largest
element.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

from core.importing.formats import FileKind
from core.importing.limits import Limits, UnreadableFile
from core.importing.records import (
    DECODER,
    Refused,
    SourceRecord,
    excerpt,
    json_reason,
    record_from,
    storable,
)
from core.importing.text import bytes_read, open_text

_CHUNK = 262_144
_WINDOW_ROWS = 8  # an element may be this many times over the row limit and still be skipped
_SPACE = " \t\r\n"
WHOLE = ""  # "the object itself is the one record"


class _Broken(Exception):
    """The text stops being JSON here, so nothing after it can be found."""

    def __init__(self, reason: str, raw: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.raw = raw


@dataclass(frozen=True, slots=True)
class _Element:
    """One parsed value: `number` from 1 in the list under `key`, or 0 for a plain field."""

    key: str
    number: int
    value: Any
    chars: int


class _Window:
    """A piece of the text with a position in it; reads on when a value is not complete."""

    def __init__(self, file: TextIO, limits: Limits) -> None:
        self._file = file
        self._limits = limits
        self._text = ""
        self._at = 0
        self._ended = False

    def peek(self) -> str:
        """The next character that is no space; "" at the end."""
        while True:
            while self._at < len(self._text) and self._text[self._at] in _SPACE:
                self._at += 1
            if self._at < len(self._text) or not self._fill():
                return self._text[self._at : self._at + 1]

    def take(self, expected: str) -> str:
        """The next character, which must be one of `expected`."""
        if (found := self.peek()) and found in expected:
            self._at += 1
            return found
        wanted = " or ".join(expected)
        raise _Broken(f"Not valid JSON: {wanted} is missing here.", self._rest())

    def value(self) -> tuple[Any, int]:
        """The next value, and how many characters it took."""
        self.peek()
        while True:
            try:
                value, end = self._decode()
            except (ValueError, RecursionError) as error:
                # An unfinished value and a wrong one look alike: read on, within bounds.
                if isinstance(error, RecursionError) or self._is_full() or not self._fill():
                    raise _Broken(json_reason(error, self._limits), self._rest()) from None
                continue
            if end == len(self._text) and self._text[-1] not in '}]"' and self._fill():
                continue  # 12 may go on as 123
            chars, self._at = end - self._at, end
            return value, chars

    def _decode(self) -> tuple[Any, int]:
        try:
            return DECODER.raw_decode(self._text, self._at)
        except json.JSONDecodeError:
            raise
        except ValueError as error:
            # NaN or a repeated field: the element is refused, but where it ends is known.
            _, end = json.JSONDecoder().raw_decode(self._text, self._at)
            return Refused(json_reason(error, self._limits)), end

    def _is_full(self) -> bool:
        return len(self._text) - self._at > _WINDOW_ROWS * self._limits.row_chars

    def _fill(self) -> bool:
        """Append at least as much as is there, so that retries stay linear in total."""
        if self._ended:
            return False
        rest = self._text[self._at :]
        more = self._file.read(max(_CHUNK, len(rest)))
        self._text, self._at, self._ended = rest + more, 0, not more
        return bool(more)

    def at_byte(self) -> int:
        """Roughly how many bytes of the file lie before the position."""
        return max(0, bytes_read(self._file) - (len(self._text) - self._at))

    def _rest(self) -> str:
        return excerpt(self._text[self._at : self._at + 500])


def read_json(path: Path, kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """The records of a JSON file; the line is the position in the list, from 1.

    After broken JSON there is one last record with the reason. Raises UnreadableFile when an
    object holds two lists of objects.
    """
    key = _list_key(path, kind, limits)
    with open_text(path, kind) as file:
        if key == WHOLE and _starts_with(file, "{"):
            yield _whole_record(file, limits)
        else:
            yield from _list_records(_Window(file, limits), key, limits)


def _starts_with(file: TextIO, sign: str) -> bool:
    text = " "
    while text.isspace():
        text = file.read(1)
    file.seek(0)
    return text == sign


def _whole_record(file: TextIO, limits: Limits) -> SourceRecord:
    window = _Window(file, limits)
    try:
        value, chars = window.value()
        if window.peek():
            raise _Broken(
                "Not valid JSON: something follows the first object. Put all objects into one list,"
                " or each on a line of its own (JSONL).",
                "",
            )
    except _Broken as broken:
        return SourceRecord(1, error=broken.reason, raw=broken.raw)
    if chars > limits.row_chars:
        return SourceRecord(1, error=limits.too_long)
    return record_from(value, 1, limits, window.at_byte())


def _list_records(window: _Window, key: str, limits: Limits) -> Iterator[SourceRecord]:
    number = 0
    try:
        for element in _walk(window):
            if element.key != key or not element.number:
                continue
            number = element.number
            if element.chars > limits.row_chars:
                yield SourceRecord(number, error=limits.too_long, raw=excerpt(element.value))
            else:
                yield record_from(element.value, number, limits, window.at_byte())
    except _Broken as broken:
        reason = f"{broken.reason} Nothing after this place could be read."
        yield SourceRecord(number + 1, error=reason, raw=broken.raw)


def _list_key(path: Path, kind: FileKind, limits: Limits) -> str:
    """Under which key the records are; WHOLE when the file is a list, or one record itself.

    An object is walked once in advance: two lists of objects are refused before any is read.
    """
    with open_text(path, kind) as file:
        window = _Window(file, limits)
        if window.peek() == "[":
            return WHOLE
        lists = _lists_of_objects(window)
    if len(lists) > 1:
        names = ", ".join(f"'{storable(name)}'" for name in lists)
        raise UnreadableFile(
            f"The file has several lists of records: {names}. Save each as a file of its own."
        )
    # `instances` belong to the one task around them (self-instruct); they are not the records.
    return lists[0] if lists and lists[0] != "instances" else WHOLE


def _lists_of_objects(window: _Window) -> list[str]:
    keys: dict[str, None] = {}
    try:
        for element in _walk(window):
            if element.number and isinstance(element.value, dict):
                keys[element.key] = None
    except _Broken:
        pass  # told when the records are read
    return list(keys)


def _walk(window: _Window) -> Iterator[_Element]:
    """Every element of the outer list, or every field and list element of the outer object."""
    if window.peek() == "[":
        yield from _elements(window, WHOLE)
    elif window.take("{") and window.peek() == "}":
        window.take("}")
    else:
        yield from _fields(window)
    if window.peek():
        raise _Broken("Not valid JSON: something follows the end.", "")


def _fields(window: _Window) -> Iterator[_Element]:
    while True:
        if window.peek() != '"':
            window.take('"')
        key, _ = window.value()
        window.take(":")
        if window.peek() == "[":
            yield from _elements(window, key)
        else:
            yield _Element(key, 0, *window.value())
        if window.take(",}") == "}":
            return


def _elements(window: _Window, key: str) -> Iterator[_Element]:
    window.take("[")
    if window.peek() == "]":
        window.take("]")
        return
    number = 0
    while True:
        number += 1
        yield _Element(key, number, *window.value())
        if window.take(",]") == "]":
            return
