"""Terminal: freeze a dataset version, protect texts from training, print a data card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from terminal.common import AsJson, Home, refusals_told, tell, workspace_at


def freeze(
    project: Annotated[str, typer.Option(help="The project's name.")],
    name: Annotated[str, typer.Option(help="What the version is called; left out, v1, v2 …")] = "",
    evaluation_only: Annotated[
        bool, typer.Option("--evaluation-only", help="Put every example into test, for good.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Draws the split of new examples.")] = 42,
    stratify: Annotated[
        str, typer.Option(help="A label whose options each split has in the same shares.")
    ] = "",
    by_time: Annotated[
        str | None,
        typer.Option(help="Metadata to sort by, “” for the time of import: newest to test."),
    ] = None,
    keep_together: Annotated[
        str, typer.Option(help="Metadata whose equal values stay in one split.")
    ] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Freeze a project's accepted examples as a dataset version with a split."""
    from pages.server.client import call

    with refusals_told():
        arguments = {
            "project": project,
            "name": name,
            "evaluation_only": evaluation_only,
            "seed": seed,
            "plan": split_plan(stratify, by_time, keep_together),
        }
        answer = call(workspace_at(home), "freeze", arguments)
        counts = ", ".join(f"{count} {split}" for split, count in answer["counts"].items())
        tell(
            answer,
            f"Dataset version {answer['name']} of “{answer['project']}”: {counts}, in "
            f"{answer['groups']} groups. {answer['kept']} kept their split, "
            f"{answer['left_out']} left out.\nId: {answer['version']}\n"
            f"Content hash: {answer['content_hash']}"
            + "".join(f"\nNote: {warning}" for warning in answer["warnings"]),
            as_json,
        )


def split_plan(stratify: str, by_time: str | None, keep_together: str) -> dict[str, str]:
    """How to draw, as `core.versions.split_plan` reads it."""
    by = "stratified" if stratify else "random" if by_time is None else "time"
    return {"by": by, "label": stratify, "time": by_time or "", "together": keep_together}


def protect(
    file: Path,
    project: Annotated[str, typer.Option(help="The project's name.")],
    name: Annotated[str, typer.Option(help="What it is; left out, the file's name.")] = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Register FILE as “never train on this”: examples near one of its texts stay out of train and
    validation in every version that is frozen from now on."""
    from pages.server.client import call

    with refusals_told():
        arguments = {"project": project, "name": name, "file_name": file.resolve().name}
        answer = call(workspace_at(home), "protect", arguments, upload=file)
        tell(
            answer,
            f"{answer['texts']} texts of {answer['name']} are protected in "
            f"“{answer['project']}”, {answer['rejected']} records could not be read.",
            as_json,
        )


def card(
    version: Annotated[str, typer.Argument(help="The version's id, as `freeze` prints it.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Print the data card of a dataset version as Markdown, or as JSON, with its known gaps."""
    from pages.server.client import call

    with refusals_told():
        answer = call(workspace_at(home), "card", {"version": version})
        tell(answer["card"], answer["markdown"].rstrip(), as_json)
