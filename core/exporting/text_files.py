"""JSONL, CSV and messages: examples as lines of text, each made once for all files it goes into."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from functools import lru_cache
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa

from core.conversation import turns_of
from core.examples.example import FIELDS
from core.exporting.cells import safe_cell
from core.exporting.layout import HASH, Layout, as_object, labels_in, splits_of
from core.importing.chat import BETWEEN

# str.splitlines and some editors end a line at these; written as escapes they cannot.
_LINE_ENDS = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}
_LINE_END = re.compile("[\x85\u2028\u2029]")
_to_json = json.JSONEncoder(ensure_ascii=False).encode
# Columns of which nearly every value is another: remembering them would only take memory.
_ALL_DIFFERENT = frozenset(("example_id", "revision_id", "external_id", HASH, "line", *FIELDS))

Encoder = Callable[[pa.Table], Iterable[bytes]]
Column = list[str | None]


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
        whole = self._open[self._whole]
        for split, line in zip(splits_of(batch), self._encode(batch), strict=True):
            whole.write(line)
            if split is not None and split in self._open:
                self._open[split].write(line)

    def close(self) -> list[Path]:
        """Close every file; their paths."""
        self._stack.close()
        return [self._folder / f"{name}{self._suffix}" for name in self._open]


def json_lines(folder: Path, layout: Layout) -> TextFiles:
    """One JSON object a line: the id, the three texts, labels and metadata as objects, …."""
    columns = _JsonColumns(layout)

    def encode(batch: pa.Table) -> Iterator[bytes]:
        return _lines([columns.column(batch, name) for name in columns.names], columns, batch)

    return TextFiles(folder, ".jsonl", encode)


def message_lines(folder: Path, layout: Layout) -> TextFiles:
    """The same with the three texts as turns: "messages", each with role and content.

    An input that is no conversation follows the instruction in the user's turn, and stands in
    "input" too, so that an import tells the two apart.
    """
    columns = _JsonColumns(layout)
    rest = [name for name in columns.names if name not in ("example_id", *FIELDS)]

    def encode(batch: pa.Table) -> Iterator[bytes]:
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

    def encode(batch: pa.Table) -> Iterator[bytes]:
        columns = [
            [_cell(value) for value in batch[name].to_pylist()]
            for name in (*names, HASH, *layout.provenance)
        ]
        given = [known(text) for text in batch["labels"].to_pylist()] if labels else []
        listed = [[_cell(one.get(name)) for one in given] for name in layout.labels]
        return _csv_lines(zip(*columns[:at], *listed, *columns[at:], strict=True))

    first = b"".join(_csv_lines([[safe_cell(name) for name in header]]))
    return TextFiles(folder, ".csv", encode, first)


class _JsonColumns:
    """Columns as pieces of JSON objects, `"name": value` for each row, None where there is none."""

    def __init__(self, layout: Layout) -> None:
        self.names, self.provenance = [*layout.columns, HASH], layout.provenance
        self._pieces = {name: _encoder(name) for name in (*self.names, *self.provenance)}

    def column(self, batch: pa.Table, name: str) -> Column:
        """One column of a batch."""
        piece = self._pieces[name]
        return [piece(value) for value in batch[name].to_pylist()]


def _lines(parts: list[Column], columns: _JsonColumns, batch: pa.Table) -> Iterator[bytes]:
    """The objects whose pieces stand side by side in `parts`, with the provenance behind them."""
    if columns.provenance:
        told = zip(*(columns.column(batch, name) for name in columns.provenance), strict=True)
        parts = [*parts, [f'"provenance": {{{", ".join(filter(None, one))}}}' for one in told]]
    for row in zip(*parts, strict=True):
        yield f"{{{', '.join(filter(None, row))}}}\n".encode()


def _encoder(name: str) -> Callable[[Any], str | None]:
    """What makes `"name": value` of a value of that column."""
    key = f"{_quoted('id' if name == 'example_id' else name)}: "

    def text(value: Any) -> str | None:
        return key + _quoted(value or "")

    def other(value: Any) -> str | None:
        return (
            None
            if value is None
            else key + (_quoted(value) if type(value) is str else _json(value))
        )

    def from_json(value: Any) -> str | None:
        if value is None or value == "{}":
            return None if value is None else key + value
        return key + _json(as_object(value))

    if name in FIELDS:
        return text
    if name == "meta":
        return from_json
    made = from_json if name in ("labels", "annotations") else other
    return made if name in _ALL_DIFFERENT else lru_cache(10_000)(made)


def _messages(asked: str, given: str, answer: str) -> str:
    turns = turns_of(given)
    plain = "" if turns else given
    content = f"{asked}{BETWEEN}{plain}" if asked and plain else asked or plain
    said = [*turns, ("user", content), *([("assistant", answer)] if answer else [])]
    listed = ", ".join(f'{{"role": "{who}", "content": {_quoted(text)}}}' for who, text in said)
    return f'"messages": [{listed}]' + (f', "input": {_quoted(plain)}' if plain else "")


def _quoted(text: str) -> str:
    made: str = encode_basestring(text)
    return made.translate(_LINE_ENDS) if not text.isascii() and _LINE_END.search(text) else made


def _json(value: Any) -> str:
    text = _to_json(value)
    return text if text.isascii() else text.translate(_LINE_ENDS)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if type(value) is str:
        return safe_cell(value)
    return str(value) if type(value) is int else _to_json(value)


class _Taken(list[str]):
    """A file that keeps what is written to it, a row each."""

    write = list.append


def _csv_lines(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    taken = _Taken()
    csv.writer(taken, lineterminator="\r\n").writerows(rows)
    return (line.encode() for line in taken)
