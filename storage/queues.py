"""Work queues: leases, skips, and which example a person gets next.

A queue is not a table: `example_counts` says in which blocks of positions there are open examples,
and one block of `example_current` is read for the first of them. Callers hold the transaction.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from core.clock import now
from core.examples.states import Queue
from storage.counters import BLOCK
from storage.database import Database

# What each queue holds, as core.examples.states.is_open says it.
_OPEN: dict[Queue, str] = {
    "annotate": "state IN ('new', 'sent_back') AND NOT flagged",
    "review": "(state = 'annotated' OR flagged) AND state <> 'set_aside'",
}
# What a person gets before the rest: their own that came back; what somebody else wrote.
_FIRST: dict[Queue, str] = {
    "annotate": "state = 'sent_back' AND author_id = $person_id",
    "review": "author_id <> $person_id",
}
# Identical texts, so that no statement is put together while it runs.
_BLOCKS = {
    queue: f"""
        SELECT block, ({_FIRST[queue]}) AS first, sum(n)::BIGINT AS n FROM example_counts
        WHERE project_id = $project_id AND {_OPEN[queue]}
        GROUP BY ALL HAVING sum(n) > 0 ORDER BY first DESC, block
        """  # noqa: S608 both parts are literals of this module
    for queue in _OPEN
}
_CANDIDATE = {
    queue: f"""
        SELECT c.example_id, c.position FROM example_current c
        WHERE c.project_id = $project_id AND c.position >= $start AND c.position < $end
          AND {_OPEN[queue]} AND ({_FIRST[queue]}) = $first
          AND NOT list_contains($taken, c.example_id)
          AND c.example_id NOT IN (
              SELECT s.example_id FROM example_skips s
              WHERE s.project_id = $project_id AND s.person_id = $person_id)
        ORDER BY c.position LIMIT 1 OFFSET $offset
        """  # noqa: S608 both parts are literals of this module
    for queue in _OPEN
}


@dataclass(frozen=True)
class Block:
    """A block of positions in which `n` examples are open; `first`: to be given before others."""

    number: int
    first: bool
    n: int


@dataclass(frozen=True)
class Lease:
    """An example in somebody's hands until `expires_at`."""

    example_id: str
    position: int
    person_id: str
    expires_at: datetime


class Queues:
    """Leases, skips, and the next example."""

    def __init__(self, db: Database) -> None:
        self._db = db

    # What is open ------------------------------------------------------------------------------

    def open_blocks(self, project_id: str, queue: Queue, person_id: str) -> list[Block]:
        """The blocks with open examples, in the order in which this person goes through them."""
        rows = self._db.rows(_BLOCKS[queue], {"project_id": project_id, "person_id": person_id})
        return [Block(row["block"], row["first"], row["n"]) for row in rows]

    def candidate(
        self,
        project_id: str,
        queue: Queue,
        person_id: str,
        *,
        taken: Collection[str],
        offset: int = 0,
    ) -> Lease | None:
        """The first open example that nobody holds (`taken`) and this person has not skipped.

        `offset` passes over so many, for somebody who lost the first one to another.
        """
        for block in self.open_blocks(project_id, queue, person_id):
            for passed in dict.fromkeys((offset, 0)):
                found = self._db.rows(
                    _CANDIDATE[queue],
                    {
                        "project_id": project_id,
                        "person_id": person_id,
                        "start": block.number * BLOCK,
                        "end": (block.number + 1) * BLOCK,
                        "first": block.first,
                        "taken": list(taken),
                        "offset": passed,
                    },
                )
                if found:
                    row = found[0]
                    return Lease(row["example_id"], row["position"], person_id, now())
        return None

    def unavailable(self, project_id: str, queue: Queue, person_id: str) -> int:
        """How many open examples this person is not given: others hold them, or they skipped."""
        return int(
            self._db.value(
                """
                SELECT count(DISTINCT example_id) FROM (
                    SELECT example_id FROM example_leases
                    WHERE project_id = $project_id AND queue = $queue AND person_id <> $person_id
                      AND expires_at >= $now
                    UNION ALL
                    SELECT example_id FROM example_skips
                    WHERE project_id = $project_id AND queue = $queue AND person_id = $person_id)
                """,
                {
                    "project_id": project_id,
                    "queue": queue,
                    "person_id": person_id,
                    "now": now(),
                },
            )
        )

    # Leases ------------------------------------------------------------------------------------

    def leases(self, project_id: str, queue: Queue) -> list[Lease]:
        """Everything that somebody holds in a queue now, in import order."""
        rows = self._db.rows(
            """
            SELECT example_id, position, person_id, expires_at FROM example_leases
            WHERE project_id = $project_id AND queue = $queue AND expires_at >= $now
            ORDER BY position
            """,
            {"project_id": project_id, "queue": queue, "now": now()},
        )
        return [Lease(**row) for row in rows]

    def take_lease(
        self,
        project_id: str,
        queue: Queue,
        example_id: str,
        position: int,
        person_id: str,
        until: datetime,
    ) -> bool:
        """Compare and set: whether this person now holds the example."""
        taken = self._db.rows(
            """
            INSERT INTO example_leases
                (example_id, project_id, position, queue, person_id, expires_at)
            VALUES ($example_id, $project_id, $position, $queue, $person_id, $until)
            ON CONFLICT (example_id) DO UPDATE
            SET queue = excluded.queue, person_id = excluded.person_id,
                expires_at = excluded.expires_at
            WHERE example_leases.person_id = $person_id OR example_leases.expires_at < $now
            RETURNING example_id
            """,
            {
                "example_id": example_id,
                "project_id": project_id,
                "position": position,
                "queue": queue,
                "person_id": person_id,
                "until": until,
                "now": now(),
            },
        )
        return bool(taken)

    def release(self, example_id: str, person_id: str) -> None:
        """Let go of an example that this person holds."""
        self._db.execute(
            """
            DELETE FROM example_leases
            WHERE example_id = $example_id AND person_id = $person_id
            """,
            {"example_id": example_id, "person_id": person_id},
        )

    def release_others(self, project_id: str, person_id: str, keep: Collection[str]) -> None:
        """Let go of everything a person holds in a project, but for `keep`."""
        self._db.execute(
            """
            DELETE FROM example_leases
            WHERE project_id = $project_id AND person_id = $person_id
              AND NOT list_contains($keep, example_id)
            """,
            {"project_id": project_id, "person_id": person_id, "keep": list(keep)},
        )

    def holder(self, example_id: str) -> str | None:
        """Who holds the example now."""
        value = self._db.value(
            """
            SELECT person_id FROM example_leases
            WHERE example_id = $example_id AND expires_at >= $now
            """,
            {"example_id": example_id, "now": now()},
        )
        return str(value) if value else None

    # Skips -------------------------------------------------------------------------------------

    def forget_skips(self, project_id: str, example_id: str) -> None:
        """The example changed, or is given out again: everybody may get it."""
        self._db.execute(
            """
            DELETE FROM example_skips
            WHERE project_id = $project_id AND example_id = $example_id
            """,
            {"project_id": project_id, "example_id": example_id},
        )


def first_free(
    leases: Collection[Lease], person_id: str, holding: Collection[str]
) -> Iterator[Lease]:
    """What a person holds already and has not in their browser yet."""
    for lease in leases:
        if lease.person_id == person_id and lease.example_id not in holding:
            yield lease
