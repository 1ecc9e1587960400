"""Which columns an export has, in which order, and what stands in them.

The source is a Parquet file with example_id, instruction, input, output, and any of split, labels
and meta (JSON text), external_id, …. Columns of PROVENANCE become one object, "provenance".
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.errors import InvalidInput
from core.examples.example import FIELDS
from core.exporting.reading import in_order, read_ahead
from core.importing.checking import checked_hash
from core.labels.spans import is_marks

LabelShape = Literal["text", "list", "number", "marks"]
SPLITS = ("train", "validation", "test")
BATCH = 2000
HASH = "content_hash"
PROVENANCE = (
    *("revision", "written_by", "written_at", "origin", "annotated_by", "annotated_at"),
    *("decision", "reviewed_by", "reviewed_at", "imported_by", "imported_at", "file", "line"),
    "annotations",
)
"""Who did what to an example, when: left out of an export "without provenance"."""
_POSITION = "position"
_FIRST = ("example_id", "split", *FIELDS, "labels")


class InvalidExport(InvalidInput):
    """What is to be exported is not a table of examples."""

    title = "This cannot be exported"


@dataclass(frozen=True)
class Layout:
    """The source's columns in their order, without those of `provenance` and the position; `labels`
    are the names of all labels, and what their values are."""

    columns: tuple[str, ...]
    provenance: tuple[str, ...]
    labels: dict[str, LabelShape]
    rows: int

    @property
    def has_splits(self) -> bool:
        """Whether each example belongs to a split, which gets a file of its own."""
        return "split" in self.columns


def layout_of(source: Path) -> Layout:
    """What a source has. Raises InvalidExport unless it is a table of examples."""
    with pq.ParquetFile(source) as file:
        names = file.schema_arrow.names
    if missing := [name for name in ("example_id", *FIELDS) if name not in names]:
        raise InvalidExport(f"The examples lack the columns {', '.join(missing)}.")
    small = pq.read_table(source, columns=[n for n in ("example_id", "split") if n in names])
    if not small.num_rows:
        raise InvalidExport("There is no example to export. Choose others.")
    splits = small["split"].unique().to_pylist() if "split" in names else []
    # The split becomes a file name, so it comes from a list.
    if strange := [name for name in splits if name is not None and name not in SPLITS]:
        raise InvalidExport(f"'{strange[0]}' is no split. Splits are {', '.join(SPLITS)}.")
    if pc.count_distinct(small["example_id"], mode="all").as_py() != small.num_rows:
        raise InvalidExport("Two examples have the same id. Export each example once.")
    rest = sorted(set(names) - {*_FIRST, *PROVENANCE, _POSITION})
    return Layout(
        (*(name for name in _FIRST if name in names), *rest),
        tuple(name for name in PROVENANCE if name in names),
        _labels(source) if "labels" in names else {},
        small.num_rows,
    )


def _labels(source: Path) -> dict[str, LabelShape]:
    """The names of all labels and their shapes; one whose kind was changed between the revisions
    of a version is read as a list where some are, else as text."""
    found: dict[str, set[LabelShape]] = {}
    for text in pq.read_table(source, columns=["labels"])["labels"].unique().to_pylist():
        for name, value in labels_in(text).items():
            found.setdefault(name, set()).add(_shape_of(value))
    return {name: _together(shapes) for name, shapes in sorted(found.items())}


def _shape_of(value: Any) -> LabelShape:
    if isinstance(value, list):
        return "marks" if is_marks(value) else "list"
    return "number" if isinstance(value, int) else "text"


def _together(shapes: set[LabelShape]) -> LabelShape:
    if len(shapes) == 1:
        return next(iter(shapes))
    return "list" if "list" in shapes and "marks" not in shapes else "text"


def labels_in(text: str | None) -> dict[str, Any]:
    """Labels that are stored as JSON text, by name in alphabetical order."""
    found = as_object(text)
    return found if isinstance(found, dict) else {}


def as_object(text: str | None) -> Any:
    """JSON text as values, fields in alphabetical order; a text that is none as it is."""
    try:
        value = json.loads(text or "{}")
    except ValueError:
        return text
    return dict(sorted(value.items())) if isinstance(value, dict) else value


def batches_of(source: Path, layout: Layout) -> Iterator[pa.Table]:
    """The examples in batches, with their content hashes: by their ids where there are splits, so
    that a version has the same bytes whenever it is exported, else by position."""
    names = [*layout.columns, *layout.provenance]
    by = "example_id" if layout.has_splits else _POSITION
    for part in read_ahead(in_order(source, names, by, BATCH)):
        texts = [[text or "" for text in part[name].to_pylist()] for name in FIELDS]
        hashes = [checked_hash(i, x, o, True) for i, x, o in zip(*texts, strict=True)]
        yield part.append_column(HASH, pa.array(hashes, pa.string()))


def splits_of(batch: pa.Table) -> Sequence[str | None]:
    """The split of each row; None where there is none."""
    if "split" in batch.column_names:
        found: list[str | None] = batch["split"].to_pylist()
        return found
    return [None] * batch.num_rows
