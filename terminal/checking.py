"""The command `check`: examples in a file, without a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, get_args

import typer

from core.errors import InvalidInput
from terminal.common import AsJson, refusals_told, tell

_SHOWN = 5


def check(
    file: Path,
    against: Annotated[
        list[Path] | None,
        typer.Option(help="Another file, such as a test set: which examples overlap with it."),
    ] = None,
    only: Annotated[str, typer.Option(help="duplicates, contamination or findings.")] = "",
    over: Annotated[
        str,
        typer.Option(
            help="Compare prompt (instruction and input), instruction, input, output or all."
        ),
    ] = "prompt",
    threshold: Annotated[
        float, typer.Option(help="How alike two texts must be to count as near, over 0 to 1.")
    ] = 0.82,
    as_json: AsJson = False,
) -> None:
    """Check the examples in FILE: duplicates, template siblings, overlap with other files, flaws.

    JSONL, JSON, CSV, TSV, Parquet or a dataset folder; the columns are found by their names.
    """
    from core.checks.check_file import Only, check_file

    with refusals_told():
        if only and only not in get_args(Only):
            raise InvalidInput(f"“{only}” is no part of a check: {', '.join(get_args(Only))}.")
        if only == "contamination" and not against:
            raise InvalidInput("Name the file to compare with: --against FILE.")
        answer = check_file(file, against or (), only or None, over, threshold)  # type: ignore[arg-type]
        tell(answer, "\n".join(_told(answer)), as_json)


def _told(answer: dict[str, Any]) -> list[str]:
    lines = [f"{answer['examples']:,} examples, {answer['seconds']:.1f} s."]
    if unreadable := answer.get("unreadable"):
        lines.append(f"{len(unreadable):,} records cannot be read:")
        lines += [f"  line {one['line']}: {one['reason']}" for one in unreadable[:_SHOWN]]
    for key, label in (
        ("exact_duplicate_clusters", "exact duplicates"),
        ("near_duplicate_clusters", "near-duplicates"),
    ):
        if key in answer:
            lines += _clusters(answer[key], label)
    if siblings := answer.get("template_siblings"):
        lines += _clusters(siblings["groups"], "one template with other values")
    for name, pairs in answer.get("overlap", {}).items():
        lines.append(f"{len(pairs):,} examples overlap with {name}")
        lines += [
            f"  {one['id']} and {one['other_id']} ({one['similarity']:.2f})"
            for one in pairs[:_SHOWN]
        ]
    if answer.get("capped_buckets"):
        lines.append(
            f"{answer['capped_buckets']:,} sets of candidates were too large to compare every pair."
        )
    return lines


def _clusters(clusters: list[list[Any]], label: str) -> list[str]:
    examples = sum(map(len, clusters))
    lines = [f"{len(clusters):,} clusters of {label}, {examples:,} examples"]
    for one in sorted(clusters, key=len, reverse=True)[:_SHOWN]:
        more = f" and {len(one) - _SHOWN:,} more" if len(one) > _SHOWN else ""
        lines.append(f"  {', '.join(map(str, one[:_SHOWN]))}{more}")
    return lines
