"""Taking examples in: positions, and one example by hand. Files are taken in by `Imports`."""

from __future__ import annotations

import json

from core.examples.current import Revision
from storage.counters import Counters, Tally
from storage.database import Database

# The sources of a job whose text was mended or masked after the revision that the job was given:
# by numbers, as a change that began before the job may have been committed after its sources were
# read. Binds $sources, the job's file of them.
CHANGED_SINCE = """
    SELECT s.example_id FROM read_parquet($sources) s
    JOIN revisions given ON given.revision_id = s.revision_id
    JOIN revisions later ON later.example_id = s.example_id AND later.number > given.number
    WHERE later.origin IN ('mask', 'mend')
"""

# Nobody has worked on an example c of example_current, and no version holds it. Binds $now.
UNTOUCHED = """
    c.number = 1 AND NOT c.flagged AND c.annotations = 0
    AND NOT EXISTS (
        SELECT 1 FROM example_leases l
        WHERE l.example_id = c.example_id AND l.expires_at >= $now)
    AND NOT EXISTS (SELECT 1 FROM example_events v WHERE v.example_id = c.example_id)
    AND NOT EXISTS (SELECT 1 FROM example_comments k WHERE k.example_id = c.example_id)
    AND NOT EXISTS (SELECT 1 FROM version_examples m WHERE m.example_id = c.example_id)
    AND NOT EXISTS (SELECT 1 FROM gold_examples g WHERE g.example_id = c.example_id)
    AND NOT EXISTS (
        SELECT 1 FROM negatives n WHERE n.source_id = c.example_id AND n.state <> 'waiting')
"""
_TABLES = (
    *("reviews", "acceptances", "revisions", "assignments", "example_skips"),
    "synthetic_examples",
    *("example_current", "examples"),
)


class Intake:
    """Where a project's next examples go; callers hold the transaction."""

    def __init__(self, db: Database, counters: Counters) -> None:
        self._db = db
        self._counters = counters

    def reserve(self, project_id: str, count: int) -> int:
        """The first of `count` positions that are now the caller's.

        Call it before looking for equal contents: two who take in at once conflict here, and the
        second one starts again and sees what the first one inserted.
        """
        last = self._db.value(
            """
            INSERT INTO project_intake (project_id, last_position) VALUES ($project_id, $count)
            ON CONFLICT (project_id) DO UPDATE
            SET last_position = project_intake.last_position + excluded.last_position
            RETURNING last_position
            """,
            {"project_id": project_id, "count": count},
        )
        return int(last) - count + 1

    def add_one(
        self, project_id: str, position: int, content_hash: str, revision: Revision
    ) -> None:
        """Insert one example that a person wrote, as new; its revision is logged by the caller."""
        about = {
            "example_id": revision.example_id,
            "project_id": project_id,
            "position": position,
            "created_at": revision.created_at,
        }
        self._db.execute(
            """
            INSERT INTO examples
                (example_id, project_id, position, content_hash, external_id, import_id, line,
                 meta, created_at)
            VALUES ($example_id, $project_id, $position, $content_hash, NULL, '', 0, '{}',
                    $created_at)
            """,
            {**about, "content_hash": content_hash},
        )
        self._db.execute(
            """
            INSERT INTO example_current
                (example_id, project_id, position, revision_id, number, instruction, input, output,
                 labels, quality, author_id, state, flagged, updated_at)
            VALUES ($example_id, $project_id, $position, $revision_id, 1, $instruction, $input,
                    $output, $labels, NULL, $author_id, 'new', false, $created_at)
            """,
            {
                **about,
                "revision_id": revision.revision_id,
                "instruction": revision.instruction,
                "input": revision.input,
                "output": revision.output,
                "labels": json.dumps(dict(revision.labels)),
                "author_id": revision.author_id,
            },
        )
        self._counters.move(project_id, None, Tally.of(position, "new", False, revision.author_id))

    def delete_chosen(self) -> int:
        """Delete the examples of the temporary table chosen_examples with all that is told of them;
        how many."""
        self._counters.leave()
        for table in _TABLES:
            self._db.execute(
                f"""
                DELETE FROM {table}
                WHERE example_id IN (SELECT example_id FROM chosen_examples)
                """  # noqa: S608 a literal of this module
            )
        self._db.execute(
            "DELETE FROM negatives WHERE source_id IN (SELECT example_id FROM chosen_examples)"
        )
        deleted = int(self._db.value("SELECT count(*) FROM chosen_examples"))
        self._db.execute("DROP TABLE chosen_examples")
        return deleted
