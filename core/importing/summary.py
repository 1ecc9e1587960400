"""What an import job came to: its summary.json, which the server reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Summary:
    """What an import came to: counts of records, the mapping used, warnings, seconds taken.

    `label_problems` counts labels that stayed out of examples that came in.
    """

    file: str
    format: str
    accepted: int
    rejected: int
    duplicates: int
    label_problems: int
    mapping: dict[str, Any]
    warnings: tuple[str, ...]
    seconds: float


def read_summary(folder: Path) -> Summary:
    """The summary in a job's final folder. Raises FileNotFoundError."""
    found: dict[str, Any] = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    return Summary(**{**found, "warnings": tuple(found["warnings"])})
