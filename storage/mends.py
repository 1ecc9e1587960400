"""Mends of findings applied to many examples: one revision each, all of one batch."""

from __future__ import annotations

from core.clock import now
from core.examples.current import HistoryKind
from storage.batches import Batches
from storage.counters import Counters
from storage.database import Database
from storage.marks import add_remarks, carry_marks
from storage.untouched import NOT_COLLECTING, NOT_HELD, undecided_since

# One row an example whose finding of the kind has a mend; what other people hold, or have annotated
# while others still do, is left out.
_MENDABLE = f"""
    SELECT c.example_id, c.position, c.number, c.revision_id, any_value(c.labels) AS labels,
           coalesce(max(f.mend) FILTER (f.field = 'instruction'), any_value(c.instruction))
               AS instruction,
           coalesce(max(f.mend) FILTER (f.field = 'input'), any_value(c.input)) AS input,
           coalesce(max(f.mend) FILTER (f.field = 'output'), any_value(c.output)) AS output
    FROM example_findings f
    JOIN example_current c ON c.example_id = f.example_id AND c.revision_id = f.revision_id
    WHERE f.project_id = $project_id AND c.project_id = $project_id AND f.kind = $kind
      AND f.mend IS NOT NULL AND c.state <> 'set_aside'
      AND ($example_id IS NULL OR c.example_id = $example_id)
      AND ($revision_id IS NULL OR c.revision_id = $revision_id)
      AND {NOT_HELD} AND {NOT_COLLECTING}
    GROUP BY c.example_id, c.position, c.number, c.revision_id
"""  # noqa: S608 literals of storage.untouched
# The texts from which the revisions of a batch were mended, where nothing happened since.
_MENDED = f"""
    SELECT c.example_id, c.position, c.number, c.revision_id, b.labels, b.instruction, b.input,
           b.output
    FROM revisions r
    JOIN example_current c ON c.example_id = r.example_id AND c.revision_id = r.revision_id
    JOIN revisions b ON b.revision_id = r.based_on
    WHERE c.project_id = $project_id AND r.origin = 'mend'
      AND starts_with(r.revision_id, $prefix) AND c.state <> 'set_aside'
      AND {NOT_HELD} AND {NOT_COLLECTING} AND {undecided_since("r")}
"""  # noqa: S608 literals of storage.untouched


class Mends:
    """Changes of many texts in a handful of statements; callers hold the transaction."""

    def __init__(self, db: Database, counters: Counters, batches: Batches) -> None:
        self._db = db
        self._counters = counters
        self._batches = batches

    def count(self, project_id: str, kind: str, actor_id: str) -> int:
        """How many examples `apply` would change."""
        about = self._about(project_id, kind, actor_id, None, None)
        return int(self._db.value(f"SELECT count(*) FROM ({_MENDABLE})", about))  # noqa: S608

    def apply(
        self,
        project_id: str,
        kind: str,
        batch_id: str,
        actor_id: str,
        comment: str,
        *,
        example_id: str | None = None,
        revision_id: str | None = None,
    ) -> int:
        """Save the mends of a kind, of all examples or of one revision of one; how many."""
        about = self._about(project_id, kind, actor_id, example_id, revision_id)
        self._db.execute(f"CREATE OR REPLACE TEMP TABLE chosen_examples AS {_MENDABLE}", about)
        carry_marks(self._db)
        return self._save("mend", batch_id, actor_id, comment)

    def undo(self, project_id: str, batch_id: str, undo_id: str, actor_id: str) -> int:
        """Bring the texts before a batch of mends back, as revisions, wherever nothing happened to
        the example since and nobody else holds it; how many."""
        self._db.execute(
            f"CREATE OR REPLACE TEMP TABLE chosen_examples AS {_MENDED}",
            {
                "project_id": project_id,
                "prefix": f"{batch_id}_",
                "actor_id": actor_id,
                "now": now(),
            },
        )
        return self._save("unmend", undo_id, actor_id, "")

    def _about(
        self,
        project_id: str,
        kind: str,
        actor_id: str,
        example_id: str | None,
        revision_id: str | None,
    ) -> dict[str, object]:
        return {
            "project_id": project_id,
            "kind": kind,
            "actor_id": actor_id,
            "example_id": example_id,
            "revision_id": revision_id,
            "now": now(),
        }

    def _save(self, origin: HistoryKind, batch_id: str, actor_id: str, comment: str) -> int:
        about = {"batch_id": batch_id, "actor_id": actor_id, "now": now()}
        add_remarks(self._db)
        self._counters.leave()
        self._db.execute(
            """
            INSERT INTO revisions
                (revision_id, example_id, position, number, based_on, instruction, input, output,
                 labels, quality, origin, comment, author_id, seconds, created_at)
            SELECT $batch_id || '_' || n.example_id, n.example_id, n.position, n.number + 1,
                   n.revision_id, n.instruction, n.input, n.output, n.labels, c.quality, $origin,
                   trim($comment || ' ' || n.remark), $actor_id, NULL, $now
            FROM chosen_examples n JOIN example_current c USING (example_id)
            ORDER BY n.position
            """,
            {**about, "origin": origin, "comment": comment},
        )
        self._db.execute(
            """
            UPDATE example_current
            SET revision_id = $batch_id || '_' || n.example_id, number = n.number + 1,
                instruction = n.instruction, input = n.input, output = n.output,
                labels = n.labels, author_id = $actor_id, updated_at = $now,
                annotations = CASE WHEN state = 'new' THEN 0 ELSE annotations END
            FROM chosen_examples n WHERE n.example_id = example_current.example_id
            """,
            about,
        )
        self._counters.enter()
        return self._batches.forget_skips()
