"""Reads the CSS and JavaScript files of the components."""

from __future__ import annotations

from pathlib import Path

PAGES = Path(__file__).parent.parent


def asset(*names: str) -> str:
    """The named files, each a path from the folder `pages`, one after the other."""
    return "\n".join((PAGES / name).read_text(encoding="utf-8") for name in names)
