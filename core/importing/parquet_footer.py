"""What a Parquet file says about its own size, read without pyarrow.

pyarrow 26 ends the whole process (C++ terminate) when `metadata.row_group(i).column(j)` meets a
damaged footer, and the server must survive a damaged upload. The footer is a Thrift compact
struct (apache/parquet-format, parquet.thrift); five of its fields are needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.importing.limits import MIB

MAX_FOOTER_BYTES = 8 * MIB
_TRUE, _FALSE, _BYTE, _I16, _I32, _I64, _DOUBLE, _BINARY, _LIST, _SET, _MAP, _STRUCT = range(1, 13)
_LENGTHS = {_TRUE: 1, _FALSE: 1, _BYTE: 1, _DOUBLE: 8}

# FileMetaData: 3 num_rows, 4 row_groups; RowGroup: 1 columns; ColumnChunk: 3 meta_data;
# ColumnMetaData: 5 num_values, 6 total_uncompressed_size.
_Wanted = dict[int, "_Wanted"]
_SIZES: _Wanted = {3: {}, 4: {1: {3: {5: {}, 6: {}}}}}


class DamagedFooter(ValueError):
    """The end of the file is not the footer of a Parquet file."""


@dataclass(frozen=True, slots=True)
class Footer:
    """Rows; values in all columns (a list of a thousand counts a thousand); bytes unpacked."""

    rows: int
    values: int
    unpacked_bytes: int


def read_footer(path: Path) -> Footer:
    """The sizes a Parquet file claims. Raises DamagedFooter, also for one over 8 MB."""
    try:
        found = _Thrift(_footer_bytes(path)).struct(_SIZES)
        chunks = [chunk[3] for group in found[4] for chunk in group[1]]
        footer = Footer(found[3], sum(c[5] for c in chunks), sum(c[6] for c in chunks))
    except (IndexError, KeyError, TypeError, RecursionError) as error:
        raise DamagedFooter("the footer does not make sense") from error
    if min(footer.rows, *(chunk[5] for chunk in chunks), *(chunk[6] for chunk in chunks), 0) < 0:
        raise DamagedFooter("a size is negative")
    return footer


def _footer_bytes(path: Path) -> bytes:
    size = path.stat().st_size
    with path.open("rb") as file:
        file.seek(max(0, size - 8))
        end = file.read()
        length = int.from_bytes(end[:4], "little")
        if end[4:] != b"PAR1" or length > min(MAX_FOOTER_BYTES, size - 8):
            raise DamagedFooter("the file does not end with a footer")
        file.seek(size - 8 - length)
        return file.read(length)


class _Thrift:
    """A reader of the compact protocol that keeps what is wanted and skips the rest."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def struct(self, wanted: _Wanted) -> dict[int, Any]:
        """The wanted fields of a struct, by number."""
        found: dict[int, Any] = {}
        field = 0
        while head := self._byte():
            step, kind = head >> 4, head & 15
            field = field + step if step else self._integer()
            inner = wanted.get(field)
            value = kind == _TRUE if kind in (_TRUE, _FALSE) else self._value(kind, inner)
            if inner is not None:
                found[field] = value
        return found

    def _value(self, kind: int, wanted: _Wanted | None) -> Any:
        if kind in (_I16, _I32, _I64):
            return self._integer()
        if kind == _STRUCT:
            return self.struct(wanted or {})
        if kind in (_LIST, _SET):
            return self._list(wanted)
        if kind == _MAP:
            return self._skip_map()
        length = self._varint() if kind == _BINARY else _LENGTHS[kind]
        self._at += length
        return None

    def _list(self, wanted: _Wanted | None) -> list[Any]:
        head = self._byte()
        count, kind = head >> 4, head & 15
        if count == 15:
            count = self._varint()
        if wanted:
            return [self._value(kind, wanted) for _ in range(count)]
        for _ in range(count):
            self._value(kind, None)
            self._within()
        return []

    def _skip_map(self) -> None:
        if count := self._varint():
            kinds = self._byte()
            for _ in range(count):
                self._value(kinds >> 4, None)
                self._value(kinds & 15, None)
                self._within()

    def _within(self) -> None:
        if self._at > len(self._data):
            raise IndexError

    def _byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1]

    def _varint(self) -> int:
        value = shift = 0
        while (byte := self._byte()) >= 128:
            value |= (byte & 127) << shift
            shift += 7
            if shift > 63:
                raise IndexError
        return value | byte << shift

    def _integer(self) -> int:
        value = self._varint()
        return (value >> 1) ^ -(value & 1)
