"""Cells of CSV files that no spreadsheet takes for a formula, and back again.

A cell that begins with = + - @, a tab or a carriage return gets an apostrophe in front, as OWASP
advises against CSV injection. One that begins with apostrophes and then such a sign gets one more,
so that taking one off gives every text back.
"""

from __future__ import annotations

import re

_FORMULA = re.compile(r"'*[=+\-@\t\r]")
_STARTS = frozenset("'=+-@\t\r")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def safe_cell(text: str) -> str:
    """The text as it may stand in a cell."""
    if text[:1] not in _STARTS:
        return text
    return f"'{text}" if _FORMULA.match(text) else text


def plain_cell(cell: str) -> str:
    """The text that `safe_cell` was given."""
    return cell[1:] if _ESCAPED.match(cell) else cell
