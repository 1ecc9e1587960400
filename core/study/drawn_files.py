"""The files of what was drawn: pairs.parquet and presentations.parquet, columns as the tables'."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.study.gold import GOLD
from core.study.order import pair_order
from core.study.risk import RISK

PLACE_STEP = 1_000_000
"""First views of all pairs wait before second ones."""
PAIR_COLUMNS = {
    "pair_id": "string", "study_id": "string", "example_id": "string", "revision_id": "string",
    "number": "int32", "stratum": "string", "inclusion_probability": "float64",
    "system_a": "string", "system_b": "string", "answer_a": "string", "answer_b": "string",
    "places": "int32", "risk_reasons": "string",
}  # fmt: skip
PRESENTATION_COLUMNS = {
    "presentation_id": "string", "study_id": "string", "pair_id": "string", "position": "int32",
    "place": "int32",
}  # fmt: skip


def _schema(columns: Mapping[str, str]) -> Any:
    import pyarrow as pa

    kinds: dict[str, Sequence[Any]] = {
        "string": pa.string(), "int32": pa.int32(), "float64": pa.float64(),
    }  # fmt: skip
    return pa.schema([(name, kinds[kind]) for name, kind in columns.items()])


def write_drawn(
    folder: Path, pairs: Sequence[dict[str, Any]], study_id: str, overlap: float, seed: int
) -> int:
    """Writes pairs.parquet and presentations.parquet, a share of the sample's pairs with places for
    two people; how many pairs are of the sample."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    sampled = [pair for pair in pairs if pair["stratum"] not in (RISK, GOLD)]
    order = pair_order(len(sampled), seed + 1)
    twice = {sampled[k]["pair_id"] for k in order[: round(overlap * len(sampled))]}
    for pair in pairs:
        pair["places"] = 2 if pair["pair_id"] in twice else 1
    pq.write_table(pa.Table.from_pylist(pairs, _schema(PAIR_COLUMNS)), folder / "pairs.parquet")
    waiting = [
        {
            "presentation_id": f"pre_{pair['pair_id'].removeprefix('pair_')}_{place}",
            "study_id": study_id,
            "pair_id": pair["pair_id"],
            "position": PLACE_STEP * place + pair["number"],
            "place": place,
        }
        for place in range(2)
        for pair in pairs
        if place < pair["places"]
    ]
    showings = pa.Table.from_pylist(waiting, _schema(PRESENTATION_COLUMNS))
    pq.write_table(showings, folder / "presentations.parquet")
    return len(sampled)
