"""Augmentations: taking their proposals in as examples, listing them, throwing them away."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from core.augmentation.augmentation import Augmentation
from core.augmentation.plan import AugmentationPlan
from core.clock import now
from storage.counters import Counters
from storage.database import Database, Row
from storage.intake import CHANGED_SINCE, UNTOUCHED, Intake


class Augmentations:
    """Batches of proposals; callers hold the transaction where they write."""

    def __init__(self, db: Database, counters: Counters, intake: Intake) -> None:
        self._db = db
        self._counters = counters
        self._intake = intake

    # Taking in ---------------------------------------------------------------------------------

    def take_in(self, begun: Augmentation, proposals: Path, sources: Path) -> int:
        """Insert an augmentation and those of its proposals whose content is new to the project, as
        examples that wait for a review, and none of `sources` that were mended or masked since they
        were read; how many. Columns: core.augmentation.files."""
        # Whoever takes in at the same time conflicts here, before contents are compared.
        position = self._intake.reserve(begun.project_id, 0)
        self._db.insert_from_parquet(
            proposals,
            f"""
            CREATE OR REPLACE TEMP TABLE chosen_examples AS
            SELECT p.*, $position - 1 + row_number() OVER (ORDER BY p.row) AS position
            FROM read_parquet($parquet_path) p
            WHERE NOT EXISTS (SELECT 1 FROM examples e WHERE e.project_id = $project_id
                              AND e.content_hash = p.content_hash)
              AND p.source_id NOT IN ({CHANGED_SINCE})
            """,  # noqa: S608 made of literals of this package
            {
                "position": position,
                "project_id": begun.project_id,
                "sources": str(sources.resolve()),
            },
        )
        added = int(self._db.value("SELECT count(*) FROM chosen_examples"))
        self._intake.reserve(begun.project_id, added)
        about = {
            "project_id": begun.project_id,
            "augmentation_id": begun.augmentation_id,
            "model": begun.model,
            "seed": begun.plan.seed,
            "now": begun.created_at,
        }
        for insert in _INSERTS:
            used = {name: value for name, value in about.items() if f"${name}" in insert}
            self._db.execute(insert, used)
        self._counters.enter()
        self._db.execute("DROP TABLE chosen_examples")
        self.add(begun, added)
        return added

    def add(self, begun: Augmentation, added: int) -> None:
        """Insert the batch itself, of which so many proposals were new."""
        self._db.execute(
            """
            INSERT INTO augmentations
                (augmentation_id, project_id, plan, model, sources, added, known, dropped, actor_id,
                 created_at)
            VALUES ($augmentation_id, $project_id, $plan, $model, $sources, $added, $known,
                    $dropped, $actor_id, $created_at)
            """,
            {
                "augmentation_id": begun.augmentation_id,
                "project_id": begun.project_id,
                "plan": json.dumps(begun.plan.to_json()),
                "model": begun.model,
                "sources": begun.sources,
                "added": added,
                "known": begun.added - added,
                "dropped": json.dumps(dict(begun.dropped)),
                "actor_id": begun.actor_id,
                "created_at": begun.created_at,
            },
        )

    # Looking -----------------------------------------------------------------------------------

    def by_id(self, augmentation_id: str) -> Augmentation | None:
        """One augmentation, None before it is in."""
        found = self._augmentations("WHERE a.augmentation_id = $id", augmentation_id)
        return found[0] if found else None

    def of_project(self, project_id: str) -> list[Augmentation]:
        """A project's augmentations, newest first."""
        return self._augmentations(
            "WHERE a.project_id = $id ORDER BY a.created_at DESC", project_id
        )

    def _augmentations(self, which: str, subject_id: str) -> list[Augmentation]:
        rows = self._db.rows(
            f"""
            SELECT a.augmentation_id, a.project_id, a.plan, a.model, a.sources, a.added, a.known,
                   a.dropped, a.actor_id, coalesce(p.name, 'Touchstone') AS person, a.created_at,
                   a.undone_at
            FROM augmentations a LEFT JOIN people p ON p.person_id = a.actor_id
            {which}
            """,  # noqa: S608 `which` is one of the two above
            {"id": subject_id},
        )
        return [_augmentation(row) for row in rows]

    def states(self, augmentation_id: str) -> Mapping[str, int]:
        """State → how many of an augmentation's examples are in it."""
        rows = self._db.rows(
            """
            SELECT c.state, count(*) AS n
            FROM synthetic_examples s JOIN example_current c USING (example_id)
            WHERE s.augmentation_id = $id GROUP BY c.state
            """,
            {"id": augmentation_id},
        )
        return {row["state"]: int(row["n"]) for row in rows}

    # Throwing away -----------------------------------------------------------------------------

    def undo(self, augmentation_id: str) -> int:
        """Delete an augmentation's examples that nobody has touched and no version holds, and mark
        it as undone; how many were deleted."""
        self._db.execute(_UNTOUCHED, {"augmentation_id": augmentation_id, "now": now()})
        self.mark_undone(augmentation_id)
        return self._intake.delete_chosen()

    def mark_undone(self, augmentation_id: str) -> None:
        """What was left of the batch is thrown away."""
        self._db.execute(
            "UPDATE augmentations SET undone_at = $now WHERE augmentation_id = $id",
            {"now": now(), "id": augmentation_id},
        )


