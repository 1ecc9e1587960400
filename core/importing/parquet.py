"""Parquet as records, without unpacking more than the limits allow.

A Parquet file of 900 bytes can stand for 100 GB: one long text in a dictionary, referred to by
every row. So texts are read as dictionaries, the length of each row is computed from lengths,
and only rows within the limit become Python values.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from core.importing.formats import FileKind
from core.importing.limits import Limits, TooLarge, UnreadableFile
from core.importing.parquet_footer import read_footer
from core.importing.records import SourceRecord, unique_names
from core.wording import figure

BATCH_ROWS = 1024
_BATCH_CHARS = 16_000_000
_VALUES_PER_ROW = 50
_PLAIN_VALUE_CHARS = 8
# ValueError, OverflowError: values Python cannot hold (a date in the year 300,000, text that is
# not UTF-8). KeyError: pyarrow does not find a column under its own name.
_DAMAGE = (pa.ArrowException, OSError, ValueError, OverflowError, KeyError)


def read_parquet(path: Path, _kind: FileKind, limits: Limits) -> Iterator[SourceRecord]:
    """The rows of a Parquet file, the line being the row from 1.

    Raises UnreadableFile when it is damaged, TooLarge when it unpacks to too much: by its own
    account, or by that of its rows.
    """
    size = path.stat().st_size
    row = chars = 0
    try:
        with _opened(path, limits) as file:
            names, _ = unique_names(file.schema_arrow.names)
            total = max(1, file.metadata.num_rows)
            for batch in file.iter_batches(batch_size=BATCH_ROWS):
                limits.check_records(row + batch.num_rows)
                # A damaged file has dictionary indices that point outside, and pyarrow follows.
                batch.validate(full=True)
                chars += int(_row_lengths(batch).sum())
                limits.check_unpacked(chars)
                renamed = batch.rename_columns(names)
                yield from records_of(renamed, row, limits, size * row // total)
                row += batch.num_rows
    except _DAMAGE as error:
        raise _damaged() from error


def parquet_header(path: Path, limits: Limits) -> tuple[list[str], list[str], int]:
    """Column names, warnings about names that had to change, and the number of rows."""
    try:
        with _opened(path, limits) as file:
            names, warnings = unique_names(file.schema_arrow.names)
            return names, warnings, file.metadata.num_rows
    except _DAMAGE as error:
        raise _damaged() from error


def _damaged() -> UnreadableFile:
    return UnreadableFile(
        "The Parquet file is damaged or incomplete. Write it again, or export it as CSV or JSONL."
    )


def _opened(path: Path, limits: Limits) -> Any:
    """The file, its texts as dictionaries, once its own account of its size is acceptable."""
    footer = read_footer(path)
    limits.check_records(footer.rows)
    limits.check_unpacked(footer.unpacked_bytes)
    if footer.values > _VALUES_PER_ROW * limits.records:
        raise TooLarge(
            f"The columns hold {figure(footer.values)} values in all; the limit is"
            f" {figure(_VALUES_PER_ROW * limits.records)}. Split the file."
        )
    with pq.ParquetFile(path) as file:
        leaves = [file.schema.column(i) for i in range(len(file.schema))]
        if any(leaf.path.count(".") > 2 * limits.depth for leaf in leaves):
            raise UnreadableFile(limits.too_deep)
        texts = [leaf.path for leaf in leaves if leaf.physical_type == "BYTE_ARRAY"]
    return pq.ParquetFile(path, read_dictionary=texts)


def _row_lengths(batch: Any) -> NDArray[np.int64]:
    columns = (_chars(column) for column in batch.columns)
    return sum(columns, np.zeros(batch.num_rows, np.int64))


def records_of(batch: Any, before: int, limits: Limits, at_byte: int) -> Iterator[SourceRecord]:
    """The rows of an Arrow batch; one over the limit is refused before it becomes a value."""
    chars = _row_lengths(batch)
    start = 0
    while start < batch.num_rows:
        if chars[start] > limits.row_chars:
            yield SourceRecord(before + start + 1, error=limits.too_long, at_byte=at_byte)
            start += 1
            continue
        count = _affordable(chars[start:], limits)
        rows = batch.slice(start, count).to_pylist(maps_as_pydicts="lossy")
        for offset, values in enumerate(rows):
            size = int(chars[start + offset])
            yield SourceRecord(before + start + offset + 1, values, at_byte=at_byte, chars=size)
        start += count


def _affordable(chars: NDArray[np.int64], limits: Limits) -> int:
    """How many rows from here may become Python values at once; at least one."""
    too_long = np.flatnonzero(chars > limits.row_chars)
    end = int(too_long[0]) if len(too_long) else len(chars)
    return max(1, int(np.searchsorted(np.cumsum(chars[:end]), _BATCH_CHARS)))


def _chars(array: Any) -> NDArray[np.int64]:
    """Bytes of text in each row of a column (8 for anything else), from lengths alone."""
    kind = array.type
    if pa.types.is_dictionary(kind):
        lengths = _chars(array.dictionary)
        picked = pc.fill_null(array.indices, 0).to_numpy(zero_copy_only=False)
        return lengths[picked] if len(lengths) else np.zeros(len(array), np.int64)
    if pa.types.is_string(kind) or pa.types.is_binary(kind) or pa.types.is_large_string(kind):
        lengths = pc.fill_null(pc.binary_length(array), 0)
        return np.asarray(lengths.to_numpy(zero_copy_only=False), np.int64)
    if pa.types.is_struct(kind):
        return sum((_chars(part) for part in array.flatten()), np.zeros(len(array), np.int64))
    if pa.types.is_list(kind) or pa.types.is_large_list(kind):
        return _chars_of_lists(array)
    if pa.types.is_map(kind):
        entries = pa.struct([kind.key_field, kind.item_field])
        return _chars_of_lists(array.cast(pa.list_(entries)))
    if pa.types.is_fixed_size_list(kind) or pa.types.is_list_view(kind):
        return _chars_of_lists(array.cast(pa.list_(kind.value_type)))
    return np.full(len(array), _PLAIN_VALUE_CHARS, np.int64)


def _chars_of_lists(array: Any) -> NDArray[np.int64]:
    counts = pc.fill_null(pc.list_value_length(array), 0).to_numpy(zero_copy_only=False)
    running = np.concatenate([[0], np.cumsum(_chars(array.flatten()))])
    ends = np.cumsum(counts)
    return np.asarray(running[ends] - running[ends - counts], np.int64)
