"""Work queues: who holds which example, and who passed one on. Callers hold the transaction."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict

from core.clock import now
from core.examples.leases import Hands, Lease
from core.examples.states import Queue
from storage.database import Database
from storage.groups import Groups
from storage.promises import Promises
from storage.written_keys import WrittenKeys

_INSERT_LEASE = """
    INSERT INTO example_leases
        (project_id, example_id, position, queue, person_id, expires_at, assigned_to)
    VALUES ($project_id, $example_id, $position, $queue, $person_id, $expires_at, $assigned_to)
"""


class Queues:
    """Leases and skips."""

    def __init__(self, db: Database, groups: Groups, promises: Promises) -> None:
        self._db = db
        self._groups = groups
        self._promises = promises
        self._skipped = WrittenKeys(db, "SELECT DISTINCT example_id FROM example_skips")

    def hands(self, project_id: str, queue: Queue, person_id: str) -> Hands:
        """What people hold in a project, and what this person skipped of the queue."""
        leases = self._db.rows(
            """
            SELECT project_id, example_id, position, queue, person_id, expires_at, assigned_to
            FROM example_leases WHERE project_id = $project_id
            """,
            {"project_id": project_id},
        )
        skipped = []
        if self._skipped.may_have_any():
            skipped = self._db.rows(
                """
                SELECT example_id FROM example_skips
                WHERE project_id = $project_id AND queue = $queue AND person_id = $person_id
                """,
                {"project_id": project_id, "queue": queue, "person_id": person_id},
            )
        reach = None
        if queue == "annotate" and any(row["assigned_to"] for row in leases):
            reach = tuple(self._groups.reach(project_id, person_id))
        return Hands(
            queue,
            person_id,
            now(),
            tuple(sorted((Lease(**row) for row in leases), key=lambda lease: lease.position)),
            tuple(row["example_id"] for row in skipped),
            reach,
        )

    # Leases ------------------------------------------------------------------------------------

    def add_lease(self, lease: Lease) -> None:
        """Take an example of which there is no lease. Of two who do, one fails at commit."""
        self._db.execute(_INSERT_LEASE, asdict(lease))

    def take_lease(self, lease: Lease) -> bool:
        """Compare and set, whoever had it: whether this person now holds the example."""
        taken = self._db.rows(
            _INSERT_LEASE
            + """
            ON CONFLICT (example_id) DO UPDATE
            SET queue = excluded.queue, person_id = excluded.person_id,
                expires_at = excluded.expires_at, assigned_to = excluded.assigned_to
            WHERE example_leases.person_id = $person_id OR example_leases.expires_at < $now
            RETURNING example_id
            """,
            {**asdict(lease), "now": now()},
        )
        self._promises.end(lease.example_id, False)
        return bool(taken)

    def release(self, example_id: str, person_id: str) -> None:
        """Let go of an example that this person holds."""
        self._promises.end(example_id, False)
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

    def add_skip(
        self,
        project_id: str,
        queue: Queue,
        example_id: str,
        position: int,
        person_id: str,
        reason: str,
    ) -> None:
        """This person is not given the example until it changes, or is given out again."""
        self._skipped.add(example_id)
        self._db.execute(
            """
            INSERT INTO example_skips
                (project_id, example_id, position, queue, person_id, reason, created_at)
            VALUES ($project_id, $example_id, $position, $queue, $person_id, $reason, $now)
            """,
            {
                "project_id": project_id,
                "example_id": example_id,
                "position": position,
                "queue": queue,
                "person_id": person_id,
                "reason": reason,
                "now": now(),
            },
        )

    def forget_skips(self, project_id: str, example_id: str) -> None:
        """The example changed, or is given out again: everybody may get it."""
        if not self._skipped.may_have(example_id):
            return
        self._db.execute(
            """
            DELETE FROM example_skips
            WHERE project_id = $project_id AND example_id = $example_id
            """,
            {"project_id": project_id, "example_id": example_id},
        )

    def was_skipped(self, example_id: str) -> bool:
        """False where surely nobody's skip of the example counts."""
        return self._skipped.may_have(example_id)
