"""Groups of duplicates as they stand now, and decisions on them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.checks.check import (
    STATE_ORDER,
    DuplicateGroup,
    DuplicateKind,
    GroupDecision,
    GroupTotal,
    Member,
)
from core.clock import now
from storage.batches import Batches
from storage.database import Database


def compared_hash(table: str, compared: str) -> str:
    """SQL for the hash of the texts of a table's row that were compared: `compared` is a column or
    a parameter that names the fields as core.checks.fields does."""
    parts = (("instruction", "prompt"), ("input", "prompt"), ("output", "output"))
    texts = " || chr(1) || ".join(
        f"CASE WHEN {compared} IN ('{name}', '{also}', 'all') THEN {table}.{name} ELSE '' END"
        for name, also in parts
    )
    return f"md5({texts})"


# Members whose compared texts are the present, in groups of two or more that nobody kept whole.
# The best member, `merit` 1: by state, without findings of high severity, the longest output, first
# in the import. `held`: somebody else works on it.
_MEMBERS = f"""
    WITH members AS (
        SELECT d.number, d.rank, c.example_id, c.revision_id, c.position, c.instruction, c.input,
               c.output, c.state, c.flagged, h.example_id IS NOT NULL AS findings,
               c.example_id IN (SELECT l.example_id FROM example_leases l
                                WHERE l.expires_at >= $now AND l.person_id <> $actor_id) AS held,
               count(*) OVER (PARTITION BY d.number) AS size,
               row_number() OVER (
                   PARTITION BY d.number
                   ORDER BY list_position($order, c.state), h.example_id IS NOT NULL,
                            length(c.output) DESC, c.position) AS merit
        FROM duplicate_members d
        JOIN example_current c ON c.example_id = d.example_id
        LEFT JOIN (SELECT DISTINCT example_id, revision_id FROM example_findings
                   WHERE project_id = $project_id AND severity = 'high') h
          ON h.example_id = c.example_id AND h.revision_id = c.revision_id
        WHERE d.project_id = $project_id AND d.kind = $kind AND c.state <> 'set_aside'
          AND d.text_hash = {compared_hash("c", "d.compared")}
    ), kept AS (
        SELECT m.number FROM members m
        JOIN kept_duplicates k ON k.example_id = m.example_id AND k.project_id = $project_id
        GROUP BY m.number, k.group_id HAVING count(*) = any_value(m.size)
    ), shown AS (
        SELECT * FROM members WHERE size > 1 AND number NOT IN (SELECT number FROM kept)
    )
"""  # noqa: S608 made of literals of this module
# Of the members that a decision sets aside, those that stay as they are.
_FREE = "NOT flagged AND NOT held"


class DuplicateGroups:
    """Questions about groups, and decisions on many; callers hold the transaction."""

    def __init__(self, db: Database, batches: Batches) -> None:
        self._db = db
        self._batches = batches

    def total(self, project_id: str, kind: DuplicateKind, actor_id: str) -> GroupTotal:
        """How many groups, members, and members beside the best ones."""
        row = self._db.one(
            f"""
            {_MEMBERS}
            SELECT count(DISTINCT number) AS groups, count(*) AS members,
                   count(*) FILTER (merit > 1 AND {_FREE}) AS others
            FROM shown
            """,  # noqa: S608 made of literals of this module
            self._about(project_id, kind, actor_id),
        )
        return GroupTotal(**row) if row else GroupTotal()

    def page(
        self,
        project_id: str,
        kind: DuplicateKind,
        actor_id: str,
        *,
        limit: int,
        offset: int,
        most_members: int,
    ) -> list[DuplicateGroup]:
        """A page of groups, the largest first, each with its best and its first members."""
        rows = self._db.rows(
            f"""
            {_MEMBERS}, page AS (
                SELECT number FROM shown GROUP BY number, size ORDER BY size DESC, number
                LIMIT $limit OFFSET $offset
            )
            SELECT number, size, example_id, position, instruction, input, output, state, flagged,
                   findings, merit
            FROM shown SEMI JOIN page USING (number)
            QUALIFY row_number() OVER (
                PARTITION BY number ORDER BY merit <= 2 DESC, rank) <= $most
            ORDER BY size DESC, number, rank
            """,  # noqa: S608 as above
            {
                **self._about(project_id, kind, actor_id),
                "limit": limit,
                "offset": offset,
                "most": most_members,
            },
        )
        groups: dict[int, tuple[int, list[Member]]] = {}
        for row in rows:
            number, size = row.pop("number"), row.pop("size")
            groups.setdefault(number, (size, []))[1].append(Member(**row))
        return [
            DuplicateGroup(kind, number, size, members)
            for number, (size, members) in groups.items()
        ]

    def set_aside(
        self,
        project_id: str,
        kind: DuplicateKind,
        numbers: Sequence[int] | None,
        batch_id: str,
        actor_id: str,
        decision: GroupDecision,
    ) -> int:
        """Set the members of groups aside, but for the best with "keep_best"; None: of all groups.
        Flagged examples, and ones that others hold, stay. How many."""
        keep = 1 if decision == "keep_best" else 0
        self._db.execute(
            f"""
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            {_MEMBERS}
            SELECT s.example_id, s.position, s.revision_id, s.state, 'set_aside' AS next_state,
                   CASE WHEN $keep = 1 THEN 'Duplicate of example ' || b.position
                        ELSE 'Its group of duplicates was set aside' END AS comment
            FROM shown s JOIN shown b ON b.number = s.number AND b.merit = 1
            WHERE s.merit > $keep AND NOT s.flagged AND NOT s.held
              AND ($numbers IS NULL OR list_contains($numbers, s.number))
            """,  # noqa: S608 as above
            {
                **self._about(project_id, kind, actor_id),
                "keep": keep,
                "numbers": None if numbers is None else list(numbers),
            },
        )
        return self._batches.decide_chosen("set_aside", batch_id, actor_id)

    def keep(
        self,
        project_id: str,
        kind: DuplicateKind,
        numbers: Sequence[int] | None,
        batch_id: str,
        actor_id: str,
    ) -> int:
        """Keep groups whole: they are not shown again. How many examples are in them."""
        return int(
            self._db.value(
                f"""
                INSERT INTO kept_duplicates
                {_MEMBERS}
                SELECT $project_id, $batch_id || '_' || number, example_id, $batch_id, $actor_id,
                       $now
                FROM shown WHERE $numbers IS NULL OR list_contains($numbers, number)
                """,  # noqa: S608 as above
                {
                    **self._about(project_id, kind, actor_id),
                    "batch_id": batch_id,
                    "numbers": None if numbers is None else list(numbers),
                },
            )
        )

    def show_again(self, project_id: str, batch_id: str) -> int:
        """Forget that a batch kept groups whole; how many examples are in them."""
        about = {"project_id": project_id, "batch_id": batch_id}
        return int(
            self._db.value(
                """
                DELETE FROM kept_duplicates
                WHERE project_id = $project_id AND batch_id = $batch_id
                """,
                about,
            )
        )

    def _about(self, project_id: str, kind: DuplicateKind, actor_id: str) -> dict[str, Any]:
        return {
            "project_id": project_id,
            "kind": kind,
            "actor_id": actor_id,
            "order": list(STATE_ORDER),
            "now": now(),
        }
