"""core.exporting.reading: rows in order, whatever order the file has them in."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

from core.exporting.reading import in_order


def runs(numbers: list[int], cuts: list[int]) -> list[int]:
    """Numbers in order, in pieces that were put in another order."""
    ends = sorted({min(cut, len(numbers)) for cut in cuts} | {len(numbers)})
    pieces = [numbers[a:b] for a, b in zip([0, *ends], ends, strict=False)]
    return [number for piece in reversed(pieces) for number in piece]


@settings(max_examples=60)
@given(
    st.integers(1, 400).flatmap(
        lambda n: st.one_of(
            st.permutations(range(n)),
            st.lists(st.integers(0, n), max_size=5).map(lambda cuts: runs(list(range(n)), cuts)),
        )
    ),
    st.integers(1, 90),
    st.integers(1, 50),
)
def test_rows_come_in_order_and_none_is_lost(keys: list[int], group: int, size: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.parquet"
        table = pa.table({"key": keys, "text": [f"t{key}" for key in keys]})
        pq.write_table(table, path, row_group_size=group)
        found = list(in_order(path, ["text"], "key", size))
    assert [t for one in found for t in one["text"].to_pylist()] == [
        f"t{key}" for key in range(len(keys))
    ]
    assert max(one.num_rows for one in found) <= size
