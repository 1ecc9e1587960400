"""A question for the database as a value: asked later, by whoever has the connection."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Query:
    """A SELECT with its named parameters ($name). Made by storage, never from what people typed.

    `core.workflows.jobs.jobs.submit` lets the database write its answer to Parquet, so that the
    server never holds the rows.
    """

    sql: str
    params: Mapping[str, Any] = field(default_factory=dict)
