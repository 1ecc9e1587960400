"""JSONL, CSV and messages: examples as lines of text, each made once for all files it goes into."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack
from functools import lru_cache
from itertools import compress, groupby, repeat
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import orjson
import pyarrow as pa

from core.conversation import turns_of
from core.examples.example import FIELDS
from core.exporting.cells import safe_cell
from core.exporting.layout import HASH, Layout, as_object, labels_in, splits_of
from core.importing.chat import BETWEEN

# str.splitlines and some editors end a line at these; written as escapes they cannot.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_LINE_END = re.compile("[\x85\u2028\u2029]")
_QUOTED_IN_CSV = re.compile('[",\r\n]')
_QUOTE = '"'
_to_json = json.JSONEncoder(ensure_ascii=False).encode
# Columns of which nearly every value is another: remembering them would only take memory.
_ALL_DIFFERENT = frozenset(("example_id", "revision_id", "external_id", HASH, "line", *FIELDS))

Encoder = Callable[[pa.Table], Iterable[bytes]]
Column = list[bytes | None]
T = TypeVar("T")
P = TypeVar("P", bytes, bytes | None)


class TextFiles:
    """Files of lines; `encode` makes the lines of a batch, `header` stands first in each file."""

    def __init__(self, folder: Path, suffix: str, encode: Encoder, header: bytes = b"") -> None:
        self._folder, self._suffix = folder, suffix
        self._encode, self._header = encode, header
        self._whole = ""
        self._open: dict[str, BinaryIO] = {}
        self._stack = ExitStack()

    def open(self, name: str) -> None:
        """Begin a file; the first one gets every example, others those of the split they name."""
        path = self._folder / f"{name}{self._suffix}"
        file = self._stack.enter_context(path.open("wb", buffering=1 << 20))
        file.write(self._header)
        self._whole = self._whole or name
        self._open[name] = file

    def write(self, batch: pa.Table) -> None:
        """Append a batch."""
        lines = list(self._encode(batch))
        self._open[self._whole].writelines(lines)
        splits = splits_of(batch)
        for name, file in self._open.items():
            if name != self._whole:
                file.writelines(compress(lines, (split == name for split in splits)))

    def close(self) -> list[Path]:
        """Close every file; their paths."""
        self._stack.close()
        return [self._folder / f"{name}{self._suffix}" for name in self._open]


def json_lines(folder: Path, layout: Layout) -> TextFiles:
    """One JSON object a line: the id, the three texts, labels and metadata as objects, …."""
    columns = _JsonColumns(layout)

    def encode(batch: pa.Table) -> Iterable[bytes]:
        return _lines([columns.column(batch, name) for name in columns.names], columns, batch)

    return TextFiles(folder, ".jsonl", encode)


def message_lines(folder: Path, layout: Layout) -> TextFiles:
    """The same with the three texts as turns: "messages", each with role and content.

    An input that is no conversation follows the instruction in the user's turn, and stands in
    "input" too, so that an import tells the two apart.
    """
    columns = _JsonColumns(layout)
    rest = [name for name in columns.names if name not in ("example_id", *FIELDS)]

    def encode(batch: pa.Table) -> Iterable[bytes]:
        texts = zip(*(batch[name].to_pylist() for name in FIELDS), strict=True)
        turns: Column = [_messages(i or "", x or "", o or "") for i, x, o in texts]
        others = [columns.column(batch, name) for name in rest]
        return _lines([columns.column(batch, "example_id"), turns, *others], columns, batch)

    return TextFiles(folder, ".jsonl", encode)


def csv_rows(folder: Path, layout: Layout) -> TextFiles:
    """A column per field, label ("labels.NAME") and part of the provenance; cells made safe."""
    names = [name for name in layout.columns if name != "labels"]
    at = names.index("output") + 1
    labels = [f"labels.{name}" for name in layout.labels]
    provenance = [f"provenance.{name}" for name in layout.provenance]
    header = ["id", *names[1:at], *labels, *names[at:], HASH, *provenance]
    known = lru_cache(10_000)(labels_in)

    def encode(batch: pa.Table) -> Iterable[bytes]:
        columns = [_each(batch, name, _cell) for name in (*names, HASH, *layout.provenance)]
        given = [known(text) for text in batch["labels"].to_pylist()] if labels else []
        listed = [[_cell(one.get(name)) for one in given] for name in layout.labels]
        return _rows([*columns[:at], *listed, *columns[at:]])

    first = b"".join(_rows([[_cell(name)] for name in header]))
    return TextFiles(folder, ".csv", encode, first)


def _rows(columns: list[list[bytes]]) -> Iterable[bytes]:
    return (b",".join(row) + b"\r\n" for row in zip(*_merged(columns, b","), strict=True))


class _Same(list[T]):
    """A column that has the same value in every row."""


def _each(batch: pa.Table, name: str, made: Callable[[Any], T]) -> list[T]:
    """What is made of each value of a column; of values that repeat, once."""
    if name in _ALL_DIFFERENT:
        return [made(value) for value in batch[name].to_pylist()]
    coded = batch[name].combine_chunks().dictionary_encode(null_encoding="encode")
    pieces = [made(value) for value in coded.dictionary.to_pylist()]
    if len(pieces) == 1:
        return _Same(repeat(pieces[0], batch.num_rows))
    return [pieces[code] for code in coded.indices.to_pylist()]


def _merged(parts: Sequence[list[P]], between: bytes) -> list[list[P] | list[bytes]]:
    """Columns of which those that stand side by side and never change are joined to one."""
    columns: list[list[P] | list[bytes]] = []
    for same, run in groupby(parts, key=lambda part: isinstance(part, _Same)):
        if not same:
            columns += run
            continue
        alike = list(run)
        pieces = [column[0] for column in alike if column[0] is not None]
        columns.append([between.join(pieces)] * len(alike[0]))
    return columns


class _JsonColumns:
    """Columns as pieces of JSON objects, `"name": value` for each row, None where there is none."""

    def __init__(self, layout: Layout) -> None:
        self.names, self.provenance = [*layout.columns, HASH], layout.provenance
        self._pieces = {name: _encoder(name) for name in (*self.names, *self.provenance)}

    def column(self, batch: pa.Table, name: str) -> Column:
        """One column of a batch."""
        return _each(batch, name, self._pieces[name])


def _lines(parts: list[Column], columns: _JsonColumns, batch: pa.Table) -> Iterable[bytes]:
    """The objects whose pieces stand side by side in `parts`, with the provenance behind them."""
    if columns.provenance:
        told = _joined([columns.column(batch, name) for name in columns.provenance])
        parts = [*parts, [b'"provenance": {%b}' % one for one in told]]
    return (b"{%b}\n" % one for one in _joined(parts))


def _joined(parts: list[Column]) -> Iterable[bytes]:
    """The pieces of each row that are there, with commas between them."""
    rows = zip(*_merged(parts, b", "), strict=True)
    return (b", ".join(filter(None, row)) for row in rows)


def _encoder(name: str) -> Callable[[Any], bytes | None]:
    """What makes `"name": value` of a value of that column."""
    key = _quoted("id" if name == "example_id" else name) + b": "

    def text(value: Any) -> bytes | None:
        return key + _quoted(value or "")

    def other(value: Any) -> bytes | None:
        if value is None:
            return None
        if type(value) is str:
            return key + _quoted(value)
        return key + (b"%d" % value if type(value) is int else _json(value))

    def from_json(value: Any) -> bytes | None:
        return None if value is None else key + _json(as_object(value))

    if name in FIELDS:
        return text
    return from_json if name in ("meta", "labels", "annotations") else other


def _messages(asked: str, given: str, answer: str) -> bytes:
    turns = turns_of(given)
    plain = "" if turns else given
    content = f"{asked}{BETWEEN}{plain}" if asked and plain else asked or plain
    said = [*turns, ("user", content), *([("assistant", answer)] if answer else [])]
    listed = b", ".join(
        b'{"role": "%b", "content": %b}' % (who.encode(), _quoted(text)) for who, text in said
    )
    return b'"messages": [%b]' % listed + (b', "input": ' + _quoted(plain) if plain else b"")


def _quoted(text: str) -> bytes:
    """A text in JSON; orjson escapes the same characters as json does."""
    made = orjson.dumps(text)
    if text.isascii() or not _LINE_END.search(text):
        return made
    return made.decode().translate(_LINE_ENDS).encode()


def _json(value: Any) -> bytes:
    text = _to_json(value)
    return (text if text.isascii() else text.translate(_LINE_ENDS)).encode()


def _cell(value: Any) -> bytes:
    """A value as a cell that no spreadsheet runs, quoted as csv.writer would, only faster."""
    if value is None:
        return b""
    if type(value) is str:
        text = safe_cell(value)
    else:
        text = str(value) if type(value) is int else _to_json(value)
    if _QUOTED_IN_CSV.search(text):
        text = f'"{text.replace(_QUOTE, _QUOTE * 2)}"'
    return text.encode()
