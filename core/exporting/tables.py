"""Small tables as CSV, for downloads from a page: every cell safe in a spreadsheet."""

from __future__ import annotations

import csv
import datetime
import io
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from core.exporting.cells import safe_cell

Row = Mapping[str, Any]


def to_csv(rows: Iterable[Row], columns: Sequence[str] | None = None) -> str:
    """Rows as CSV with a header, every cell safe; columns in the order given, else as met."""
    rows = list(rows)
    names = list(columns) if columns else list(dict.fromkeys(name for row in rows for name in row))
    target = io.StringIO(newline="")
    writer = csv.writer(target, lineterminator="\r\n")
    writer.writerow([_cell(name) for name in names])
    writer.writerows([_cell(row.get(name)) for name in names] for row in rows)
    return target.getvalue()


def _cell(value: object) -> str:
    if isinstance(value, dict | list):
        return safe_cell(json.dumps(value, ensure_ascii=False, default=_json_value))
    return "" if value is None else safe_cell(str(value))


def _json_value(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
