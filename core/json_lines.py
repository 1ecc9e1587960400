"""A JSONL file that somebody named on the command line, as objects: all of them, or a refusal."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import InvalidInput


def json_lines(
    path: Path, one: str, refused: type[InvalidInput]
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(line from 1, object) of each line that is not blank; `one` is what a line holds, in words.

    Raises `refused` for a file that cannot be read or is not UTF-8, a line that is no object, and
    a file without any.
    """
    empty = True
    try:
        with path.open(encoding="utf-8-sig") as file:
            for line, text in enumerate(file, 1):
                if text.strip():
                    yield line, _object(text, line, one, refused)
                    empty = False
    except OSError as error:
        raise refused(f"{path} cannot be read: {error.strerror}.") from None
    except UnicodeDecodeError:
        raise refused(f"{path} is not UTF-8. Save it as UTF-8.") from None
    if empty:
        raise refused(f"{path} holds no {one}. Write one a line, as JSON.")


def _object(text: str, line: int, one: str, refused: type[InvalidInput]) -> dict[str, Any]:
    try:
        values = json.loads(text)
    except (ValueError, RecursionError):
        values = None
    if not isinstance(values, dict):
        raise refused(f"Line {line} is no JSON object. Write one {one} a line.")
    return values
