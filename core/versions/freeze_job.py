"""The job kind "freeze": near-duplicates, splits, hashes and counts of a version to be.

    spec.json  {"kind": "freeze", "seed", "ratios", "evaluation_only", …}
    data/      examples.parquet: example_id, revision_id, position, instruction, input, output, and
               the split and group_id that an earlier version decided (null: none)
               earlier.parquet: example_id, split, group_id, instruction, input of frozen revisions
               that are not among those examples
    final/     members.parquet: the rows of version_examples, without version_id
               left_out.parquet: the rows of version_left_out, without version_id
               report.json: see Report

Raises UselessSplit, so that the version never exists. A job that an older release queued as
"check" lacks the earlier splits, and is run as if there were none.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import InvalidInput
from core.versions import usefulness
from core.versions.splitting import SPLITS, Split, content_hash
from core.versions.version import LargeGroup
from core.wording import counted

if TYPE_CHECKING:
    from core.jobs.context import JobContext
    from core.versions.assignment import Assignment

COLUMNS = ("example_id", "revision_id", "instruction", "input", "output")
OPTIONAL = ("split", "group_id")
SHOWN_GROUPS = 5


class ExamplesIncomplete(InvalidInput):
    """data/examples.parquet lacks a column."""

    title = "The examples cannot be frozen"


@dataclass(frozen=True)
class Report:
    """What final/report.json says: the figures of a DatasetVersion."""

    content_hash: str
    counts: dict[Split, int]
    groups: int
    kept: int
    left_out: int
    largest: list[LargeGroup]
    warnings: list[str]


@dataclass(frozen=True)
class _Examples:
    """The examples to freeze, in the order of their texts' hashes, and what is known of earlier
    ones behind them; `position` are those of the first `count`."""

    columns: dict[str, list[Any]]
    names: list[str]
    position: list[int]
    count: int

    def column(self, name: str) -> list[Any]:
        """A column, of the examples to freeze and of the earlier ones."""
        return self.columns[name]


def run(job: JobContext) -> None:
    """Freeze the job's examples. Raises ExamplesIncomplete, UselessSplit."""
    from core.examples.duplicates import near_duplicates
    from core.versions.assignment import Candidates, assign

    examples = _read(job.data("examples.parquet"), job.data("earlier.parquet"))
    job.advance(0, 3)
    near = near_duplicates(examples.column("instruction"), examples.column("input"))
    job.advance(1, 3)
    evaluation_only = bool(job.spec.get("evaluation_only", job.spec["ratios"][2] == 1))
    assignment = assign(
        Candidates(examples.names, _numbers(examples.column("split")), examples.count),
        near,
        seed=int(job.spec["seed"]),
        ratios=tuple(job.spec["ratios"]),
        evaluation_only=evaluation_only,
    )
    job.advance(2, 3)
    members, report = _result(examples, assignment, evaluation_only)
    if near.capped_buckets:
        report.warnings.append(_capped(near.capped_buckets, near.largest_bucket))
    if len(near.siblings):
        report.warnings.append(_siblings(len(near.siblings)))
    with job.final() as folder:
        _write(examples, members, assignment, folder)
        text = json.dumps(asdict(report), ensure_ascii=False, indent=1)
        (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    job.progress(3, 3)


def _read(present: Path, earlier: Path) -> _Examples:
    import pyarrow.parquet as pq

    table = pq.read_table(present)
    if missing := [name for name in COLUMNS if name not in table.column_names]:
        raise ExamplesIncomplete(
            f"examples.parquet has no column {', '.join(missing)}. "
            f"Write it with the columns {', '.join(COLUMNS)}."
        )
    rows = {name: _values(table, name) for name in (*COLUMNS, *OPTIONAL)}
    texts = zip(rows["instruction"], rows["input"], rows["output"], strict=True)
    names = [content_hash([("", *text, "")]) for text in texts]
    # By their texts: the order of import and ids made at random must not matter for the split.
    order = sorted(range(len(names)), key=names.__getitem__)
    columns = {name: [values[k] for k in order] for name, values in rows.items()}
    old = pq.read_table(earlier) if earlier.exists() else table.slice(0, 0)
    old_rows = {name: _values(old, name) for name in columns}
    by_text = sorted(
        range(old.num_rows),
        key=lambda k: [old_rows[name][k] for name in ("instruction", "input", "example_id")],
    )
    for name, values in columns.items():
        values.extend(old_rows[name][k] for k in by_text)
    sorted_names = [names[k] for k in order] + [""] * old.num_rows
    return _Examples(columns, sorted_names, order, table.num_rows)


def _values(table: Any, name: str) -> list[Any]:
    """A column as a list; one that is not there as nulls."""
    if name not in table.column_names:
        return [None] * int(table.num_rows)
    values: list[Any] = table.column(name).to_pylist()
    return values if name in OPTIONAL else [value or "" for value in values]


def _numbers(splits: Sequence[Split | None]) -> Any:
    import numpy as np

    from core.versions.assignment import UNDECIDED

    return np.array([UNDECIDED if one is None else SPLITS.index(one) for one in splits], np.int64)


def _result(
    examples: _Examples, assignment: Assignment, evaluation_only: bool
) -> tuple[list[int], Report]:
    """The examples that are in the version, and what the report says. Raises UselessSplit."""
    members = [k for k in range(examples.count) if assignment.split[k] >= 0]
    group = _group_ids(examples, assignment)
    splits: list[Split] = [SPLITS[assignment.split[k]] for k in members]
    counts: dict[Split, int] = {name: splits.count(name) for name in SPLITS}
    sizes = Counter(group[k] for k in members)
    largest = _largest(examples, members, splits, group, sizes)
    decided = examples.column("split")
    kept = sum(decided[k] is not None for k in members)
    left_out = len(assignment.left_out)
    if not evaluation_only or len(members) < usefulness.MIN_EXAMPLES:
        usefulness.refuse_useless(counts, len(sizes), largest, kept=kept, left_out=left_out)
    fields = [examples.column(name) for name in ("example_id", "instruction", "input", "output")]
    content = (
        (*(column[k] for column in fields), split) for k, split in zip(members, splits, strict=True)
    )
    return members, Report(
        content_hash=content_hash(content),
        counts=counts,
        groups=len(sizes),
        kept=kept,
        left_out=left_out,
        largest=largest,
        warnings=usefulness.warnings(counts, largest, evaluation_only=evaluation_only)
        + _leaks(assignment),
    )


def _group_ids(examples: _Examples, assignment: Assignment) -> list[str]:
    """The id of each example's group: the sticky one, or that of its first member."""
    ids, sticky = examples.column("example_id"), examples.column("group_id")
    firsts = assignment.group.tolist()
    return [str(sticky[first] or ids[first]) for first in firsts]


def _largest(
    examples: _Examples,
    members: Sequence[int],
    splits: Sequence[Split],
    group: Sequence[str],
    sizes: Counter[str],
) -> list[LargeGroup]:
    """The largest groups of two or more, with some of their texts."""
    wanted = {name: size for name, size in sizes.most_common(SHOWN_GROUPS) if size > 1}
    texts: dict[str, list[str]] = {name: [] for name in wanted}
    where: dict[str, Split] = {}
    for k, split in zip(members, splits, strict=True):
        if group[k] in wanted:
            where[group[k]] = split
            if len(texts[group[k]]) < usefulness.SHOWN_TEXTS:
                text = examples.column("input")[k].strip() or examples.column("instruction")[k]
                texts[group[k]].append(text)
    return [
        usefulness.large_group(name, size, where[name], texts[name])
        for name, size in wanted.items()
    ]


def _leaks(assignment: Assignment) -> list[str]:
    found = []
    if left_out := len(assignment.left_out):
        found.append(
            f"{counted(left_out, 'example')} {'is' if left_out == 1 else 'are'} left out: near-"
            "duplicates of examples of another split. They are listed below."
        )
    if trained := len(assignment.near_trained):
        found.append(
            f"{counted(trained, 'test example')} {'is' if trained == 1 else 'are'} near what an "
            "earlier version trained on: systems that were trained on it know them."
        )
    return found


def _capped(buckets: int, largest: int) -> str:
    return (
        f"In {counted(buckets, 'set')} of examples that look somewhat alike (the largest has "
        f"{largest}) not every two were compared: a few near-duplicates may have been missed."
    )


def _siblings(count: int) -> str:
    return (
        f"{counted(count, 'example')} differ from others only in what fills one place of a text "
        "that more than one example in twenty has. They count as filled-in templates, not as "
        "copies, and may be in different splits. If they are copies of one example, keep one."
    )


def _write(
    examples: _Examples, members: Sequence[int], assignment: Assignment, folder: Path
) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    from core.versions.assignment import REASONS

    ids, revisions = examples.column("example_id"), examples.column("revision_id")
    group = _group_ids(examples, assignment)
    rows = sorted(members, key=examples.position.__getitem__)
    columns: dict[str, Any] = {
        "example_id": pa.array([ids[k] for k in rows], pa.string()),
        "revision_id": pa.array([revisions[k] for k in rows], pa.string()),
        "split": pa.array([SPLITS[assignment.split[k]] for k in rows], pa.string()),
        "group_id": pa.array([group[k] for k in rows], pa.string()),
        "position": pa.array(range(len(rows)), pa.int64()),
    }
    pq.write_table(pa.table(columns), folder / "members.parquet")
    left = sorted(assignment.left_out.items())
    columns = {
        "example_id": pa.array([ids[k] for k, _ in left], pa.string()),
        "revision_id": pa.array([revisions[k] for k, _ in left], pa.string()),
        "reason": pa.array([REASONS[reason] for _, (reason, _) in left], pa.string()),
        "near_id": pa.array([ids[k] if k >= 0 else None for _, (_, k) in left], pa.string()),
    }
    pq.write_table(pa.table(columns), folder / "left_out.parquet")
