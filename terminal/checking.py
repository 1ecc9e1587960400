"""The command `check`: examples in a file, without a workspace."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO, get_args

import typer

from core.errors import InvalidInput
from core.findings.finding import SEVERITIES
from core.wording import counted
from terminal.common import AsJson, refusals_told, tell, written_to

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
    grounded: Annotated[
        bool, typer.Option("--grounded", help="Outputs may say nothing that the inputs do not.")
    ] = False,
    labels: Annotated[
        str, typer.Option(help="The labels there may be, with commas between them.")
    ] = "",
    findings_to: Annotated[
        Path | None,
        typer.Option(help="Write each finding as a JSON line: id, kind, place, explanation, mend."),
    ] = None,
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
        if findings_to is not None and only not in ("", "findings"):
            raise InvalidInput(f"--only {only} looks for no findings. Leave --findings-to out.")
        with _opened(findings_to, file) as out:
            answer = check_file(
                file,
                against or (),
                only or None,  # type: ignore[arg-type]
                over,  # type: ignore[arg-type]
                threshold,
                grounded=grounded,
                labels=[name for one in labels.split(",") if (name := one.strip())],
                findings_to=out,
            )
        tell(answer, "\n".join(_told(answer)), as_json)


@contextmanager
def _opened(path: Path | None, read: Path) -> Iterator[TextIO | None]:
    if path is None:
        yield None
        return
    if path.exists() and read.exists() and path.samefile(read):
        raise InvalidInput("--findings-to names the file that is read. Name another one.")
    with written_to(path) as part, part.open("w", encoding="utf-8") as out:
        yield out


def _told(answer: dict[str, Any]) -> list[str]:
    lines = [f"{counted(answer['examples'], 'example')}, {answer['seconds']:.1f} s."]
    if unreadable := answer.get("unreadable"):
        lines.append(f"{counted(len(unreadable), 'record')} cannot be read:")
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
        lines.append(f"Near an example of {name}: {counted(len(pairs), 'example')}")
        lines += [
            f"  {one['id']} and {one['other_id']} ({one['similarity']:.2f})"
            for one in pairs[:_SHOWN]
        ]
    found = [one for one in answer.get("findings", {}).values() if one["count"]]
    order = list(SEVERITIES)
    for one in sorted(found, key=lambda one: (order.index(one["severity"]), -one["count"])):
        ids = ", ".join(map(str, one["ids"][:_SHOWN]))
        more = f" and {one['count'] - _SHOWN:,} more" if one["count"] > _SHOWN else ""
        lines.append(
            f"{one['severity']}: {one['label']}, {counted(one['count'], 'example')}: {ids}{more}"
        )
    lines += [one["explanation"] for one in answer.get("remarks", [])]
    if answer.get("capped_buckets"):
        lines.append(
            f"{answer['capped_buckets']:,} sets of candidates were too large to compare every pair."
        )
    return lines


def _clusters(clusters: list[list[Any]], label: str) -> list[str]:
    examples = sum(map(len, clusters))
    lines = [f"{counted(len(clusters), 'cluster')} of {label}, {counted(examples, 'example')}"]
    for one in sorted(clusters, key=len, reverse=True)[:_SHOWN]:
        more = f" and {len(one) - _SHOWN:,} more" if len(one) > _SHOWN else ""
        lines.append(f"  {', '.join(map(str, one[:_SHOWN]))}{more}")
    return lines