# Who annotates or reviews them is a person, so that nobody's own work is in the review queue.
_INSERTS = (
    """
    INSERT INTO examples
        (example_id, project_id, position, content_hash, external_id, import_id, line, meta,
         created_at)
    SELECT example_id, $project_id, position, content_hash, NULL, '', 0, '{}', $now
    FROM chosen_examples ORDER BY position
    """,
    """
    INSERT INTO revisions
        (revision_id, example_id, position, number, based_on, instruction, input, output, labels,
         quality, origin, comment, author_id, seconds, created_at, batch_id)
    SELECT n.revision_id, n.example_id, n.position, 1, NULL, n.instruction, n.input, n.output,
           n.labels, NULL, 'propose',
           'made of example ' || coalesce(CAST(c.position AS VARCHAR), n.source_id) || ' by ' ||
           CASE $model WHEN '' THEN 'the rule “' || n.label || '”' ELSE 'the model ' || $model END
           || '.',
           'system', NULL, $now, $augmentation_id
    FROM chosen_examples n LEFT JOIN example_current c ON c.example_id = n.source_id
    ORDER BY n.position
    """,
    """
    INSERT INTO synthetic_examples
        (example_id, project_id, augmentation_id, source_id, source_revision_id, rule, model, seed)
    SELECT example_id, $project_id, $augmentation_id, source_id, source_revision_id, rule, $model,
           $seed
    FROM chosen_examples ORDER BY position
    """,
    """
    INSERT INTO example_current
        (example_id, project_id, position, revision_id, number, instruction, input, output, labels,
         quality, author_id, state, flagged, updated_at)
    SELECT example_id, $project_id, position, revision_id, 1, instruction, input, output, labels,
           NULL, 'system', 'annotated', false, $now
    FROM chosen_examples ORDER BY position
    """,
)
_UNTOUCHED = f"""
    CREATE OR REPLACE TEMP TABLE chosen_examples AS
    SELECT c.example_id
    FROM synthetic_examples s JOIN example_current c USING (example_id)
    WHERE s.augmentation_id = $augmentation_id AND c.state = 'annotated' AND {UNTOUCHED}
      AND NOT EXISTS (SELECT 1 FROM reviews r WHERE r.example_id = c.example_id)
"""  # noqa: S608 a literal of storage.intake


def _augmentation(row: Row) -> Augmentation:
    given: dict[str, Any] = {
        "plan": AugmentationPlan.from_json(json.loads(row["plan"])),
        "dropped": json.loads(row["dropped"]),
    }
    return Augmentation(**{**row, **given})
