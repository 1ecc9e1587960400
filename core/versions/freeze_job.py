"""The job kind "check": which examples are near-duplicates of each other.

data/examples.parquet in (example_id, instruction, input, output); final/groups.parquet
(example_id, group_id) and final/report.json out. Run by `python -m core.worker JOB_DIR`.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import InvalidInput
from core.examples.duplicates import near_duplicate_groups
from core.jobs.context import JobContext

COLUMNS = ("example_id", "instruction", "input")
LARGE_SHARE = 0.05


class ExamplesIncomplete(InvalidInput):
    """data/examples.parquet lacks a column."""

    title = "The examples cannot be checked"


@dataclass(frozen=True)
class DuplicateReport:
    """`groups` counts those of one example too; `merged` examples are near another one's group.

    `largest_share` is 0..1; in `capped` buckets of candidates not all pairs were compared.
    """

    examples: int
    groups: int
    merged: int
    largest: int
    largest_share: float
    capped: int
    warnings: list[str]


def run(job: JobContext) -> None:
    """Groups the examples of the job. Raises ExamplesIncomplete when a column is missing."""
    ids, texts = _read(job.data("examples.parquet"))
    job.progress(0, len(ids))
    group_ids, report = check_duplicates(ids, texts, seed=int(job.spec.get("seed", 0)))
    job.progress(len(ids), len(ids))
    with job.final() as folder:
        _write(ids, group_ids, folder / "groups.parquet")
        content = json.dumps(asdict(report), ensure_ascii=False, indent=1)
        (folder / "report.json").write_text(content, encoding="utf-8")


def prompt_texts(instructions: Sequence[str], inputs: Sequence[str]) -> list[str]:
    """What is compared: instruction and input; the input alone where all instructions are equal.

    A shared instruction would make every two examples look alike. Outputs are left out: a prompt
    that comes back with another answer must stay in its split all the same.
    """
    if len(set(instructions)) == 1 and any(text.strip() for text in inputs):
        return list(inputs)
    return [f"{first}\n{then}" for first, then in zip(instructions, inputs, strict=True)]


def check_duplicates(
    ids: Sequence[str], texts: Sequence[str], *, seed: int = 0
) -> tuple[list[str], DuplicateReport]:
    """The id of the representative example for each text, and a report on the groups."""
    groups = near_duplicate_groups(texts, seed=seed)
    report = DuplicateReport(
        examples=len(ids),
        groups=groups.count,
        merged=len(ids) - groups.count,
        largest=groups.largest,
        largest_share=groups.largest_share,
        capped=groups.capped_buckets,
        warnings=_warnings(ids, groups.group, groups.capped_buckets, groups.largest_bucket),
    )
    return [ids[index] for index in groups.group], report


def _warnings(ids: Sequence[str], group: list[int], capped: int, largest: int) -> list[str]:
    found = []
    for index, size in Counter(group).most_common():
        if size < 2 or size <= LARGE_SHARE * len(ids):
            break
        found.append(
            f"{size} of {len(ids)} examples ({size / len(ids):.0%}) are near-duplicates of "
            f"{ids[index]} and will stay in one split. Look at them before you freeze."
        )
    if capped:
        found.append(
            f"In {capped} sets of examples that look somewhat alike (the largest has {largest}) "
            "not every two were compared: a few near-duplicates may have been missed."
        )
    return found


def _read(path: Path) -> tuple[list[str], list[str]]:
    import pyarrow.parquet as pq

    names = pq.read_schema(path).names
    if missing := [name for name in COLUMNS if name not in names]:
        raise ExamplesIncomplete(
            f"examples.parquet has no column {', '.join(missing)}. "
            f"Write it with the columns {', '.join(COLUMNS)}."
        )
    table = pq.read_table(path, columns=list(COLUMNS))
    columns = [[value or "" for value in table.column(name).to_pylist()] for name in COLUMNS]
    return columns[0], prompt_texts(columns[1], columns[2])


def _write(ids: Sequence[str], group_ids: Sequence[str], path: Path) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    columns: dict[str, Any] = {
        "example_id": pa.array(ids, pa.string()),
        "group_id": pa.array(group_ids, pa.string()),
    }
    pq.write_table(pa.table(columns), path)
