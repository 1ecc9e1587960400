"""Parquet files and folders of the `datasets` library: examples as columns, never as objects."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.exporting.formats import FOLDER
from core.exporting.layout import HASH, SPLITS, LabelShape, Layout, labels_in


class ParquetFiles:
    """A Parquet file for everything and one for each split; labels and provenance as structs."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self._folder, self._layout = folder, layout
        self._names: list[str] = []
        self._writers: dict[str, Any] = {}

    def open(self, name: str) -> None:
        """Name a file; it begins with the first batch, which tells the types of its columns."""
        self._names.append(name)

    def write(self, batch: pa.Table) -> None:
        """Append a batch."""
        table = as_columns(batch, self._layout)
        for number, name in enumerate(self._names):
            if name not in self._writers:
                self._writers[name] = self._begin(name, table.schema)
            self._writers[name].write_table(table if number == 0 else _of_split(table, name))

    def _begin(self, name: str, schema: pa.Schema) -> Any:
        return pq.ParquetWriter(self._folder / f"{name}.parquet", schema, compression="zstd")

    def close(self) -> list[Path]:
        """Close every file; their paths."""
        for writer in self._writers.values():
            writer.close()
        return [self._folder / f"{name}.parquet" for name in self._writers]


class DatasetFiles(ParquetFiles):
    """A folder that `datasets.load_from_disk` reads: a dataset, or one for each split."""

    def _begin(self, name: str, schema: pa.Schema) -> Any:
        return pa.ipc.new_stream(self._folder / f"{name}.arrow", schema)

    def close(self) -> list[Path]:
        """Save what was written by the library itself; the folder."""
        super().close()
        from datasets import Dataset, DatasetDict, disable_progress_bars

        disable_progress_bars()
        streams = {name: self._folder / f"{name}.arrow" for name in self._writers}
        splits = [name for name in SPLITS if name in streams]
        found: dict[str, Any] = {
            name: Dataset.from_file(str(streams[name])) for name in splits or streams
        }
        whole: Any = next(iter(found.values()))
        if splits:
            # A split without examples is no dataset that training code expects.
            whole = DatasetDict({name: one for name, one in found.items() if one.num_rows})
        target = self._folder / FOLDER
        if self._writers:
            whole.save_to_disk(str(target))
        del whole, found
        for stream in streams.values():
            stream.unlink()
        return [target] if target.exists() else []


def zipped(folder: Path) -> Path:
    """The folder as FOLDER.zip in its place, for a browser."""
    made = shutil.make_archive(str(folder), "zip", folder)
    shutil.rmtree(folder)
    return Path(made)


def as_columns(batch: pa.Table, layout: Layout) -> pa.Table:
    """A batch as it is written: texts without nulls, labels and provenance as structs."""
    columns: dict[str, Any] = {}
    for name in (*layout.columns, HASH):
        if name == "labels":
            if layout.labels:
                columns["labels"] = _labels(batch, layout)
        elif name in ("instruction", "input", "output"):
            columns[name] = pc.fill_null(batch[name], "")
        else:
            columns["id" if name == "example_id" else name] = batch[name]
    if layout.provenance:
        parts = [batch[name].combine_chunks() for name in layout.provenance]
        columns["provenance"] = pa.StructArray.from_arrays(parts, list(layout.provenance))
    return pa.table(columns)


def _labels(batch: pa.Table, layout: Layout) -> pa.Array:
    """Labels as a struct: a text each, a list where an example can have several, a whole number of
    a rating, a list of structs of marked words."""
    given = [labels_in(text) for text in batch["labels"].to_pylist()]
    arrays = []
    for name, shape in layout.labels.items():
        values = [_label(one.get(name), shape) for one in given]
        arrays.append(pa.array(values, _ARROW[shape]))
    return pa.StructArray.from_arrays(arrays, list(layout.labels))


_MARK = pa.struct(
    [
        *(("field", pa.string()), ("start", pa.int64()), ("end", pa.int64())),
        *(("option", pa.string()), ("text", pa.string())),
    ]
)
_ARROW: dict[LabelShape, pa.DataType] = {
    "text": pa.string(),
    "list": pa.list_(pa.string()),
    "number": pa.int64(),
    "marks": pa.list_(_MARK),
}


def _label(value: Any, shape: LabelShape) -> Any:
    if value is None or shape in ("number", "marks"):
        return value
    if shape == "list":
        return [str(one) for one in value] if isinstance(value, list) else [str(value)]
    return json.dumps(value, ensure_ascii=False) if isinstance(value, list) else str(value)


def _of_split(table: pa.Table, split: str) -> pa.Table:
    return table.filter(pc.equal(table["split"], split))
