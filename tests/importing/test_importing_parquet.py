"""core.importing.parquet: what tables hold, and what damaged or hostile ones may not do."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from core.errors import TouchstoneError
from core.importing.limits import Limits, TooLarge
from tests.import_builders import (
    QA,
    imported,
    parquet,
    reasons,
    texts,
)


def test_null_and_nan_in_parquet_are_empty_and_numbers_become_text(tmp_path: Path) -> None:
    columns = {
        "question": ["a", "b", None, "d"],
        "answer": pa.array([1.5, float("nan"), 2.0, None]),
    }
    found = imported(parquet(tmp_path, columns))
    assert texts(found) == [("a", "", "1.5")]
    assert reasons(found) == {
        2: "The output is empty.",
        3: "The instruction and the input are both empty. Fill in one.",
        4: "The output is empty.",
    }


@pytest.mark.parametrize(("length", "rows"), [(20_000_000, 5000), (900_000, 20_000)])
def test_a_small_parquet_file_that_stands_for_many_gigabytes_costs_no_memory(
    tmp_path: Path, length: int, rows: int
) -> None:
    words = pa.array(["x" * length])
    bomb = pa.DictionaryArray.from_arrays(pa.array([0] * rows, pa.int32()), words)
    path = tmp_path / "bomb.parquet"
    pq.write_table(pa.table({"question": bomb, "answer": ["a"] * rows}), path, compression="zstd")
    del words, bomb
    assert path.stat().st_size < 200_000
    before = pa.total_allocated_bytes()
    with pytest.raises(TooLarge, match="the limit is 1\u202f024 MB"):
        imported(path)
    assert pa.total_allocated_bytes() - before < 100_000_000


def test_a_parquet_row_over_the_limit_is_a_reject(tmp_path: Path) -> None:
    path = parquet(tmp_path, {"question": ["a", "b" * 1_000_001, "c"], "answer": ["x"] * 3})
    found = imported(path)
    assert [one.line for one in found.accepted] == [1, 3]
    assert "longer than 1\u202f000\u202f000" in reasons(found)[2]


@pytest.mark.parametrize(
    ("kind", "value", "read"),
    [
        (pa.map_(pa.string(), pa.string()), [("year", "2024"), ("by", "Ada")], None),
        (pa.list_(pa.string(), 2), ["2024", "Ada"], ["2024", "Ada"]),
        (pa.list_view(pa.string()), ["2024", "Ada"], ["2024", "Ada"]),
    ],
)
def test_maps_and_lists_of_any_layout_are_metadata(
    tmp_path: Path, kind: pa.DataType, value: Any, read: Any
) -> None:
    more = pa.array([None, value, value], kind)
    path = parquet(tmp_path, {"question": list("abc"), "answer": list("xyz"), "source": more})
    found = imported(path)
    read = read or {"year": "2024", "by": "Ada"}
    assert [one.meta.get("source") for one in found.accepted] == [None, read, read]


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        (pa.map_(pa.string(), pa.string()), [("k", "b" * 1_000_001)]),
        (pa.list_(pa.string(), 1), ["b" * 1_000_001]),
        (pa.list_view(pa.string()), ["b" * 1_000_001]),
    ],
)
def test_texts_in_maps_and_lists_of_any_layout_count_towards_the_limit_of_a_row(
    tmp_path: Path, kind: pa.DataType, value: Any
) -> None:
    more = pa.array([None, value], kind)
    found = imported(parquet(tmp_path, {"question": ["a", "b"], "answer": ["x"] * 2, "m": more}))
    assert [one.line for one in found.accepted] == [1]
    assert "longer than 1\u202f000\u202f000" in reasons(found)[2]


def test_a_parquet_list_of_thirty_million_nothings_is_refused(tmp_path: Path) -> None:
    nothings = pa.ListArray.from_arrays(pa.array([0, 30_000_000], pa.int32()), pa.nulls(30_000_000))
    path = parquet(tmp_path, {"question": ["a"], "answer": ["b"], "x": nothings})
    assert path.stat().st_size < 20_000
    told = "30\u202f000\u202f002 values in all; the limit is 5\u202f000\u202f000"
    with pytest.raises(TooLarge, match=told):
        imported(path, limits=Limits(records=100_000))


def test_a_damaged_parquet_file_is_a_sentence_and_never_the_end_of_the_process(
    tmp_path: Path,
) -> None:
    rows = [QA | {"instances": [{"input": str(n), "output": "o"}]} for n in range(50)]
    path = tmp_path / "x.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    whole = path.read_bytes()
    rng = random.Random(3)
    refused = 0
    for _ in range(300):
        damaged = bytearray(whole)
        damaged[rng.randrange(len(whole) // 3, len(whole))] = rng.randrange(256)
        path.write_bytes(damaged)
        try:
            imported(path)
        except TouchstoneError:
            refused += 1
    assert 50 < refused < 300
