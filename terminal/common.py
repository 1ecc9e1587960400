"""What the commands of a terminal share: their options, their answers, their refusals."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from core.errors import InvalidInput, TouchstoneError, full_disk_told
from core.workspace import VARIABLE, Workspace

Home = Annotated[Path | None, typer.Option("--home", help="The workspace's folder.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the answer as JSON.")]


def workspace_at(home: Path | None) -> Workspace:
    """The workspace that --home names, else TOUCHSTONE_HOME or ./workspace."""
    if home is not None:
        os.environ[VARIABLE] = str(home)
    return Workspace.from_environment()


@contextmanager
def refusals_told() -> Iterator[None]:
    """Print what people can mend as a sentence, without a traceback, and exit with 1."""
    try:
        with full_disk_told():
            yield
    except TouchstoneError as error:
        _refuse(error)
    except OSError as error:
        if error.filename is None:
            raise
        _refuse(InvalidInput(f"{error.filename} cannot be used: {error.strerror}."))


def _refuse(error: TouchstoneError) -> NoReturn:
    print(f"{error.title}. {error.message}", file=sys.stderr)
    raise typer.Exit(1) from None


def json_file(path: Path) -> dict[str, Any]:
    """The JSON object in a file that the user named. Raises InvalidInput."""
    try:
        found = json.loads(text_file(path))
    except ValueError as error:
        raise InvalidInput(f"{path} cannot be read as JSON ({error}).") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"{path} must hold one JSON object.")
    return found


def text_file(path: Path) -> str:
    """The text of a file that the user named, byte for byte. Raises InvalidInput."""
    try:
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise InvalidInput(f"{path} is no text in UTF-8.") from None


@contextmanager
def written_to(path: Path) -> Iterator[Path]:
    """A file beside `path` to write, which gets its name at the end: what stood there before stays
    until then. Says in a sentence why it cannot be written."""
    part = path.with_name(f"{path.name}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise InvalidInput(f"{path} cannot be written: {error.strerror}.") from None
    finally:
        with suppress(OSError):
            part.unlink()


def tell(answer: dict[str, Any], sentence: str, as_json: bool) -> None:
    """Print the answer as JSON, or as a sentence."""
    print(json.dumps(answer) if as_json else sentence)
