"""Negatives: worse answers that augmentations proposed, and what people said of them.

They stand apart from examples: nothing of an example, a version or an export changes by one.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.augmentation.augmentation import Augmentation, Sourced
from core.augmentation.negatives import NegativeState, NegativeTask
from core.clock import now
from storage.augmentations import Augmentations
from storage.database import Database, Row
from storage.intake import CHANGED_SINCE

_TASK = """
    SELECT n.negative_id, n.project_id, n.source_id AS example_id, c.position, r.instruction,
           r.input, r.output AS accepted, n.output, n.rule, n.model, n.seed,
           o.position AS other_position, n.state, n.actor_id, n.decided_at,
           c.revision_id <> n.source_revision_id OR c.state <> 'accepted' AS changed
    FROM negatives n
    JOIN example_current c ON c.example_id = n.source_id
    JOIN revisions r ON r.revision_id = n.source_revision_id
    LEFT JOIN example_current o ON o.example_id = n.other_id
"""
# The answer beside it is still the accepted one, and its example may be trained on.
_OPEN = """
    n.state = 'waiting' AND c.revision_id = n.source_revision_id AND c.state = 'accepted'
    AND NOT c.flagged AND NOT EXISTS (
        SELECT 1 FROM example_splits t WHERE t.example_id = n.source_id AND t.split = 'test')
"""
# Neither answer is that of a gold example, where `$measured`: by them the person is measured.
_TELLS_NO_GOLD = """
    NOT ($measured AND EXISTS (
        SELECT 1 FROM gold_examples g WHERE g.example_id IN (n.source_id, n.other_id)))
"""
# Made of an example, or its answer, whose present revision is one of the batch.
_CHANGED = """
    SELECT example_id FROM example_current
    WHERE project_id = $project_id AND starts_with(revision_id, $batch_id || '_')
"""
_OF_BATCH = f"""
    project_id = $project_id AND (source_id IN ({_CHANGED}) OR other_id IN ({_CHANGED}))
