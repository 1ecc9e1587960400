"""The commands `export` and `export-examples`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from core.exporting.dataset_folder import put_dataset_folder, refuse_other_files
from core.exporting.formats import EXPORT_FORMATS, MANIFEST, format_named
from terminal.common import AsJson, Home, refusals_told, tell, workspace_at

Folder = Annotated[Path, typer.Argument(help="Where the files go; made if it is missing.")]
FormatName = Annotated[
    str, typer.Option("--format", help=f"One of {', '.join(EXPORT_FORMATS)}. Default: jsonl.")
]
Provenance = Annotated[
    bool, typer.Option("--provenance", help="Add who annotated and reviewed each example, when.")
]
Force = Annotated[bool, typer.Option("--force", help="Replace files that exist.")]
SPLITS = ("train", "validation", "test")


def export_version(
    version: Annotated[str, typer.Argument(help="The version's id, as `freeze` prints it.")],
    folder: Folder,
    format_name: FormatName = "",
    provenance: Provenance = False,
    home: Home = None,
    as_dataset: Annotated[
        bool, typer.Option("--dataset", help="The same as --format dataset.")
    ] = False,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write a dataset version to FOLDER: train, validation and test, and manifest.json.

    As JSON lines, CSV, Parquet, chat messages, or a folder that `datasets.load_from_disk` reads.
    """
    from pages.server.client import call

    with refusals_told():
        named = format_name or ("dataset" if as_dataset else "jsonl")
        asked = {"version": version, "format": named, "provenance": provenance}
        files = _files_in(folder, named, SPLITS, force=force)
        answer = call(workspace_at(home), "export", asked)
        _put(answer, folder, files)
        counts = ", ".join(f"{count} {split}" for split, count in answer["counts"].items())
        tell(answer, f"Saved to {folder}: {counts}, and {MANIFEST}.", as_json)


def export_examples(
    folder: Folder,
    project: Annotated[str, typer.Option(help="The project's name.")],
    format_name: FormatName = "jsonl",
    provenance: Provenance = False,
    state: Annotated[
        str, typer.Option(help="Only new, annotated, sent_back, accepted or set_aside ones.")
    ] = "",
    label: Annotated[str, typer.Option(help="Only those with this label: NAME=OPTION.")] = "",
    text: Annotated[str, typer.Option(help="Only those with this text in a field.")] = "",
    flagged: Annotated[bool, typer.Option("--flagged", help="Only flagged ones.")] = False,
    home: Home = None,
    force: Force = False,
    as_json: AsJson = False,
) -> None:
    """Write the examples of a project as they are now to FOLDER: examples and manifest.json.

    `touchstone import` reads every format back: the same examples have the same content hashes.
    """
    from pages.server.client import call

    with refusals_told():
        asked = {"project": project, "format": format_name, "provenance": provenance}
        asked |= {"state": state, "label": label, "text": text, "flagged": flagged}
        files = _files_in(folder, format_name, ("examples",), force=force)
        answer = call(workspace_at(home), "export.examples", asked)
        _put(answer, folder, files)
        tell(answer, f"Saved to {folder}: {answer['examples']} examples, and {MANIFEST}.", as_json)


def _files_in(folder: Path, format_name: str, names: Sequence[str], *, force: bool) -> list[str]:
    """The files that an export will leave in the folder, [] for a `datasets` folder. Raises
    InvalidInput where they may not go there."""
    from pages.server.files import refusals_of, refuse_existing

    suffix = format_named(format_name).suffix
    files = [*(f"{name}{suffix}" for name in names), MANIFEST] if suffix else []
    with refusals_of(folder):
        if files:
            refuse_existing(folder, files, force=force)
        else:
            refuse_other_files(folder, force=force)
    return files


def _put(answer: dict[str, Any], folder: Path, files: Sequence[str]) -> None:
    """Copy what was exported into the folder; the answer then names what stands there."""
    from pages.server.files import copied_to, made_whole

    with made_whole(folder):
        if files:
            answer["files"] = copied_to(folder, answer["files"], files)
        else:
            answer["files"] = put_dataset_folder(answer["files"], folder)
