"""The job kind "freeze": near-duplicates, splits, hashes and counts of a version to be.

    spec.json  {"kind": "freeze", "seed", "ratios", "evaluation_only",
                "protected": {file_id: name}, …}
    data/      examples.parquet: example_id, revision_id, position, instruction, input, output, the
               split and group_id that an earlier version decided (null: none), and whether it is
               studied, that is in a rating study; source_id of a synthetic one; and what "plan"
               (core.versions.split_plan) needs: together, stratum, moment
               earlier.parquet: example_id, split, group_id, instruction, input of frozen revisions
               that are not among those examples
               barred.parquet: instruction and input of texts that are near nothing that is trained
               on: example_id and studied of a rated one, file_id and line of a protected one
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

from core.versions import usefulness
from core.versions.freeze_input import FreezeInput, read_freeze_input
from core.versions.languages import sampled_languages
from core.versions.split_plan import SplitPlan
from core.versions.splitting import SPLITS, Split, content_hash
from core.versions.version import LargeGroup
from core.wording import counted

if TYPE_CHECKING:
    from core.jobs.context import JobContext
    from core.versions.assignment import Assignment

SHOWN_GROUPS = 5
_KEPT_OUT = {
    "source_left_out": "synthetic, and made of examples that are not in the version",
    "source_in_test": "synthetic, and made of test examples",
    "source_elsewhere": "synthetic, and near an example of another split than their source's",
    "protected": "near a text that is protected, which nothing may train on",
    "studied": "rated in a study, or near an example that is, and not in test",
}


@dataclass(frozen=True)
class Report:
    """What final/report.json says: the figures of a DatasetVersion; the `languages` of a sample."""

    content_hash: str
    counts: dict[Split, int]
    groups: int
    kept: int
    left_out: int
    largest: list[LargeGroup]
    warnings: list[str]
    languages: dict[str, int]


def run(job: JobContext) -> None:
    """Freeze the job's examples. Raises ExamplesIncomplete, UselessSplit."""
    from core.examples.duplicates import near_duplicates
    from core.versions.assignment import assign

    examples = read_freeze_input(job.data("."), job.spec.get("protected", {}))
    job.advance(0, 3)
    near = near_duplicates(examples.column("instruction"), examples.column("input"))
    job.advance(1, 3)
    evaluation_only = bool(job.spec.get("evaluation_only", job.spec["ratios"][2] == 1))
    assignment = assign(
        examples.candidates(),
        near,
        seed=int(job.spec["seed"]),
        ratios=tuple(job.spec["ratios"]),
        evaluation_only=evaluation_only,
    )
    job.advance(2, 3)
    members, report = _result(examples, assignment, evaluation_only)
    if near.capped_buckets:
        report.warnings.append(_capped(near.capped_buckets, near.largest_bucket))
    plan = SplitPlan.from_json(job.spec.get("plan", {}))
    report.warnings.extend(_unplanned(examples, plan))
    if len(near.siblings):
        report.warnings.append(_siblings(len(near.siblings)))
    with job.final() as folder:
        _write(examples, members, assignment, folder)
        text = json.dumps(asdict(report), ensure_ascii=False, indent=1)
        (folder / "report.json").write_text(text + "\n", encoding="utf-8")
    job.progress(3, 3)


def _result(
    examples: FreezeInput, assignment: Assignment, evaluation_only: bool
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
        languages=_languages(examples, members),
    )


def _languages(examples: FreezeInput, members: Sequence[int]) -> dict[str, int]:
    instruction, text, output = map(examples.column, ("instruction", "input", "output"))
    return sampled_languages(
        [instruction[k] for k in members], [f"{text[k]}\n{output[k]}" for k in members]
    )


def _group_ids(examples: FreezeInput, assignment: Assignment) -> list[str]:
    """The id of each example's group: the sticky one, or that of its first member."""
    ids, sticky = examples.column("example_id"), examples.column("group_id")
    firsts = assignment.group.tolist()
    return [str(sticky[first] or ids[first]) for first in firsts]


def _largest(
    examples: FreezeInput,
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
    reasons = Counter(reason for reason, _ in assignment.left_out.values())
    others = len(assignment.left_out) - sum(reasons[reason] for reason in _KEPT_OUT)
    for count, why in (
        (others, "near-duplicates of examples of another split"),
        *((reasons[reason], why) for reason, why in _KEPT_OUT.items()),
    ):
        if count:
            found.append(
                f"{counted(count, 'example')} {'is' if count == 1 else 'are'} left out: {why}. "
                "They are listed below."
            )
    if trained := len(assignment.near_trained):
        found.append(
            f"{counted(trained, 'test example')} {'is' if trained == 1 else 'are'} near what an "
            "earlier version trained on: systems that were trained on it know them."
        )
    return found


def _unplanned(examples: FreezeInput, plan: SplitPlan) -> list[str]:
    """What the plan asks of examples that do not have it."""
    said = {
        "together": (plan.together, "each may go to any split"),
        "stratum": (plan.label, "they count as one option"),
        "moment": (plan.time, "they count as the oldest"),
    }
    return [
        f"{counted(missing, 'example')} {'has' if missing == 1 else 'have'} no usable “{name}”: "
        f"{what}."
        for column, (name, what) in said.items()
        if name and (missing := examples.without(column))
    ]


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
    examples: FreezeInput, members: Sequence[int], assignment: Assignment, folder: Path
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
        "near_id": pa.array([examples.near_id(k, near) for k, (_, near) in left], pa.string()),
        "near_file": pa.array([examples.near_file(near) for _, (_, near) in left], pa.string()),
        "near_text": pa.array([examples.near_text(near) for _, (_, near) in left], pa.string()),
    }
    pq.write_table(pa.table(columns), folder / "left_out.parquet")