"""


class Negatives:
    """Batches of negatives and decisions on them; callers hold the transaction where they write."""

    def __init__(self, db: Database, augmentations: Augmentations) -> None:
        self._db = db
        self._augmentations = augmentations

    def take_in(self, begun: Augmentation, negatives: Path, sources: Path) -> int:
        """Insert an augmentation and those of its negatives that were not proposed before for the
        same revision, and none whose text one of the `sources` had that was mended or masked since
        they were read; how many. Columns: core.augmentation.files."""
        before = self._count(begun.project_id)
        self._db.insert_from_parquet(
            negatives,
            f"""
            WITH changed AS ({CHANGED_SINCE})
            INSERT INTO negatives
                (negative_id, project_id, augmentation_id, source_id, source_revision_id, output,
                 cut, rule, other_id, model, seed, state, created_at)
            SELECT p.negative_id, $project_id, $augmentation_id, p.source_id, p.source_revision_id,
                   p.output, p.cut, p.rule, p.other_id, $model, $seed, 'waiting', $now
            FROM read_parquet($parquet_path) p
            WHERE NOT EXISTS (
                SELECT 1 FROM negatives k
                WHERE k.project_id = $project_id AND k.source_id = p.source_id
                  AND k.source_revision_id = p.source_revision_id AND k.output = p.output)
              AND p.source_id NOT IN (SELECT example_id FROM changed)
              AND p.other_id NOT IN (SELECT example_id FROM changed)
            ORDER BY p.row
            """,  # noqa: S608 made of literals of this package
            {
                "project_id": begun.project_id,
                "augmentation_id": begun.augmentation_id,
                "model": begun.model,
                "seed": begun.plan.seed,
                "now": begun.created_at,
                "sources": str(sources.resolve()),
            },
        )
        added = self._count(begun.project_id) - before
        self._augmentations.add(begun, added)
        return added

    def _count(self, project_id: str) -> int:
        found = self._db.value(
            "SELECT count(*) FROM negatives WHERE project_id = $project", {"project": project_id}
        )
        return int(found)

    # Looking -----------------------------------------------------------------------------------

    def states_by_rule(self, augmentation_id: str) -> dict[str, dict[str, int]]:
        """Rule → state → how many of an augmentation's negatives are in it; `changed`: how many
        wait that nobody is asked about, since their example changed or is in test."""
        rows = self._db.rows(
            f"""
            SELECT n.rule,
                   CASE WHEN n.state = 'waiting' AND NOT ({_OPEN}) THEN 'changed' ELSE n.state END
                       AS state, count(*) AS n
            FROM negatives n JOIN example_current c ON c.example_id = n.source_id
            WHERE n.augmentation_id = $id GROUP BY 1, 2
            """,  # noqa: S608 a literal of this module
            {"id": augmentation_id},
        )
        found: dict[str, dict[str, int]] = {}
        for row in rows:
            found.setdefault(row["rule"], {})[row["state"]] = int(row["n"])
        return found

    def count_waiting(self, project_id: str, *, measured: bool) -> int:
        """How many negatives of the project wait for a decision; `measured` as in `next`."""
        found = self._db.value(
            f"""
            SELECT count(*) FROM negatives n JOIN example_current c ON c.example_id = n.source_id
            WHERE n.project_id = $project AND {_OPEN} AND {_TELLS_NO_GOLD}
            """,  # noqa: S608 literals of this module
            {"project": project_id, "measured": measured},
        )
        return int(found)

    def next(self, project_id: str, person_id: str, *, measured: bool) -> NegativeTask | None:
        """One that waits, those of one example after each other; the order differs by person, so
        that two who decide at once rarely meet. Whoever is `measured` by gold examples is shown
        none that tells the answer of one."""
        return self._task(
            f"""
            WHERE n.project_id = $project AND {_OPEN} AND {_TELLS_NO_GOLD}
            ORDER BY hash($person || n.source_id), n.source_id, n.negative_id LIMIT 1
            """,
            {"project": project_id, "person": person_id, "measured": measured},
        )

    def by_id(self, negative_id: str) -> NegativeTask | None:
        """One negative beside the answer that it was made of."""
        return self._task("WHERE n.negative_id = $id", {"id": negative_id})

    def last_decided(self, project_id: str, person_id: str) -> NegativeTask | None:
        """The negative that this person decided on last."""
        return self._task(
            """
            WHERE n.project_id = $project AND n.actor_id = $person AND n.state <> 'waiting'
            ORDER BY n.decided_at DESC LIMIT 1
            """,
            {"project": project_id, "person": person_id},
        )

    def _task(self, which: str, params: Mapping[str, Any]) -> NegativeTask | None:
        row = self._db.one(f"{_TASK} {which}", params)
        return _task(row) if row else None

    # Deciding ----------------------------------------------------------------------------------

    def decide(self, negative_id: str, state: NegativeState, person_id: str) -> bool:
        """Compare and set: whether it waited until now."""
        rows = self._db.rows(
            """
            UPDATE negatives SET state = $state, actor_id = $person, decided_at = $now
            WHERE negative_id = $id AND state = 'waiting' RETURNING negative_id
            """,
            {"id": negative_id, "state": state, "person": person_id, "now": now()},
        )
        return bool(rows)

    def take_back(self, negative_id: str, person_id: str) -> bool:
        """It waits again, or goes where its augmentation was thrown away, or it was masked,
        meanwhile; whether this person's decision on it stood until now."""
        rows = self._db.rows(
            """
            UPDATE negatives SET state = 'waiting', actor_id = NULL, decided_at = NULL
            WHERE negative_id = $id AND actor_id = $person AND state <> 'waiting'
            RETURNING negative_id
            """,
            {"id": negative_id, "person": person_id},
        )
        self._db.execute(
            """
            DELETE FROM negatives WHERE negative_id = $id AND state = 'waiting'
              AND (masked_at IS NOT NULL OR augmentation_id IN (
                  SELECT augmentation_id FROM augmentations WHERE undone_at IS NOT NULL))
            """,
            {"id": negative_id},
        )
        return bool(rows)

    # Masking -----------------------------------------------------------------------------------

    def drop_waiting(self, project_id: str, batch_id: str) -> int:
        """Delete those that wait and were made of an example, or are its answer, whose text a batch
        of mends or masks has just changed; how many."""
        rows = self._db.rows(
            f"""
            DELETE FROM negatives WHERE state = 'waiting' AND {_OF_BATCH} RETURNING negative_id
            """,  # noqa: S608 a literal of this module
            {"project_id": project_id, "batch_id": batch_id},
        )
        return len(rows)

    def texts_of_batch(self, project_id: str, batch_id: str) -> dict[str, str]:
        """Negative → its text, of those that `drop_waiting` would look at, whatever their state."""
        rows = self._db.rows(
            f"SELECT negative_id, output FROM negatives WHERE {_OF_BATCH}",  # noqa: S608 as above
            {"project_id": project_id, "batch_id": batch_id},
        )
        return {row["negative_id"]: row["output"] for row in rows}

    def mask(self, texts: Mapping[str, str]) -> None:
        """Replace the texts of negatives (by id) by masked ones."""
        self._db.execute(
            """
            UPDATE negatives SET output = m.output, masked_at = $now
            FROM (SELECT unnest($ids) AS negative_id, unnest($texts) AS output) m
            WHERE m.negative_id = negatives.negative_id
            """,
            {"ids": list(texts), "texts": list(texts.values()), "now": now()},
        )

    def undo(self, augmentation_id: str) -> int:
        """Delete an augmentation's negatives that nobody has decided on, and mark it as undone; how
        many were deleted."""
        rows = self._db.rows(
            """
            DELETE FROM negatives WHERE augmentation_id = $id AND state = 'waiting'
            RETURNING negative_id
            """,
            {"id": augmentation_id},
        )
        self._augmentations.mark_undone(augmentation_id)
        return len(rows)


def _task(row: Row) -> NegativeTask:
    given = {name: value for name, value in row.items() if name not in ("rule", "model", "seed")}
    by = Sourced(row["example_id"], row["rule"], row["model"], row["seed"], None, False).by
    return NegativeTask(**given, by=by)
