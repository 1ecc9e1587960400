"""What a check found as Parquet, in the columns of the tables that take it in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.checks.check import DUPLICATE_KINDS

if TYPE_CHECKING:
    from core.checks.duplicates import Duplicates
    from core.examples.topic_map import Point

_TEXTS = ("example_id", "revision_id", "label")
_NUMBERS = ("length", "question", "answer", "gender")


def write_checked(
    columns: Mapping[str, Sequence[Any]], points: Sequence[Point], path: Path
) -> None:
    """The rows of checked_examples: ids, revisions, facts, and the points on the topic map."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    at = {point.text: point for point in points}
    drawn = [at.get(k) for k in range(len(columns["example_id"]))]
    table = {
        **{name: pa.array(columns[name], pa.string()) for name in _TEXTS},
        **{name: pa.array(columns[name], pa.int64()) for name in _NUMBERS},
        "topic": pa.array([one and one.topic for one in drawn], pa.int32()),
        "x": pa.array([one and one.x for one in drawn], pa.float64()),
        "y": pa.array([one and one.y for one in drawn], pa.float64()),
    }
    pq.write_table(pa.table(table), path)


def write_duplicates(ids: Sequence[str], found: Duplicates, path: Path) -> None:
    """The rows of duplicate_members: kind, number of the group, rank in it, example_id."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    rows = [
        (kind, number, rank, ids[index])
        for kind in DUPLICATE_KINDS
        for number, cluster in enumerate(getattr(found, kind))
        for rank, index in enumerate(cluster)
    ]
    columns = list(zip(*rows, strict=True)) or [(), (), (), ()]
    types = (pa.string(), pa.int64(), pa.int64(), pa.string())
    names = ("kind", "number", "rank", "example_id")
    arrays = [pa.array(list(one), type_) for one, type_ in zip(columns, types, strict=True)]
    pq.write_table(pa.table(dict(zip(names, arrays, strict=True))), path)
