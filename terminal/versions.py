"""Terminal: protect texts from training, print a version's data card."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from terminal.common import AsJson, Home, refusals_told, tell, workspace_at


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
