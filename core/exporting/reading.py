"""Rows of a Parquet file in the order of a column, a few row groups in memory at a time.

The database writes them in long runs that are in order each, so the sorted rows are few pieces of
the file that follow each other.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

Piece = tuple[int, int]
# Pieces shorter than this on average are gathered from the whole table, read into memory.
_SHORTEST = 64
_HELD = 3  # row groups


def in_order(source: Path, names: Sequence[str], by: str, size: int) -> Iterator[pa.Table]:
    """Batches of at most `size` rows with the columns `names`, sorted by the column `by`, in the
    order of the file where there is no such column."""
    file = pq.ParquetFile(source)
    columns = list(names)
    if by not in file.schema_arrow.names:
        yield from (
            pa.Table.from_batches([one]) for one in file.iter_batches(size, columns=columns)
        )
        return
    key = pq.read_table(source, columns=[by])[by]
    order = pc.sort_indices(key).to_numpy()
    pieces = _pieces(order)
    if len(pieces) * _SHORTEST > len(order) > size:
        table = pq.read_table(source, columns=columns)
        yield from (table.take(order[at : at + size]) for at in range(0, len(order), size))
        return
    rows = _Rows(file, columns)
    for first, end in pieces:
        for at in range(first, end, size):
            yield rows.between(at, min(at + size, end))


def read_ahead(batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    """The same batches, each read in a thread while the one before it is used."""
    with ThreadPoolExecutor(1) as reader:
        coming = reader.submit(next, batches, None)
        while (batch := coming.result()) is not None:
            coming = reader.submit(next, batches, None)
            yield batch


def _pieces(order: NDArray[np.int64]) -> list[Piece]:
    """(first row, row behind the last) of the pieces that `order` puts one behind the other."""
    rows = order.astype(np.int64)
    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    starts = [0, *breaks.tolist()]
    ends = [*breaks.tolist(), len(rows)]
    return [
        (int(rows[a]), int(rows[b - 1]) + 1) for a, b in zip(starts, ends, strict=True) if a < b
    ]


class _Rows:
    """Ranges of a file's rows; the row groups read last are kept."""

    def __init__(self, file: pq.ParquetFile, columns: list[str]) -> None:
        sizes = [file.metadata.row_group(n).num_rows for n in range(file.num_row_groups)]
        self._ends = np.cumsum(sizes)
        self._group = lru_cache(_HELD)(lambda n: file.read_row_group(n, columns=columns))

    def between(self, first: int, end: int) -> pa.Table:
        """The rows from `first` to before `end`."""
        parts = []
        number = int(np.searchsorted(self._ends, first, side="right"))
        while first < end:
            start = int(self._ends[number - 1]) if number else 0
            stop = min(end, int(self._ends[number]))
            parts.append(self._group(number).slice(first - start, stop - first))
            first, number = stop, number + 1
        return pa.concat_tables(parts).combine_chunks()
