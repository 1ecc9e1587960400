"""The list of a project's examples: filtered, sorted, a page at a time.

Positions are found first, reading as few columns as the filter names; then the page's rows.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import Any

from core.examples.current import CurrentExample, ListedExample
from core.examples.listing import ExampleFilter
from storage.counters import BLOCK, Counters
from storage.database import Database
from storage.filters import ORDERS, conditions, parameters

STRETCHES = (8 * BLOCK, 64 * BLOCK, 512 * BLOCK)
"""Where a list in import order stops to see whether it has found enough."""
EVERYWHERE = 2**62
_SEEN_COLUMNS = {
    "example_id": "VARCHAR",
    "project_id": "VARCHAR",
    "position": "BIGINT",
    "revision_id": "VARCHAR",
    "instruction": "VARCHAR",
    "input": "VARCHAR",
    "output": "VARCHAR",
    "labels": "JSON",
    "author_id": "VARCHAR",
    "state": "VARCHAR",
    "flagged": "BOOLEAN",
    "updated_at": "TIMESTAMP",
    "assigned_to": "VARCHAR",
    "critical": "BOOLEAN",
    "accepts": "INTEGER",
}
# As the filters know the columns of the table, some rows in the place of others.
_SEEN = f"""
    SELECT {", ".join(_SEEN_COLUMNS)} FROM main.example_current
    WHERE NOT list_contains($hidden, example_id)
    UNION ALL
    SELECT unnest(from_json($seen, '[{json.dumps(_SEEN_COLUMNS)}]'), recursive := true)
"""  # noqa: S608 literals of this module


class Listing:
    """Pages of examples."""

    def __init__(self, db: Database, counters: Counters) -> None:
        self._db = db
        self._counters = counters

    def page(
        self, project_id: str, wanted: ExampleFilter, *, limit: int, offset: int, cap: int
    ) -> tuple[list[ListedExample], int]:
        """One page of the examples that match, and how many match: all where the counters know it,
        else counted, and listed, up to `cap`."""
        if wanted.is_counted:
            return self._counted_page(project_id, wanted, limit, offset)
        found = self._positions(project_id, wanted, cap)
        return self._listed(project_id, found[offset : offset + limit]), len(found)

    def _positions(self, project_id: str, wanted: ExampleFilter, cap: int) -> list[int]:
        """Where the first `cap` examples are that match, in the order that is wanted. In import
        order one stretch of positions after another is looked at, each eight times as long as those
        before: where many examples match, the first stretch holds enough."""
        if wanted.positions is not None and wanted == ExampleFilter(positions=wanted.positions):
            return sorted(wanted.positions)[:cap]
        ends = [EVERYWHERE]
        if wanted.order == "position" and wanted.positions is None:
            last = BLOCK * max((one.block for one in self._counters.sums(project_id)), default=0)
            ends = [end for end in STRETCHES if end <= last] + ends
        found: list[int] = []
        for first, end in pairwise([0, *ends]):
            rows = self._db.rows(
                f"""
                SELECT position FROM example_current
                WHERE position >= $first AND position < $end AND {conditions(wanted)}
                ORDER BY {ORDERS[wanted.order]} LIMIT $cap
                """,  # noqa: S608 conditions and orders are literals of storage.filters
                {
                    **parameters(project_id, wanted),
                    "first": first,
                    "end": end,
                    "cap": cap - len(found),
                },
            )
            found += [row["position"] for row in rows]
            if len(found) >= cap:
                break
        return found

    def page_seen(
        self,
        project_id: str,
        wanted: ExampleFilter,
        hidden: Collection[str],
        seen: Sequence[CurrentExample],
        *,
        limit: int,
        offset: int,
        cap: int,
    ) -> tuple[list[ListedExample], int]:
        """As `page`, with `seen` in the place of the examples that are `hidden`: filtered and
        ordered by what somebody sees who may not know the rest. The rows are as they are."""
        rows = self._db.rows(
            f"""
            WITH example_current AS ({_SEEN})
            SELECT position FROM example_current WHERE {conditions(wanted)}
            ORDER BY {ORDERS[wanted.order]} LIMIT $cap
            """,  # noqa: S608 conditions and orders are literals of storage.filters
            {
                **parameters(project_id, wanted),
                "cap": cap,
                "hidden": list(hidden),
                "seen": json.dumps([_columns(one) for one in seen]),
            },
        )
        chosen = [row["position"] for row in rows[offset : offset + limit]]
        return self._listed(project_id, chosen), len(rows)

    def _counted_page(
        self, project_id: str, wanted: ExampleFilter, limit: int, offset: int
    ) -> tuple[list[ListedExample], int]:
        """In import order, by state and flag only: the counters tell where the page begins."""
        blocks: dict[int, int] = {}
        for tally, n in self._counters.sums(project_id).items():
            if wanted.state in (None, tally.state) and wanted.flagged in (None, tally.flagged):
                blocks[tally.block] = blocks.get(tally.block, 0) + n
        total, passed, first, last = sum(blocks.values()), 0, 0, -1
        before = 0
        for block in sorted(blocks):
            if passed + blocks[block] <= offset:
                passed += blocks[block]
                continue
            if last < 0:
                first, before = block, passed
            last = block
            passed += blocks[block]
            if passed >= offset + limit:
                break
        rows = self._db.rows(
            f"""
            SELECT position FROM example_current
            WHERE position >= $first AND position < $end AND {conditions(wanted)}
            ORDER BY position LIMIT $limit OFFSET $offset
            """,  # noqa: S608 conditions are literals of storage.filters
            {
                **parameters(project_id, wanted),
                "first": first * BLOCK,
                "end": (last + 1) * BLOCK,
                "limit": limit,
                "offset": offset - before,
            },
        )
        return self._listed(project_id, [row["position"] for row in rows]), total

    def _listed(self, project_id: str, positions: list[int]) -> list[ListedExample]:
        """The examples at these positions, in this order; long texts are cut."""
        if not positions:
            return []
        about: dict[str, Any] = {"project_id": project_id, "positions": positions}
        where = "position IN (SELECT unnest(CAST($positions AS BIGINT[])))"
        first, last = min(positions), max(positions)
        if last - first < BLOCK:  # to read these is less than to plan the above
            about |= {"first": first, "last": last}
            where = "position BETWEEN $first AND $last AND list_contains($positions, position)"
        rows = self._db.rows(
            f"""
            SELECT example_id, position, instruction[:240] AS instruction, input[:240] AS input,
                   output[:240] AS output, state, flagged, updated_at, assigned_to, critical,
                   accepts
            FROM example_current WHERE project_id = $project_id AND {where}
            """,  # noqa: S608 a literal of this method
            about,
        )
        found = {row["position"]: ListedExample(**row) for row in rows}
        return [found[position] for position in positions if position in found]


def _columns(one: CurrentExample) -> dict[str, Any]:
    values = {name: getattr(one, name) for name in _SEEN_COLUMNS}
    return {**values, "labels": dict(one.labels), "updated_at": one.updated_at.isoformat()}
