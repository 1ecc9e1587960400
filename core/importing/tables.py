"""The Parquet files of an import, written in batches, with the columns of the tables."""

from __future__ import annotations

import secrets
import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.importing.pipeline import Accepted, Reject
from core.importing.repeats import Repeats
from core.importing.text import as_json

BATCH = 4096
_TEXT, _LINE = pa.string(), pa.int64()
EXAMPLES = pa.schema(
    {
        "row": _LINE,
        "example_id": _TEXT,
        "revision_id": _TEXT,
        "content_hash": _TEXT,
        "external_id": _TEXT,
        "line": _LINE,
        "instruction": _TEXT,
        "input": _TEXT,
        "output": _TEXT,
        "labels": _TEXT,
        "meta": _TEXT,
    }
)
REJECTS = pa.schema({"line": _LINE, "reason": _TEXT, "excerpt": _TEXT, "kind": _TEXT})
DUPLICATES = pa.schema({"line": _LINE, "first_line": _LINE})


class Table:
    """A Parquet file that grows by batches; a thread of its own compresses them."""

    def __init__(self, path: Path, schema: Any) -> None:
        self._schema = schema
        # Read several times and soon: lz4 and no dictionaries cost least in worker and server.
        self._writer = pq.ParquetWriter(path, schema, compression="lz4", use_dictionary=False)
        self._pool = ThreadPoolExecutor(1)
        self._pending: Future[None] | None = None

    def __enter__(self) -> Table:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            self._wait()
        finally:
            self._pool.shutdown()
            self._writer.close()

    def write(self, columns: Sequence[Sequence[Any]]) -> None:
        """Append a batch, in the order of the schema's columns."""
        if not len(columns[0]):
            return
        arrays = [pa.array(c, t) for c, t in zip(columns, self._schema.types, strict=True)]
        batch = pa.table(arrays, schema=self._schema)
        # One batch is written while the next is read; more would only fill the memory.
        self._wait()
        self._pending = self._pool.submit(self._writer.write_table, batch)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()
            self._pending = None


class Examples:
    """The accepted examples of a file, with ids made here: `row` counts from 0."""

    def __init__(self, path: Path) -> None:
        self.count = 0
        self.repeats = Repeats()
        self._held: list[Accepted] = []
        self._table = Table(path, EXAMPLES)
        # As core.clock.new_id makes them, but counted: they sort as the file does.
        self._stem = f"{int(time.time() * 1000):012x}_{secrets.token_hex(3)}"

    def __enter__(self) -> Examples:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if kind is None:
            self._flush()
        self._table.__exit__(kind, error, trace)

    def add(self, one: Accepted) -> None:
        """Append an example."""
        self._held.append(one)
        if len(self._held) >= BATCH:
            self._flush()

    def _flush(self) -> None:
        if not self._held:
            return
        lines, instructions, inputs, outputs, hashes, names, metas, labels, _ = zip(
            *self._held, strict=True
        )
        rows = range(self.count, self.count + len(lines))
        stem = self._stem
        self.repeats.add(lines, hashes)
        self._table.write(
            [
                rows,
                [f"ex_{stem}{row:06x}" for row in rows],
                [f"rev_{stem}{row:06x}" for row in rows],
                hashes,
                names,
                lines,
                instructions,
                inputs,
                outputs,
                [as_json(one) if one else "{}" for one in labels],
                [as_json(one) if one else "{}" for one in metas],
            ]
        )
        self.count += len(lines)
        self._held = []


def write_rejects(table: Table, rejects: Sequence[Reject]) -> None:
    """Append rejects to a table with the columns of REJECTS."""
    if rejects:
        table.write(list(zip(*rejects, strict=True)))


def without_rows(path: Path, dropped: Any) -> None:
    """Write the examples again without some rows, numbered anew; a row group at a time."""
    import pyarrow.compute as pc  # a tenth of a second that a file without repeats does not pay

    beside = path.with_suffix(".part")
    unwanted, row = pa.array(dropped, pa.int64()), 0
    with pq.ParquetFile(path) as file, Table(beside, EXAMPLES) as table:
        for number in range(file.num_row_groups):
            group = file.read_row_group(number)
            kept = group.filter(pc.invert(pc.is_in(group["row"], unwanted)))
            columns = [kept[name] for name in EXAMPLES.names[1:]]
            table.write([range(row, row + len(kept)), *(c.combine_chunks() for c in columns)])
            row += len(kept)
    beside.replace(path)
